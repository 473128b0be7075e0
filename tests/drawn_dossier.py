"""What `test_charts` draws of single accounts."""

import numpy as np
import pandas as pd

LONG = "临江市第一人民医院东院区 Linjiang First People's Hospital East"
QUARTERS = pd.date_range("2023-01-01", periods=12, freq="QS")
HISTORY = pd.DataFrame(
    [(f"{name} {LONG}", quarter, 10_000.0 * (at + place) - 20_000) for place, name in enumerate("abc")
     for at, quarter in enumerate(QUARTERS) if (at + place) % 3],
    columns=["account_name", "quarter", "amount"],
)  # fmt: skip
RFM = pd.DataFrame(
    {"r": np.repeat(range(1, 6), 5), "f": list(range(1, 6)) * 5, "m": 3, "monetary": np.arange(25) * 1e5 - 3e5}
)
MIX = pd.DataFrame(
    {"category": ["imaging", "life support", LONG], "share": [0.5, 0.3, 0.2], "region_share": [0.2, 0.4, 0.1]}
)
NEEDS = pd.DataFrame(
    {
        "need_name": ["price", "product quality", "delivery", "training", "service response"],
        "importance": [0.4, 0.3, 0.15, 0.1, 0.05],
        "csat": [3.1, 4.6, 3.3, 5.0, np.nan],
        "answers": [4, 6, 1, 2, 0],
        "verdict": ["fix", "keep", "watch", "ease", "ask"],
    }
)

DRAWN = {
    "dossier.purchase_heat": lambda f: f(HISTORY),
    "dossier.rfm_grid": lambda f: f(RFM),
    "dossier.category_bars": lambda f: f(MIX, name=LONG),
    "dossier.need_map": lambda f: f(NEEDS, name=LONG),
}
EMPTY = {
    "dossier.purchase_heat": lambda f: f(HISTORY.iloc[:0]),
    "dossier.rfm_grid": lambda f: f(RFM.iloc[:0]),
    "dossier.category_bars": lambda f: f(MIX.iloc[:0]),
    "dossier.need_map": lambda f: f(NEEDS.iloc[:0]),
}
