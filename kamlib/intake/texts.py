"""Text files: bytes to rows of cells. Encoding and separator are recognised, never assumed; damage is named by row.

A row is ``(number, cells)``; its number is the one a spreadsheet shows, so a cell with line breaks is one row.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter
from itertools import islice

from kamlib.edition import _
from kamlib.problems import Cells

DELIMITERS = (",", ";", "\t", "，", "|")
MOST_COLUMNS = 200
_HEADER_WITHIN = 12
_MOST_BROKEN = 50
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_TEXT = (
    (b"PK\x03\x04", ".xlsx"),
    (b"\xd0\xcf\x11\xe0", ".xls"),
    (b"PAR1", ".parquet"),
    (b"\x1f\x8b", ".gz"),
    (b"%PDF", ".pdf"),
    (b"SQLite format 3", ".sqlite"),
)
_SOUND = re.compile("[\u00c0-\u017f\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
"""Letters and hanzi that UTF-8 with a little damage still shows, and that other encodings read as UTF-8 hardly do."""
_MARKUP = re.compile(r"\s*<(!doctype|html|table|\?xml|meta)\b", re.IGNORECASE)
Row = tuple[int, list[str]]


def text_rows(raw: bytes, cells: Cells, known: frozenset[str] = frozenset()) -> list[Row]:
    """The rows of a text file; what is wrong with it is added to ``cells``.

    Parameters
    ----------
    known
        Column names to expect, as `plain` writes them; they tell the separator and the header line.
    """
    disguised = next((ending for magic, ending in _NOT_TEXT if raw.startswith(magic)), "")
    if disguised:
        rule = _("not a text file but {ending}", ending=disguised)
        cells.unreadable("", rule, _("Save it as CSV (UTF-8), or give it the ending it should have."))
        return []
    text, western = _decoded(raw, cells)
    text, cut = _without_cut(text) if not raw.endswith("\ufffd".encode()) else (text, "")
    if _MARKUP.match(text):
        rule = _("a web page (HTML), not a table")
        cells.unreadable(text[:40], rule, _("Open it in a spreadsheet program and save it as .xlsx or CSV (UTF-8)."))
        return []
    if not (text + cut).replace("\ufeff", "").strip():
        nothing(cells)
        return []
    text = _without_hint(text)
    delimiter = _delimiter(text, known)
    if delimiter != ",":
        cells.note("", _("columns separated by {mark}", mark=delimiter if delimiter != "\t" else "Tab"))
    rows = _rows(text, delimiter, cells)
    if cut:
        cells.partial = True
        cells.wrong(len(rows) + 1, "", cut[-20:], _("the file is cut off"), _("Export it again."))
    if western:
        _name_western(rows, cells)
    return rows


def _without_cut(text: str) -> tuple[str, str]:
    """The text without its last line, and that line, where it ends within a character."""
    if not text.endswith("\ufffd"):
        return text, ""
    end = max(text.rfind("\n"), text.rfind("\r")) + 1
    return text[:end], text[end:]


def nothing(cells: Cells) -> None:
    """Name a file without any content."""
    cells.unreadable("", _("the file is empty"), _("Export it again, or delete it if there is no such data."))


def plain(name: str) -> str:
    """A column name without what may differ between exports: case, width, spaces, hyphens and underscores."""
    return re.sub(r"[\s_\-\ufeff]+", "", unicodedata.normalize("NFKC", name)).casefold()


# --- encoding ---


def _decoded(raw: bytes, cells: Cells) -> tuple[str, bool]:
    """The text, and whether it is in a Western encoding that nobody can tell from its neighbours.

    Bytes that are damaged become U+FFFD, which the parsers name cell by cell.
    """
    encoding = next((encoding for mark, encoding in _MARKS if raw.startswith(mark)), "") or _bare_utf16(raw)
    if encoding.startswith(("utf-16", "utf-32")):
        cells.note("", _("read as {encoding}", encoding=encoding[:6].upper()))
    if encoding:
        return raw.decode(encoding, "replace"), False
    try:
        return raw.decode("utf-8"), False
    except UnicodeDecodeError:
        damaged = raw.decode("utf-8", "replace")
    if len(_SOUND.findall(damaged)) > damaged.count("\ufffd"):
        return damaged, False
    chinese = raw.decode("gb18030", "replace")
    if _reads_as_chinese(chinese.rstrip("\ufffd")):
        cells.note("", _("read as {encoding}", encoding="GB18030"))
        return chinese, False
    return raw.decode("cp1252", "replace").replace("\ufffd", "¿"), True


def _bare_utf16(raw: bytes) -> str:
    """The byte order of UTF-16 without its mark: ASCII characters leave a zero in every other byte."""
    head = raw[:4000]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) <= len(head) // 20 or min(even, odd) > max(even, odd) // 20:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _reads_as_chinese(text: str) -> bool:
    """Whether text decoded as GB18030 is in characters people use; Western and Big5 bytes decode to rare ones."""
    foreign = [c for c in set(text) if ord(c) > 127 and not _four_bytes(c)]
    lost = text.count("\ufffd")
    if not foreign or lost * 20 > len(re.findall("[^\x00-\x7f]", text)):
        return False
    pairs = sum(_in_pairs(c) for c in foreign)
    common = sum(_common(c) for c in foreign)
    return pairs * 3 >= len(foreign) and common * 4 >= len(foreign) * 3


def _four_bytes(character: str) -> bool:
    return character == "\ufffd" or len(character.encode("gb18030")) == 4


def _in_pairs(character: str) -> bool:
    """Whether both bytes of its GB18030 form are high, as in all of GB 2312."""
    return min(character.encode("gb18030")) > 0xA0


def _common(character: str) -> bool:
    """Frequent simplified characters and signs (GB 2312, first level), or frequent traditional ones (Big5)."""
    simplified, traditional = character.encode("gb2312", "replace"), character.encode("big5", "replace")
    return b"\xa1" <= simplified[:1] < b"\xd8" or b"\xa4" <= traditional[:1] < b"\xc7"


def _name_western(rows: list[Row], cells: Cells) -> None:
    """Name the first cell that is not ASCII, and how many there are."""
    found = [(number, place, cell) for number, row in rows for place, cell in enumerate(row) if not cell.isascii()]
    header = rows[0][1]
    for number, place, cell in found[:1]:
        column = header[place].strip() if place < len(header) else ""
        rule = _("neither UTF-8, UTF-16 nor GB18030 (GBK) text ({count} cells)", count=len(found))
        cells.wrong(number, column, cell, rule, _("Save the file as CSV UTF-8 or as .xlsx."))


# --- separators and quotation marks ---


def _without_hint(text: str) -> str:
    """The text without the line ``sep=;`` that spreadsheet programs take as a hint and do not show."""
    return re.sub(r"\A\ufeff?sep=.\r?\n", "", text, flags=re.IGNORECASE)


def _delimiter(text: str, known: frozenset[str]) -> str:
    """The separator that cuts one of the first lines into most known names, or the first line into most pieces."""
    lines = [line for line in islice(io.StringIO(text[:100_000], newline=None), 50) if line.strip()][:_HEADER_WITHIN]
    lines = lines or [text[:100_000]]

    def score(mark: str) -> tuple[int, int]:
        names = [len(known & {plain(name.strip(' "')) for name in line.split(mark)}) for line in lines]
        outside = re.sub(r'"[^"]*"', "", lines[0])
        return max(names), Counter(outside)[mark]

    return max(DELIMITERS, key=score)


def _rows(text: str, delimiter: str, cells: Cells) -> list[Row]:
    """Every row, where nothing is odd; else row by row, and on in the next line behind a broken quotation mark."""
    lines = list(io.StringIO(text, newline=""))
    style = {"delimiter": delimiter, "strict": True, "skipinitialspace": f'{delimiter} "' in text}
    reader = csv.reader(lines, **style)
    try:
        rows = list(enumerate(reader, start=1))
    except csv.Error:
        return _odd_rows(lines, style, cells)
    return rows if reader.line_num == len(rows) else _odd_rows(lines, style, cells)


def _odd_rows(lines: list[str], style: dict, cells: Cells) -> list[Row]:
    """Rows with line breaks within cells, and rows whose quotation marks are not closed, which are named."""
    rows: list[Row] = []
    start = broken = 0
    while start < len(lines) and broken < _MOST_BROKEN:
        reader = csv.reader(islice(lines, start, None), **style)
        done = 0
        try:
            for row in reader:
                rows.append((len(rows) + 1, row))
                if reader.line_num > done + 1:
                    _check_swallowed(rows[-1], lines[start + done : start + reader.line_num], style["delimiter"], cells)
                done = reader.line_num
            return rows
        except csv.Error as error:
            _name_broken(len(rows) + 1, lines[start + done].strip(), str(error), style["delimiter"], cells)
            rows.append((len(rows) + 1, []))
            start += done + 1
            broken += 1
    cells.partial = cells.partial or broken == _MOST_BROKEN
    return rows


def _name_broken(number: int, line: str, error: str, delimiter: str, cells: Cells) -> None:
    rule = _("a quotation mark is not closed ({error})", error=error)
    remedy = _('Close the quotation mark, or write a quotation mark inside a cell twice ("").')
    cells.wrong(number, "", line[:60], rule, remedy)
    cells.lost |= {cell.strip(' "') for cell in line.split(delimiter)}


def _check_swallowed(row: Row, lines: list[str], delimiter: str, cells: Cells) -> None:
    """Name a cell whose quotation marks take in whole rows: several of its lines would be a row by themselves."""
    number, found = row
    whole = [line for line in lines if line.count(delimiter) == len(found) - 1]
    if len(found) > 3 and len(whole) > 1:
        cell = next(cell for cell in found if "\n" in cell or "\r" in cell)
        cells.lost |= {piece.strip(' "\r\n') for line in lines for piece in line.split(delimiter)}
        rule = _("quotation marks that take in {count} rows", count=len(whole))
        cells.wrong(number, "", cell[:60], rule, _("Delete the quotation marks, or close them within the cell."))
