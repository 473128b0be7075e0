"""``mapping.toml``: how a company's own export becomes the tables of the contract, without touching the export.

::

    [company]
    name_en = "Maven Analytics: a computer hardware seller"
    exported = 2017-12-31                  # nothing is known after this day; the default as_of
    accept = ["orders: paid before invoiced"]   # rules of the check this company is exempt from

    [tables.opportunities]
    file = "raw/sales_pipeline.csv"
    sheet = "Deals"                        # of a workbook, where it is not the first
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
import difflib
import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from kamlib import schema
from kamlib.edition import _
from kamlib.intake.parsers import texts
from kamlib.intake.texts import plain
from kamlib.problems import Cells, Problem

FILE = "mapping.toml"
_COLUMN_EXAMPLE = '"column", { from = "column" } / { const = "value" }'


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
    sheet: str = ""
    row: int | None = None
    """The line of ``mapping.toml`` where it begins."""
    broken: frozenset[str] = frozenset()
    """Columns that are described, but not so that they can be read."""


@dataclass(frozen=True)
class Mapping:
    """A company's mapping; empty when its files follow the contract as they are."""

    name_en: str = ""
    name_zh: str = ""
    exported: dt.date | None = None
    accept: tuple[str, ...] = ()
    tables: dict[str, TableMap] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    text: str = field(default="", repr=False)

    @property
    def files(self) -> set[str]:
        """Every file it names."""
        looked_up = {column.lookup for table in self.tables.values() for column in table.columns.values()}
        return ({table.file for table in self.tables.values()} | looked_up) - {""}

    def names_in(self, file: str) -> frozenset[str]:
        """The column names it expects in a file, as `texts.plain` writes them."""
        names: set[str] = set()
        for table in self.tables.values():
            for column in table.columns.values():
                names |= {column.source} if table.file == file else set()
                names |= {column.key, column.value} if column.lookup == file else set()
            names |= set(table.where) if table.file == file else set()
        return frozenset(plain(name) for name in names - {""})


# --- reading it ---


@dataclass
class _Told:
    """The text of a mapping and what is wrong with it."""

    text: str
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, place: str, value: object, rule: str, what_to_do: str) -> None:
        """Add a problem at a setting such as ``tables.orders.file``, with the line that says it."""
        self.problems.append(Problem(FILE, line_of(self.text, place), place, str(value), rule, what_to_do))

    def unknown(self, told: dict, known: Iterable[str], place: str, rule: str) -> None:
        """Name every key that is not ``known``."""
        known = list(known)
        for key in (key for key in told if key not in known):
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.7)
            hint = _("Did you mean {near}? ", near=near[0]) if near else ""
            remedy = hint + _("Use one of: {known}.", known=", ".join(known))
            self.wrong(f"{place}.{key}".strip("."), key, rule, remedy)

    def setting(self, told: dict, key: str, kind: type | tuple[type, ...], place: str, default: object) -> object:
        """A setting if it is of the right kind; otherwise a problem and ``default``."""
        value = told.get(key, default)
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if value is default or (isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))):
            return value
        self.wrong(f"{place}.{key}".strip("."), value, _("a wrong kind of value"), _expected(kinds[0]))
        return default

    def strings(self, told: dict, key: str, place: str) -> list[str]:
        """A list of texts; one text alone counts as a list of one."""
        value = self.setting(told, key, (list, str, int, float), place, [])
        items = value if isinstance(value, list) else [value]
        if any(isinstance(item, (dict, list)) for item in items):
            self.wrong(f"{place}.{key}", value, _("a wrong kind of value"), _expected(list))
            return []
        return [_written(item) for item in items]


def line_of(text: str, place: str) -> int | None:
    """The line of a mapping that says a setting such as ``tables.orders.file``, or as much of it as there is."""
    at = -1
    for part in place.split("."):
        found = re.compile(rf"(?<![\w-]){re.escape(part)}(?![\w-])").search(text, max(at, 0))
        at = found.start() if found else at
    return text.count("\n", 0, at) + 1 if at >= 0 else None


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _expected(kind: type) -> str:
    return {
        str: lambda: _("Write a text in quotation marks."),
        dict: lambda: _("Write a table of settings: {example}.", example="{ name = value }"),
        list: lambda: _('Write a list of texts: ["one", "two"].'),
        int: lambda: _("Write a number."),
        bool: lambda: _("Write true or false."),
        dt.date: lambda: _("Write a date without quotation marks: 2024-12-31."),
    }[kind]()


