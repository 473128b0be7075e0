"""Where tables stand: files of a folder, or a database. Everything comes out as it stands, nothing is interpreted.

Text files and workbooks become text cells; Parquet and databases keep the types they have. The index of every frame is
the row number a person sees: 1 is the header, 2 the first row of data.
"""

import codecs
import csv
import io
import json
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from kamlib.edition import _

ENDINGS = (".csv", ".txt", ".tsv", ".xlsx", ".parquet")
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "，": "full-width comma", "|": "bar"}
MOST_ROWS = 1_048_576
MOST_COLUMNS = 200
UNPACKED_LIMIT = 600_000_000
READER_MEMORY = 2_000_000_000
READER_SECONDS = 300
_SHOWN = 10
HELP_MARK = "#help"
"""First cell of the row of help that ``kam new`` writes below the header; that row is skipped."""


@dataclass(frozen=True)
class Problem:
    """One thing that must be mended before anything runs."""

    file: str
    row: int | None
    column: str
    value: str
    rule: str
    what_to_do: str

    def __str__(self) -> str:
        where = [self.file]
        if self.row is not None:
            where.append(_("row {row}", row=self.row))
        if self.column:
            where.append(self.column)
        shown = f" {self.value!r}" if self.value else ""
        return f"{', '.join(where)}: {self.rule}{shown}. {self.what_to_do}"


class DataError(ValueError):
    """The data cannot be used as it is; ``problems`` says where and what to do."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = list(problems)
        shown = "\n".join(str(problem) for problem in self.problems[:_SHOWN])
        more = len(self.problems) - _SHOWN
        super().__init__(shown + (_("\n… and {more} more.", more=more) if more > 0 else ""))


@dataclass(frozen=True)
class Note:
    """Something accepted after a conversion, listed so that nothing happens silently."""

    file: str
    column: str
    what: str
    cells: int = 1
    example: str = ""


@dataclass
class Cells:
    """A table as it stands in its file: ``frame`` has the file's own column names and row numbers."""

    file: str
    frame: pd.DataFrame
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def wrong(self, row: int | None, column: str, value: object, rule: str, what_to_do: str) -> None:
        """Add a problem of this file."""
        self.problems.append(Problem(self.file, row, column, str(value), rule, what_to_do))

    def note(self, column: str, what: str, cells: int = 1, example: object = "") -> None:
        """Add a note on this file."""
        self.notes.append(Note(self.file, column, what, cells, str(example)))


def read_file(path: Path, name: str) -> Cells:
    """The cells of a file; ``name`` is how it is called in problems. Unreadable files come back as problems."""
    cells = Cells(name, pd.DataFrame())
    ending = path.suffix.lower()
    if ending == ".parquet":
        _read_parquet(path, cells)
    elif ending == ".xlsx":
        _lay_out(_workbook_rows(path, cells), cells)
    else:
        _lay_out(_text_rows(path.read_bytes(), cells), cells)
    return cells


# --- text files ---


def _text_rows(raw: bytes, cells: Cells) -> list[list[str]]:
    text = _decoded(raw, cells)
    if not text.strip():
        if not cells.problems:
            cells.wrong(
                None, "", "", _("the file is empty"), _("Export it again, or delete it if there is no such data.")
            )
        return []
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        cells.wrong(line, "", "NUL", _("not a text file"), _("Export it again as CSV (UTF-8) or as .xlsx."))
        return []
    delimiter = _delimiter(text)
    if delimiter != ",":
        cells.note("", _("columns separated by {mark}", mark=DELIMITERS[delimiter]))
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        row, start = _broken_quote(text, delimiter)
        cells.wrong(row, "", start, _("a quotation mark is not closed ({error})", error=str(error)), _QUOTES())
        return []


def _QUOTES() -> str:  # noqa: N802
    return _('Close the quotation mark, or write a quotation mark inside a cell twice ("").')


