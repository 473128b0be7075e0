"""What `test_charts` draws of classes, groups and profiles."""

import numpy as np
import pandas as pd

CROSS = pd.DataFrame(
    {
        "size": ["large", "large", "medium", "small", "small"],
        "revenue_class": ["A", "no_revenue", "B", "C", "A"],
        "n": [12, 3, 20, 1134, 1],
        "revenue_share": [0.6, 0.0, 0.2, 0.15, 0.05],
    }
)
INDUSTRY = pd.DataFrame(
    {
        "industry": ["tertiary hospital", "某某行业的一个很长很长的名字 a very long industry", "dealer"],
        "depth": ["strategic", "long_term", "short_term"],
        "n": [3, 4, 5],
        "revenue_share": [0.5, 0.3, 0.2],
    }
)
MIGRATION = pd.MultiIndex.from_product(
    [["A", "B", "C", "no_revenue", "new"], ["A", "B", "C", "no_revenue"]], names=["before", "now"]
)
MIGRATION = pd.DataFrame(index=MIGRATION).reset_index().assign(n=range(20))
CHECKS = pd.DataFrame(
    {
        "k": [2, 3, 4],
        "silhouette": [0.4, 0.3, 0.2],
        "by_chance": [0.25, 0.24, 0.22],
        "stability": [0.9, 0.6, 0.5],
        "holds": [True, False, False],
    }
)
FEATURES = ["revenue", "growth", "order_size", "product_count", "tenure_years", "repeat_rate", "price_realisation"]


def profile(groups=("A", "B", "C", "medical group", "tertiary hospital", "private hospital")):
    random = np.random.default_rng(1)
    rows = [(group, feature, 12, random.normal()) for group in groups for feature in FEATURES]
    frame = pd.DataFrame(rows, columns=["group", "feature", "n", "difference"])
    few = frame["group"] == "C"
    return frame.assign(low=(frame["difference"] - 0.3).mask(few), high=(frame["difference"] + 0.3).mask(few))


LIFT = pd.DataFrame(
    {
        "trait": ["industry", "size", "part_of_group", "industry"],
        "trait_value": ["tertiary hospital", "large", "no", "private hospital"],
        "n": [1148, 20, 5, 9],
        "lift": [2.1, 1.2, 1.0, 0.03],
        "low": [1.5, 0.8, np.nan, 0.02],
        "high": [2.9, 1.6, np.nan, 0.2],
        "verdict": ["look_for", "unclear", "unclear", "avoid"],
    }
)

DRAWN = {
    "profiles.class_matrix": lambda f: f(INDUSTRY, "industry", "depth"),
    "profiles.migration_matrix": lambda f: f(MIGRATION),
    "profiles.group_check_lines": lambda f: f(CHECKS),
    "profiles.profile_dots": lambda f: f(profile(), by="revenue_class"),
    "profiles.lift_dots": lambda f: f(LIFT),
}
EMPTY = {
    "profiles.class_matrix": lambda f: f(CROSS.iloc[:0], "size", "revenue_class"),
    "profiles.migration_matrix": lambda f: f(MIGRATION.assign(n=0)),
    "profiles.group_check_lines": lambda f: f(CHECKS.iloc[:0]),
    "profiles.profile_dots": lambda f: f(profile().iloc[:0]),
    "profiles.lift_dots": lambda f: f(LIFT.iloc[:0]),
}
