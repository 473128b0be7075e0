"""What `test_charts` draws of lifetime value."""

import numpy as np
import pandas as pd

LONG = "临江市第一人民医院东院区 Linjiang First People's Hospital East"
RULES = ("model_calendar", "model_likely", "model_plain", "naive_average", "naive_last", "naive_year")
X, SINCE = (grid.ravel() for grid in np.meshgrid(np.arange(1, 13), np.linspace(0, 150, 13, endpoint=False)))
MATRIX = pd.DataFrame({"frequency": X, "since_last": SINCE, "expected_orders": X * np.exp(-SINCE / 40)})
WEEKS = pd.date_range("2024-01-07", periods=60, freq="7D")
TRACKING = pd.DataFrame(
    {"week": WEEKS, "actual": np.arange(60) ** 1.1, "model": np.arange(60) * 1.4, "known": np.arange(60) < 40}
).assign(naive=lambda t: np.where(t["known"], np.nan, t["actual"] * 1.1))
GROUPS = pd.DataFrame({"frequency": np.arange(8), "accounts": 1000, "actual": np.arange(8) / 3}).assign(
    model_calendar=lambda t: t["actual"] + 0.2, naive_average=lambda t: t["actual"] * 1.3
)
ORIGINS = pd.DataFrame(
    {"origin": pd.to_datetime(["2024-03-31", "2024-06-30", "2024-09-30", "2024-12-31"]).repeat(6), "rule": RULES * 4}
).assign(mae=lambda t: 0.5 + np.arange(len(t)) % 7 / 10)
VALUES = pd.DataFrame({"lifetime_value": np.linspace(9e6, -1e6, 25), "p_alive": 0.9, "account_name": LONG}).assign(
    value_low=lambda t: t["lifetime_value"] - 1e6, value_high=lambda t: t["lifetime_value"] + 2e6
)
CURVE = pd.DataFrame({"term": np.arange(9), "survival": 0.8 ** np.arange(9), "retention": [np.nan] + [0.8] * 8})

DRAWN = {
    "lifetime.recency_heatmap": lambda f: f(MATRIX, periods=26),
    "lifetime.tracking_lines": lambda f: f(TRACKING),
    "lifetime.holdout_by_frequency": lambda f: f(GROUPS),
    "lifetime.origin_errors": lambda f: f(ORIGINS),
    "lifetime.value_bars": lambda f: f(VALUES, currency="CNY"),
    "lifetime.renewal_lines": lambda f: f(CURVE),
}
EMPTY = {
    "lifetime.recency_heatmap": lambda f: f(MATRIX.iloc[:0], periods=26),
    "lifetime.tracking_lines": lambda f: f(TRACKING.iloc[:0]),
    "lifetime.holdout_by_frequency": lambda f: f(GROUPS.iloc[:0]),
    "lifetime.origin_errors": lambda f: f(ORIGINS.iloc[:0]),
    "lifetime.value_bars": lambda f: f(VALUES.iloc[:0]),
    "lifetime.renewal_lines": lambda f: f(CURVE.iloc[:0]),
}
