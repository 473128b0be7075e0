"""Lifetime value: as published, as fast as promised, and right about what it does not know.

``python benchmarks/lifetime_value.py [--peers PYTHON] [--cdnow FOLDER] [--json FILE] [--only NAME…]``

The peers (benchmarks/peers.txt) live in an environment of their own; ``--peers`` names its Python, without it they are
left out. CDNOW may not be shipped: without the folder a synthetic twin of its size takes its place, and what was
published is not compared. Every measurement runs in a fresh process with one thread of linear algebra. Seconds are of
processor time (user and system), memory is the process's peak; ratios are peer ÷ kamlib of the same run.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
import regions as invented  # noqa: E402

from kamlib import forecast_origins, hierarchy, lifetime, order_model, stats  # noqa: E402

SEED = 20251231
ENDING = """
import resource, json
used = resource.getrusage(resource.RUSAGE_SELF)
peak = used.ru_maxrss / (1e6 if __import__("sys").platform == "darwin" else 1e3)
print(json.dumps({"peak_memory_mb": round(peak), "process_cpu_s": round(used.ru_utime + used.ru_stime, 3), **answer}))
"""
TIMED = """
import time
def median(function, times):
    taken = []
    for _i in range(times):
        start = time.process_time(); result = function(); taken.append(time.process_time() - start)
    return result, sorted(taken)[len(taken) // 2]
"""
FIT = {
    "kamlib": TIMED
    + """
import pandas as pd
from kamlib import lifetime
summary = pd.read_parquet(path)
model, seconds = median(lambda: lifetime.fit_order_model(summary), TIMES)
answer = {"cpu_s": seconds, **model.parameters.iloc[0].to_dict(), "log_likelihood": model.log_likelihood.iloc[0]}
""",
    "lifetimes": TIMED
    + """
import pandas as pd
from lifetimes import BetaGeoFitter
s = pd.read_parquet(path)
fit, seconds = median(lambda: BetaGeoFitter().fit(s["frequency"], s["recency"], s["age"]), min(TIMES, 3))
answer = {"cpu_s": seconds, **fit.params_.to_dict()}
""",
    "pymc-marketing": TIMED
    + """
import pandas as pd
from pymc_marketing.clv import BetaGeoModel
s = pd.read_parquet(path)
data = pd.DataFrame({"customer_id": range(len(s)), "frequency": s["frequency"], "recency": s["recency"], "T": s["age"]})
def fit():
    model = BetaGeoModel(data=data)
    model.build_model()
    return model.fit(method="map", progressbar=False)
found, seconds = median(fit, min(TIMES, 3))
answer = {"cpu_s": seconds}
""",
}
CLV = """
import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter
s = pd.read_parquet(path)
orders, spend = BetaGeoFitter(), GammaGammaFitter()
orders.params_ = pd.Series(dict(zip(("r", "alpha", "a", "b"), ORDERS)))
spend.params_ = pd.Series(dict(zip(("p", "q", "v"), SPEND)))
orders.predict = orders.conditional_expected_number_of_purchases_up_to_time
value = spend.customer_lifetime_value(
    orders, s["frequency"], s["recency"], s["age"], s["monetary"], time=12, discount_rate=0.01, freq="W")
value.to_frame("value").to_parquet(path + ".value")
answer = {}
"""
REGION = """
import pandas as pd
from kamlib import lifetime, order_history
orders = pd.read_parquet(path)
prior = pd.read_parquet(path + ".prior")
spend_prior = pd.read_parquet(path + ".spend")
summary = order_history.customer_summary(orders, as_of=pd.Timestamp("2025-12-31"))
value = lifetime.lifetime_value(
    summary, lifetime.fit_order_model(summary, prior=prior), lifetime.fit_spend_model(summary, prior=spend_prior),
    discount_rate=0.08, margin=0.4)
answer = {"accounts": len(value)}
"""
SCAN = {
    "kamlib": """
from kamlib import data
table = data.order_histories(path, as_of="2013-12-31")
answer = {"accounts": len(table), "orders": int(table["frequency"].sum()), "ages": round(table["age"].sum(), 3),
          "worth": round(float(table["monetary"].sum()), 2)}
""",
    "pandas": """
import pandas as pd
lines = pd.read_parquet(path)
lines["order_date"] = pd.to_datetime(lines["order_date"])
days = lines.groupby(["account_id", "order_date"], as_index=False)["amount"].agg(["sum", "max"])
first = days[days["max"] >= 0].groupby("account_id")["order_date"].agg(["min", "max", "size"])
days = days.join(first["min"].rename("first"), on="account_id")
later = days.loc[days["order_date"] > days["first"]].groupby("account_id")["sum"].sum()
frequency = first["size"] - 1
worth = (later.reindex(first.index).fillna(0.0) / frequency.where(frequency > 0)).fillna(0.0)
age = (pd.Timestamp("2013-12-31") - first["min"]).dt.days / 7
answer = {"accounts": len(first), "orders": int(frequency.sum()), "ages": round(age.sum(), 3),
          "worth": round(float(worth.sum()), 2)}
""",
}
LIFETIMES_REGIONS = """
import pandas as pd
from lifetimes import BetaGeoFitter
s = pd.read_parquet(path)
failed = {}
for region, own in s.groupby("region"):
    try:
        BetaGeoFitter().fit(own["frequency"], own["recency"], own["age"])
    except Exception as error:
        failed[region] = type(error).__name__
sizes = s.groupby("region").size()
small = sizes[sizes <= 20].index
answer = {"regions": len(sizes), "failed_of_20_or_less": sum(r in failed for r in small) / max(len(small), 1),
          "failed_of_more": sum(r not in set(small) for r in failed) / max(len(sizes) - len(small), 1)}
"""


def main() -> None:
    """Run the cases, print their rows, and write them if asked."""
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--peers", help="Python of an environment with benchmarks/peers.txt")
    told.add_argument("--cdnow", type=Path, default=ROOT.parent / "shared/data/cdnow")
    told.add_argument("--json", type=Path)
    told.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    told.add_argument("--regions", type=int, default=1000)
    told.add_argument("--lines", type=int, default=50_000_000)
    asked = told.parse_args()
    rows: list[dict] = []
    with tempfile.TemporaryDirectory() as place:
        for name in asked.only:
            found = [
                dict(zip(("case", "system", "metric", "value"), row, strict=True)) for row in CASES[name](asked, place)
            ]
            rows += [*found, *ratios(found)]
            print(pd.DataFrame(rows[-len(found) - len(ratios(found)) :]).to_string(index=False), flush=True)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0] if hasattr(os, 'getloadavg') else float('nan'):.1f}")
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


def ratios(rows: list[dict]) -> list[dict]:
    """Peer ÷ kamlib for processor time and memory."""
    ours = {(row["case"], row["metric"]): row["value"] for row in rows if row["system"] == "kamlib"}
    return [
        {
            **row,
            "metric": f"{row['metric']} ÷ kamlib",
            "value": round(row["value"] / ours[row["case"], row["metric"]], 1),
        }
        for row in rows
        if row["system"] != "kamlib"
        and row["metric"] in ("cpu_s", "process_cpu_s", "peak_memory_mb")
        and ours.get((row["case"], row["metric"]))
    ]


def run(python: str, code: str, path: Path | str) -> dict:
    """What a fresh process answers, with its peak memory and processor time."""
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    child = subprocess.run(
        [python, "-c", f"path = {str(path)!r}\n{code}{ENDING}"],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, **threads},
    )  # fmt: skip
    if child.returncode:
        raise RuntimeError(child.stderr[-2000:])
    return json.loads(child.stdout.splitlines()[-1])


def rows_of(case: str, system: str, answer: dict) -> list[tuple]:
    """One row per figure."""
    return [(case, system, metric, value) for metric, value in answer.items()]


def cdnow_orders(folder: Path) -> pd.DataFrame | None:
    """The published sample of 2,357 customers, if it is there."""
    file = folder / "CDNOW_sample.txt"
    if not file.exists():
        return None
    names = ["master", "account_id", "order_date", "cds", "amount"]
    table = pd.read_csv(file, sep=r"\s+", header=None, names=names, dtype={"account_id": str})
    return table.assign(order_date=pd.to_datetime(table["order_date"].astype(str)))


def cdnow_summary(asked: argparse.Namespace) -> tuple[str, pd.DataFrame]:
    """CDNOW after 39 weeks, or its synthetic twin."""
    orders = cdnow_orders(asked.cdnow)
    if orders is not None:
        return "CDNOW", lifetime.customer_summary(orders, as_of=pd.Timestamp("1997-09-30"))
    return "synthetic twin of CDNOW", customers(2357)


def customers(n: int) -> pd.DataFrame:
    """Invented customers with CDNOW's parameters and ages of 27 to 39 weeks."""
    rng = np.random.default_rng(SEED)
    age = rng.integers(27 * 7, 39 * 7 + 1, n) / 7
    x, recency = invented.histories(np.tile(invented.CDNOW, (n, 1)), age, rng)
    worth = np.where(x > 0, rng.gamma(6.25 * np.maximum(x, 1)) / rng.gamma(3.74, 1 / 15.45, n) / np.maximum(x, 1), 0.0)
    return pd.DataFrame({"frequency": x.astype(int), "recency": recency, "age": age, "monetary": worth})


def published(asked: argparse.Namespace, place: str) -> list[tuple]:
    """BG/NBD and Gamma–Gamma against what was published, CLV against lifetimes, and the time to fit."""
    case, summary = cdnow_summary(asked)
    path = Path(place) / "cdnow.parquet"
    summary.to_parquet(path)
    found = []
    for system, python in {"kamlib": sys.executable, "lifetimes": asked.peers, "pymc-marketing": asked.peers}.items():
        if python:
            found += rows_of(case, system, run(python, FIT[system].replace("TIMES", "25"), path))
    orders, spend = lifetime.fit_order_model(summary), lifetime.fit_spend_model(summary)
    zero = np.zeros(1)
    found.append(
        (case, "kamlib", "E[X(52)]", float(order_model.orders_to_come(orders.theta, zero, zero, zero, 52.0)[0]))
    )
    weeks = [summary[name].to_numpy(float) for name in ("frequency", "recency", "age")]
    seen = order_model.histories(np.zeros(len(summary), int), *weeks, 1)
    slope = float(np.abs(order_model.likelihood(seen)(orders.theta)[1]).max())
    found.append((case, "kamlib", "steepest slope left at the maximum, per log parameter", slope))
    found += rows_of(case, "kamlib", {**spend.parameters.iloc[0], "spend_log_likelihood": spend.log_likelihood.iloc[0]})
    if case == "CDNOW":
        found += holdout_of_cdnow(asked, summary, orders)
    if asked.peers:
        given = {"ORDERS": orders.parameters.iloc[0].tolist(), "SPEND": spend.parameters.iloc[0].tolist()}
        code = CLV.replace("ORDERS", repr(given["ORDERS"])).replace("SPEND", repr(given["SPEND"]))
        run(asked.peers, code, path)
        theirs = pd.read_parquet(f"{path}.value")["value"].to_numpy()
        if "account_id" not in summary:
            summary = summary.assign(account_id=summary.index)
        ours = lifetime.lifetime_value(summary, orders, spend, discount_rate=1.01**12 - 1, months=12, month=4.345)[
            "lifetime_value"
        ]
        found.append(
            (case, "kamlib", "largest CLV difference to lifetimes, relative", float(np.max(np.abs(ours / theirs - 1))))
        )
    return found


def holdout_of_cdnow(asked: argparse.Namespace, summary: pd.DataFrame, model: lifetime.Model) -> list[tuple]:
    """Customer 1516, the means by frequency, and what ranks who buys again."""
    year = lifetime.expected_orders(summary, model, periods=52).set_index("account_id").loc["1516"]
    half = lifetime.expected_orders(summary, model, periods=39)
    means = half["expected_orders"].groupby(summary["frequency"].clip(upper=7)).mean().round(3)
    orders = cdnow_orders(asked.cdnow)
    again = half["account_id"].isin(orders.loc[orders["order_date"] > "1997-09-30", "account_id"])
    auc = {name: round(forecast_origins.ranking_power(half[name], again), 3) for name in ("p_alive", "expected_orders")}
    answer = {"orders of 1516 in 52 weeks": year["expected_orders"], "P(alive) of 1516": year["p_alive"]}
    answer |= {"holdout means by frequency": " ".join(f"{m:.3f}" for m in means)}
    return rows_of("CDNOW", "kamlib", {**answer, **{f"AUC of {name}": value for name, value in auc.items()}})


def elsewhere(function: Callable, *told: object) -> None:
    """Run in a process of its own: a child inherits the peak memory of the process that starts it."""
    child = multiprocessing.get_context("spawn").Process(target=function, args=told)
    child.start()
    child.join()


def write_customers(path: Path, n: int) -> None:
    """Invented customers as a file."""
    customers(n)[["frequency", "recency", "age"]].to_parquet(path)


def million(asked: argparse.Namespace, place: str) -> list[tuple]:
    """A million customers."""
    path = Path(place) / "million.parquet"
    elsewhere(write_customers, path, 1_000_000)
    found = rows_of("1,000,000 customers", "kamlib", run(sys.executable, FIT["kamlib"].replace("TIMES", "3"), path))
    if asked.peers:
        answer = run(asked.peers, FIT["lifetimes"].replace("TIMES", "1"), path)
        found += rows_of("1,000,000 customers", "lifetimes", answer)
    return found


def start(asked: argparse.Namespace, place: str) -> list[tuple]:
    """From the start of a process to a region's lifetime values: imports, reading, summary, both models, values."""
    rng = np.random.default_rng(SEED)
    n = 12_000
    orders = pd.DataFrame(
        {
            "account_id": rng.choice([f"A{i:03d}" for i in range(120)], n),
            "order_date": pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 1090, n), unit="D"),
            "amount": rng.gamma(2, 500, n).round(2),
        }
    )
    path = Path(place) / "region.parquet"
    orders.to_parquet(path)
    several = orders.assign(region=orders["account_id"].str[-1])
    lifetime.order_prior(several).to_parquet(f"{path}.prior")
    lifetime.spend_prior(several).to_parquet(f"{path}.spend")
    answers = [run(sys.executable, REGION, path) for _i in range(5)]
    middle = sorted(answers, key=lambda answer: answer["process_cpu_s"])[2]
    bare = sorted(run(sys.executable, "import pandas\nanswer = {}", path)["process_cpu_s"] for _i in range(5))[2]
    answer = {**middle, "of which importing pandas": bare}
    return rows_of("process start to a region's CLV", "kamlib", answer)


