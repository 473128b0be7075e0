"""The check: every fault of a company's tables, found before anything runs, named by file, row, column and value.

Columns are checked by pandera against `schema`; what holds across columns, rows and tables stands in `rules`.
"""

import datetime as dt
import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from kamlib import schema
from kamlib.edition import _
from kamlib.intake.mapping import FILE, Mapping, TableMap, line_of
from kamlib.intake.parsers import Parsed, as_text, parse, texts
from kamlib.intake.rules import RULES, Frames
from kamlib.intake.strays import stray_rows
from kamlib.intake.texts import plain
from kamlib.problems import Cells, Note, Problem

_SUGGEST_AMONG = 2_000
_SUGGEST_FOR = 50


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
    unread: dict[str, set[int]] = field(default_factory=dict)
    """Column -> rows whose cell is blank because it could not be read: named already, so not called blank."""
    doubtful: dict[str, set[int]] = field(default_factory=dict)
    """Column -> rows whose cell is named as unknown, out of range or future: no rule is asked about it."""
    lost: set[str] = field(default_factory=set)
    partial: bool = False

    def problem(self, row: int | None, column: str, rule: str, what_to_do: str, value: object = None) -> Problem:
        """A problem of this table at a row, in the file's own column name and with the cell as it stands there."""
        if value is None and row is not None:
            value = self.text.at[row, column] if column in self.text else ""
        shown = "" if value is None or value != value else as_text(value)
        where = self.origin.get(column, column)
        return Problem(self.file, None if row is None else int(row), where, shown, rule, what_to_do)


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
    loaded = Loaded(table, cells.file, cells.frame, cells.frame, origin or {}, blank)
    loaded.problems, loaded.notes = list(cells.problems), list(cells.notes)
    loaded.lost, loaded.partial = set(cells.lost), cells.partial
    if origin is None:
        _match_header(loaded)
    if not loaded.partial:
        _name_missing_columns(loaded, mapped)
    _set_strays_aside(loaded)
    values = {}
    for column in table.columns:
        if column.name in loaded.text:
            told = how.get(column.name)
            values[column.name] = _parse_column(loaded, column, currencies, told.format if told else "")
            if told and told.times != 1:
                values[column.name] *= told.times
        else:
            values[column.name] = _blank(column, loaded.text.index)
            if mapped and column.name in {*mapped.columns, *mapped.broken}:
                loaded.unread[column.name] = set(loaded.text.index)
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


def _match_header(loaded: Loaded) -> None:
    """Rename columns that differ from the contract in case and spaces; name those that look like a slip."""
    known = loaded.table.by_name
    by_plain = {plain(name): name for name in known}
    renamed = {}
    for name in map(str, loaded.text):
        target = by_plain.get(plain(name))
        if name not in known and target and target not in loaded.text and target not in renamed.values():
            renamed[name] = target
            loaded.notes.append(Note(loaded.file, name, _("read as column {column}", column=target)))
    loaded.origin = {target: name for name, target in renamed.items()}
    loaded.text = loaded.text.rename(columns=renamed)
    _name_strangers(loaded, [name for name in loaded.text if name not in known])
    loaded.text = loaded.text[[name for name in loaded.text if name in known]]


def _name_strangers(loaded: Loaded, strangers: list[str]) -> None:
    """Columns the contract does not know: a slip of a known name is a problem, the others are listed."""
    absent = {plain(name): name for name in loaded.table.by_name if name not in loaded.text}
    for name in strangers:
        near = difflib.get_close_matches(plain(name), absent, n=1, cutoff=0.75)
        if near and len(loaded.text.columns) > len(strangers):
            remedy = _("Did you mean {column}? Rename or delete it.", column=absent[near[0]])
            loaded.problems.append(Problem(loaded.file, 1, name, name, _("an unknown column"), remedy))
        else:
            loaded.notes.append(Note(loaded.file, name, _("a column of your own, not used")))


