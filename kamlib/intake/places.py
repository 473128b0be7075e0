"""A company folder: which file is which table, which files were surely meant to be one, and slices of Parquet files."""

import datetime as dt
import difflib
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from kamlib import schema
from kamlib.edition import _
from kamlib.intake import sources
from kamlib.intake.mapping import FILE, Mapping
from kamlib.intake.sources import plain, typed_frame
from kamlib.problems import Cells, Note, Problem

MEMORY_LIMIT = "600MB"
_JUDGEMENTS = "judgements"
_OTHER_ENDINGS = (
    "",
    ".xls",
    ".xlsm",
    ".xlsb",
    ".ods",
    ".json",
    ".jsonl",
    ".feather",
    ".arrow",
    ".pkl",
    ".gz",
    ".zip",
    ".7z",
)
_PLACES = ("", _JUDGEMENTS)


class Folder:
    """The files of a company folder."""

    def __init__(self, folder: Path, told: Mapping | None = None):
        self.folder = folder
        self.told = told or Mapping()
        self.problems: list[Problem] = []
        self.notes: list[Note] = []
        self._files: dict[str, Path] = {}
        for place in _PLACES:
            self._find(place)

    # --- finding the tables ---

    def _find(self, place: str) -> None:
        folder = self.folder / place
        entries = sorted(folder.iterdir()) if folder.is_dir() else []
        entries = [path for path in entries if not path.name.startswith((".", "~$")) and path.name != FILE]
        files = [path for path in entries if path.is_file()]
        strangers = [path for path in files if not self._is_table(path, place)]
        for path in strangers:
            self._consider_stranger(path, place)
        for path in (path for path in entries if not path.is_file()):
            self._consider_other(path, place)

    def _is_table(self, path: Path, place: str) -> bool:
        """Take a file that is a table by name and ending; a second one for the same table is a problem."""
        name = _named(path.stem)
        if name not in schema.TABLES or schema.TABLES[name].folder != place:
            return False
        if path.suffix.lower() not in sources.ENDINGS:
            return False
        if name in self.told.tables:
            remedy = _("Delete the file, or the table from mapping.toml.")
            self._wrong(path, _("a table that mapping.toml reads from another file"), remedy)
        elif name in self._files:
            one, other = self._name(self._files[name]), self._name(path)
            self._wrong(path, _("a second file for the same table"), _("Keep {one} or {other}.", one=one, other=other))
        else:
            self._files[name] = path
        return True

    def _consider_stranger(self, path: Path, place: str) -> None:
        """Name a file that was surely meant to be a table; list other data files as not used."""
        name, ending = _named(path.name.split(".")[0]), path.suffix.lower()
        if self._name(path) in self.told.files:
            return
        whole = ending in _OTHER_ENDINGS or _named(path.stem) == name
        if name in schema.TABLES and whole and ending in sources.ENDINGS + _OTHER_ENDINGS:
            self._misplaced(path, name, place)
        elif ending in sources.ENDINGS:
            near = difflib.get_close_matches(name, _tables_in(place), n=1, cutoff=0.8)
            same = near[0] if near else _table_of_columns(path)
            if same and same not in self.told.tables:
                rule = _("a table that is not read") if not near else _("not a table of the contract")
                remedy = _("Rename it to {file}, put its rows there, or move it into a subfolder.", file=_file(same))
                self._wrong(path, rule, remedy)
            else:
                self.notes.append(Note(self._name(path), "", _("a file of your own, not used")))

    def _misplaced(self, path: Path, name: str, place: str) -> None:
        """A table's name in the wrong folder or with an ending that is not read."""
        if schema.TABLES[name].folder != place:
            remedy = _("Move it to {file}.", file=f"{_file(name).removesuffix('.csv')}{path.suffix.lower()}")
            self._wrong(path, _("a table in the wrong folder"), remedy)
        elif name in self._files:
            self.notes.append(Note(self._name(path), "", _("a file of your own, not used")))
        else:
            self._wrong(path, _("not a kind of file that is read"), _("Save it as .csv, .xlsx or .parquet."))

    def _consider_other(self, path: Path, place: str) -> None:
        """Folders, broken links and devices where a file should be, and a misspelt folder of judgements."""
        name = _named(path.name.split(".")[0])
        likely = difflib.get_close_matches(path.name.lower(), [_JUDGEMENTS], cutoff=0.85)
        if likely and not place and not (path.is_dir() and path.name == _JUDGEMENTS):
            remedy = _("Make it a folder with the name {name}.", name=_JUDGEMENTS)
            self._wrong(path, _("a folder that is not read"), remedy)
        if name in _tables_in(place) and name not in self._files:
            rule = _("a folder where a file should be") if path.is_dir() else _("not a file that can be read")
            self._wrong(path, rule, _("Put the table there as one file: {file}.", file=_file(name)))

    def _wrong(self, path: Path, rule: str, remedy: str) -> None:
        self.problems.append(Problem(self._name(path), None, "", "", rule, remedy))

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    # --- reading them ---

    def names(self) -> dict[str, str]:
        """Table of the contract -> its file."""
        return {table: self._name(path) for table, path in self._files.items()}

    def expected(self, name: str) -> str:
        """The file in which a missing table is expected."""
        return _file(name)

    def elsewhere(self) -> str:
        """A subfolder that holds the table of regions, where this folder does not."""
        hits = sorted(self.folder.glob("*/regions.*"))
        return "" if "regions" in self._files or not hits else hits[0].parent.name

    def cells(self, name: str) -> Cells:
        """A whole table."""
        known = frozenset(map(plain, schema.TABLES[name].by_name))
        return sources.read_file(self._files[name], self.names()[name], known, sheet=name)

    def other(self, name: str, sheet: str = "") -> Cells:
        """Another file of the company, by its path within the folder."""
        cells = Cells(name)
        try:
            path = (self.folder / name).resolve()
        except (OSError, ValueError) as error:
            cells.unreadable(str(error), _("no such file"), _("Correct the file name in mapping.toml."))
            return cells
        if not path.is_relative_to(self.folder.resolve()):
            cells.unreadable("", _("a file outside the company's folder"), _("Copy it into the folder."))
        elif not path.is_file():
            cells.unreadable("", _("no such file"), _("Correct the file name in mapping.toml."))
        elif path.suffix.lower() not in sources.ENDINGS:
            cells.unreadable("", _("not a kind of file that is read"), _("Save it as .csv, .xlsx or .parquet."))
        else:
            return sources.read_file(path, name, self.told.names_in(name), sheet, stated=bool(sheet))
        return cells

    def latest(self, name: str, column: str) -> object:
        """The last moment in a date column of a Parquet file; None where the table has to be read to know."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if self._files[name].suffix.lower() != ".parquet":
            return None
        try:
            groups = pq.ParquetFile(self._files[name]).metadata
            if plain(column) not in map(plain, groups.schema.names):
                return pd.NaT
            place = groups.schema.names.index(column)
            stats = [groups.row_group(i).column(place).statistics for i in range(groups.num_row_groups)]
            moments = [stat.max for stat in stats]
        except (pa.ArrowException, OSError, ValueError, AttributeError):
            return None
        dated = moments and all(
            isinstance(moment, dt.date) and getattr(moment, "tzinfo", None) is None for moment in moments
        )
        return max(moments) if dated else None

    def slice(
        self, name: str, region: str, as_of: pd.Timestamp, regions: Iterable[str], homes: Callable[[], pd.Series]
    ) -> Cells | None:
        """One region's rows of a Parquet table; None for what has to be read whole.

        Parameters
        ----------
        regions
            The company's regions.
        homes
            Gives the company's accounts: region by account_id.
        """
        path = self._files[name]
        if path.suffix.lower() != ".parquet" or schema.TABLES[name].scope != "accounts":
            return None
        import duckdb

        try:
            return _slice_parquet(path, self.names()[name], schema.TABLES[name], region, as_of, regions, homes)
        except duckdb.Error:
            return None  # read whole, the file shows what is wrong with it


def _named(stem: str) -> str:
    return re.sub(r"[\s-]+", "_", stem.strip().lower())


def _file(table: str) -> str:
    return "/".join(part for part in (schema.TABLES[table].folder, f"{table}.csv") if part)


def _tables_in(place: str) -> list[str]:
    return [table.name for table in schema.TABLES.values() if table.folder == place]


def _table_of_columns(path: Path) -> str:
    """The table whose required columns a file's header has; empty if there is none, or the file is a workbook."""
    cells = Cells(path.name)
    if path.suffix.lower() == ".parquet":
        header = _parquet_columns(path)
    elif path.suffix.lower() == ".xlsx":
        return ""
    else:
        rows = sources.text_rows(_start_of(path), cells)
        header = next((row for _number, row in rows if any(map(str.strip, row))), [])
    names = set(map(plain, header))
    needed = {t.name: {plain(c.name) for c in t.columns if c.required} for t in schema.TABLES.values()}
    fitting = [name for name, columns in needed.items() if len(columns) > 1 and columns <= names]
    return max(fitting, key=lambda name: len(names & set(map(plain, schema.TABLES[name].by_name))), default="")