def read_mapping(folder: Path) -> Mapping:
    """The mapping of a company folder; what is wrong with it comes back in ``problems``."""
    path = folder / FILE
    if not path.exists():
        return Mapping(problems=tuple(_misnamed(folder)))
    try:
        text = path.read_text("utf-8-sig")
        content = tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        shown = str(error)
        at = re.search(r"line (\d+)", shown)
        remedy = _("Correct it at that place and save it as UTF-8; data/README.md has an example.")
        row = int(at[1]) if at else None
        return Mapping(problems=(Problem(FILE, row, "", shown, _("not a readable TOML file"), remedy),))
    told = _Told(text)
    told.unknown(content, ("company", "tables"), "", _("no such setting"))
    company = told.setting(content, "company", dict, "", {})
    told.unknown(company, ("name_en", "name_zh", "exported", "accept"), "company", _("no such setting"))
    exported = told.setting(company, "exported", dt.date, "company", None)
    tables = told.setting(content, "tables", dict, "", {})
    told.unknown(tables, schema.TABLES, "tables", _("no table of the contract"))
    read = {name: _table(name, tables, told) for name in tables if name in schema.TABLES}
    return Mapping(
        told.setting(company, "name_en", str, "company", ""),
        told.setting(company, "name_zh", str, "company", ""),
        exported.date() if isinstance(exported, dt.datetime) else exported,
        tuple(told.strings(company, "accept", "company")),
        {name: table for name, table in read.items() if table},
        tuple(told.problems),
        text,
    )


def exported_later(told: Mapping, today: dt.date) -> Iterable[Problem]:
    """Name a day of the export that is still to come: it would be the day of every report."""
    if told.exported and told.exported > today:
        rule = _("a date in the future (after {today})", today=str(today))
        row, remedy = line_of(told.text, "company.exported"), _("Write the day on which the data was exported.")
        yield Problem(FILE, row, "company.exported", str(told.exported), rule, remedy)


def _misnamed(folder: Path) -> Iterable[Problem]:
    """Files that were surely meant to be the mapping."""
    for path in sorted(folder.iterdir()):
        if re.fullmatch(r"mappings?(\.toml)?(\.txt|\.tml|\.toml|\.ini|\.yaml)?", path.name.lower()) and path.is_file():
            yield Problem(path.name, None, "", "", _("not read"), _("Rename the file to {name}.", name=FILE))


def _table(name: str, tables: dict, told: _Told) -> TableMap | None:
    place = f"tables.{name}"
    table = told.setting(tables, name, dict, "tables", {})
    told.unknown(table, ("file", "sheet", "where", "columns"), place, _("no such setting"))
    file = told.setting(table, "file", str, place, "")
    where = told.setting(table, "where", dict, place, {})
    columns = told.setting(table, "columns", dict, place, {})
    told.unknown(columns, schema.TABLES[name].by_name, f"{place}.columns", _("no column of this table"))
    read = {
        column.name: _column_map(column, columns, f"{place}.columns", told)
        for column in schema.TABLES[name].columns
        if column.name in columns
    }
    if not file:
        if "file" not in table or table["file"] == "":
            told.wrong(f"{place}.file", "", _("the file is not named"), _('Write file = "raw/export.csv".'))
        return None
    wanted = {key: told.strings(where, key, f"{place}.where") for key in where}
    sound = {name: column for name, column in read.items() if column}
    broken = frozenset(read) - frozenset(sound)
    return TableMap(
        file, wanted, sound, told.setting(table, "sheet", str, place, ""), line_of(told.text, place), broken
    )


_KEYS = ("from", "const", "values", "lookup", "key", "value", "times", "format", "may_be_blank")


def _column_map(column: schema.Column, columns: dict, place: str, told: _Told) -> ColumnMap | None:
    how = told.setting(columns, column.name, (str, dict), place, {})
    how = {"from": how} if isinstance(how, str) else how
    place = f"{place}.{column.name}"
    told.unknown(how, _KEYS, place, _("no such setting"))
    found = {key: told.setting(how, key, str, place, "") for key in ("from", "lookup", "key", "value", "format")}
    if bool(found["from"]) == ("const" in how):
        rule = _("neither a column nor a constant") if "const" not in how else _("both a column and a constant")
        told.wrong(place, how, rule, _("Write {example}.", example=_COLUMN_EXAMPLE))
        return None
    if found["lookup"] and not (found["key"] and found["value"]):
        rule, remedy = _("a look-up without key and value"), _('Write lookup = "file.csv", key = "…", value = "…".')
        told.wrong(place, found["lookup"], rule, remedy)
        return None
    values = told.setting(how, "values", dict, place, {})
    return ColumnMap(
        found["from"],
        _written(told.setting(how, "const", (str, int, float, dt.date), place, "")),
        {key: _written(value) for key, value in values.items()},
        found["lookup"],
        found["key"],
        found["value"],
        _times(column, how, place, told),
        _format(column, found["format"], place, told),
        told.setting(how, "may_be_blank", bool, place, False),
    )


