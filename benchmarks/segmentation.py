"""How long one region's segmentation takes on a million order lines, and how much memory, beside plain pandas.

``python benchmarks/segmentation.py [--json FILE] [--repeat N]`` makes a synthetic region (1,000,000 order lines, 5,000
accounts, 500 products) in a temporary folder, and computes from it, in fresh processes on one core, imports and reading
included:

- the tables of a region: key-account criteria and list, ABC classes, the three classifications, moves against last
  year, profiles, RFM, rhythm, category mix and price position;
- the stability of the key-account list: 200 runs.

"pandas" is what one would write without the library, with groupbys and a function per account. It computes the same
columns of the list, the classes, RFM and rhythm without drawing means together, and leaves out moves, profiles, mix
and prices; for the stability it repeats the list on resampled orders, in 5 runs, and the time is scaled to 200. Times
are processor seconds, the median of N processes; memory is the largest of them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20251231
LINES, ACCOUNTS, PRODUCTS = 1_000_000, 5_000, 500
ONE_CORE = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "ARROW_NUM_THREADS": "1"}

READ = """
import pandas as pd
day = pd.Timestamp("2025-12-31")
accounts, orders, products, contacts, initiatives = (
    pd.read_parquet(f"{folder}/{name}.parquet")
    for name in ("accounts", "orders", "products", "contacts", "initiatives")
)
"""
OURS_LIST = (
    READ
    + """
from kamlib import segmentation, weighting
facts = segmentation.account_facts(accounts, orders, contacts, as_of=day)
criteria = segmentation.key_account_criteria(facts)
weights = weighting.entropy_weights(criteria)
"""
)
OURS_TABLES = (
    OURS_LIST
    + """
from kamlib import behaviour, classes, profiles
ranking = segmentation.key_accounts(facts, criteria, weights, threshold=0.55)
closeness = weighting.topsis(criteria, weights)
pareto = segmentation.pareto(facts)
kinds = classes.account_classes(accounts, facts, contacts, initiatives, as_of=day)
then = day - pd.DateOffset(years=1)
known = classes.known_by(accounts, orders, then)
facts_then = segmentation.account_facts(known, orders, contacts, as_of=then)
kinds_then = classes.account_classes(known, facts_then, contacts, initiatives, as_of=then)
moved = classes.moves(kinds_then, kinds, "revenue_class", classes.REVENUE_CLASSES)
features = profiles.account_features(facts, orders, products, as_of=day)
profile = profiles.profile(features, kinds.set_index("account_id")["revenue_class"], runs=200)
scores, rhythm = behaviour.rfm(orders, as_of=day), behaviour.rhythm(orders, as_of=day)
mix = behaviour.category_mix(orders, products, as_of=day)
price = behaviour.price_position(accounts, orders, products, as_of=day)
print(f"{ranking['score'].sum():.6f} {scores['frequency'].sum()}")
"""
)
OURS_STABILITY = (
    OURS_LIST
    + """
from kamlib import stability
firm = stability.list_stability(facts, orders, weights, as_of=day, threshold=0.55, runs=200)
print(len(firm))
"""
)
PLAIN_LIST = (
    READ
    + """
import numpy as np
def scaled(values):
    full = values.quantile(0.95)
    return (values / full).clip(0, 1)