def _name_missing_columns(loaded: Loaded, mapped: TableMap | None) -> None:
    missing = [c.name for c in loaded.table.columns if c.required and c.name not in loaded.text]
    if mapped:
        rule, remedy = _("a required column is not mapped"), _("Say where it comes from.")
        place = f"tables.{loaded.table.name}.columns"
        unmapped = [name for name in missing if name not in mapped.columns and name not in mapped.broken]
        loaded.problems += [Problem(FILE, mapped.row, f"{place}.{name}", "", rule, remedy) for name in unmapped]
        return
    if missing and loaded.text.shape[1] == 0:
        rule = _("no column of this table in the first row")
        remedy = _("Put the names of the columns there: {known}.", known=", ".join(loaded.table.by_name))
        loaded.problems = [said for said in loaded.problems if said.row in (None, 1) or said.column]
        loaded.problems.append(Problem(loaded.file, 1, "", "", rule, remedy))
        loaded.partial = True
        return
    rule = _("a required column is missing")
    remedy = _("Add the column to the header and fill it in; where it has another name, say so in mapping.toml.")
    loaded.problems += [Problem(loaded.file, 1, name, "", rule, remedy) for name in missing]


def _set_strays_aside(loaded: Loaded) -> None:
    """Name rows that are no data, such as sums of the others, and take them out of the further checks."""
    found = stray_rows(loaded.text, loaded.table)
    for row, stray in sorted(found.items()):
        loaded.problems.append(loaded.problem(row, stray.column, stray.rule, stray.what_to_do, stray.value))
    if found:
        loaded.text = loaded.text.drop(index=list(found))


def _parse_column(loaded: Loaded, column: schema.Column, currencies: frozenset[str], format_: str) -> pd.Series:
    parsed: Parsed = parse(loaded.text[column.name], column, currencies=currencies, date_format=format_)
    for row, refusal in sorted(parsed.refused.items()):
        loaded.problems.append(loaded.problem(row, column.name, refusal.rule, refusal.what_to_do))
    if parsed.refused or parsed.silent:
        loaded.unread[column.name] = set(parsed.refused) | parsed.silent
    name = loaded.origin.get(column.name, column.name)
    loaded.notes += [Note(loaded.file, name, what, count, example) for what, (count, example) in parsed.notes.items()]
    return parsed.values


def check_columns(loaded: Loaded, *, today: dt.date, exported: dt.date | None = None) -> list[Problem]:
    """Blank, unknown, out-of-range and future cells of one table, and rows whose key occurs twice."""
    if loaded.text.empty:
        return []
    return [*_pandera_problems(loaded, min(today, exported or today), exported), *_doubled(loaded)]


def _pandera_problems(loaded: Loaded, today: dt.date, exported: dt.date | None) -> Iterable[Problem]:
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
            silent = case.index in loaded.unread.get(column.name, ())
            if not silent and (case.index, loaded.origin.get(column.name, column.name)) not in named:
                rule, remedy = _explained(column, case.check, case.failure_case, today, exported)
                if case.check == "allowed" and column.name in loaded.origin:
                    remedy += " " + _("Or say in mapping.toml what it stands for, under values.")
                loaded.doubtful.setdefault(column.name, set()).add(int(case.index))
                yield loaded.problem(int(case.index), column.name, rule, remedy)


def _pandera_column(column: schema.Column, loaded: Loaded, today: dt.date, pa):
    checks = []
    dated = column.kind in ("date", "month")
    if column.allowed:
        checks.append(pa.Check(lambda s: s.isin(column.allowed), name="allowed", ignore_na=True))
    if column.low is not None:
        checks.append(pa.Check(lambda s: (s.dt.year if dated else s) >= column.low, name="low", ignore_na=True))
    if column.high is not None:
        checks.append(pa.Check(lambda s: s <= column.high, name="high", ignore_na=True))
    if column.event:
        checks.append(pa.Check(lambda s: s <= pd.Timestamp(today), name="future", ignore_na=True))
    return pa.Column(None, checks, nullable=not column.required or column.name in loaded.may_be_blank)


