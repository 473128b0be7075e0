"""Where a company's tables are: a folder of files or a database, and the slices each can cut by itself."""

import difflib
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from kamlib import schema, sources
from kamlib.edition import _
from kamlib.sources import Cells, Note, Problem, typed_frame

MEMORY_LIMIT = "600MB"
_SHOWN_ORPHANS = 20


class Folder:
    """The files of a company folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.problems: list[Problem] = []
        self.notes: list[Note] = []
        self._files = self._find()

    def _find(self) -> dict[str, Path]:
        """Table -> its file; two files for one table and misspelt names are problems."""
        found: dict[str, Path] = {}
        for place in ("", "judgements"):
            folder = self.folder / place
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                if path.is_file() and not path.name.startswith((".", "~$")):
                    self._consider(path, path.relative_to(self.folder).as_posix(), place, found)
        return found

    def _consider(self, path: Path, name: str, place: str, found: dict[str, Path]) -> None:
        table, ending = path.stem.strip().lower().replace(" ", "_").replace("-", "_"), path.suffix.lower()
        if table in schema.TABLES and schema.TABLES[table].folder == place:
            if ending == ".xls":
                self._wrong(name, _("an old .xls workbook"), _("Save it as .xlsx."))
            elif ending not in sources.ENDINGS:
                self._wrong(name, _("not a kind of file that is read"), _("Save it as .csv, .xlsx or .parquet."))
            elif table in found:
                other = found[table].relative_to(self.folder).as_posix()
                self._wrong(
                    name,
                    _("a second file for the same table"),
                    _("Keep either {one} or {other}.", one=other, other=name),
                )
            else:
                found[table] = path
        elif ending in sources.ENDINGS:
            here = [t.name for t in schema.TABLES.values() if t.folder == place]
            near = difflib.get_close_matches(table, here, n=1, cutoff=0.8)
            if near:
                self._wrong(
                    name,
                    _("not a table of the contract"),
                    _("Did you mean {name}? Rename the file.", name=near[0] + ending),
                )
            else:
                self.notes.append(Note(name, "", _("a file of your own, not used")))

    def _wrong(self, name: str, rule: str, remedy: str) -> None:
        self.problems.append(Problem(name, None, "", "", rule, remedy))

    def names(self) -> dict[str, str]:
        """Table of the contract -> its file."""
        return {table: path.relative_to(self.folder).as_posix() for table, path in self._files.items()}

    def cells(self, name: str) -> Cells:
        """A whole table."""
        return sources.read_file(self._files[name], self.names()[name])

    def other(self, name: str) -> Cells:
        """Another file of the company, by its path within the folder."""
        path = (self.folder / name).resolve()
        if not path.is_relative_to(self.folder.resolve()) or not path.is_file():
            cells = Cells(name, pd.DataFrame())
            cells.wrong(None, "", "", _("no such file"), _("Correct the file name in mapping.toml."))
            return cells
        return sources.read_file(path, name)

    def slice(self, name: str, region: str, as_of: pd.Timestamp, homes: Callable[[], pd.Series]) -> Cells | None:
        """One region's rows of a Parquet table; None for other files, which are read whole."""
        path = self._files[name]
        if path.suffix.lower() != ".parquet":
            return None
        return slice_parquet(path, schema.TABLES[name], region, as_of, homes, self.names()[name])


