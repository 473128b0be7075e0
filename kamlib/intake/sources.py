"""Files to cells: text, workbooks and Parquet, everything as it stands there, nothing interpreted.

Text files and workbooks become text cells; Parquet and databases keep the types they have. The index of every frame is
the row number a person sees: 1 is the header, 2 the first row of data.
"""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pandas as pd

from kamlib.edition import _
from kamlib.intake.layout import HELP_MARK, lay_out
from kamlib.intake.texts import MOST_COLUMNS, nothing, plain, text_rows
from kamlib.problems import Cells, DataError, Note, Problem

__all__ = ["ENDINGS", "HELP_MARK", "Cells", "DataError", "Note", "Problem", "plain", "read_file", "typed_frame"]

ENDINGS = (".csv", ".txt", ".tsv", ".xlsx", ".parquet")
MOST_ROWS = 1_048_576
UNPACKED_LIMIT = 600_000_000
READER_MEMORY = 2_000_000_000
READER_SECONDS = 300


def read_file(
    path: Path, name: str, known: frozenset[str] = frozenset(), sheet: str = "", *, stated: bool = False
) -> Cells:
    """The cells of a file; whatever keeps it from being read comes back as problems.

    Parameters
    ----------
    name
        How the file is called in problems.
    known
        Column names to expect, as `plain` writes them.
    sheet
        The sheet of a workbook to prefer; otherwise the first visible one that names known columns is read.
    stated
        Whether it must be this sheet.
    """
    cells = Cells(name)
    ending = path.suffix.lower()
    try:
        if ending == ".parquet":
            _read_parquet(path, cells)
        elif ending == ".xlsx":
            lay_out(_workbook_rows(path, cells, sheet, known, stated), cells, known)
        else:
            lay_out(text_rows(path.read_bytes(), cells, known), cells, known)
    except OSError as error:
        rule = _("the file cannot be read ({error})", error=error.strerror or str(error))
        cells.unreadable("", rule, _("Check that it is there, that you may read it, and that no program locks it."))
    return cells


# --- workbooks ---


def _workbook_rows(
    path: Path, cells: Cells, sheet: str, known: frozenset[str], stated: bool
) -> list[tuple[int, list[str]]]:
    """The rows of one sheet, read by a child process with limits on memory, time, rows and columns."""
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        nothing(cells)
        return []
    if start == b"\xd0\xcf\x11\xe0":
        rule = _("an old .xls workbook or one locked with a password")
        cells.unreadable("", rule, _("Save it as .xlsx without a password."))
        return []
    limits = (MOST_ROWS, MOST_COLUMNS, UNPACKED_LIMIT, READER_MEMORY)
    command = [
        sys.executable,
        "-m",
        "kamlib.intake.workbook",
        str(path),
        plain(sheet),
        " ".join(sorted(known)),
        *map(str, limits),
        *["stated"][:stated],
    ]
    try:
        child = subprocess.run(command, capture_output=True, timeout=READER_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        cells.unreadable("", _("reading takes too long"), _("Export the table as CSV."))
        return []
    if child.returncode:
        _failed(child, cells)
        return []
    answer = json.loads(child.stdout)
    for row, column, value, rule, remedy in answer["problems"]:
        cells.wrong(row, column, value, _WORKBOOK[rule](), _WORKBOOK[remedy]())
    for what, example in answer["notes"]:
        cells.note("", _WORKBOOK[what](), example=example)
    cells.partial = answer["partial"]
    return list(enumerate(answer["rows"], start=1))


def _failed(child: subprocess.CompletedProcess, cells: Cells) -> None:
    """Say why the child gave up: out of memory, or a workbook no reader understands."""
    last = child.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    if child.returncode < 0 or "MemoryError" in last:
        rule = _("the workbook needs more memory than a table should")
        cells.unreadable("", rule, _("Export the table as CSV."))
    else:
        cells.unreadable(last.partition(": ")[2][:80], _WORKBOOK["damaged"](), _WORKBOOK["export"]())


_WORKBOOK = {
    "damaged": lambda: _("not a readable .xlsx workbook"),
    "too large": lambda: _("unpacked, the workbook is larger than any table should be"),
    "too many rows": lambda: _("more rows than a table may have"),
    "too many columns": lambda: _("more columns than a table may have ({most})", most=MOST_COLUMNS),
    "merged": lambda: _("merged cells"),
    "formula": lambda: _("a formula whose result was never saved"),
    "same columns": lambda: _("another sheet with the same columns"),
    "no such sheet": lambda: _("no sheet of the name stated in mapping.toml"),
    "correct sheet": lambda: _("Correct sheet in mapping.toml; the sheets of the workbook are listed here."),
    "other sheets": lambda: _("other sheets are ignored"),
    "hidden rows": lambda: _("hidden or filtered rows are read like the others"),
    "export": lambda: _("Save it again as .xlsx, or export it as CSV."),
    "delete far": lambda: _("Delete the empty rows and columns beside the table, or export it as CSV."),
    "unmerge": lambda: _("Unmerge the cells and fill in every one."),
    "calculate": lambda: _("Open the file in a spreadsheet program and save it, or paste the values."),
    "one sheet": lambda: _("Put all rows into one sheet: only the first is read."),
}


# --- Parquet ---


def _read_parquet(path: Path, cells: Cells) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.stat().st_size:
        nothing(cells)
        return
    try:
        table = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError, ValueError) as error:
        shown = (str(error).splitlines() or [""])[0][:80]
        cells.unreadable(shown, _("not a readable Parquet file"), _("Export it again."))
        return
    for name, count in Counter(table.column_names).items():
        if count > 1:
            rule = _("two columns have the same name ({first}, {second})", first=name, second=name)
            cells.wrong(1, name, name, rule, _("Rename or delete one of them."))
    cells.frame = typed_frame(table)


def typed_frame(table) -> pd.DataFrame:
    """An Arrow table as a frame with row numbers from 2; dictionaries become plain text, decimals floats."""
    columns: dict[str, pd.Series] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        columns.setdefault(str(name), _plain_column(column))
    frame = pd.DataFrame(columns)
    frame.index = pd.RangeIndex(2, len(frame) + 2, name="row")
    return frame


def _plain_column(column) -> pd.Series:
    """An Arrow column in one of the types the parsers know: text, number, boolean, timestamp; else objects."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = kind.value_type
    if pa.types.is_decimal(kind) or pa.types.is_floating(kind):
        column = column.cast(pa.float64(), safe=False)
    elif pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        zone = getattr(kind, "tz", None)
        column = column.cast(pa.timestamp("us", zone), safe=False)
    return column.to_pandas()
