"""How fast and how exact a target is handed down and visits are allocated.

``python benchmarks/planning.py [--json FILE] [--repeat N]`` measures, on synthetic data in this process:

- a total over 7 regions × 200 accounts × 30 people × 12 months, with locks, floors and caps, to the last fen;
- whole visits over 1,000 accounts, beside the optimum by plain dynamic programming ("exact");
- the proof of the optimum for 200 accounts × 3 roles by the mixed-integer solver.

Times are the median of N runs, in seconds; on a machine that is busy otherwise the processor's time tells more.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from kamlib import allocation, planning

SEED = 20251231


def main() -> None:
    """Measure every case, print a table, and write it as rows if asked."""
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--json", type=Path)
    told.add_argument("--repeat", type=int, default=5)
    asked = told.parse_args()
    rows = [*targets(asked.repeat), *visits(asked.repeat), *proof()]
    for row in rows:
        print(f"{row['case']:<62} {row['system']:<8} {row['metric']:<24} {row['value']:>14,.6g}")
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


def seconds(call: Callable[[], object], repeat: int, clock: Callable[[], float] = time.perf_counter) -> float:
    """The median time of a call, by the clock on the wall or the processor's."""
    times = []
    for _run in range(repeat):
        start = clock()
        call()
        times.append(clock() - start)
    return statistics.median(times)


def said(case: str, system: str, **values: float) -> list[dict]:
    """One row per metric."""
    return [{"case": case, "system": system, "metric": name, "value": float(value)} for name, value in values.items()]


def targets(repeat: int) -> list[dict]:
    """The cascade: time, and how many parents are not the exact sum of their children."""
    regions = [f"R{i}" for i in range(7)]
    accounts = [f"{region}/A{i}" for region in regions for i in range(200)]
    people = [f"{account}/P{i}" for account in accounts for i in range(30)]
    months = [f"{person}/{month}" for person in people for month in range(12)]
    nodes = pd.Series([*regions, *accounts, *people, *months])
    parents = nodes.str.rpartition("/")[0].replace("", "all")
    tree = pd.DataFrame({"node": ["all", *nodes], "parent": [None, *parents]})
    random = np.random.default_rng(SEED)
    weights = pd.Series(random.gamma(1, 1, len(tree)), index=tree["node"])
    bounds = {
        "locks": pd.Series(100_000.0, index=accounts[::10]),
        "floors": pd.Series(50_000.0, index=accounts[1::10]),
        "caps": pd.Series(3e6, index=accounts),
    }
    total = 1_234_567_890.12
    took = seconds(lambda: planning.decompose_target(tree, weights, total=total, **bounds), repeat)
    busy = seconds(lambda: planning.decompose_target(tree, weights, total=total, **bounds), repeat, time.process_time)
    done = planning.decompose_target(tree, weights, total=total, **bounds)
    fen = pd.Series(np.rint(done["target"].to_numpy() * 100).astype("int64"), index=done["node"])
    sums = fen.groupby(done["parent"].to_numpy()).sum()
    wrong = int((sums != fen[sums.index]).sum())
    case = f"target over {len(tree):,} nodes, 7 × 200 × 30 × 12"
    return said(case, "kamlib", seconds=took, processor_seconds=busy, parents_not_the_sum=wrong)


def curves(accounts: int, roles: tuple[str, ...]) -> pd.DataFrame:
    """Synthetic ADBUDG curves, concave and S-shaped."""
    random, size = np.random.default_rng(SEED), accounts * len(roles)
    low, high = random.uniform(0.2, 0.8, size), random.uniform(1.1, 2, size)
    return pd.DataFrame(
        {
            "account_id": np.repeat([f"A{i}" for i in range(accounts)], len(roles)),
            "role": list(roles) * accounts,
            "a": low,
            "b": high,
            "c": random.uniform(0.6, 5, size),
            "d": (high - 1) / (1 - low),
            "usual": random.integers(2, 12, size).astype(float),
            "scale": random.lognormal(12, 1, size),
        }
    )


def visits(repeat: int) -> list[dict]:
    """The allocation of 1,000 accounts beside dynamic programming over all of them, at four capacities."""
    table, rows = curves(1000, ("AR",)), []
    nothing = planning.value_of(table, np.zeros(len(table))).sum()
    low, high = allocation._limits(table, 0, None)
    gains = allocation._gains(table, low, high, int((high - low).max()) + 1)
    for share in (0.3, 1.0, 2.0):
        capacity = int(table["usual"].sum() * share)
        took = seconds(lambda most=capacity: planning.allocate(table, capacity=most), repeat)
        found = planning.allocate(table, capacity=capacity)["value"].sum() - nothing
        start = time.perf_counter()
        best = allocation._dynamic(gains, high - low, capacity)
        exact = time.perf_counter() - start
        optimum = gains[np.arange(len(gains)), best].sum()
        case = f"visits over 1,000 accounts, {share:.0%} of today's"
        rows += said(case, "kamlib", seconds=took, share_of_optimal_gain=found / optimum)
        rows += said(case, "exact", seconds=exact, share_of_optimal_gain=1.0)
    return rows


def proof() -> list[dict]:
    """The mixed-integer proof, and the allocation's value beside its bound."""
    table = curves(200, ("AR", "SR", "FR"))
    capacity = table.groupby("role")["usual"].sum().to_dict()
    start = time.perf_counter()
    _plan, found = planning.allocate_exact(table, capacity=capacity)
    took = time.perf_counter() - start
    ours = planning.allocate(table, capacity=capacity)["value"].sum()
    case = "proof of the optimum, 200 accounts × 3 roles"
    return [
        *said(case, "exact", seconds=took, proved=found["proved"]),
        *said(case, "kamlib", share_of_bound=ours / found["bound"]),
    ]


if __name__ == "__main__":
    main()
