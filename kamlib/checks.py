"""The check: every fault of a company's tables, found before anything runs, named by file, row, column and value.

Columns are checked by pandera against `schema`; what holds across columns, rows and tables stands in `rules`.
"""

import datetime as dt
import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from kamlib import schema
from kamlib.edition import _
from kamlib.mapping import TableMap
from kamlib.parsers import parse
from kamlib.rules import RULES
from kamlib.sources import Cells, Note, Problem

_TOTALS = re.compile(r"(合\s*计|总\s*计|小\s*计|总\s*和)[::]?.*|.*(合\s*计|总\s*计|小\s*计)[::]?")
_TOTALS_EN = re.compile(r"(grand |sub)?-?total:?|sum:?", re.IGNORECASE)
_SUGGEST_AT_MOST = 200


@dataclass
class Loaded:
    """A table read and parsed: typed ``frame`` by contract columns, with the row numbers of its file."""

    table: schema.Table
    file: str
    frame: pd.DataFrame
    text: pd.DataFrame
    origin: dict[str, str] = field(default_factory=dict)
    may_be_blank: frozenset[str] = frozenset()
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def problem(self, row: int | None, column: str, rule: str, what_to_do: str, value: object = None) -> Problem:
        """A problem of this table at a row, in the file's own column name and with the cell as it stands there."""
        if value is None and row is not None:
            value = self.text.at[row, column] if column in self.text else ""
        shown = "" if value is None or value != value else value
        shown = f"{shown:%Y-%m-%d}" if isinstance(shown, dt.date) else str(shown)
        return Problem(
            self.file, None if row is None else int(row), self.origin.get(column, column), shown, rule, what_to_do
        )


# --- one table ---


def load(
    table: schema.Table,
    cells: Cells,
    *,
    mapped: TableMap | None = None,
    origin: dict[str, str] | None = None,
    currencies: frozenset[str] = frozenset(),
) -> Loaded:
    """Bring a file's cells to the contract's columns and types; what cannot be read becomes a problem."""
    how = mapped.columns if mapped else {}
    blank = frozenset(name for name, column in how.items() if column.may_be_blank)
    loaded = Loaded(
        table, cells.file, pd.DataFrame(), cells.frame, origin or {}, blank, list(cells.problems), list(cells.notes)
    )
    if origin is None:
        _match_header(loaded)
    for column in table.columns:
        if column.required and column.name not in loaded.text and not _has_structural(loaded):
            rule, remedy = _("a required column is missing"), _("Add the column to the header and fill it in.")
            loaded.problems.append(Problem(loaded.file, 1, column.name, "", rule, remedy))
    _set_totals_aside(loaded)
    values = {}
    for column in table.columns:
        if column.name in loaded.text:
            mapped_from = how.get(column.name)
            format_ = mapped_from.format if mapped_from else ""
            values[column.name] = _parse_column(loaded, column, currencies, format_)
            if mapped_from and mapped_from.times != 1:
                values[column.name] *= mapped_from.times
        else:
            values[column.name] = _blank(column, loaded.text.index)
    loaded.frame = pd.DataFrame(values, index=loaded.text.index)
    return loaded


def empty(table: schema.Table) -> pd.DataFrame:
    """The table without a row, every column in its type."""
    index = pd.RangeIndex(0)
    return pd.DataFrame({column.name: _blank(column, index) for column in table.columns}, index=index)


def _blank(column: schema.Column, index: pd.Index) -> pd.Series:
    if column.kind in ("date", "month"):
        return pd.Series(pd.NaT, index=index, dtype="datetime64[us]")
    kind = "str" if column.kind in ("id", "text", "category", "period") else "float64"
    return pd.Series(None, index=index, dtype=kind)


def _has_structural(loaded: Loaded) -> bool:
    """Whether the file as a whole could not be read, so that missing columns say nothing new."""
    return loaded.text.shape[1] == 0 and bool(loaded.problems)


def _match_header(loaded: Loaded) -> None:
    """Rename columns that differ from the contract in case and spaces; name those that look like a slip."""
    known = loaded.table.by_name
    plain = {_plain(name): name for name in known}
    renamed = {}
    for name in loaded.text:
        target = plain.get(_plain(name))
        if name not in known and target and target not in loaded.text and target not in renamed.values():
            renamed[name] = target
            loaded.notes.append(Note(loaded.file, name, _("read as column {column}", column=target)))
    loaded.origin = {target: name for name, target in renamed.items()}
    loaded.text = loaded.text.rename(columns=renamed)
    unused = [name for name in loaded.text if name not in known]
    for name in unused:
        near = difflib.get_close_matches(_plain(name), [k for k in known if k not in loaded.text], n=1, cutoff=0.8)
        if near:
            rule, remedy = _("an unknown column"), _("Did you mean {column}? Rename or delete it.", column=near[0])
            loaded.problems.append(Problem(loaded.file, 1, name, name, rule, remedy))
        else:
            loaded.notes.append(Note(loaded.file, name, _("a column of your own, not used")))
    loaded.text = loaded.text.drop(columns=unused)


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip().lower())


