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


def stability(n=40):
    rng = np.random.default_rng(2)
    score = np.sort(rng.random(n))[::-1]
    stays = np.clip((score - 0.3) * 2, 0, 1)
    verdict = np.select([stays >= 0.9, stays <= 0.1], ["key", "not_key"], "discuss")
    low, high = np.clip(score - 0.1, 0, 1), np.clip(score + 0.1, 0, 1)
    columns = {"account_name": LONG, "score": score, "low": low, "high": high, "stay_share": stays, "verdict": verdict}
    return pd.DataFrame(columns)


WEIGHTS = pd.DataFrame(
    {
        "criterion": ["value", "complexity", "longevity", "decision_chain"] * 3,
        "source": np.repeat(["agreed in the room 2025-11-12", "entropy", "all alike"], 4),
        "weight": [0.45, 0.2, 0.15, 0.2, 0.6, 0.2, 0.2, 0.0, 0.25, 0.25, 0.25, 0.25],
    }
)
POTENTIAL = pd.DataFrame(
    {
        "account_name": LONG,
        "large_enough": [True, False, None],
        "right_industry": [True, True, None],
        "open_need": [True, False, False],
        "way_in": None,
        "enters": [True, False, False],
    }
)

DRAWN = {
    "segmentation.pareto_curve": lambda f: f(PARETO),
    "segmentation.key_account_bars": lambda f: f(ranking(), EQUAL, threshold=0.55),
    "segmentation.stability_dots": lambda f: f(stability(), threshold=0.55),
    "segmentation.weight_bars": lambda f: f(WEIGHTS),
    "segmentation.entry_rule_grid": lambda f: f(POTENTIAL),
}
EMPTY = {
    "segmentation.pareto_curve": lambda f: f(PARETO.iloc[:0]),
    "segmentation.key_account_bars": lambda f: f(ranking().iloc[:0], EQUAL, threshold=0.5),
    "segmentation.stability_dots": lambda f: f(stability().iloc[:0], threshold=0.5),
    "segmentation.weight_bars": lambda f: f(WEIGHTS.iloc[:0]),
    "segmentation.entry_rule_grid": lambda f: f(POTENTIAL.iloc[:0]),
}
