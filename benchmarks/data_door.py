"""How long the door to data takes, and how much memory, beside the same done with pandas alone.

``python benchmarks/data_door.py [--json FILE] [--repeat N]`` makes two synthetic companies in a temporary folder and
reads each in fresh processes, imports included:

- check + load of 100,000 order lines from CSV, with accounts and products;
- one region's accounts and orders out of 5,000,000 order lines in Parquet;
- the check of those 5,000,000 order lines.

"pandas" is what one would write without the library: read the files, join, filter. It checks what is said in each
case, which is far less. Times are the median of N processes; memory is the largest of them.
"""

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 20251231
DAYS = 1095
REGIONS = 8

OURS = {
    "check and load 100,000 order lines, CSV": (
        "small",
        "from kamlib import data\ncompany = data.open_company(folder)\nassert company.check().ok\n"
        "print(len(company.book('R1', '2025-12-31').orders))",
    ),
    "one region of 5,000,000 order lines, Parquet": (
        "large",
        "from kamlib import data\nbook = data.open_company(folder).book('R1', '2025-12-31')\n"
        "book.accounts\nprint(len(book.orders))",
    ),
    "check 5,000,000 order lines, Parquet": (
        "large",
        "from kamlib import data\nassert data.open_company(folder).check().ok\nprint(0)",
    ),
}
PANDAS = {
    "check and load 100,000 order lines, CSV": (
        "small",
        "import pandas as pd\n"
        "accounts = pd.read_csv(folder + '/accounts.csv', dtype=str)\n"
        "products = pd.read_csv(folder + '/products.csv')\n"
        "orders = pd.read_csv(folder + '/orders.csv', parse_dates=['order_date', 'invoice_date'])\n"
        "assert orders['account_id'].isin(accounts['account_id']).all()\n"
        "assert orders['product'].isin(products['product']).all()\n"
        "assert not orders.duplicated(['order_id', 'line']).any()\n"
        "assert orders.notna().all(axis=None)\n"
        "assert (orders['invoice_date'] >= orders['order_date']).all()\n"
        "mine = accounts.loc[accounts['region'] == 'R1', 'account_id']\n"
        "print(len(orders[orders['account_id'].isin(mine)]))",
    ),
    "one region of 5,000,000 order lines, Parquet": (
        "large",
        "import pandas as pd\n"
        "accounts = pd.read_csv(folder + '/accounts.csv', dtype=str)\n"
        "orders = pd.read_parquet(folder + '/orders.parquet')\n"
        "mine = accounts.loc[accounts['region'] == 'R1', 'account_id']\n"
        "orders = orders[orders['account_id'].isin(mine) & (orders['order_date'] <= '2025-12-31')]\n"
        "print(len(orders))",
    ),
}


def main() -> None:
    """Measure every case, print a table, and write it as rows if asked."""
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--json", type=Path)
    told.add_argument("--repeat", type=int, default=5)
    asked = told.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as place:
        elsewhere(make_company, Path(place) / "small", 100_000, 2_000, False)
        elsewhere(make_company, Path(place) / "large", 5_000_000, 20_000, True)
        for system, cases in (("kamlib", OURS), ("pandas", PANDAS)):
            for case, (folder, code) in cases.items():
                rows += measured(case, system, code, f"{place}/{folder}", asked.repeat)
    show(rows)
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


def elsewhere(function: Callable, *told: object) -> None:
    """Run in a process of its own: a child inherits the peak memory of the process that starts it."""
    child = multiprocessing.get_context("spawn").Process(target=function, args=told)
    child.start()
    child.join()


def make_company(folder: Path, lines: int, accounts: int, parquet: bool) -> None:
    """A synthetic company: regions, accounts, 200 products and order lines."""
    folder.mkdir()
    random = np.random.default_rng(SEED)
    regions = [f"R{i}" for i in range(REGIONS)]
    ids = np.array([f"A{i:06d}" for i in range(accounts)])
    products = [f"P{i:03d}" for i in range(200)]
    frames = {
        "regions": {"region": regions, "name_en": regions, "name_zh": [f"区{i}" for i in range(REGIONS)],
                    "currency": "CNY", "fiscal_year_start": 1, "discount_rate": 0.08},
        "accounts": {"account_id": ids, "account_name": [f"医院 {i}" for i in range(accounts)],
                     "region": random.choice(regions, accounts), "account_type": "customer"},
        "products": {"product": products, "list_price": 100, "unit_cost": 60},
    }  # fmt: skip
    for name, columns in frames.items():
        pd.DataFrame(columns).to_csv(folder / f"{name}.csv", index=False)
    orders = order_lines(lines, ids, products, random)
    orders.to_parquet(folder / "orders.parquet") if parquet else orders.to_csv(folder / "orders.csv", index=False)


def order_lines(lines: int, ids: np.ndarray, products: list[str], random: np.random.Generator) -> pd.DataFrame:
    """Orders of three lines each."""
    orders = np.arange(lines) // 3
    day = np.datetime64("2023-01-01") + random.integers(0, DAYS - 5, orders[-1] + 1).astype("timedelta64[D]")
    quantity = random.integers(1, 50, lines)
    amount = np.round(quantity * random.uniform(60, 110, lines), 2)
    return pd.DataFrame({
        "order_id": np.array([f"O{i:08d}" for i in range(orders[-1] + 1)])[orders],
        "line": np.arange(lines) % 3 + 1,
        "account_id": random.choice(ids, orders[-1] + 1)[orders],
        "order_date": day[orders].astype("datetime64[us]"),
        "product": random.choice(products, lines),
        "quantity": quantity.astype(float),
        "amount": amount,
        "cost": np.round(amount * 0.6, 2),
        "invoice_date": (day + 3)[orders].astype("datetime64[us]"),
    })  # fmt: skip


def measured(case: str, system: str, code: str, folder: str, repeat: int) -> list[dict]:
    """Median seconds and largest memory of fresh processes that run ``code``; one more before warms the disk."""
    runs = [run(f"folder = {folder!r}\n{code}") for _i in range(repeat + 1)][1:]
    seconds = statistics.median(run[0] for run in runs)
    memory = max(run[1] for run in runs)
    return [
        {"case": case, "system": system, "metric": "seconds", "value": round(seconds, 2)},
        {"case": case, "system": system, "metric": "peak_memory_mb", "value": round(memory)},
    ]


def run(code: str) -> tuple[float, float]:
    """Wall seconds and peak memory in MB of a fresh Python process."""
    ending = "\nimport resource\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    start = time.perf_counter()
    child = subprocess.run([sys.executable, "-c", code + ending], capture_output=True, text=True, check=True)
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return time.perf_counter() - start, int(child.stdout.split()[-1]) / unit


def show(rows: list[dict]) -> None:
    """A table of all cases."""
    frame = pd.DataFrame(rows).pivot_table(index=["case", "system"], columns="metric", values="value")
    print(frame.to_string())
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    print(f"\n{os.cpu_count()} cores, load {load:.1f}; {used:.0f} s of processor time in all")


if __name__ == "__main__":
    main()
