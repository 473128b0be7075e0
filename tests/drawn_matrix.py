"""What `test_charts` draws of the value matrix: how to call each chart, and which must say why they are empty."""

import numpy as np
import pandas as pd

LONG = "临江市第一人民医院东院区 Linjiang First People's Hospital East"
BOXES = ["invest", "defend", "develop", "serve"]


def placed(n=40):
    rng = np.random.default_rng(4)
    table = pd.DataFrame({"account_name": LONG, "revenue": rng.exponential(2e6, n)})
    table = table.assign(value=rng.random(n), potential=rng.random(n))
    high, far = table["value"] >= 0.4, table["potential"] >= 0.4
    return table.assign(box=np.select([high & far, high, far], BOXES[:3], BOXES[3]))


def stability(n=15):
    shares = np.random.default_rng(5).dirichlet(np.ones(4), n)
    return pd.DataFrame(shares, columns=BOXES).assign(account_name=LONG)


TORNADO = pd.DataFrame(
    {
        "assumption": ["potential_cut", "headroom", "headroom", "pipeline"],
        "kind": ["cut", "measure", "weight", "measure"],
        "down": [23, 13, 3, 4],
        "up": [15, 10, 5, 0],
    }
)
HORIZON = pd.DataFrame({"account_name": LONG, "as_is": np.linspace(9e6, -1e6, 12), "upside": 8e5})
HORIZON["total"] = HORIZON["as_is"] + HORIZON["upside"]
CHECK = pd.DataFrame(
    {
        "limit": ["visits", "plans", "budget", "visits"],
        "owner": ["", "黄子涵 Huang Zihan the Elder", "", "吕静怡 Lyu Jingyi"],
        "needed": [30.0, 6, 6.1e6, 50],
        "available": [0.0, 4, 4.7e6, 60],
        "load": [np.nan, 1.5, 1.3, 0.83],
        "binds": [True, True, True, False],
    }
)
DRAWN = {
    "matrix.value_bubbles": lambda f: f(placed()),
    "matrix.stability_bars": lambda f: f(stability()),
    "matrix.tornado_bars": lambda f: f(TORNADO, labels={"headroom": "可争取金额 left to win"}),
    "matrix.horizon_bars": lambda f: f(HORIZON, currency="CNY"),
    "matrix.capacity_bars": lambda f: f(CHECK),
}
EMPTY = {
    "matrix.value_bubbles": lambda f: f(placed(0)),
    "matrix.stability_bars": lambda f: f(stability(0)),
    "matrix.tornado_bars": lambda f: f(TORNADO.assign(down=0, up=0), labels={}),
    "matrix.horizon_bars": lambda f: f(HORIZON.iloc[:0]),
    "matrix.capacity_bars": lambda f: f(CHECK.assign(needed=0.0)),
}