def _set_totals_aside(loaded: Loaded) -> None:
    """Name rows that sum the others and take them out of the further checks."""
    text = loaded.text
    names = [c.name for c in loaded.table.columns if c.kind == "id" and c.required and c.name in text]
    names = list(dict.fromkeys([*names, *text.columns[:1]]))
    needed = [c.name for c in loaded.table.columns if c.required and c.name in text]
    suspects: dict[int, str] = {}
    for name in names:
        if not isinstance(text[name].dtype, pd.StringDtype):
            continue
        hits = text.index[text[name].str.contains("合|总|小|otal|OTAL|um", regex=True, na=False)]
        for row in hits:
            cell = str(text.at[row, name]).strip()
            gaps = any(str(text.at[row, other]).strip() == "" for other in needed if other != name)
            chinese = _TOTALS.fullmatch(cell) and (gaps or len(cell) <= 4)
            if chinese or (_TOTALS_EN.fullmatch(cell) and gaps):
                suspects.setdefault(int(row), name)
    for row, name in suspects.items():
        rule, remedy = _("a row of totals"), _("Delete the row: totals are computed.")
        loaded.problems.append(loaded.problem(row, name, rule, remedy))
    loaded.text = text.drop(index=list(suspects))


def _parse_column(loaded: Loaded, column: schema.Column, currencies: frozenset[str], format_: str) -> pd.Series:
    cells = loaded.text[column.name]
    parsed = parse(cells, column, currencies=currencies, date_format=format_)
    if parsed.refused:
        shown = cells if isinstance(cells.dtype, pd.StringDtype) else cells.map(_shown)
        wrong = shown.isin(list(parsed.refused))
        for row, text in shown[wrong].items():
            rule, remedy = parsed.refused[text]
            loaded.problems.append(loaded.problem(row, column.name, rule, remedy))
    if parsed.whole:
        text, (rule, remedy) = parsed.whole
        loaded.problems.append(loaded.problem(cells.index[cells == text][0], column.name, rule, remedy))
    name = loaded.origin.get(column.name, column.name)
    loaded.notes += [Note(loaded.file, name, what, cells_, example) for what, (cells_, example) in parsed.notes.items()]
    return parsed.values


def _shown(value: object) -> str:
    return f"{value:%Y-%m-%d}" if isinstance(value, dt.date) and value == value else str(value)


def check_columns(loaded: Loaded, *, today: dt.date) -> list[Problem]:
    """Blank, unknown, out-of-range and future cells of one table, and rows whose key occurs twice."""
    return [*_pandera_problems(loaded, today), *_doubled(loaded)]


