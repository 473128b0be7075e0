"""What `test_charts` draws of decade 0: chart -> how to call it, and the charts that must say why they are empty."""

import numpy as np
import pandas as pd

from kamlib import edition

SCORES = pd.DataFrame(
    {
        "stage_name": ["客户分类", "客户关系管理", "战略性客户管理"],
        "items": 5,
        "answered": [5, 3, 0],
        "yes_share": [0.8, 1 / 3, np.nan],
    }
)
ELEMENTS = pd.DataFrame({"element": ["细分与画像 Segmentation and profiles"] * 3, "coverage": [0.3, 1.0, np.nan]})

DRAWN = {
    "market.method_map": lambda f: f(edition.reference("pillars"), edition.reference("notebooks")),
    "market.maturity_bars": lambda f: f(SCORES),
    "market.coverage_bars": lambda f: f(ELEMENTS),
}
EMPTY = {}
