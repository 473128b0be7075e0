"""Prices, discounts and payment: what trade and pipeline share."""

import numpy as np
import pandas as pd

from synthesis.chance import gammas
from synthesis.timeline import quarter_of
from synthesis.world import field_course

KEY_EROSION = 0.014
"""A key account's discount deepens by this much for every year of relationship."""
PRICE_EROSION = 0.018
DEALER_PRICE = 0.475
"""What a dealer pays, as a share of what a hospital pays."""


def discounts(a: pd.DataFrame, account: np.ndarray, day: np.ndarray) -> np.ndarray:
    """The account's discount on a day: deeper with every year for key accounts; dealers buy at their own price."""
    of = a.loc[account]
    years = (of["years"].to_numpy() + day / 365.25).clip(0, 14)
    off = of["discount"].to_numpy() + KEY_EROSION * years * of["key"].to_numpy()
    return np.where(of["dealer"], 1 - DEALER_PRICE * (1 - 0.5 * off), off)


def price_level(day) -> np.ndarray:
    """Prices slide by a little every year."""
    return 1 - PRICE_EROSION * np.asarray(day) / 365.25


def payment_days(a: pd.DataFrame, who: np.ndarray, day: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Days from invoice to money; a few never pay."""
    mean = a["pay_days"].to_numpy()[who] * field_course("payment", a["region"])[who, quarter_of(day)]
    days = (5 + gammas(rng, 3.5, len(who)) / 3.5 * mean).clip(5, 455).round()
    return np.where(rng.random(len(who)) < 0.008, 99_999, days)