def _start_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(50_000)
    except OSError:
        return b""


def _parquet_columns(path: Path) -> list[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError):
        return []


# --- one region's rows of a Parquet file ---


def _slice_parquet(
    path: Path,
    file: str,
    table: schema.Table,
    region: str,
    as_of: pd.Timestamp,
    regions: Iterable[str],
    homes: Callable[[], pd.Series],
) -> Cells | None:
    """The rows that may belong to a region's book, with their numbers in the file, read without the others.

    None where the file cannot be cut as it stands: a column is missing or has an odd type, or a row names a region or
    an account that only a closer reading may recognise.
    """
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"SET memory_limit='{MEMORY_LIMIT}'")
        source = connection.read_parquet(str(path), file_row_number=True)
        source.create_view("source")
        kinds = dict(zip(source.columns, map(str, source.types), strict=True))
        if kinds.get("account_id") not in _ID_TYPES or kinds.get("region", "VARCHAR") != "VARCHAR":
            return None
        accounts = homes().rename_axis("account_id").rename("region").reset_index()
        connection.register("homes", accounts)
        connection.register("known", pd.DataFrame({"region": list(regions)}, dtype="str"))
        if connection.sql(_strangers("region" in kinds)).fetchall()[0][0]:
            return None
        where, values = _condition(kinds, table, region, as_of)
        kept = ", ".join(f'"{name}"' for name in kinds if name in table.by_name)
        query = f"SELECT {kept}, file_row_number FROM source WHERE {where} ORDER BY file_row_number"
        frame = typed_frame(connection.sql(query, params=values).to_arrow_table())
    frame.index = pd.Index(frame.pop("file_row_number") + 2, name="row")
    return Cells(file, frame)