def _explained(
    column: schema.Column, check: str, value: object, today: dt.date, exported: dt.date | None
) -> tuple[str, str]:
    """(rule, what to do) for a failed check of a column."""
    bound = {"low": column.low, "high": column.high}.get(check)
    bound = "" if bound is None else f"{bound:g}"
    if check == "not_nullable":
        return _("a required cell is blank"), _("Fill it in, or delete the row.")
    if check == "allowed":
        known = ", ".join(column.allowed)
        return _("an unknown value"), _near(str(value), column.allowed) + _("Use one of: {known}.", known=known)
    if check == "low" and column.kind in ("date", "month"):
        return _("a date before {year}", year=bound), _("Correct the year, or leave the row out.")
    if check == "low":
        return _("less than {bound}", bound=bound), _range_remedy(column)
    if check == "high":
        return _("more than {bound}", bound=bound), _range_remedy(column)
    remedy = _("Correct the date, or leave the row out.")
    if today == exported:
        return _("a date after the day of the export, {day}, as mapping.toml says", day=str(today)), remedy
    return _("a date in the future (after {today})", today=str(today)), remedy


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


# --- rows that occur twice ---


def _doubled(loaded: Loaded) -> Iterable[Problem]:
    """Rows that repeat a key; order lines without a number and survey answers are told apart by all their cells."""
    frame, table = loaded.frame, loaded.table
    key = [name for name in table.key if name in loaded.text]
    everything = list(loaded.text.columns)
    if table.name == "orders":
        numbered = frame["line"].notna()
        yield from _repeats(loaded, frame[numbered & frame["order_id"].notna()], ["order_id", "line"])
        yield from _repeats(loaded, frame[~numbered], everything)
    elif not table.key:
        personal = [name for name in ("contact_id", "comment") if name in loaded.text]
        yield from _repeats(loaded, frame.dropna(subset=personal, how="all") if personal else frame, everything)
    elif len(key) == len(table.key) or all(not table[name].required for name in set(table.key) - set(key)):
        required = [name for name in key if table[name].required]
        yield from _repeats(loaded, frame.dropna(subset=required), key)
        if len(table.key) == 1:
            yield from _twins(loaded, key[0])


def _repeats(loaded: Loaded, frame: pd.DataFrame, key: list[str]) -> Iterable[Problem]:
    """Name every row of a group with the same key, and another row of the group: either may be the wrong one."""
    again = frame.duplicated(key, keep=False)
    if not again.any():
        return
    rows = pd.Series(frame.index, index=frame.index)[again]
    groups = rows.groupby([frame.loc[again, name] for name in key], dropna=False, sort=False)
    firsts, lasts = groups.transform("first"), groups.transform("last")
    for row in rows:
        other = int(firsts[row] if firsts[row] != row else lasts[row])
        rule = _("the same key as row {first}", first=other)
        remedy = _("Keep one of the two rows, or give them different keys ({key}).", key=", ".join(key))
        if key == list(loaded.text.columns):
            rule = _("the same row as row {first}", first=other)
            remedy = _("Delete one of the two rows.")
        shown = texts(loaded.text.loc[[row], [name for name in key if name in loaded.text]].iloc[0].astype(object))
        yield loaded.problem(row, key[0], rule, remedy, " · ".join(shown))


def _twins(loaded: Loaded, key: str) -> Iterable[Problem]:
    """Keys that differ only in case, but for the case-sensitive identifiers of 15 signs that some CRMs use."""
    keys = loaded.frame[key].dropna().drop_duplicates()
    folded = keys.str.casefold()
    twins = folded.duplicated(keep=False) & ~keys.str.fullmatch("[A-Za-z0-9]{15}").astype(bool)
    for row in keys.index[twins]:
        first = int(folded.index[(folded == folded[row]) & (folded.index != row)][0])
        rule = _("a key that differs from row {first} only in upper and lower case", first=first)
        yield loaded.problem(row, key, rule, _("Write it alike in all tables, or give the row a key of its own."))