def _times(column: schema.Column, how: dict, place: str, told: _Told) -> float:
    times = told.setting(how, "times", (int, float), place, 1)
    if times != 1 and column.kind not in ("number", "integer", "money", "share"):
        told.wrong(f"{place}.times", times, _("only a number can be multiplied"), _("Delete times."))
        return 1
    if not 0 < abs(times) < 1e12:
        told.wrong(f"{place}.times", times, _("no useful factor"), _("Write a number such as 1000."))
        return 1
    return times


def _format(column: schema.Column, date_format: str, place: str, told: _Told) -> str:
    if not date_format:
        return ""
    if column.kind not in ("date", "month"):
        told.wrong(f"{place}.format", date_format, _("only a date has a format"), _("Delete format."))
        return ""
    sample = dt.datetime(2023, 11, 25, 13, 14)
    try:
        same = dt.datetime.strptime(sample.strftime(date_format), date_format).date() == sample.date()
    except (ValueError, re.error):
        same = False
    if same or (column.kind == "month" and "%Y" in date_format and re.search("%[mbB]", date_format)):
        return date_format
    remedy = _('Write it with day, month and year: "%d/%m/%Y", "%m/%d/%y", "%d.%m.%Y" …')
    told.wrong(f"{place}.format", date_format, _("a format that does not say which day it is"), remedy)
    return ""


# --- applying it ---


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
    made = Cells(raw.file, frame[[]], list(raw.problems), list(raw.notes), set(raw.lost), raw.partial)
    for column, wanted in table.where.items():
        if _present(column, made, frame):
            frame = _taken(column, wanted, made, frame)
    if left := len(raw.frame) - len(frame):
        made.note("", _("rows not taken, as mapping.toml says"), left)
    made.frame = pd.DataFrame(index=frame.index)
    origin = {}
    for column, how in table.columns.items():
        if how.source and not _present(how.source, made, frame):
            continue
        cells = _column(how, frame, made, read)
        if cells is not None:
            made.frame[column] = cells
            origin[column] = how.source or column
    unused = [name for name in frame if name not in origin.values() and name not in table.where]
    if unused:
        made.note(", ".join(unused), _("columns not used"))
    return made, origin


def _present(column: str, made: Cells, frame: pd.DataFrame) -> bool:
    if column in frame:
        return True
    if not made.partial and not any(problem.column == column for problem in made.problems):
        made.wrong(1, column, "", *_no_column(frame))
    return False


def _no_column(frame: pd.DataFrame) -> tuple[str, str]:
    remedy = _("Correct the name in mapping.toml; the file has: {known}.", known=", ".join(map(str, frame)))
    return _("the column named in mapping.toml is missing"), remedy


def _taken(column: str, wanted: list[str], made: Cells, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows with a wanted value; that none has it is a problem."""
    cells = texts(frame[column])
    taken = cells.isin(wanted)
    if len(frame) and wanted and not taken.any():
        known = ", ".join(cells.drop_duplicates().head(10))
        remedy = _("Correct where in mapping.toml; the column has: {known}.", known=known)
        made.wrong(None, column, ", ".join(wanted), _("no row has this value"), remedy)
    return frame[taken]


def _column(how: ColumnMap, frame: pd.DataFrame, made: Cells, read: Callable[[str], Cells]) -> pd.Series | None:
    """The cells of one column; None where a look-up cannot be made."""
    if not how.source:
        return pd.Series(how.const, index=frame.index, dtype="str")
    cells = frame[how.source]
    if how.values:
        cells = texts(cells)
        changed = cells.isin(list(how.values))
        cells = cells.map(lambda text: how.values.get(text, text)).astype("str")
        if changed.any():
            made.note(how.source, _("values renamed, as mapping.toml says"), int(changed.sum()))
    if how.lookup:
        cells = _looked_up(how, texts(cells), made, read)
    return cells


def _looked_up(how: ColumnMap, cells: pd.Series, made: Cells, read: Callable[[str], Cells]) -> pd.Series | None:
    other = read(how.lookup)
    made.problems += [problem for problem in other.problems if problem not in made.problems]
    missing = [name for name in (how.key, how.value) if name not in other.frame]
    if missing:
        if not other.partial:
            rule, remedy = _no_column(other.frame)
            made.problems += [Problem(how.lookup, 1, column, "", rule, remedy) for column in missing]
        made.partial = True
        return None
    keys, values = texts(other.frame[how.key]), texts(other.frame[how.value])
    for row, key in keys[keys.duplicated()].items():
        rule, remedy = _("the same key twice in a look-up file"), _("Keep one row for each key.")
        made.problems.append(Problem(how.lookup, int(row), how.key, str(key), rule, remedy))
    found = cells.map(dict(zip(keys, values, strict=True)))
    lost = found.isna() & (cells != "")
    for row, value in cells[lost].items():
        rule = _("not found in {file}", file=how.lookup)
        made.wrong(int(row), how.source, value, rule, _("Add it there, or correct the cell."))
    return found.fillna("").astype("str")
