"""What `test_charts` draws of the lead sources."""

import numpy as np
import pandas as pd

NAMES = ["政府与招标公告 Government and tender notices", "展会 Exhibitions", "在用客户 Installed base"]
RATES = pd.DataFrame(
    {
        "name": NAMES,
        "leads": [1200, 40, 0],
        "rate": [0.5, 0.4, 0.3],
        "low": [0.4, 0.2, 0.1],
        "high": [0.6, 0.6, 0.5],
        "own_rate": [0.5, 0.2, np.nan],
        "company_rate": [0.5, 0.5, 0.3],
    }
)
YIELDS = pd.DataFrame(
    {
        "name": NAMES,
        "expected": [1.2e5, 8e4, 2e5],
        "expected_low": [9e4, 2e4, 1.5e5],
        "expected_high": [1.5e5, 1.4e5, 2.6e5],
        "cost_per_lead": [280.0, 2400, np.nan],
    }
)
MIX = pd.DataFrame(
    {"name": NAMES, "spend_now": [2e4, 9e4, 1e4], "spend_next": [3e4, 7e4, 2e4], "return_on_cost": [300, 30, 800]}
)
BANDS = pd.DataFrame({"band": [30, 40, 50], "rate": [0.2, 0.4, 0.6], "low": [0.1, 0.3, 0.5], "high": [0.3, 0.5, 0.8]})
LOAD = pd.DataFrame({"owner": ["吴克勤 Wu Keqin", np.nan], "hot": [4, 0], "warm": [6, 5], "cold": [6, 40]})

DRAWN = {
    "leads.source_rates": lambda f: f(RATES),
    "leads.source_returns": lambda f: f(YIELDS, currency="CNY"),
    "leads.effort_bars": lambda f: f(MIX, currency="CNY"),
    "leads.score_steps": lambda f: f(BANDS, hot=60, warm=45),
    "leads.tier_bars": lambda f: f(LOAD, capacity=8),
}
EMPTY = {
    "leads.source_rates": lambda f: f(RATES.iloc[:0]),
    "leads.source_returns": lambda f: f(YIELDS.assign(expected=np.nan), currency="CNY"),
    "leads.effort_bars": lambda f: f(MIX.iloc[:0], currency="CNY"),
    "leads.score_steps": lambda f: f(BANDS.iloc[:0], hot=60, warm=45),
    "leads.tier_bars": lambda f: f(LOAD.iloc[:0], capacity=8),
}
