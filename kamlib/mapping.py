"""``mapping.toml``: how a company's own export becomes the tables of the contract, without touching the export.

::

    [company]
    name_en = "Maven Analytics: a computer hardware seller"
    exported = 2017-12-31                  # nothing is known after this day; the default as_of
    accept = ["orders: paid before invoiced"]   # rules of the check this company is exempt from

    [tables.opportunities]
    file = "raw/sales_pipeline.csv"
    where = { deal_stage = ["Won", "Lost"] }    # rows to take; the others are counted in the list of conversions

    [tables.opportunities.columns]
    opportunity_id = "opportunity_id"      # the export's own column name
    outcome = { from = "deal_stage", values = { Won = "won", Lost = "lost" } }
    account_type = { const = "customer" }
    region = { from = "sales_agent", lookup = "raw/sales_teams.csv", key = "sales_agent", value = "regional_office" }
    created = { from = "engage_date", may_be_blank = true, format = "%d/%m/%Y" }
    annual_revenue = { from = "revenue", times = 1000000 }
"""

import datetime as dt
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from kamlib import schema
from kamlib.edition import _
from kamlib.sources import Cells, Problem

FILE = "mapping.toml"


@dataclass(frozen=True)
class ColumnMap:
    """Where one column of the contract comes from."""

    source: str = ""
    const: str = ""
    values: dict[str, str] = field(default_factory=dict)
    lookup: str = ""
    key: str = ""
    value: str = ""
    times: float = 1
    format: str = ""
    may_be_blank: bool = False


@dataclass(frozen=True)
class TableMap:
    """Where one table of the contract comes from."""

    file: str
    where: dict[str, list[str]]
    columns: dict[str, ColumnMap]


@dataclass(frozen=True)
class Mapping:
    """A company's mapping; empty when its files follow the contract as they are."""

    name_en: str = ""
    name_zh: str = ""
    exported: dt.date | None = None
    accept: tuple[str, ...] = ()
    tables: dict[str, TableMap] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def read_mapping(folder: Path) -> Mapping:
    """The mapping of a company folder; what is wrong with it comes back in ``problems``."""
    path = folder / FILE
    if not path.exists():
        return Mapping()
    try:
        told = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        rule, remedy = (
            _("not a readable TOML file"),
            _("Correct it at that place; see kamlib/mapping.py for an example."),
        )
        return Mapping(problems=(Problem(FILE, None, "", str(error), rule, remedy),))
    problems: list[Problem] = []
    _unknown(told, {"company", "tables"}, "", problems)
    company = told.get("company", {})
    _unknown(company, {"name_en", "name_zh", "exported", "accept"}, "company", problems)
    tables = {}
    for name, table in told.get("tables", {}).items():
        if name not in schema.TABLES:
            problems.append(_problem(f"tables.{name}", name, _("no table of the contract"), ", ".join(schema.TABLES)))
        else:
            tables[name] = _table(name, table, problems)
    exported = company.get("exported")
    if exported is not None and not isinstance(exported, dt.date):
        rule = _("not a date")
        problems.append(Problem(FILE, None, "company.exported", str(exported), rule, _("Write exported = 2024-12-31.")))
        exported = None
    return Mapping(
        company.get("name_en", ""),
        company.get("name_zh", ""),
        exported,
        tuple(company.get("accept", ())),
        tables,
        tuple(problems),
    )


_COLUMN_KEYS = {"from", "const", "values", "lookup", "key", "value", "times", "format", "may_be_blank"}


def _table(name: str, told: dict, problems: list[Problem]) -> TableMap:
    place = f"tables.{name}"
    _unknown(told, {"file", "where", "columns"}, place, problems)
    columns = {}
    for column, how in told.get("columns", {}).items():
        if column not in schema.TABLES[name].by_name:
            known = ", ".join(schema.TABLES[name].by_name)
            problems.append(_problem(f"{place}.columns", column, _("no column of this table"), known))
            continue
        how = {"from": how} if isinstance(how, str) else dict(how)
        _unknown(how, _COLUMN_KEYS, f"{place}.columns.{column}", problems)
        how = {key: value for key, value in how.items() if key in _COLUMN_KEYS}
        columns[column] = ColumnMap(source=how.pop("from", ""), **how)
    where = {key: [value] if isinstance(value, str) else list(value) for key, value in told.get("where", {}).items()}
    return TableMap(told.get("file", ""), where, columns)