_ID_TYPES = ("VARCHAR", "INTEGER", "BIGINT", "SMALLINT", "UINTEGER", "UBIGINT")
_ACCOUNT = "CAST(account_id AS VARCHAR)"


def _strangers(has_region: bool) -> str:
    """Whether any row names an account or a region that is not known letter by letter."""
    lost = f"account_id IS NOT NULL AND {_ACCOUNT} NOT IN (SELECT account_id FROM homes)"
    if has_region:
        lost += " OR region IS NOT NULL AND region NOT IN (SELECT region FROM known)"
    return f"SELECT EXISTS (SELECT 1 FROM source WHERE {lost})"


def _condition(kinds: dict[str, str], table: schema.Table, region: str, as_of: pd.Timestamp) -> tuple[str, dict]:
    mine = f"{_ACCOUNT} IN (SELECT account_id FROM homes WHERE region IN ($region, $everywhere))"
    where = f"(region = $region OR region IS NULL AND {mine})" if "region" in kinds else mine
    values: dict[str, object] = {"region": region, "everywhere": schema.ALL_REGIONS}
    if kinds.get(table.seen_from) in ("DATE", "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S"):
        where += f' AND ("{table.seen_from}" < $after OR "{table.seen_from}" IS NULL)'
        values["after"] = (as_of + pd.Timedelta(days=1)).to_pydatetime()
    return where, values
