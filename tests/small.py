"""Small companies and notebooks for the tests of the driver, and engines that run them in no time.

The data is synthetic.
"""

import csv
import time
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from kamlib.driver import chapters
from kamlib.driver.jobs import Failure, Job
from kamlib.exports import MIME

DAY = "2025-06-30"
PARAMETERS = 'data_dir = "../data/none"  # folder\nregion = "none"  # region\nas_of = "2000-01-01"  # day'
BOOK = "from kamlib import data\nbook = data.open_company(data_dir).book(region, as_of)"


def company(folder: Path, regions: dict[str, list[str]]) -> Path:
    """Write a company: region -> names of its accounts, each with one order of 100."""
    accounts = [(f"A{i}", name, region) for i, (region, name) in enumerate(_pairs(regions))]
    _write(
        folder / "regions.csv",
        ["region", "name_en", "name_zh", "currency", "fiscal_year_start", "discount_rate"],
        [(region, region, f"区{at}", "CNY", 1, 0.08) for at, region in enumerate(regions)],
    )
    _write(
        folder / "accounts.csv",
        ["account_id", "account_name", "region", "account_type"],
        [(*account, "customer") for account in accounts],
    )
    _write(
        folder / "orders.csv",
        ["order_id", "account_id", "order_date", "product", "quantity", "amount"],
        [(f"O{i}", account[0], DAY, "P", 1, 100) for i, account in enumerate(accounts)],
    )
    return folder


def _pairs(regions: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(region, name) for region, names in regions.items() for name in names]


def _write(path: Path, header: list[str], rows: list[tuple]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def notebook(
    folder: Path, name: str, *cells: str, tables: str = "`accounts`", parameters: str | None = PARAMETERS
) -> Path:
    """Write a notebook: a title card, parameters, and cells; one that starts with ``#!tag`` gets that tag, one that
    starts with ``%%`` is markdown."""
    title = name.partition("_")[2].replace("_", " ").capitalize()
    card = f"# {name[:2]} · {title}\n\n| | |\n|---|---|\n| **Tables** | {tables} |\n"
    made = [new_markdown_cell(card)]
    if parameters is not None:
        made.append(new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    made += [_cell(text) for text in cells]
    for number, cell in enumerate(made):
        cell.id = f"cell-{number}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.ipynb"
    nbformat.write(new_notebook(cells=made, metadata={"kernelspec": chapters.KERNEL}), path)
    return path


def _cell(text: str):
    if text.startswith("%%"):
        return new_markdown_cell(text[2:].strip())
    tag, _newline, rest = text.partition("\n")
    if tag.startswith("#!"):
        return new_code_cell(rest, metadata={"tags": [tag[2:]]})
    return new_code_cell(text)


# --- engines: what `reports.ENGINE` may name ---


def instant(job: Job) -> tuple[Failure | None, float]:
    """Pretend to run: every code cell is numbered, and says its parameters; a notebook with ``fail`` in it fails."""
    made = nbformat.reads(job.notebook, 4)
    code = [cell for cell in made.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code, 1):
        cell.execution_count = number
    payload = {"name": "headline", "columns": ["accounts", "where"], "rows": [[3, job.parameters["region"]]]}
    output = nbformat.v4.new_output("display_data", {MIME: payload, "text/plain": "headline"})
    code[-1].outputs = [output]
    Path(job.result).parent.mkdir(parents=True, exist_ok=True)
    Path(job.result).write_text(nbformat.writes(made), "utf-8")
    return (Failure("error", "ValueError: as asked", 1) if "fail" in job.notebook else None), 0.1


def leisurely(job: Job) -> tuple[Failure | None, float]:
    """`instant`, after a second; notebooks from number 50 on take a minute."""
    time.sleep(60 if int(job.name[:2]) >= 50 else 0.2)
    return instant(job)
