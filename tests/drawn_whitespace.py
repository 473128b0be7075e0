"""What `test_charts` draws of notebook 41: chart -> how to call it, and the charts that must say why they are empty."""

import numpy as np
import pandas as pd

LONG = "临江市第一人民医院东院区 Linjiang First People's Hospital East"
CELLS = pd.DataFrame(
    [
        (f"a{i}", LONG, category, ("have", "open", "rival", "none")[(i + j) % 4], 1e6 * (i + 1) * ((i + j) % 4 == 0))
        for i in range(20)
        for j, category in enumerate(("imaging", "monitoring", "life support", "consumables"))
    ],
    columns=["account_id", "account_name", "category", "state", "bought"],
)
SIZES = CELLS.assign(year_size=1.23e6)
GROWTH = pd.DataFrame(
    {
        "label": [LONG] * 16,
        "year_size": np.linspace(4e6, 1e5, 16),
        "size_low": np.linspace(1e6, 2e4, 16),
        "size_high": np.linspace(9e6, 4e5, 16),
        "expected": np.linspace(1e6, 1e4, 16),
    }
)

DRAWN = {
    "whitespace.white_space_grid": lambda f: f(CELLS, SIZES, names={}),
    "whitespace.growth_bars": lambda f: f(GROWTH, currency="CNY"),
}
EMPTY = {
    "whitespace.white_space_grid": lambda f: f(CELLS.iloc[:0], SIZES.iloc[:0], names={}),
    "whitespace.growth_bars": lambda f: f(GROWTH.iloc[:0]),
}
