"""What `test_charts` draws of decade 3: chart -> how to call it, and the charts that must say why they are empty."""

import numpy as np
import pandas as pd

STAGES = ["科室需求 Department need", "立项论证 Approval", "招标投标 Tender"]
FUNNEL = pd.DataFrame(
    {"funnel": ["lead", "deal", "deal"], "name": STAGES, "n": [900, 120, 30], "amount": [np.nan, 9e7, 3e7]}
)
CONVERSION = pd.DataFrame(
    {
        "name": STAGES,
        "rate": [0.5, 0.4, 0.9],
        "low": [0.4, 0.2, 0.8],
        "high": [0.6, 0.6, 0.95],
        "own_rate": [0.5, 0.2, np.nan],
        "company_rate": [0.5, 0.5, 0.9],
    }
)
DURATIONS = pd.DataFrame({"stage": list("abc"), "name": STAGES, "p75_days": [30, 60, np.nan]})
AGES = pd.DataFrame({"stage": list("aab"), "days_in_stage": [10, 200, 30], "value": [1e6, 2e7, 5e5]})
STEPS = pd.DataFrame(
    {
        "step": ["start", "new", "won", "lost", "pulled_in", "end"],
        "n": [50, 9, 4, 6, 0, 49],
        "amount": [9e7, 2e7, -1e7, -2.5e7, 0, 7.5e7],
    }
)

DRAWN = {
    "funnel.twin_funnel": lambda f: f(FUNNEL, currency="CNY"),
    "funnel.conversion_dots": lambda f: f(CONVERSION),
    "funnel.stage_ages": lambda f: f(AGES, DURATIONS),
    "funnel.pipeline_steps": lambda f: f(STEPS, currency="CNY"),
}
EMPTY = {
    "funnel.twin_funnel": lambda f: f(FUNNEL.iloc[:0], currency="CNY"),
    "funnel.conversion_dots": lambda f: f(CONVERSION.iloc[:0]),
    "funnel.stage_ages": lambda f: f(AGES.iloc[:0], DURATIONS),
}