def _unknown(told: dict, known: set[str], place: str, problems: list[Problem]) -> None:
    known_text = ", ".join(sorted(known))
    problems += [_problem(place, key, _("no such setting"), known_text) for key in told.keys() - known]


def _problem(place: str, value: str, rule: str, known: str) -> Problem:
    return Problem(FILE, None, place, value, rule, _("Use one of: {known}.", known=known))


def apply(table: TableMap, raw: Cells, read: Callable[[str], Cells]) -> tuple[Cells, dict[str, str]]:
    """The cells of a contract table made from the export's cells.

    Parameters
    ----------
    read
        Reads another file of the company by name, for look-ups.

    Returns
    -------
    Cells
        With the contract's column names and the row numbers of the export.
    dict
        Contract column -> the export's own column, for naming problems.
    """
    frame = raw.frame
    made = Cells(raw.file, pd.DataFrame(index=frame.index), list(raw.problems), list(raw.notes))
    for column, wanted in table.where.items():
        if _present(column, made, frame):
            frame = frame[frame[column].isin(wanted)]
    if left := len(raw.frame) - len(frame):
        made.note("", _("rows not taken, as mapping.toml says"), left)
    made.frame = pd.DataFrame(index=frame.index)
    origin = {}
    for column, how in table.columns.items():
        if how.source and not _present(how.source, made, frame):
            continue
        made.frame[column] = _column(column, how, frame, made, read)
        origin[column] = how.source or column
    unused = [name for name in frame if name not in origin.values() and name not in table.where]
    if unused:
        made.note(", ".join(unused), _("columns not used"))
    return made, origin


def _present(column: str, made: Cells, frame: pd.DataFrame) -> bool:
    if column in frame:
        return True
    if not any(problem.column == column for problem in made.problems):
        rule = _("the column named in mapping.toml is missing")
        made.wrong(
            1, column, "", rule, _("Correct the name in mapping.toml; the file has: {known}.", known=", ".join(frame))
        )
    return False


def _column(name: str, how: ColumnMap, frame: pd.DataFrame, made: Cells, read: Callable[[str], Cells]) -> pd.Series:
    if not how.source:
        return pd.Series(how.const, index=frame.index, dtype="str")
    cells = frame[how.source]
    if how.values:
        changed = cells.isin(list(how.values))
        cells = cells.map(lambda text: how.values.get(text, text)).astype("str")
        if changed.any():
            made.note(how.source, _("values renamed, as mapping.toml says"), int(changed.sum()))
    if how.lookup:
        cells = _looked_up(how, cells, made, read)
    return cells


def _looked_up(how: ColumnMap, cells: pd.Series, made: Cells, read: Callable[[str], Cells]) -> pd.Series:
    other = read(how.lookup)
    made.problems += [problem for problem in other.problems if problem not in made.problems]
    missing = {how.key, how.value} - set(other.frame)
    if missing:
        for column in missing:
            if not other.problems:
                rule = _("the column named in mapping.toml is missing")
                known = ", ".join(other.frame)
                remedy = _("Correct the name in mapping.toml; the file has: {known}.", known=known)
                made.problems.append(Problem(how.lookup, 1, column, "", rule, remedy))
        return pd.Series("", index=cells.index, dtype="str")
    keys = other.frame[how.key]
    for row, key in keys[keys.duplicated()].items():
        rule, remedy = _("the same key twice in a look-up file"), _("Keep one row for each key.")
        made.problems.append(Problem(how.lookup, int(row), how.key, str(key), rule, remedy))
    found = cells.map(dict(zip(keys, other.frame[how.value], strict=True)))
    lost = found.isna() & (cells != "")
    for row, value in cells[lost].items():
        rule = _("not found in {file}", file=how.lookup)
        made.wrong(int(row), how.source, value, rule, _("Add it there, or correct the cell."))
    return found.fillna("").astype("str")