def listed(orders):
    recent = orders[orders["order_date"] > day - pd.DateOffset(months=12)]
    rows = accounts.set_index("account_id")
    rows["revenue"] = recent.groupby("account_id")["amount"].sum()
    rows["products"] = recent[recent["amount"] > 0].groupby("account_id")["product"].nunique()
    rows = rows.fillna({"revenue": 0, "products": 0})
    rows["share"] = rows["revenue"].clip(lower=0) / rows["revenue"].clip(lower=0).sum()
    quarters = orders[orders["amount"] > 0].groupby("account_id")["order_date"].apply(
        lambda days: ((day - days).dt.days / (365.25 / 4)).astype(int).loc[lambda q: q < 8].nunique() / 8)
    rows["repeat"] = quarters.reindex(rows.index).fillna(0)
    first = orders.groupby("account_id")["order_date"].min().reindex(rows.index)
    rows["tenure"] = ((day - rows["since"].fillna(first)).dt.days / 365.25).fillna(0)
    roles = contacts.groupby("account_id")["decision_role"].nunique().reindex(rows.index).fillna(0)
    above = dict(zip(contacts["contact_id"], contacts["reports_to"]))
    def level(person):
        steps = 1
        while isinstance(above.get(person), str):
            person, steps = above[person], steps + 1
        return steps
    levels = contacts["contact_id"].map(level).groupby(contacts["account_id"]).max().reindex(rows.index).fillna(0)
    longevity = (scaled(rows["tenure"]) + rows["repeat"]) / 2
    traits = pd.DataFrame({"value": scaled(rows["share"]), "complexity": scaled(rows["products"]),
                           "longevity": longevity, "decision_chain": scaled(roles * levels)})
    parts = traits / traits.sum()
    entropy = -(parts * np.log(parts.where(parts > 0))).sum() / np.log(len(parts))
    weights = (1 - entropy) / (1 - entropy).sum()
    rows["score"] = (traits * weights).sum(axis=1)
    rows["key"] = rows["score"] >= 0.55
    return rows
"""
)
PLAIN_TABLES = (
    PLAIN_LIST
    + """
rows = listed(orders)
by_revenue = rows[rows["revenue"] > 0].sort_values("revenue", ascending=False)
before = by_revenue["revenue"].cumsum().shift(fill_value=0) / by_revenue["revenue"].sum()
rows["abc"] = pd.cut(before, [-1, 0.8, 0.95, 2], labels=list("ABC"), right=False).reindex(rows.index)
window = orders[orders["order_date"] > day - pd.DateOffset(months=24)]
bought = window[window["amount"] > 0]
scores = bought.groupby("account_id").agg(last=("order_date", "max"), frequency=("order_id", "nunique"))
scores["monetary"] = window.groupby("account_id")["amount"].sum()
scores["r"] = pd.qcut(scores["last"].rank(method="first"), 5, labels=False) + 1
scores["f"] = pd.qcut(scores["frequency"].rank(method="first"), 5, labels=False) + 1
scores["m"] = pd.qcut(scores["monetary"].rank(method="first"), 5, labels=False) + 1
def silence(days):
    gaps = days.drop_duplicates().sort_values().diff().dt.days.dropna()
    return pd.Series({"usual_gap": gaps.median(), "overdue": (gaps <= (day - days.max()).days).mean()})
rhythm = orders[orders["amount"] > 0].groupby("account_id")["order_date"].apply(silence).unstack()
print(f"{rows['score'].sum():.6f} {scores['frequency'].sum()}")
"""
)
PLAIN_STABILITY = (
    PLAIN_LIST
    + """
random = np.random.default_rng(0)
order_ids = orders["order_id"].unique()
for run in range(5):
    times = pd.Series(random.poisson(1, len(order_ids)), index=order_ids)
    again = orders.loc[orders.index.repeat(orders["order_id"].map(times))]
    kept = listed(again)["key"]