# --- between tables ---


def check_references(tables: dict[str, Loaded]) -> list[Problem]:
    """Cells that refer to a row which is not there. A table that is absent cannot be referred to, and is not asked."""
    return [problem for loaded in tables.values() for problem in references_of(loaded, tables)]


def references_of(loaded: Loaded, tables: dict[str, Loaded]) -> Iterable[Problem]:
    """The dangling references of one table; rows that could not be read are not held against those that name them."""
    for column in loaded.table.columns:
        target, _dot, key = column.refers.partition(".")
        if target not in tables or column.name not in loaded.text or _says_nothing(tables[target]):
            continue
        known = set(tables[target].frame[key].dropna()) | ({schema.ALL_REGIONS} if column.or_all else set())
        cells = loaded.frame[column.name]
        dangling = cells[cells.notna() & ~cells.isin(known | tables[target].lost)]
        if dangling.nunique() <= tables[target].frame[key].isna().sum():
            continue  # the rows they mean may be those whose key is blank or could not be read: named there
        asked = dangling.unique()[: _SUGGEST_FOR if len(known) <= _SUGGEST_AMONG else 0]
        near = {value: _near(value, known) for value in asked}
        for row, value in dangling.items():
            rule = _("unknown {column}", column=column.name)
            yield loaded.problem(row, column.name, rule, near.get(value, "") + _known(target, known))


def _says_nothing(target: Loaded) -> bool:
    """Whether a table cannot tell what is unknown: not read to its end, or without the rows it must have."""
    return target.partial or (target.table.required and target.text.empty)


def _known(target: str, known: set[str]) -> str:
    if 0 < len(known) <= 12:
        listed = ", ".join(sorted(known))
        return _("Known: {known}. Correct the cell or add the row to {table}.", known=listed, table=target)
    return _("Correct the cell or add the row to {table}.", table=target)


def check_rules(tables: dict[str, Loaded], accept: Iterable[str] = ()) -> list[Problem]:
    """Every row that breaks a rule, but for rules whose exceptions the company accepts."""
    absent = {name: empty(table) for name, table in schema.TABLES.items() if name not in tables}
    frames: Frames = absent | {name: _undoubted(loaded) for name, loaded in tables.items()}
    problems = []
    for rule in RULES:
        if rule.id in accept or rule.table not in tables or tables[rule.table].text.empty:
            continue
        loaded, frame = tables[rule.table], frames[rule.table]
        broken = rule.broken(frame, frames).reindex(frame.index, fill_value=False).fillna(False).astype(bool)
        named = set().union(*(told.get(name, ()) for told in (loaded.unread, loaded.doubtful) for name in rule.columns))
        name, remedy = _(rule.name), _(rule.what_to_do)
        rows = [row for row in frame.index[broken] if row not in named]
        problems += [loaded.problem(row, column, name, remedy) for row in rows for column in rule.columns]
    return problems


def _undoubted(loaded: Loaded) -> pd.DataFrame:
    """The table with the cells blank that are named already: one fault does not draw others behind it."""
    frame = loaded.frame
    masked = {name: frame[name].mask(frame.index.isin(list(rows))) for name, rows in loaded.doubtful.items()}
    return frame.assign(**masked)


def unknown_accepted(told: Mapping) -> list[Problem]:
    """Names under ``accept`` in ``mapping.toml`` that no rule has."""
    known = [rule.id for rule in RULES]
    remedy, row = _("data/README.md lists the rules of every table."), line_of(told.text, "company.accept")
    return [
        Problem(FILE, row, "company.accept", name, _("no such rule"), _near(name, known) + remedy)
        for name in told.accept
        if name not in known
    ]
