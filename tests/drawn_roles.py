"""What `test_charts` draws of decision roles: how to call each chart, and which must say why they are empty."""

import numpy as np
import pandas as pd

LONG = "临江市第一人民医院东院区 Linjiang First People's Hospital East"


def people(n=9):
    rng = np.random.default_rng(6)
    boss = [None, "0", "0", "1", "1", "2", "2", "2", None][:n]
    return pd.DataFrame(
        {
            "contact_id": [str(i) for i in range(n)],
            "name": "欧阳静怡 Ouyang Jingyi",
            "title": "分管副院长 Vice-president",
            "decision_role": np.resize(["EB", "UB", "TB", "coach"], n),
            "influence": rng.integers(1, 6, n),
            "stance": np.resize([-2.0, -1, 0, 1, 2, np.nan], n),
            "reports_to": boss,
            "level": [0, 1, 1, 2, 2, 2, 2, 2, 0][:n],
            "power": rng.dirichlet(np.ones(n)) if n else [],
            "covered": np.resize([True, False], n),
        }
    )


def coverage(n=12):
    rows = [(f"a{i}", LONG, role) for i in range(n) for role in ("EB", "UB", "TB", "coach")]
    table = pd.DataFrame(rows, columns=["account_id", "account_name", "decision_role"])
    state = np.resize(["covered", "stale", "unknown", "stale"], len(table))
    days = np.where(state == "unknown", np.nan, np.resize([12, 340, 0, np.nan], len(table)))
    return table.assign(state=state, days_since=days, known=np.where(state == "unknown", 0, 2))


def threads(n=25):
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {"account_name": LONG, "contacts": 5, "threads": rng.uniform(0, 6, n), "power_covered": rng.random(n)}
    )


TREND = pd.DataFrame(
    {
        "half": pd.to_datetime(["2024-01-01", "2024-07-01", "2025-01-01"]),
        "people": [9, 12, 2],
        "trust": [0.7, 0.8, 0.75],
        "low": [0.6, 0.72, np.nan],
        "high": [0.8, 0.88, np.nan],
    }
)
DRAWN = {
    "roles.power_map": lambda f: f(people()),
    "roles.influence_grid": lambda f: f(people()),
    "roles.coverage_grid": lambda f: f(coverage()),
    "roles.thread_dots": lambda f: f(threads()),
    "roles.trust_line": lambda f: f(TREND),
}
EMPTY = {
    "roles.power_map": lambda f: f(people(0)),
    "roles.influence_grid": lambda f: f(people().assign(stance=np.nan)),
    "roles.coverage_grid": lambda f: f(coverage(0)),
    "roles.thread_dots": lambda f: f(threads().assign(contacts=0)),
    "roles.trust_line": lambda f: f(TREND.iloc[:0]),
}
