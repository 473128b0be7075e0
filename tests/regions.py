"""Synthetic regions whose truth is known: accounts drawn from the BG/NBD model, for tests and benchmarks."""

import numpy as np
import pandas as pd

from kamlib.order_model import BASIS

CDNOW = np.log([0.2426, 4.4136, 0.7929, 2.4259])
BUSINESS = np.log([1.5, 6.0, 0.5, 8.0])
SPREAD = np.array([0.4, 0.2, 0.4, 0.2])


def histories(theta: np.ndarray, age: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Frequency and recency (in whole days of a week) of accounts with log parameters ``theta``."""
    r, alpha, a, b = np.exp(theta).T
    n = len(age)
    rate, leaving = rng.gamma(r, size=n) / alpha, rng.beta(a, b, size=n)
    x, last, alive = np.zeros(n), np.zeros(n), np.ones(n, bool)
    while alive.any():
        at = np.flatnonzero(alive)
        following = last[at] + rng.exponential(size=len(at)) / np.maximum(rate[at], 1e-12)
        in_time = following <= age[at]
        alive[at[~in_time]] = False
        bought = at[in_time]
        last[bought], x[bought] = following[in_time], x[bought] + 1
        alive[bought] = rng.random(len(bought)) > leaving[bought]
    return x, np.minimum(np.round(last * 7) / 7, age)


def company(
    sizes: np.ndarray, rng: np.random.Generator, *, base: np.ndarray = CDNOW, spread: np.ndarray = SPREAD
) -> tuple[pd.DataFrame, np.ndarray]:
    """A summary of regions of these sizes, and each region's true log parameters."""
    theta = base + rng.normal(size=(len(sizes), 4)) * spread @ np.linalg.inv(BASIS).T
    region = np.repeat(np.arange(len(sizes)), sizes)
    age = rng.integers(26 * 7, 104 * 7, len(region)) / 7
    x, recency = histories(theta[region], age, rng)
    table = pd.DataFrame({"account_id": [f"A{i:06d}" for i in range(len(region))], "region": region})
    table["region"] = table["region"].map("R{:04d}".format)
    return table.assign(frequency=x.astype(int), recency=recency, age=age, monetary=0.0), theta
