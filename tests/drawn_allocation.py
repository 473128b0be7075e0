"""What `test_charts` draws of notebook 42: chart -> how to call it, and the charts that must say why they are empty."""

import numpy as np
import pandas as pd

LONG = "临江市第一人民医院东院区 Linjiang First People's Hospital East"
ACCOUNTS = pd.DataFrame(
    {
        "account_name": LONG,
        "strength": np.linspace(0, 1, 40),
        "potential": np.geomspace(1e4, 2e7, 40),
        "strategy": ["invest", "defend", "maintain", "exit"] * 10,
    }
)
NAMES = pd.DataFrame({"name": [f"{LONG} {i}" for i in range(4)]})
POINTS = NAMES.merge(pd.DataFrame({"effort": [0, 0.5, 1, 1.5, 3]}), how="cross")
POINTS["response"] = 0.5 + POINTS["effort"] / (1 + POINTS["effort"])
MOVES = pd.DataFrame(
    {
        "label": [LONG] * 20,
        "usual": np.linspace(1, 12, 20),
        "visits": np.linspace(14, 0, 20).round(),
        "visits_low": np.linspace(9, 0, 20),
        "visits_high": np.linspace(16, 5, 20),
    }
)
STEPS = pd.DataFrame({"capacity_share": [0.8, 1, 1.2], "value_best": [2e7, 2.2e7, 2.3e7], "value_now": 2e7})

DRAWN = {
    "allocation.strategy_map": lambda f: f(ACCOUNTS, cut=0.5, currency="CNY"),
    "allocation.response_lines": lambda f: f(NAMES, POINTS, POINTS),
    "allocation.visit_shift": lambda f: f(MOVES),
    "allocation.capacity_gain": lambda f: f(STEPS, currency="CNY"),
}
EMPTY = {
    "allocation.strategy_map": lambda f: f(ACCOUNTS.iloc[:0], cut=0.5),
    "allocation.response_lines": lambda f: f(NAMES.iloc[:0], POINTS.iloc[:0], POINTS.iloc[:0]),
    "allocation.visit_shift": lambda f: f(MOVES.iloc[:0]),
    "allocation.capacity_gain": lambda f: f(STEPS.iloc[:0]),
}
