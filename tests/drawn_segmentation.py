"""What `test_charts` draws of decade 1: chart -> how to call it, and the charts that must say why they are empty."""

import numpy as np
import pandas as pd

LONG = "临江市第一人民医院东院区 Linjiang First People's Hospital East"


def ranking(n=20):
    rng = np.random.default_rng(1)
    parts = pd.DataFrame(rng.random((n, 4)), columns=["value", "complexity", "longevity", "decision_chain"])
    return parts.assign(score=parts.mean(axis=1), account_name=LONG).sort_values("score", ascending=False)


EQUAL = pd.Series(0.25, index=["value", "complexity", "longevity", "decision_chain"])
PARETO = pd.DataFrame(
    {
        "account_share": np.arange(1, 11) / 10,
        "cumulative_share": np.sqrt(np.arange(1, 11) / 10),
        "abc": list("AAAAABBBCC"),
    }
)

DRAWN = {
    "segmentation.pareto_curve": lambda f: f(PARETO),
    "segmentation.key_account_bars": lambda f: f(ranking(), EQUAL, threshold=0.55),
}
EMPTY = {
    "segmentation.pareto_curve": lambda f: f(PARETO.iloc[:0]),
    "segmentation.key_account_bars": lambda f: f(ranking().iloc[:0], EQUAL, threshold=0.5),
}