def _broken_quote(text: str, delimiter: str) -> tuple[int, str]:
    """The row in which strict reading fails, and how its line begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    row = 0
    try:
        for row, _cells in enumerate(reader, start=1):  # noqa: B007
            pass
    except csv.Error:
        row += 1
    lines = text.splitlines()
    return row, lines[min(row, len(lines)) - 1][:60]


def _decoded(raw: bytes, cells: Cells) -> str:
    """The text of a file in UTF-8, UTF-16 or GB18030; another encoding is a problem, never mojibake."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if raw.startswith(mark):
            if encoding == "utf-16":
                cells.note("", _("read as {encoding}", encoding="UTF-16"))
            return _strictly(raw, encoding, cells)
    if raw[:200].count(0) > len(raw[:200]) // 4:
        encoding = "utf-16-le" if raw[1:2] == b"\0" else "utf-16-be"
        cells.note("", _("read as {encoding}", encoding="UTF-16"))
        return _strictly(raw, encoding, cells)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        broken = error
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        text = ""
    if text and _reads_as_chinese(text):
        cells.note("", _("read as {encoding}", encoding="GB18030"))
        return text
    line = raw[: broken.start].count(b"\n") + 1
    shown = raw[broken.start : broken.start + 4].hex(" ")
    cells.wrong(
        line,
        "",
        shown,
        _("neither UTF-8, UTF-16 nor GB18030 (GBK) text"),
        _("Save the file as CSV UTF-8 or as .xlsx."),
    )
    return ""


def _strictly(raw: bytes, encoding: str, cells: Cells) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        what = _("the file is cut off or damaged")
        cells.wrong(line, "", raw[error.start : error.start + 4].hex(" "), what, _("Export it again."))
        return ""


def _reads_as_chinese(text: str) -> bool:
    """Whether text decoded as GB18030 is in common characters; Western bytes decode to rare ones."""
    foreign = [c for c in set(text) if ord(c) > 127]
    common = sum(_encodable(c) for c in foreign)
    return common >= 0.9 * len(foreign)


