"""What `test_charts` draws of the forecast: chart -> how to call it; and those that must say why they are empty."""

import numpy as np
import pandas as pd

DRAWS = pd.Series(np.random.default_rng(0).gamma(20, 4e5, 800))
PERIODS = pd.DataFrame(
    {
        "start": pd.to_datetime(["2026-01-01", "2026-02-01"]),
        "end": pd.to_datetime(["2026-01-31", "2026-02-28"]),
        "open": [5e6, 2e6],
        "new": [1e5, 9e5],
        "mean": [5.1e6, 2.9e6],
        "p10": [3e6, 1e6],
        "p90": [8e6, 5e6],
    }
)
MODELS = pd.DataFrame(
    {
        "name": ["signing pace 签单节奏", "stage-weighted 阶段加权", "last period 上期"],
        "mean": [9e6, 3e7, 8e6],
        "weight": [0.9, 0.0, 0.1],
        "simple": [False, True, True],
        "wape": [0.1, 2.4, 0.3],
    }
)
LEVERS = pd.DataFrame({"name": ["amount 金额", "cycle 周期"], "change": [9e5, -2e5]})
TOLD = pd.DataFrame(
    {
        "as_of": pd.date_range("2025-01-31", periods=6, freq="ME"),
        "mean": 1e6,
        "p10": 7e5,
        "p90": 1.4e6,
        "actual": [9e5, 2e6, 1e6, 1.2e6, 5e5, 1e6],
    }
)
TABLE = pd.DataFrame({"promised": [0.1, 0.5, 0.9], "happened": [0.15, 0.5, 0.8]})

DRAWN = {
    "forecast.landing": lambda f: f(DRAWS, currency="CNY", target=9e6),
    "forecast.months_ahead": lambda f: f(PERIODS, currency="CNY"),
    "forecast.model_words": lambda f: f(MODELS, currency="CNY"),
    "forecast.lever_bars": lambda f: f(LEVERS, currency="CNY"),
    "forecast.calls": lambda f: f(TOLD, currency="CNY"),
    "forecast.error_bars": lambda f: f(MODELS),
    "forecast.pit_bars": lambda f: f(pd.Series([0.1, 0.4, 0.9])),
    "forecast.reliability": lambda f: f(TABLE),
}
EMPTY = {
    "forecast.landing": lambda f: f(DRAWS.iloc[:0], currency="CNY"),
    "forecast.months_ahead": lambda f: f(PERIODS.iloc[:0], currency="CNY"),
    "forecast.model_words": lambda f: f(MODELS.iloc[:0], currency="CNY"),
    "forecast.lever_bars": lambda f: f(LEVERS.iloc[:0], currency="CNY"),
    "forecast.calls": lambda f: f(TOLD.iloc[:0], currency="CNY"),
    "forecast.error_bars": lambda f: f(MODELS.iloc[:0]),
    "forecast.pit_bars": lambda f: f(pd.Series([], dtype=float)),
    "forecast.reliability": lambda f: f(TABLE.iloc[:0]),
}
