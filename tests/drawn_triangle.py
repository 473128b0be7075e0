"""What `test_charts` draws of the iron triangle."""

import numpy as np
import pandas as pd

EFFORT = pd.DataFrame(
    {
        "account_name": ["临江市第一人民医院 Linjiang", "Harbour", "Bay"],
        "AR": [10, 5, 0],
        "SR": [8, 0, 0],
        "FR": [9, 0, 0],
        "touches": [27, 5, 0],
        "side_balance": [0.89, 0.0, np.nan],
    }
)
STEPS = pd.DataFrame(
    {
        "name": ["科室需求 Department need", "参数/招标准备 Specification", "开票回款 Invoicing and cash"],
        "owner_role": ["AR", "SR", np.nan],
        "AR": [1.0, 0.8, 5.8],
        "SR": [0.5, 1.4, 4.4],
        "FR": [0.2, 0.3, 2.2],
    }
)
SELLING = pd.DataFrame(
    {
        "amount_class": ["small", "small", "medium", "medium", "large", "large"],
        "team": [False, True] * 3,
        "deals": [85, 145, 77, 154, 0, 1810],
        "rate": [0.2, 0.36, 0.18, 0.33, 0.25, 0.31],
        "low": [0.14, 0.3, 0.1, 0.27, 0.05, 0.26],
        "high": [0.28, 0.43, 0.26, 0.39, 0.5, 0.37],
    }
)
LOAD = pd.DataFrame({"role": ["AR", "SR", "FR"], "person": ["吴克勤 Wu Keqin", "Sun", "He"], "load": [0.8, 1.4, 0.0]})

DRAWN = {
    "triangle.triangle_map": lambda f: f(EFFORT),
    "triangle.step_heat": lambda f: f(STEPS),
    "triangle.team_rates": lambda f: f(SELLING),
    "triangle.load_bars": lambda f: f(LOAD),
}
EMPTY = {
    "triangle.triangle_map": lambda f: f(EFFORT.iloc[2:]),
    "triangle.step_heat": lambda f: f(STEPS.iloc[:0]),
    "triangle.team_rates": lambda f: f(SELLING.iloc[:0]),
    "triangle.load_bars": lambda f: f(LOAD.iloc[:0]),
}
