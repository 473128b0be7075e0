"""The only door to data: open a company, check it, and hand over one region's book as of a day.

``book = data.open_company("data/demo").book("East", "2025-12-31")``, then ``book.accounts``, ``book.orders``, … Nothing
dated after ``as_of`` and no row of another region ever leaves through this door; other regions come in only through
`Book.pooled`, as aggregates over at least `books.FEWEST_ACCOUNTS` accounts.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from kamlib import schema
from kamlib.edition import _, language
from kamlib.intake import checks, mapping
from kamlib.intake.books import SNAPSHOT, Book, Cut, Snapshot
from kamlib.intake.checks import Loaded
from kamlib.intake.places import Folder
from kamlib.intake.scans import order_histories
from kamlib.problems import Cells, DataError, Note, Problem

if TYPE_CHECKING:
    from kamlib.intake.databases import Database

__all__ = ["Book", "Check", "Company", "DataError", "open_company", "order_histories"]


@dataclass(frozen=True)
class Check:
    """What a check found: ``problems`` to mend, and the conversions that were made in ``notes``."""

    problems: pd.DataFrame
    """file, row, column, value, rule, what_to_do."""
    notes: pd.DataFrame
    """file, column, what, cells, example."""

    @property
    def ok(self) -> bool:
        """Whether nothing has to be mended."""
        return self.problems.empty


def open_company(location: str | Path) -> "Company | Snapshot":
    """The company at a folder or database URL. Nothing is read yet but the list of its tables.

    Raises
    ------
    DataError
        If there is no such folder or database, or it cannot be entered.
    """
    if "://" in str(location):
        from kamlib.intake.databases import Database

        source = Database(str(location))
        name = str(location).rpartition("/")[2].partition("?")[0]
        return Company(source.shown, name, source)
    folder = Path(location)
    try:
        if (folder / SNAPSHOT).exists():
            return Snapshot(folder)
        if folder.is_dir():
            told = mapping.read_mapping(folder)
            return Company(str(location), folder.resolve().name, Folder(folder, told), told)
    except (OSError, ValueError) as error:
        rule = _("the folder cannot be read ({error})", error=str(error))
        raise DataError([Problem(str(location), None, "", "", rule, _("Check its name and your rights."))]) from None
    remedy = _("Name a company's folder, e.g. data/demo, or start one: kam new {path}.", path=folder)
    raise DataError([Problem(str(location), None, "", "", _("no such folder"), remedy)])


class Company:
    """All tables of one company; `book` is the way to its data, `check` finds what is wrong with it."""

    def __init__(self, location: str, name: str, source: "Folder | Database", told: mapping.Mapping | None = None):
        self.location = location
        self.name = name
        self.source = source
        self.mapping = told or mapping.Mapping()
        self._loaded: dict[str, Loaded] = {}
        self._others: dict[tuple[str, str], Cells] = {}

    @property
    def title(self) -> str:
        """The company's name for people, in the language spoken now."""
        return (self.mapping.name_zh if language() == "zh" else self.mapping.name_en) or self.name

    @cached_property
    def tables(self) -> dict[str, str]:
        """Table -> the file (or database table) it stands in, in the order of the contract."""
        present = self.source.names() | {name: table.file for name, table in self.mapping.tables.items()}
        return {name: present[name] for name in schema.TABLES if name in present}

    def table(self, name: str) -> Loaded:
        """A table, read once."""
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def _load(self, name: str, cells: Cells | None = None) -> Loaded:
        table, mapped = schema.TABLES[name], self.mapping.tables.get(name)
        currencies = frozenset() if name == "regions" else frozenset(self._regions()["currency"].dropna())
        if mapped:
            cells, origin = mapping.apply(mapped, self._other(mapped.file, mapped.sheet), self._other)
            return checks.load(table, cells, mapped=mapped, origin=origin, currencies=currencies)
        return checks.load(table, cells or self.source.cells(name), currencies=currencies)

    def _other(self, file: str, sheet: str = "") -> Cells:
        if (file, sheet) not in self._others:
            self._others[file, sheet] = self.source.other(file, sheet)
        return self._others[file, sheet]

    def _regions(self) -> pd.DataFrame:
        return self.table("regions").frame if "regions" in self.tables else checks.empty(schema.TABLES["regions"])

    @cached_property
    def regions(self) -> list[str]:
        """The company's regions, as its table lists them."""
        return list(self._sound("regions").frame["region"].dropna())

    @cached_property
    def as_of(self) -> pd.Timestamp:
        """The day the data ends: the export's, if ``mapping.toml`` states it, else the last event in any table."""
        if self.mapping.exported:
            return pd.Timestamp(self.mapping.exported)
        events = [
            self._latest(name, column.name)
            for name in self.tables
            for column in schema.TABLES[name].columns
            if column.event and column.kind == "date" and not schema.TABLES[name].folder
        ]
        known = [day for day in events if pd.notna(day)]
        return max(known) if known else pd.Timestamp(dt.date.today())

    def _latest(self, name: str, column: str) -> pd.Timestamp:
        """The last day in a column; asked of the source where that spares reading the table."""
        if name not in self._loaded and name not in self.mapping.tables:
            asked = self.source.latest(name, column)
            if asked is not None:
                return pd.NaT if pd.isna(asked) else pd.Timestamp(asked).normalize()
        return self.table(name).frame[column].max()

    def check(self, *, today: dt.date | None = None, progress: Callable[[str], None] = lambda _name: None) -> Check:
        """Read every table and collect every problem.

        Parameters
        ----------
        today
            Events later than this day are problems; by default the computer's own date.
        progress
            Called with each table's file before it is read.
        """
        today = today or dt.date.today()
        exported = self.mapping.exported
        tables = {}
        for name, file in self.tables.items():
            progress(file)
            tables[name] = self.table(name)
        problems = [*self.mapping.problems, *self.source.problems, *self._missing_tables()]
        problems += mapping.exported_later(self.mapping, today)
        notes = list(self.source.notes)
        for loaded in tables.values():
            problems += [
                *loaded.problems,
                *checks.check_columns(loaded, today=today, exported=exported),
                *_needed_rows(loaded),
            ]
            notes += loaded.notes
        problems += checks.check_references(tables)
        problems += checks.check_rules(tables, self.mapping.accept)
        problems += checks.unknown_accepted(self.mapping)
        order = {file: place for place, file in enumerate(self.tables.values())}
        unique = sorted(dict.fromkeys(problems), key=lambda p: (order.get(p.file, -1), p.row or 0))
        return Check(_frame(Problem, unique).astype({"row": "Int64"}), _frame(Note, dict.fromkeys(notes)))

    def _missing_tables(self) -> list[Problem]:
        needed = {table.name for table in schema.TABLES.values() if table.required}
        needed |= {"stages", "opportunities"} if "stage_history" in self.tables else set()
        remedy = _("Add the table; kam new writes an empty one.")
        if elsewhere := self.source.elsewhere():
            remedy = _("The tables seem to be in {folder}: name that folder.", folder=f"{self.location}/{elsewhere}")
        rule = _("a required table is missing")
        broken = {name for name in needed for problem in self.source.problems if problem.file.startswith(f"{name}.")}
        missing = [name for name in schema.TABLES if name in needed - set(self.tables) - broken]
        return [Problem(self.source.expected(name), None, "", "", rule, remedy) for name in missing]

    def _sound(self, name: str) -> Loaded:
        """A table without problems of reading. Raises DataError."""
        if name not in self.tables:
            raise DataError(self._missing_tables() or [_absent(name)])
        loaded = self.table(name)
        if loaded.problems:
            raise DataError(loaded.problems)
        return loaded

    def region_named(self, name: str) -> str:
        """The region that goes by ``name``: its short name, or its English or Chinese one; ``all`` is the company.

        Raises
        ------
        DataError
            If no region goes by that name.
        """
        if name == schema.ALL_REGIONS:
            return name
        frame = self._sound("regions").frame
        for column in ("region", "name_en", "name_zh"):
            hit = frame.loc[frame[column] == name, "region"]
            if len(hit):
                return str(hit.iloc[0])
        rule = _("unknown region")
        known = ", ".join(frame["region"])
        raise DataError(
            [Problem(self.tables["regions"], None, "region", name, rule, _("Known: {known}.", known=known))]
        )

    def book(self, region: str = schema.ALL_REGIONS, as_of: str | dt.date | None = None) -> Book:
        """One region's tables as they stood at the end of the day ``as_of`` (by default the last day of the data).

        Raises
        ------
        DataError
            If the region is unknown, or its tables cannot be read.
        """
        region = self.region_named(region)
        day = pd.Timestamp(as_of).normalize() if as_of is not None else self.as_of
        cut = Cut(self, region, day)
        return Book(self.title, region, day, cut.frame, tuple(self.tables), cut.pooled)


def _needed_rows(loaded: Loaded) -> list[Problem]:
    if loaded.table.required and not len(loaded.text) and not loaded.problems:
        rule = _("the table has no rows")
        return [Problem(loaded.file, None, "", "", rule, _("Fill it in: nothing can be computed without it."))]
    return []


def _absent(name: str) -> Problem:
    return Problem(
        name, None, "", "", _("this company has no such table"), _("Add the table; kam new writes an empty one.")
    )


def _frame(kind: type, items: Iterable) -> pd.DataFrame:
    names = [f.name for f in fields(kind)]
    return pd.DataFrame([astuple(item) for item in items], columns=names)