def _pandera_problems(loaded: Loaded, today: dt.date) -> Iterable[Problem]:
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

    named = {(problem.row, problem.column) for problem in loaded.problems}
    columns = [column for column in loaded.table.columns if column.name in loaded.text]
    contract = pa.DataFrameSchema({c.name: _pandera_column(c, loaded, today, pa) for c in columns}, coerce=False)
    try:
        contract.validate(loaded.frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
        for case in cases.sort_values(["index", "column"], kind="stable").itertuples(index=False):
            column = loaded.table[case.column]
            if (case.index, loaded.origin.get(column.name, column.name)) not in named:
                rule, remedy = _explained(column, case.check, case.failure_case, today)
                yield loaded.problem(int(case.index), column.name, rule, remedy)


def _pandera_column(column: schema.Column, loaded: Loaded, today: dt.date, pa):
    checks = []
    if column.allowed:
        checks.append(pa.Check(lambda s: s.isin(column.allowed), name="allowed", ignore_na=True))
    if column.low is not None:
        checks.append(pa.Check(lambda s: s >= column.low, name="low", ignore_na=True))
    if column.high is not None:
        checks.append(pa.Check(lambda s: s <= column.high, name="high", ignore_na=True))
    if column.event:
        checks.append(pa.Check(lambda s: s <= pd.Timestamp(today), name="future", ignore_na=True))
    return pa.Column(None, checks, nullable=not column.required or column.name in loaded.may_be_blank)


def _explained(column: schema.Column, check: str, value: object, today: dt.date) -> tuple[str, str]:
    """(rule, what to do) for a failed check of a column."""
    bound = {"low": column.low, "high": column.high}.get(check, 0)
    bound = 0 if bound is None else int(bound) if float(bound).is_integer() else bound
    if check == "not_nullable":
        return _("a required cell is blank"), _("Fill it in, or delete the row.")
    if check == "allowed":
        return _("an unknown value"), _near(str(value), column.allowed) + _(
            "Use one of: {known}.", known=", ".join(column.allowed)
        )
    if check == "low":
        return _("less than {bound}", bound=bound), _range_remedy(column)
    if check == "high":
        return _("more than {bound}", bound=bound), _range_remedy(column)
    return _("a date in the future (after {today})", today=str(today)), _("Correct the date, or leave the row out.")


def _range_remedy(column: schema.Column) -> str:
    if column.kind == "share":
        return _("Write a fraction such as 0.35, or 35%.")
    if column.kind == "money":
        return _("Write an amount of 0 or more; a credit belongs in the orders as a return.")
    low, high = ("" if b is None else f"{b:g}" for b in (column.low, column.high))
    return _("Write a value in the range {low}…{high}.", low=low, high=high)


def _near(value: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(value, list(known), n=1, cutoff=0.7)
    return _("Did you mean {near}? ", near=near[0]) if near else ""


def _doubled(loaded: Loaded) -> Iterable[Problem]:
    """Rows that repeat a key; order lines without a number are told apart by product, day and quantity."""
    frame, text = loaded.frame, loaded.text
    key = [name for name in loaded.table.key if name in text]
    if loaded.table.name == "orders":
        unnumbered = frame["line"].isna()
        numbered = frame[~unnumbered & frame["order_id"].notna()]
        yield from _repeats(loaded, numbered, ["order_id", "line"], _("the same key as row {first}"))
        frame, key = frame[unnumbered], ["order_id", "product", "order_date", "quantity"]
        yield from _repeats(loaded, frame, key, _("the same order line as row {first}"))
    elif loaded.table.name in ("satisfaction",):
        yield from _repeats(loaded, frame, list(text.columns), _("the same row as row {first}"))
    elif len(key) == len(loaded.table.key):
        required = [name for name in key if loaded.table[name].required]
        yield from _repeats(loaded, frame.dropna(subset=required), key, _("the same key as row {first}"))


def _repeats(loaded: Loaded, frame: pd.DataFrame, key: list[str], rule: str) -> Iterable[Problem]:
    again = frame.duplicated(key)
    if not again.any():
        return
    first = frame[frame.duplicated(key, keep=False)].groupby(key, dropna=False, sort=False)[key[0]]
    firsts = first.transform(lambda s: s.index[0])
    for row in frame.index[again]:
        remedy = _("Keep one of the two rows, or give them different keys ({key}).", key=", ".join(key))
        shown = " · ".join(str(loaded.text.at[row, name]) for name in key if name in loaded.text)
        yield loaded.problem(row, key[0], rule.format(first=firsts[row]), remedy, shown)


# --- between tables ---


def check_references(tables: dict[str, Loaded]) -> list[Problem]:
    """Cells that refer to a row which is not there. A table that is absent cannot be referred to, and is not asked."""
    return [problem for loaded in tables.values() for problem in references_of(loaded, tables)]


def references_of(loaded: Loaded, tables: dict[str, Loaded]) -> Iterable[Problem]:
    """The dangling references of one table."""
    for column in loaded.table.columns:
        target, _dot, key = column.refers.partition(".")
        if target not in tables or column.name not in loaded.text:
            continue
        known = set(tables[target].frame[key].dropna())
        also = {schema.ALL_REGIONS} if column.or_all else set()
        cells = loaded.frame[column.name]
        dangling = cells[cells.notna() & ~cells.isin(known | also)]
        near = {v: _near(v, known) for v in dangling.unique()[:_SUGGEST_AT_MOST]}
        for row, value in dangling.items():
            rule = _("unknown {column}", column=column.name)
            remedy = near.get(value, "") + _known(target, known)
            yield loaded.problem(row, column.name, rule, remedy)


def _known(target: str, known: set[str]) -> str:
    if len(known) <= 12:
        listed = ", ".join(sorted(known))
        return _("Known: {known}. Correct the cell or add the row to {table}.", known=listed, table=target)
    return _("Correct the cell or add the row to {table}.", table=target)


def check_rules(tables: dict[str, Loaded], accept: Iterable[str] = ()) -> list[Problem]:
    """Every row that breaks a rule, but for rules whose exceptions the company accepts."""
    frames = {name: loaded.frame for name, loaded in tables.items()}
    problems = []
    for rule in RULES:
        if rule.id in accept or rule.table not in tables or any(need not in tables for need in rule.needs):
            continue
        loaded = tables[rule.table]
        broken = rule.broken(frames).reindex(loaded.frame.index, fill_value=False).fillna(False).astype(bool)
        remedy = _(rule.what_to_do)
        problems += [loaded.problem(row, rule.column, _(rule.name), remedy) for row in loaded.frame.index[broken]]
    return problems


def unknown_accepted(accept: Iterable[str]) -> list[Problem]:
    """Names under ``accept`` in ``mapping.toml`` that no rule has."""
    known = [rule.id for rule in RULES]
    return [
        Problem(
            "mapping.toml",
            None,
            "company.accept",
            name,
            _("no such rule"),
            _near(name, known) + _("See kamlib/rules.py."),
        )
        for name in accept
        if name not in known
    ]
