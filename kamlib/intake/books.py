"""A region's book: its tables as they stood on a day, live from the company or saved for a report."""

import datetime as dt
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from kamlib import schema
from kamlib.edition import _, language
from kamlib.intake import checks
from kamlib.problems import DataError, Problem

FEWEST_ACCOUNTS = 5
"""An aggregate over fewer accounts than this is not shown to another region."""
SNAPSHOT = "book.json"


@dataclass
class Book:
    """One region's tables as of a day. ``book.orders`` is a frame; a table the company lacks is an empty one."""

    company: str
    region: str
    as_of: pd.Timestamp
    _read: Callable[[str], pd.DataFrame] = field(repr=False)
    tables: tuple[str, ...] = field(repr=False)
    _pool: Callable[..., pd.DataFrame] = field(repr=False)
    _frames: dict[str, pd.DataFrame] = field(default_factory=dict, repr=False)

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name not in schema.TABLES:
            raise AttributeError(f"{name!r} is neither a table of the contract nor an attribute of a book")
        if name not in self._frames:
            self._frames[name] = self._read(name) if name in self.tables else checks.empty(schema.TABLES[name])
        return self._frames[name].copy()

    def has(self, *names: str) -> bool:
        """Whether every one of these tables is there and has rows in this book."""
        return all(name in self.tables and len(getattr(self, name)) for name in names)

    @property
    def name(self) -> str:
        """The region's name for people, in the language spoken now."""
        if self.region == schema.ALL_REGIONS:
            return _("All regions")
        return str(self.regions["name_zh" if language() == "zh" else "name_en"].iloc[0])

    @property
    def currency(self) -> str:
        """Three letters.

        Raises
        ------
        DataError
            If this is the whole company and its regions do not share a currency.
        """
        known = self.regions["currency"].unique()
        if len(known) > 1:
            rule, remedy = _("regions with different currencies cannot be added up"), _("Report them one by one.")
            raise DataError([Problem("regions", None, "currency", ", ".join(known), rule, remedy)])
        return str(known[0])

    def pooled(self, function: Callable[..., pd.DataFrame], *tables: str) -> pd.DataFrame:
        """What ``function`` makes of the whole company's ``tables`` up to ``as_of``: the way to priors and benchmarks.

        Every table handed to it has a ``region`` column. Its answer must say in ``accounts`` how many accounts stand
        behind each row; rows with fewer than `FEWEST_ACCOUNTS` are left out.
        """
        return self._pool(function, *tables)

    def save(self, folder: Path, pooled: Iterable[tuple[Callable[..., pd.DataFrame], tuple[str, ...]]] = ()) -> None:
        """Write the book, and the named aggregates, as a folder that `open_company` opens like a company."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in self.tables:
            getattr(self, name).to_parquet(folder / f"{name}.parquet")
        for function, tables in pooled:
            self.pooled(function, *tables).to_parquet(folder / f"{_pool_name(function, tables)}.pool")
        facts = {
            "company": self.company,
            "region": self.region,
            "as_of": f"{self.as_of:%Y-%m-%d}",
            "tables": self.tables,
        }
        (folder / SNAPSHOT).write_text(json.dumps(facts, ensure_ascii=False), "utf-8")


def _pool_name(function: Callable, tables: tuple[str, ...]) -> str:
    return ".".join((function.__module__.rpartition(".")[2], function.__qualname__, *tables))


class Snapshot:
    """A saved book: one region, one day, nothing else."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._facts = json.loads((folder / SNAPSHOT).read_text("utf-8"))
        self.regions = [self._facts["region"]]
        self.as_of = pd.Timestamp(self._facts["as_of"])

    def book(self, region: str, as_of: str | dt.date | None = None) -> Book:
        """The saved book. Raises DataError if another region or a later day is asked for."""
        day = pd.Timestamp(as_of) if as_of is not None else self.as_of
        if region != self._facts["region"] or day != self.as_of:
            asked, remedy = f"{region} {day:%Y-%m-%d}", _("Open the company itself.")
            raise DataError(
                [Problem(SNAPSHOT, None, "", asked, _("this saved book holds another region or day"), remedy)]
            )
        tables = tuple(self._facts["tables"])
        return Book(self._facts["company"], region, day, self._read, tables, self._pooled)

    def _read(self, name: str) -> pd.DataFrame:
        return pd.read_parquet(self.folder / f"{name}.parquet")

    def _pooled(self, function: Callable, *tables: str) -> pd.DataFrame:
        path = self.folder / f"{_pool_name(function, tables)}.pool"
        if not path.exists():
            rule, remedy = (
                _("this saved book holds no such aggregate"),
                _("Call book.pooled(module.function, 'table', …) plainly."),
            )
            raise DataError([Problem(SNAPSHOT, None, "", path.stem, rule, remedy)])
        return pd.read_parquet(path)


