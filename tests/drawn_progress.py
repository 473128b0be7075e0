"""What `test_charts` draws of the deals' progress."""

import numpy as np
import pandas as pd

NAMES = ["科室需求 Department need", "立项论证 Approval", np.nan]
LOSSES = pd.DataFrame(
    {
        "name": NAMES,
        "lost_n": [120, 30, 2],
        "lost_amount": [9e7, 3e7, 1e5],
        "reason": ["价格 price too high", None, "x"],
    }
)
PROMISE = pd.DataFrame(
    {
        "name": ["科室需求 Department need", "立项论证 Approval", "招标投标 Tender"],
        "open_n": [12, 30, 0],
        "open_amount": [9e6, 3e7, 0.0],
        "chance": [0.2, 0.004, 0.8],
        "promised_amount": [1.8e6, 9e6, 0.0],
    }
)

DRAWN = {
    "progress.leak_bars": lambda f: f(LOSSES, currency="CNY"),
    "progress.promise_bars": lambda f: f(PROMISE, currency="CNY"),
}
EMPTY = {
    "progress.leak_bars": lambda f: f(LOSSES.iloc[:0], currency="CNY"),
    "progress.promise_bars": lambda f: f(PROMISE.assign(open_n=0), currency="CNY"),
}
