"""Tables of the contract in a database: ``postgresql://…``, ``sqlite:///file`` or ``duckdb:///file``."""

import datetime as dt
import re
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path

import pandas as pd

from kamlib import schema
from kamlib.edition import _
from kamlib.intake.sources import plain, typed_frame
from kamlib.problems import Cells, DataError, Note, Problem

MEMORY_LIMIT = "600MB"
_KINDS = ("postgresql", "postgres", "sqlite", "duckdb")
_TEXT = re.compile(r"VARCHAR|TEXT|CHAR|STRING|CLOB", re.IGNORECASE)
_MOMENT = re.compile(r"DATE|TIMESTAMP|TIMESTAMP WITHOUT TIME ZONE|TIMESTAMP_\w+|DATETIME", re.IGNORECASE)


class Database:
    """The tables of the contract in a database, by name, whatever their case."""

    def __init__(self, url: str):
        self.url = url
        self.problems: list[Problem] = []
        self.notes: list[Note] = []
        self.kind = url.partition(":")[0].partition("+")[0].lower()
        try:
            self._check_url()
            self._columns = self._describe()
        except self._errors as error:
            raise self._unreachable(error) from None

    @property
    def shown(self) -> str:
        """The address without its password."""
        return re.sub(r"(://[^:/@]*):[^@]*@", r"\1:***@", self.url)

    def _unreachable(self, error: Exception) -> DataError:
        remedy = _(
            "Check the address, e.g. {example}, and that you may read the database.", example="sqlite:///company.db"
        )
        said = _first_line(error).replace(self.url, self.shown)
        return DataError([Problem(self.shown, None, "", said, _("the database cannot be read"), remedy)])

    def _check_url(self) -> None:
        if self.kind not in _KINDS:
            raise ValueError(f"{self.kind}: known are postgresql, sqlite, duckdb")
        path = Path(self.url.partition(":///")[2])
        if self.kind in ("sqlite", "duckdb") and not path.is_file():
            raise FileNotFoundError(f"no such file: {path}")

    @cached_property
    def _errors(self) -> tuple[type[Exception], ...]:
        """Everything a driver may raise over an address or a query."""
        if self.kind == "duckdb":
            import duckdb

            return (duckdb.Error, OSError, ValueError)
        import sqlalchemy.exc

        return (sqlalchemy.exc.SQLAlchemyError, ImportError, OSError, ValueError)

    # --- asking ---

    @cached_property
    def _engine(self):
        import sqlalchemy as sa

        url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", self.url)
        return sa.create_engine(url, poolclass=sa.pool.NullPool)

    def _ask(self, query: str, **values: object) -> pd.DataFrame:
        """The answer as a frame with row numbers from 2."""
        if self.kind == "duckdb":
            import duckdb

            with duckdb.connect(self.url.partition(":///")[2], read_only=True) as connection:
                connection.execute(f"SET memory_limit='{MEMORY_LIMIT}'")
                named = re.sub(r":(\w+)", r"$\1", query)
                return typed_frame(connection.sql(named, params=values).to_arrow_table())
        import sqlalchemy as sa

        with self._engine.connect() as connection:
            frame = pd.read_sql_query(sa.text(query), connection, params=values)
        frame.index = pd.RangeIndex(2, len(frame) + 2, name="row")
        return frame.apply(_native)

    def _describe(self) -> dict[str, tuple[str, dict[str, str]]]:
        """Table of the contract -> (its name in the database, column -> type)."""
        if self.kind == "duckdb":
            query = (
                "SELECT table_name, column_name, data_type FROM information_schema.columns"
                " WHERE table_schema = current_schema() ORDER BY ordinal_position"
            )
            columns: dict[str, dict[str, str]] = {}
            for table, column, kind in self._ask(query).itertuples(index=False):
                columns.setdefault(table, {})[column] = kind
        else:
            import sqlalchemy as sa

            inspector = sa.inspect(self._engine)
            names = [*inspector.get_table_names(), *inspector.get_view_names()]
            wanted = [name for name in names if name.lower() in schema.TABLES]
            columns = {name: {c["name"]: str(c["type"]) for c in inspector.get_columns(name)} for name in wanted}
        return {name.lower(): (name, kinds) for name, kinds in columns.items() if name.lower() in schema.TABLES}

    # --- tables ---

    def names(self) -> dict[str, str]:
        """Table of the contract -> its name in the database."""
        return {table: name for table, (name, _kinds) in self._columns.items()}

    def expected(self, name: str) -> str:
        """The name under which a missing table is expected."""
        return name

    def elsewhere(self) -> str:
        """Nothing: a database has one place for tables."""
        return ""

    def cells(self, name: str) -> Cells:
        """A whole table, its rows numbered from 2 in the order of its key."""
        cells = Cells(self.names()[name])
        order = self._order(name)
        try:
            cells.frame = self._ask(f'SELECT * FROM "{self.names()[name]}"{order}')
        except self._errors as error:
            remedy = _("Check that you may read the table, and what it holds.")
            cells.unreadable(_first_line(error)[:200], _("the table cannot be read"), remedy)
        if order:
            cells.note("", _("rows numbered from 2, in the order of {key}", key=order.partition("BY ")[2]))
        return cells

    def _order(self, name: str) -> str:
        kinds = self._columns[name][1]
        key = [f'"{column}"' for column in schema.TABLES[name].key if column in kinds]
        return f" ORDER BY {', '.join(key)}" if key else ""

    def latest(self, name: str, column: str) -> object:
        """The last moment in a date column; None where the table has to be read to know."""
        actual, kinds = self._columns[name]
        if plain(column) not in map(plain, kinds):
            return pd.NaT
        if self.kind == "sqlite" or not _MOMENT.fullmatch(kinds.get(column, "")):
            return None
        try:
            return self._ask(f'SELECT max("{column}") AS latest FROM "{actual}"')["latest"].iloc[0]
        except self._errors:
            return None

    def slice(
        self, name: str, region: str, as_of: pd.Timestamp, regions: Iterable[str], homes: Callable[[], pd.Series]
    ) -> Cells | None:
        """The rows that may belong to a region's book, cut in the database.

        None where they have to be cut here: the table has no region, or a row names a region or an account that only a
        closer reading may recognise. The rows have no number: they are not the table.
        """
        table, (actual, kinds) = schema.TABLES[name], self._columns[name]
        where = self._where(name)
        if not where or "accounts" not in self._columns:
            return None
        known = {f"r{place}": known for place, known in enumerate(regions)}
        try:
            if not known or self._has_strangers(name, known):
                return None
            values: dict[str, object] = {"region": region, "everywhere": schema.ALL_REGIONS}
            if self.kind != "sqlite" and _MOMENT.fullmatch(kinds.get(table.seen_from, "")):
                where += f' AND ("{table.seen_from}" < :after OR "{table.seen_from}" IS NULL)'
                values["after"] = (as_of + dt.timedelta(days=1)).to_pydatetime()
            frame = self._ask(f'SELECT * FROM "{actual}" WHERE {where}{self._order(name)}', **values)
        except self._errors as error:
            raise self._unreachable(error) from None
        return Cells(actual, frame)

    def _has_strangers(self, name: str, known: dict[str, str]) -> bool:
        """Whether any row of a table, or of the accounts, names a region or an account not known letter by letter."""
        actual, kinds = self._columns[name]
        accounts = self.names()["accounts"]
        other_region = f"region NOT IN ({', '.join(f':{key}' for key in known)}, '{schema.ALL_REGIONS}')"
        strangers = [f'SELECT 1 FROM "{accounts}" WHERE {other_region}']
        if "region" in kinds and name != "accounts":
            strangers.append(f'SELECT 1 FROM "{actual}" WHERE {other_region}')
        if schema.TABLES[name].scope == "accounts" and "account_id" in kinds:
            ids = f'SELECT account_id FROM "{accounts}" WHERE account_id IS NOT NULL'
            strangers.append(f'SELECT 1 FROM "{actual}" WHERE account_id IS NOT NULL AND account_id NOT IN ({ids})')
        asked = " OR ".join(f"EXISTS ({query})" for query in strangers)
        return bool(self._ask(f"SELECT CASE WHEN {asked} THEN 1 ELSE 0 END AS found", **known)["found"].iloc[0])

    def _where(self, name: str) -> str:
        """The condition for a region's rows; empty where the table cannot be cut by itself."""
        kinds, scope = self._columns[name][1], schema.TABLES[name].scope
        if "accounts" not in self._columns or not _TEXT.search(self._columns["accounts"][1].get("region", "")):
            return ""
        if "region" in kinds and not _TEXT.search(kinds["region"]):
            return ""
        if scope == "accounts" and "account_id" in kinds:
            accounts = self.names()["accounts"]
            home = f'account_id IN (SELECT account_id FROM "{accounts}" WHERE region IN (:region, :everywhere))'
            return f"(region = :region OR region IS NULL AND ({home}))" if "region" in kinds else f"({home})"
        return "region IN (:region, :everywhere)" if scope == "region" and "region" in kinds else ""


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _native(column: pd.Series) -> pd.Series:
    """A column of Python objects from a database driver in the type its values have."""
    if column.dtype != object:
        return column
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in ("date", "datetime", "datetime64"):
        return _moments(column)
    if kind in ("decimal", "mixed-integer-float", "integer", "floating"):
        return column.astype("float64")
    return column


def _moments(column: pd.Series) -> pd.Series:
    """Days or moments, each as its own clock shows it; what no calendar holds stays as it is."""
    naive = column.map(lambda day: day.replace(tzinfo=None) if isinstance(day, dt.datetime) else day)
    try:
        return pd.to_datetime(naive).astype("datetime64[us]")
    except (ValueError, OverflowError):
        return naive