class Cut:
    """Filters the tables of a `data.Company` to one region and day, each table once."""

    def __init__(self, company, region: str, as_of: pd.Timestamp):
        self.company, self.region, self.as_of = company, region, as_of
        self._frames: dict[str, pd.DataFrame] = {}

    def frame(self, name: str) -> pd.DataFrame:
        if name not in self.company.tables:
            return checks.empty(schema.TABLES[name])
        if name not in self._frames:
            table = schema.TABLES[name]
            frame = self._in_region(table, self._whole(table))
            frame = self._as_known(table, frame)
            if name == "accounts" and (frame["region"] != self.region).any() and self.region != schema.ALL_REGIONS:
                frame = frame[(frame["region"] == self.region) | frame["account_id"].isin(self._served())]
            self._frames[name] = self._without_strangers(table, frame).reset_index(drop=True)
        return self._frames[name]

    def _whole(self, table: schema.Table) -> pd.DataFrame:
        """The table, or the part of it that the source cut out for this region. Raises DataError."""
        if self.region != schema.ALL_REGIONS and table.name not in self.company.mapping.tables:
            company = self.company
            cells = company.source.slice(table.name, self.region, self.as_of, company.regions, self._homes)
            if cells is not None:
                loaded = company._load(table.name, cells)
                if loaded.problems:
                    raise DataError(loaded.problems)
                return loaded.frame
        loaded = self.company._sound(table.name)
        dangling = self._dangling(loaded) if table.scope else []
        if dangling:
            raise DataError(dangling)
        return loaded.frame

    def _dangling(self, loaded: checks.Loaded) -> list[Problem]:
        """Rows whose account, deal or region is unknown: nobody can say to whom they belong."""
        owners = [name for name in ("regions", "accounts", "opportunities") if name in self.company.tables]
        related = {name: self.company.table(name) for name in owners if name != loaded.table.name}
        return list(checks.references_of(loaded, related))

    def _homes(self) -> pd.Series:
        """Region by account_id, of the whole company."""
        accounts = self.company._sound("accounts").frame
        return accounts.set_index("account_id")["region"]

    def _in_region(self, table: schema.Table, frame: pd.DataFrame) -> pd.DataFrame:
        if self.region == schema.ALL_REGIONS or not (table.scope or table.name == "regions"):
            return frame
        if table.scope == "opportunities":
            return frame[frame["opportunity_id"].isin(self.frame("opportunities")["opportunity_id"])]
        if table.scope == "accounts":
            home = frame["account_id"].map(self._homes())
            if "region" in frame:
                own = frame["region"].notna()
                return frame[(frame["region"] == self.region) | (~own & (home == self.region))]
            return frame[home.isin([self.region, schema.ALL_REGIONS]) & frame["account_id"].isin(self._my_accounts())]
        return frame[frame["region"].isin([self.region, schema.ALL_REGIONS])]

    def _my_accounts(self) -> pd.Series:
        return self.frame("accounts")["account_id"]

    def _served(self) -> set[str]:
        """Accounts that this region serves together with others: those it has rows with."""
        rows = [self.frame(name)["account_id"] for name in ("orders", "opportunities", "leads")]
        return set(pd.concat(rows).dropna())

    def _as_known(self, table: schema.Table, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows known at ``as_of``, later dates in them blank and what came with those dates taken back."""
        if table.seen_from:
            frame = frame[self._seen(table, frame)]
        frame = frame.copy()
        for column in table.columns:
            if column.event and column.kind == "date" and column.name != table.seen_from:
                later = frame[column.name] > self.as_of
                for companion, value in table.hidden_with.get(column.name, {}).items():
                    frame[companion] = frame[companion].mask(later, value)
                frame[column.name] = frame[column.name].mask(later)
        return frame

    def _seen(self, table: schema.Table, frame: pd.DataFrame) -> pd.Series:
        column = table[table.seen_from]
        dates = frame[column.name]
        if column.kind == "year":
            return (
                dates.isna()
                | (dates < self.as_of.year)
                | ((dates == self.as_of.year) & ((self.as_of.month, self.as_of.day) == (12, 31)))
            )
        if column.kind == "month":
            dates = dates + pd.offsets.MonthEnd(0)
        if not dates.isna().any():
            return dates <= self.as_of
        undated = not column.required or self.as_of >= self.company.as_of
        return (dates <= self.as_of) | (dates.isna() & undated)

    def _without_strangers(self, table: schema.Table, frame: pd.DataFrame) -> pd.DataFrame:
        """Blank references to rows that are not in this book: another region's parent account, a deal not yet known."""
        for column in table.columns:
            target, _dot, key = column.refers.partition(".")
            if column.required or target not in ("accounts", "opportunities", "contacts"):
                continue
            if target == "accounts" and column.name == "account_id":
                continue
            known = frame[key] if target == table.name else self.frame(target)[key]
            gone = frame[column.name].notna() & ~frame[column.name].isin(known)
            frame = frame.assign(**{column.name: frame[column.name].mask(gone)})
            for companion, value in table.hidden_with.get(column.name, {}).items():
                frame[companion] = frame[companion].mask(gone, value)
        return frame

    def pooled(self, function: Callable[..., pd.DataFrame], *tables: str) -> pd.DataFrame:
        """`Book.pooled` on the company itself."""
        whole = Cut(self.company, schema.ALL_REGIONS, self.as_of)
        answer = function(*(whole.with_region(name) for name in tables))
        if "accounts" not in answer:
            raise ValueError(
                f"{function.__qualname__} must say in a column 'accounts' how many accounts each row is over."
            )
        answer = answer[answer["accounts"] >= FEWEST_ACCOUNTS].reset_index(drop=True)
        levels = answer.select_dtypes("category").columns
        return answer.assign(**{name: answer[name].cat.remove_unused_categories() for name in levels})

    def with_region(self, name: str) -> pd.DataFrame:
        """A table whose every row says its region: its own, its account's or its deal's."""
        frame, table = self.frame(name), schema.TABLES[name]
        if table.scope == "opportunities":
            deals = self.with_region("opportunities").set_index("opportunity_id")
            keys = frame["opportunity_id"]
            return frame.assign(region=keys.map(deals["region"]), account_id=keys.map(deals["account_id"]))
        if table.scope == "accounts":
            home = frame["account_id"].map(self._homes())
            return frame.assign(region=frame["region"].fillna(home) if "region" in frame else home)
        return frame