def _encodable(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _delimiter(text: str) -> str:
    """The delimiter of the header line: the one that cuts it into most pieces outside quotation marks."""
    header = re.sub(r'"[^"]*"', "", next(line for line in text.splitlines() if line.strip()))
    counts = Counter(c for c in header if c in DELIMITERS)
    return max(DELIMITERS, key=lambda mark: counts[mark])


# --- workbooks ---


def _workbook_rows(path: Path, cells: Cells) -> list[list[str]]:
    """The rows of the first visible sheet, read by a child process with limits on memory, time, rows and columns."""
    if path.read_bytes()[:4] == b"\xd0\xcf\x11\xe0":
        rule = _("an old .xls workbook or one locked with a password")
        cells.wrong(None, "", path.suffix, rule, _("Save it as .xlsx without a password."))
        return []
    limits = (MOST_ROWS, MOST_COLUMNS, UNPACKED_LIMIT, READER_MEMORY)
    command = [sys.executable, "-m", "kamlib.workbook", str(path), *map(str, limits)]
    try:
        child = subprocess.run(command, capture_output=True, timeout=READER_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        cells.wrong(None, "", path.suffix, _("reading takes too long"), _("Export the table as CSV."))
        return []
    if child.returncode:
        rule = _("the workbook needs more memory than a table should")
        cells.wrong(None, "", path.suffix, rule, _("Export the table as CSV."))
        return []
    answer = json.loads(child.stdout)
    for row, column, value, rule, remedy in answer["problems"]:
        cells.wrong(row, column, value, _WORKBOOK[rule](), _WORKBOOK[remedy]())
    for what, example in answer["notes"]:
        cells.note("", _WORKBOOK[what](), example=example)
    return answer["rows"]


_WORKBOOK = {
    "damaged": lambda: _("not a readable .xlsx workbook"),
    "too large": lambda: _("unpacked, the workbook is larger than any table should be"),
    "too many rows": lambda: _("more rows than a table may have"),
    "too many columns": lambda: _("more columns than a table may have"),
    "merged": lambda: _("merged cells"),
    "formula": lambda: _("a formula whose result was never saved"),
    "other sheets": lambda: _("other sheets are ignored"),
    "hidden rows": lambda: _("hidden or filtered rows are read like the others"),
    "export": lambda: _("Save it again as .xlsx, or export it as CSV."),
    "delete far": lambda: _("Delete the empty rows and columns beside the table, or export it as CSV."),
    "unmerge": lambda: _("Unmerge the cells and fill in every one."),
    "calculate": lambda: _("Open the file in a spreadsheet program and save it, or paste the values."),
}


# --- Parquet ---


def _read_parquet(path: Path, cells: Cells) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(path).read()
    except (pa.ArrowInvalid, OSError) as error:
        shown = str(error).splitlines()[0][:80]
        cells.wrong(None, "", shown, _("not a readable Parquet file"), _("Export it again."))
        return
    cells.frame = typed_frame(table)


def typed_frame(table) -> pd.DataFrame:
    """An Arrow table as a frame with row numbers from 2; dictionaries become plain text, decimals floats."""
    import pyarrow as pa

    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        kind = column.type
        if pa.types.is_dictionary(kind):
            column = column.cast(kind.value_type)
        elif pa.types.is_decimal(kind):
            column = column.cast(pa.float64())
        elif pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            column = column.cast(pa.timestamp("us"))
        columns[name] = column.to_pandas()
    frame = pd.DataFrame(columns)
    frame.index = pd.RangeIndex(2, len(frame) + 2, name="row")
    return frame


# --- from rows to a frame ---


def _lay_out(rows: list[list[str]], cells: Cells) -> None:
    """Header and body of a text table; ragged rows, blank headers and repeated headers are problems."""
    numbered = [(number, row) for number, row in enumerate(rows, start=1) if any(cell.strip() for cell in row)]
    if not numbered:
        if rows and not cells.problems:
            cells.wrong(
                None, "", "", _("the file is empty"), _("Export it again, or delete it if there is no such data.")
            )
        return
    top, header = numbered[0]
    header = [_name(cell) for cell in header]
    body = numbered[1:]
    width = max((i + 1 for i, name in enumerate(header) if name), default=0)
    _check_header(header[:width], top, body, cells)
    blank = (body[-1][0] if body else top) - top - len(body)
    if blank:
        cells.note("", _("blank rows skipped"), blank)
    body = _without_help(body, cells)
    good = []
    for number, row in body:
        if len(row) < width or any(cell.strip() for cell in row[width:]):
            shown = " | ".join(row)[:80]
            rule = _("{found} cells where the header has {expected}", found=len(row), expected=width)
            cells.wrong(number, "", shown, rule, _RAGGED())
        elif [_name(cell) for cell in row[:width]] == header[:width]:
            rule, remedy = _("the header again, in the middle of the table"), _("Delete the row.")
            cells.wrong(number, "", row[0], rule, remedy)
        else:
            good.append((number, row[:width]))
    columns = list(zip(*(row for _number, row in good), strict=True)) or [()] * width
    index = pd.Index([number for number, _row in good], dtype="int64", name="row")
    named = [(name, column) for name, column in zip(header, columns, strict=False) if name]
    cells.frame = pd.DataFrame(
        {name: pd.Series(column, index=index, dtype="str") for name, column in named}, index=index
    )


def _RAGGED() -> str:  # noqa: N802
    return _("Give the row one cell for each column; put a cell that contains the separator in quotation marks.")


def _name(header: str) -> str:
    return unicodedata.normalize("NFKC", header).strip().strip("\ufeff")


def _check_header(header: list[str], top: int, body: list, cells: Cells) -> None:
    for name, count in Counter(name for name in header if name).items():
        if count > 1:
            rule = _("two columns have the same name")
            cells.wrong(top, name, name, rule, _("Rename or delete one of them."))
    for position, name in enumerate(header):
        if not name and any(len(row) > position and row[position].strip() for _number, row in body):
            shown = next(row[position] for _number, row in body if len(row) > position and row[position].strip())
            rule = _("column {position} has no name", position=position + 1)
            cells.wrong(top, "", shown, rule, _("Name the column in the header, or delete it."))


def _without_help(body: list, cells: Cells) -> list:
    if body and body[0][1][0].strip().startswith(HELP_MARK):
        cells.note("", _("row of help skipped"))
        return body[1:]
    return body
