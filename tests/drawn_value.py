"""What `test_charts` draws of account profitability: how to call each chart, and which must say why they are empty."""

import numpy as np
import pandas as pd

LONG = "临江市第一人民医院东院区 Linjiang First People's Hospital East"
EFFECTS = ["price", "mix", "unit_cost", "service", "overhead", "payment"]


def curve(n=30):
    gains = np.linspace(50, -20, n) * 1e5
    return pd.DataFrame({"account_share": np.arange(1, n + 1) / n, "cumulative": gains.cumsum()})


def gaps(n=14):
    rng = np.random.default_rng(2)
    table = pd.DataFrame(rng.normal(-2e5, 6e5, (n, 6)), columns=EFFECTS)
    table = table.assign(account_name=LONG, expected=1e5)
    return table.assign(contribution=table["expected"] + table[EFFECTS].sum(axis=1))


STEPS = pd.DataFrame(
    [
        {
            "revenue": 264e6,
            "goods": 126e6,
            "service_cost": 39e6,
            "overhead": 5e6,
            "financing_cost": 4e6,
            "contribution": 90e6,
        }
    ]
)
LOSING = STEPS.assign(goods=300e6, contribution=-84e6)
TREND = pd.DataFrame(
    {
        "group": ["key", "other", "difference"],
        "accounts": [12, 90, 102],
        "slope": [-0.04, 0.01, -0.05],
        "low": [-0.12, -0.01, -0.13],
        "high": [0.01, 0.02, -0.005],
    }
)
KEPT = pd.DataFrame(
    {
        "step": ["before", "lost", "shrunk", "grown", "new", "now"],
        "amount": [213e6, -12e6, -50e6, 91e6, 22e6, 264e6],
        "accounts": [101, 10, 33, 58, 6, 97],
    }
)
DEPENDS = pd.DataFrame(
    {
        "account_name": LONG,
        "our_dependence": np.linspace(0.2, 0.01, 12),
        "their_dependence": np.linspace(0, 1, 12),
    }
)

DRAWN = {
    "value.profit_steps": lambda f: [f(LOSING, currency="CNY"), f(STEPS, currency="CNY")][-1],
    "value.whale_curve": lambda f: f(curve(), currency="CNY"),
    "value.gap_bars": lambda f: f(gaps(), currency="CNY"),
    "value.tenure_slopes": lambda f: f(TREND),
    "value.kept_steps": lambda f: f(KEPT, currency="CNY"),
    "value.dependence_dots": lambda f: f(DEPENDS),
}
EMPTY = {
    "value.profit_steps": lambda f: f(STEPS * 0),
    "value.whale_curve": lambda f: f(curve().iloc[:0]),
    "value.gap_bars": lambda f: f(gaps(0)),
    "value.tenure_slopes": lambda f: f(TREND.assign(slope=np.nan)),
    "value.kept_steps": lambda f: f(KEPT.assign(amount=0.0)),
    "value.dependence_dots": lambda f: f(DEPENDS.assign(their_dependence=np.nan)),
}
