"""What `test_charts` draws from lead to cash."""

import numpy as np
import pandas as pd

NAMES = ["科室需求 Department need", "参数/招标准备 Specification", "开票回款 Invoicing and cash"]
STEPS = pd.DataFrame(
    {
        "name": NAMES,
        "owner_role": ["AR", "SR", np.nan],
        "median_days": [14.0, 20, np.nan],
        "p75_days": [22.0, np.nan, np.nan],
        "sla_days": [30.0, np.nan, 90],
        "breaches": [0.1, np.nan, 0.7],
        "rework": [0.05, 0.1, 0],
    }
)
STAYS = pd.DataFrame(
    {
        "opportunity_id": ["d1", "d1", "d2"],
        "name": ["d1 临江市第一人民医院东院区 Linjiang", "d1 临江市第一人民医院东院区 Linjiang", "d2 Harbour"],
        "day": pd.to_datetime(["2025-01-01", "2025-02-01", "2025-03-01"]),
        "days": [31, 90, 300],
        "running": [False, False, True],
        "visit": [1, 2, 1],
        "owner_role": ["AR", "SR", "FR"],
    }
)
BUCKETS = pd.DataFrame({"bucket": [-1, 0, 30, 60, 90], "n": [9, 5, 2, 0, 1], "amount": [6e7, 1e7, 5e6, 0, -2e5]})
MONTHS = pd.DataFrame({"day": pd.date_range("2025-01-31", periods=4, freq="ME"), "dso_days": [90, 120, np.nan, 100]})

DRAWN = {
    "leadtocash.way_gantt": lambda f: f(STEPS),
    "leadtocash.deal_gantt": lambda f: f(STAYS),
    "leadtocash.breach_bars": lambda f: f(STEPS),
    "leadtocash.ageing_bars": lambda f: f(BUCKETS, currency="CNY"),
    "leadtocash.dso_line": lambda f: f(MONTHS, terms=90),
}
EMPTY = {
    "leadtocash.way_gantt": lambda f: f(STEPS.iloc[:0]),
    "leadtocash.deal_gantt": lambda f: f(STAYS.iloc[:0]),
    "leadtocash.breach_bars": lambda f: f(STEPS.iloc[:0]),
    "leadtocash.ageing_bars": lambda f: f(BUCKETS.assign(n=0, amount=0), currency="CNY"),
    "leadtocash.dso_line": lambda f: f(MONTHS.assign(dso_days=np.nan), terms=90),
}