class Database:
    """Tables of the contract in a database: ``postgresql://…``, ``sqlite:///file`` or ``duckdb:///file``."""

    def __init__(self, url: str):
        self.url = url
        self._duck = url.startswith("duckdb:")
        self._columns = self._describe()

    def _describe(self) -> dict[str, dict[str, bool]]:
        """Table -> column -> whether it holds real dates."""
        if self._duck:
            query = (
                "SELECT table_name, column_name, data_type FROM information_schema.columns ORDER BY ordinal_position"
            )
            found: dict[str, dict[str, bool]] = {}
            for table, column, kind in self._ask(query).itertuples(index=False):
                found.setdefault(table, {})[column] = kind.startswith(("DATE", "TIMESTAMP"))
            return found
        import sqlalchemy as sa

        inspector = sa.inspect(self._engine())
        return {
            table: {c["name"]: isinstance(c["type"], sa.Date | sa.DateTime) for c in inspector.get_columns(table)}
            for table in inspector.get_table_names()
        }

    def _engine(self):
        import sqlalchemy as sa

        return sa.create_engine(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", self.url))

    def _ask(self, query: str, **values: object) -> pd.DataFrame:
        if self._duck:
            import duckdb

            with duckdb.connect(self.url.removeprefix("duckdb:///"), read_only=True) as connection:
                connection.execute(f"SET memory_limit='{MEMORY_LIMIT}'")
                named = re.sub(r":(\w+)", r"$\1", query)
                return typed_frame(connection.execute(named, values or None).to_arrow_table())
        import sqlalchemy as sa

        with self._engine().connect() as connection:
            frame = pd.read_sql_query(sa.text(query), connection, params=values)
        frame.index = pd.RangeIndex(2, len(frame) + 2, name="row")
        return frame.apply(_native)

    def names(self) -> dict[str, str]:
        """Table of the contract -> its name in the database."""
        return {name: name for name in self._columns if name in schema.TABLES}

    def cells(self, name: str) -> Cells:
        """A whole table; row 2 is the first row the database gives."""
        return Cells(name, self._ask(f'SELECT * FROM "{name}"'))

    def slice(self, name: str, region: str, as_of: pd.Timestamp, **_more: object) -> Cells | None:
        """The rows that may belong to a region's book, cut in the database; None where the table has no region."""
        table = schema.TABLES[name]
        where = self._where(name)
        if not where:
            return None
        if self._columns[name].get(table.seen_from):
            where += f' AND ("{table.seen_from}" <= :as_of OR "{table.seen_from}" IS NULL)'
        query = f'SELECT * FROM "{name}" WHERE {where}'
        values = {"region": region, "everywhere": schema.ALL_REGIONS, "as_of": as_of.to_pydatetime()}
        asked = {key: value for key, value in values.items() if f":{key}" in query}
        return Cells(name, self._ask(query, **asked))

    def _where(self, name: str) -> str:
        columns = self._columns[name]
        home = "account_id IN (SELECT account_id FROM accounts WHERE region IN (:region, :everywhere))"
        if schema.TABLES[name].scope == "accounts":
            return f"(region = :region OR region IS NULL AND ({home}))" if "region" in columns else f"({home})"
        if schema.TABLES[name].scope == "region" and "region" in columns:
            return "region IN (:region, :everywhere)"
        return ""


def _native(column: pd.Series) -> pd.Series:
    """A column of Python objects from a database driver in the type its values have."""
    if column.dtype != object:
        return column
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in ("date", "datetime", "datetime64"):
        return pd.to_datetime(column).astype("datetime64[us]")
    return column.astype("float64") if kind in ("decimal", "mixed-integer-float") else column


def slice_parquet(
    path: Path, table: schema.Table, region: str, as_of: pd.Timestamp, homes: Callable[[], pd.Series], file: str
) -> Cells | None:
    """The rows of a Parquet file that may belong to a region's book, read without the others.

    Parameters
    ----------
    homes
        Gives the company's accounts: region by account_id.

    Returns
    -------
    Cells or None
        With the rows' numbers in the file; accounts nobody knows come back as problems. None where the file has no
        column to cut by.
    """
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"SET memory_limit='{MEMORY_LIMIT}'")
        source = connection.read_parquet(str(path), file_row_number=True)
        kinds = dict(zip(source.columns, map(str, source.types), strict=True))
        if "account_id" not in kinds or table.scope != "accounts":
            return None
        accounts = homes().reset_index()
        accounts.columns = ["account_id", "region"]
        connection.register("homes", accounts)
        mine = "account_id IN (SELECT account_id FROM homes WHERE region IN ($region, $everywhere))"
        where = f"(region = $region OR region IS NULL AND {mine})" if "region" in kinds else mine
        values = {"region": region, "everywhere": schema.ALL_REGIONS}
        if kinds.get(table.seen_from, "").startswith(("DATE", "TIMESTAMP")):
            where += f' AND "{table.seen_from}" <= $as_of'
            values["as_of"] = as_of.to_pydatetime()
        kept = ", ".join(f'"{name}"' for name in kinds if name in table.by_name)
        number = "file_row_number"
        rows = connection.execute(f"SELECT {kept}, {number} FROM source WHERE {where} ORDER BY {number}", values)
        frame = typed_frame(rows.to_arrow_table())
        orphans = connection.execute(
            f"SELECT {number} + 2, account_id FROM source WHERE account_id IS NOT NULL AND account_id NOT IN "
            f"(SELECT account_id FROM homes) ORDER BY 1 LIMIT {_SHOWN_ORPHANS}"
        ).fetchall()
    frame.index = pd.Index(frame.pop(number) + 2, name="row")
    cells = Cells(file, frame)
    for row, account in orphans:
        rule, remedy = (
            _("unknown {column}", column="account_id"),
            _("Correct the cell or add the row to {table}.", table="accounts"),
        )
        cells.wrong(row, "account_id", account, rule, remedy)
    return cells