def scan(asked: argparse.Namespace, place: str) -> list[tuple]:
    """Order lines too many for memory."""
    path = Path(place) / "lines.parquet"
    elsewhere(write_lines, path, asked.lines)
    case = f"{asked.lines:,} order lines to summary"
    found = [row for system, code in SCAN.items() for row in rows_of(case, system, run(sys.executable, code, path))]
    path.unlink()
    return found


def write_lines(path: Path, lines: int) -> None:
    """Orders of four lines of a million accounts over four years, two in a hundred lines returned."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng, chunk = np.random.default_rng(SEED), 1_000_000
    names = pa.array([f"A{i:07d}" for i in range(1_000_000)])
    schema = pa.schema([("account_id", pa.string()), ("order_date", pa.date32()), ("amount", pa.float64())])
    with pq.ParquetWriter(path, schema) as writer:
        for _part in range(max(lines // chunk, 1)):
            account = (len(names) * rng.beta(0.6, 2.0, chunk // 4)).astype(int).repeat(4)
            day = (14610 + rng.integers(0, 1460, chunk // 4)).repeat(4).astype("int32")
            amount = np.round(rng.gamma(2, 50, chunk), 2)
            amount[rng.random(chunk) < 0.02] *= -1
            columns = [names.take(pa.array(account)), pa.array(day, pa.date32()), amount]
            writer.write_table(pa.table(dict(zip(schema.names, columns, strict=True)), schema=schema))


def random_regions(asked: argparse.Namespace, place: str) -> list[tuple]:
    """Regions of 5 to 100 accounts: failures, coverage, and the log-likelihood of accounts that were held out."""
    rng = np.random.default_rng(SEED)
    sizes = rng.integers(5, 101, asked.regions)
    found = judged("random regions in one company", [sizes], rng)
    companies = [rng.integers(5, 101, 8) for _i in range(asked.regions // 8)]
    found += judged("random regions in companies of eight", companies, rng)
    if asked.peers:
        summary, _theta = invented.company(sizes[:300], rng)
        path = Path(place) / "regions.parquet"
        summary.to_parquet(path)
        found += rows_of("random regions in one company", "lifetimes", run(asked.peers, LIFETIMES_REGIONS, path))
    return found


def judged(case: str, companies: list[np.ndarray], rng: np.random.Generator) -> list[tuple]:
    """Fit every company, and compare with the truth it was invented from."""
    parts, unsound = [], 0
    for sizes in companies:
        summary, theta = invented.company(sizes, rng)
        table, bad = regions_against_truth(summary, theta, rng)
        parts.append(table)
        unsound += bad
    whole = pd.concat(parts)
    found = [
        (case, "kamlib", "regions", len(whole)),
        (case, "kamlib", "regions that failed", unsound),
        (case, "kamlib", "coverage of nominal 90 %", round(float(np.average(whole["held"], weights=whole["n"])), 3)),
    ]
    bands = pd.cut(whole["n"], [0, 10, 20, 50, 100], labels=["5-10", "11-20", "21-50", "51-100"])
    for band, group in whole.groupby(bands, observed=True):
        found.append((case, "kamlib", f"coverage, {band} accounts", round(float(group["held"].mean()), 3)))
        for system, column in (("kamlib", "shrunk"), ("own region only", "own"), ("company pooled", "pooled")):
            metric = f"holdout log-likelihood per account, {band} accounts"
            found.append((case, system, metric, round(float(group[column].mean()), 4)))
        gain = group["shrunk"] - group["pooled"]
        found.append((case, "kamlib", f"more than pooled, {band} accounts", round(float(gain.mean()), 4)))
        found.append((case, "kamlib", f"its standard error, {band} accounts", round(float(gain.sem()), 4)))
    return found


def regions_against_truth(
    summary: pd.DataFrame, theta: np.ndarray, rng: np.random.Generator
) -> tuple[pd.DataFrame, int]:
    """One row per region: its size, share of intervals that hold the truth, log-likelihood of 200 further accounts."""
    model = lifetime.fit_order_model(summary)
    pooled = lifetime.fit_order_model(summary.drop(columns="region")).theta
    place = pd.factorize(summary["region"], sort=True)[0]
    history = summary[["frequency", "recency", "age"]].to_numpy(float).T
    seen = order_model.likelihood(order_model.histories(place, *history, len(theta)))
    start = np.repeat(pooled, len(theta), axis=0)
    own, _covariance, _value = hierarchy.maximum(seen, start, mean=np.zeros(4), precision=np.eye(4) * 1e-8)
    table = lifetime.expected_orders(summary, model, periods=52)
    truth = order_model.orders_to_come(theta[place], *history, 52.0)
    held = (table["orders_low"] <= truth) & (truth <= table["orders_high"])
    group = np.repeat(np.arange(len(theta)), 200)
    age = rng.integers(26 * 7, 104 * 7, len(group)) / 7
    x, recency = invented.histories(theta[group], age, rng)
    fresh = order_model.likelihood(order_model.histories(group, x, recency, age, len(theta)))
    frame = pd.DataFrame({"n": np.bincount(place), "held": held.groupby(place).mean().to_numpy()})
    for name, parameters in (("shrunk", model.theta), ("own", own), ("pooled", start)):
        frame[name] = fresh(parameters)[0] / 200
    sound = np.isfinite(model.theta).all(axis=1) & np.isfinite(np.linalg.det(model.covariance))
    unfit = set(place[~np.isfinite(table[["expected_orders", "orders_low", "orders_high"]]).all(axis=1)])
    return frame, len(unfit | set(np.flatnonzero(~sound)))


def rates(asked: argparse.Namespace, place: str) -> list[tuple]:
    """Nominal 90 % intervals of rates by region (`stats.shrunk_rates`), companies of seven regions."""
    rng, found = np.random.default_rng(SEED), []
    for n in (5, 10, 20, 50):
        held = total = 0
        for _company in range(300):
            strength = rng.choice([6.0, 12.0, 30.0])
            mean = rng.uniform(0.1, 0.6)
            truth = rng.beta(mean * strength, (1 - mean) * strength, 7)
            table = stats.shrunk_rates(pd.Series(rng.binomial(n, truth)), pd.Series([n] * 7))
            held += int(((table["low"] <= truth) & (truth <= table["high"])).sum())
            total += 7
        found.append(("rates by region", "kamlib", f"coverage, {n} accounts a region", round(held / total, 3)))
    return found


def origins(asked: argparse.Namespace, place: str) -> list[tuple]:
    """Online Retail II: thirteen weeks ahead from four days, and every country with at least 20 customers.

    All days together a country has some dozens of customers: the resampled ones say how much of a difference is chance.
    """
    orders = pd.read_parquet(ROOT / "data/online_retail/orders.parquet")
    orders["order_date"] = pd.to_datetime(orders["order_date"])
    accounts = pd.read_csv(ROOT / "data/online_retail/accounts.csv", dtype=str)
    found, countries = [], []
    for origin in ("2010-12-31", "2011-01-31", "2011-02-28", "2011-03-31"):
        table = forecast_origins.forecasts(orders, origin=origin, weeks=13)
        found += errors_of(f"Online Retail II from {origin}", table)
        by_country = forecast_origins.forecasts(
            orders.merge(accounts[["account_id", "region"]]), origin=origin, weeks=13
        )
        for country, own in by_country.groupby("region"):
            if len(own) >= 20:
                found += errors_of(f"Online Retail II from {origin}, {country} ({len(own)})", own)
                countries.append(own)
    for country, own in pd.concat(countries).groupby("region"):
        found += resampled(f"Online Retail II, all four days, {country}", own)
    return found


def resampled(case: str, table: pd.DataFrame, times: int = 2000) -> list[tuple]:
    """Error of the middle value less that of the best naive rule, and its 90 % interval over resampled customers."""
    error = table[list(forecast_origins.RULES)].sub(table["actual"], axis=0).abs()
    naive = [rule for rule, kind in forecast_origins.RULES.items() if kind == "naive"]
    best = error[naive].mean().idxmin()
    customers = (error["model_likely"] - error[best]).groupby(table["account_id"]).agg(["sum", "size"]).to_numpy()
    drawn = np.random.default_rng(SEED).integers(0, len(customers), (times, len(customers)))
    total, count = customers[drawn].sum(axis=1).T
    low, high = np.quantile(total / count, [0.05, 0.95])
    actual = table["actual"].sum()
    answer = {
        "customers": len(customers),
        "bias": table["model_calendar"].sum() / actual - 1,
        "spread of the sum by chance alone, share": actual**-0.5,
        f"middle value ÷ best naive ({best}) − 1": error["model_likely"].mean() / error[best].mean() - 1,
        "MAE above naive's, low": low,
        "MAE above naive's, high": high,
    }
    return [(case, "kamlib", metric, round(float(value), 4)) for metric, value in answer.items()]


def errors_of(case: str, table: pd.DataFrame) -> list[tuple]:
    """Bias of the sum, error per account of the middle value and of the mean, and the best naive rule."""
    errors = forecast_origins.forecast_errors(table).set_index("rule")
    naive = errors.loc[errors["kind"] == "naive", "mae"]
    answer = {
        "bias": errors.at["model_calendar", "bias"],
        "bias without calendar": errors.at["model_plain", "bias"],
        "MAE, middle value": errors.at["model_likely", "mae"],
        "MAE, mean": errors.at["model_calendar", "mae"],
        f"MAE, best naive ({naive.idxmin()})": naive.min(),
        "middle value ÷ best naive − 1": errors.at["model_likely", "mae"] / naive.min() - 1,
    }
    return [(case, "kamlib", metric, round(float(value), 4)) for metric, value in answer.items()]


CASES: dict[str, Callable[[argparse.Namespace, str], list[tuple]]] = {
    "published": published,
    "million": million,
    "start": start,
    "regions": random_regions,
    "rates": rates,
    "origins": origins,
    "scan": scan,
}

if __name__ == "__main__":
    main()
