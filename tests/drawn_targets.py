"""What `test_charts` draws of notebook 40: chart -> how to call it, and the charts that must say why they are empty."""

import numpy as np
import pandas as pd

LONG = "临江市第一人民医院东院区 Linjiang First People's Hospital East"
PARTS = pd.DataFrame(
    {
        "label": [LONG] * 20,
        "history": np.linspace(0, 9e6, 20),
        "target": np.linspace(1e5, 12e6, 20),
        "bound": ["", "lock", "cap", "floor"] * 5,
    }
)
MONTHS = pd.DataFrame(
    {
        "month_start": pd.date_range("2026-01-01", periods=12, freq="MS"),
        "target": np.arange(12, 24) * 1e6,
        "last_year": [np.nan, *np.arange(10, 21) * 1e6],
    }
)
STEPS = pd.DataFrame(
    {
        "step": ["sold", "flow", "open_deals", "new_deals", "gap", "target"],
        "amount": [1e7, 8e7, 2e7, 6e7, 3e7, 2e8],
    }
)
OVER = STEPS.assign(amount=[1e7, 8e7, 2e7, 6e7, -3e7, 1.4e8])
RULES = ["specific", "measurable", "attainable", "relevant", "time_bound", "owned"]
SMART = pd.DataFrame(
    {
        "level": np.repeat(["region", "person", "account"], 6),
        "rule": RULES * 3,
        "targets": np.repeat([1, 12, 120], 6),
        "passed_share": np.linspace(0, 1, 18),
    }
)
SCENARIOS = pd.DataFrame(
    {
        "scenario": ["shrinking", "low", "usual", "high"],
        "growth": [-0.03, 0.01, 0.03, 0.06],
        "needed_sales": [2.7e8, 2.8e8, 2.9e8, 3.0e8],
    }
)
ANSWERS = pd.DataFrame(
    {
        "account_name": [LONG] * 16,
        "n": range(1, 17),
        "csat": np.linspace(2, 4, 16),
        "estimate": np.linspace(3, 4, 16),
        "low": np.linspace(2.5, 3.6, 16),
        "high": np.linspace(3.5, 4.4, 16),
        "target": np.linspace(3.2, 4.2, 16),
    }
)

DRAWN = {
    "targets.target_bars": lambda f: f(PARTS, currency="CNY"),
    "targets.monthly_targets": lambda f: f(MONTHS, currency="CNY"),
    "targets.target_bridge": lambda f: f(STEPS, currency="CNY"),
    "targets.smart_grid": lambda f: f(SMART),
    "targets.share_needed": lambda f: f(SCENARIOS, sales=2.6e8, currency="CNY"),
    "targets.satisfaction_dots": lambda f: f(ANSWERS),
}
EMPTY = {
    "targets.target_bars": lambda f: f(PARTS.iloc[:0]),
    "targets.monthly_targets": lambda f: f(MONTHS.iloc[:0]),
    "targets.target_bridge": lambda f: f(STEPS.iloc[:0]),
    "targets.smart_grid": lambda f: f(SMART.iloc[:0]),
    "targets.share_needed": lambda f: f(SCENARIOS.iloc[:0], sales=1.0),
    "targets.satisfaction_dots": lambda f: f(ANSWERS.iloc[:0]),
}