print(len(kept))
"""
)
CASES = {
    "tables of a region, 1,000,000 order lines": (OURS_TABLES, PLAIN_TABLES, 1),
    "stability of the list, 200 runs, 1,000,000 order lines": (OURS_STABILITY, PLAIN_STABILITY, 40),
}


def main() -> None:
    """Measure every case, print a table, and write it as rows if asked."""
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--json", type=Path)
    told.add_argument("--repeat", type=int, default=3)
    asked = told.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        make_region(Path(folder))
        for case, (ours, plain, times) in CASES.items():
            answers = [measured(case, "kamlib", ours, folder, asked.repeat, 1, rows)]
            answers.append(measured(case, "pandas", plain, folder, asked.repeat, times, rows))
            if len(set(answers)) > 1:
                raise SystemExit(f"{case}: the answers differ: {answers}")
    show(rows)
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


def make_region(folder: Path) -> None:
    """A synthetic region: accounts of very different size, three years of orders of three lines, contacts, plans."""
    random = np.random.default_rng(SEED)
    ids = np.array([f"A{i:05d}" for i in range(ACCOUNTS)])
    products = np.array([f"P{i:03d}" for i in range(PRODUCTS)])
    accounts = pd.DataFrame({
        "account_id": ids, "account_name": ids, "account_type": "customer", "account_manager": "Wang",
        "industry": random.choice(["x", "y", "z"], ACCOUNTS), "size_class": None, "cooperation": None,
        "employees": random.lognormal(6, 1, ACCOUNTS).round(), "annual_revenue": random.lognormal(16, 1, ACCOUNTS),
        "beds": np.nan, "since": pd.NaT,
    }).astype({"size_class": "str", "cooperation": "str", "since": "datetime64[us]"})  # fmt: skip
    size = random.pareto(1.2, ACCOUNTS) + 0.05
    order = np.arange(LINES) // 3
    owner = random.choice(ACCOUNTS, order[-1] + 1, p=size / size.sum())
    day = np.datetime64("2023-01-01") + random.integers(0, 1095, order[-1] + 1).astype("timedelta64[D]")
    returned = random.random(LINES) < 0.03
    orders = pd.DataFrame({
        "order_id": np.array([f"O{i:07d}" for i in range(order[-1] + 1)])[order], "account_id": ids[owner[order]],
        "order_date": day[order].astype("datetime64[us]"), "product": random.choice(products, LINES),
        "quantity": np.where(returned, -1.0, 2.0),
        "amount": np.round(random.lognormal(5, 1, LINES), 2) * np.where(returned, -1, 1),
    })  # fmt: skip
    people = np.repeat(ids, 4)
    names = np.array([f"C{i:06d}" for i in range(len(people))])
    above = pd.Series(names).shift(1).where(np.arange(len(names)) % 4 > 0)
    contacts = pd.DataFrame({
        "contact_id": names, "account_id": people, "reports_to": above, "stance": random.integers(-2, 3, len(names)),
        "decision_role": random.choice(["EB", "UB", "TB", "coach"], len(names)),
    })  # fmt: skip
    plans = pd.DataFrame({"account_id": ids[:200], "status": "active", "start": pd.Timestamp("2025-03-01"),
                          "end": pd.NaT}).astype({"end": "datetime64[us]"})  # fmt: skip
    goods = pd.DataFrame({"product": products, "category": random.choice(list("abcde"), PRODUCTS), "list_price": 150.0})
    frames = {"accounts": accounts, "orders": orders, "products": goods, "contacts": contacts, "initiatives": plans}
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet")


def measured(case: str, system: str, code: str, folder: str, repeat: int, times: int, rows: list[dict]) -> str:
    """Add median seconds and largest memory of fresh processes that run ``code``; what they printed is the answer."""
    runs = [run(f"folder = {folder!r}\n{code}") for _i in range(repeat)]
    values = {"seconds": statistics.median(each[0] for each in runs) * times, "peak_memory_mb": max(r[1] for r in runs)}
    rows += [{"case": case, "system": system, "metric": name, "value": round(v, 2)} for name, v in values.items()]
    return runs[0][2]


def run(code: str) -> tuple[float, float, str]:
    """Processor seconds (one core), peak memory in MB and the printed answer of a fresh Python process."""
    ending = (
        "\nimport resource, time\nused = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(used.ru_maxrss, used.ru_utime + used.ru_stime)"
    )
    child = subprocess.run(
        [sys.executable, "-c", code + ending], capture_output=True, text=True, check=True, env=os.environ | ONE_CORE
    )
    *answer, last = child.stdout.strip().splitlines()
    memory, seconds = last.split()
    return float(seconds), int(memory) / (1e6 if sys.platform == "darwin" else 1e3), "\n".join(answer)


def show(rows: list[dict]) -> None:
    """A table of all cases, and how many times as long plain pandas takes."""
    frame = pd.DataFrame(rows).pivot_table(index=["case", "system"], columns="metric", values="value", sort=False)
    print(frame.to_string())
    for case, group in frame["seconds"].groupby(level="case", sort=False):
        print(f"{case}: pandas takes {group.xs('pandas', level=1).iloc[0] / group.xs('kamlib', level=1).iloc[0]:.1f}×")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(
        f"{os.cpu_count()} cores, load {load:.1f}, {time.strftime('%Y-%m-%d')}; seconds are processor time of one core"
    )


if __name__ == "__main__":
    main()
