"""Rows of text cells to a frame: which row is the header, which rows do not fit under it."""

from collections import Counter

import pandas as pd

from kamlib.edition import _
from kamlib.intake.texts import MOST_COLUMNS, Row, nothing, plain
from kamlib.problems import Cells

HELP_MARK = "#help"
"""First cell of the row of help that ``kam new`` writes below the header; that row is skipped."""
_HEADER_WITHIN = 12


def lay_out(rows: list[Row], cells: Cells, known: frozenset[str] = frozenset()) -> None:
    """Fill ``cells.frame`` from rows; lines above the header, odd headers and ragged rows become problems."""
    filled = [(number, row) for number, row in rows if row and (row[0].strip() or any(map(str.strip, row)))]
    if not filled:
        if not cells.problems:
            nothing(cells)
        return
    at = _header_at(filled, known)
    for number, row in filled[:at]:
        shown = next(cell for cell in row if cell.strip())
        rule = _("a line above the header")
        cells.wrong(number, "", shown[:80], rule, _("Delete the line: the header is the first row of a table."))
    top, raw_header = filled[at]
    header, body = [clean(cell) for cell in raw_header], filled[at + 1 :]
    if len(header) > MOST_COLUMNS and any(header[MOST_COLUMNS:]):
        rule = _("more columns than a table may have ({most})", most=MOST_COLUMNS)
        cells.wrong(top, header[MOST_COLUMNS], len(header), rule, _("Delete the columns that no report needs."))
        header = header[:MOST_COLUMNS]
        body = [(number, row[:MOST_COLUMNS]) for number, row in body]
    _check_header(header, top, body, cells, known)
    blank = (body[-1][0] if body else top) - top - len(body)
    if blank:
        cells.note("", _("blank rows skipped"), blank)
    _fill(header, _without_help(body, cells), cells)


def clean(name: str) -> str:
    """A column name as it stands, without spaces and marks at its ends."""
    return name.strip().strip("\ufeff").strip()


def _header_at(filled: list[Row], known: frozenset[str]) -> int:
    """Which row is the header: the first, or one shortly below it that names the columns the first does not."""
    counts = [len(known & set(map(plain, row))) for _number, row in filled[:_HEADER_WITHIN]]
    return counts.index(max(counts)) if counts[0] < 2 <= max(counts) else 0


def _check_header(header: list[str], top: int, body: list[Row], cells: Cells, known: frozenset[str]) -> None:
    seen: dict[str, str] = {}
    counts = Counter(plain(name) for name in header)
    for name in header:
        same = plain(name)
        if name and same in seen and (same in known or not known):
            rule = _("two columns have the same name ({first}, {second})", first=seen[same], second=name)
            cells.wrong(top, name, name, rule, _("Rename or delete one of them."))
        seen.setdefault(same, name)
    if counts[""] and (not known or known & set(counts)):
        for position in (p for p, name in enumerate(header) if not name):
            shown = next((row[position] for _n, row in body if len(row) > position and row[position].strip()), "")
            if shown:
                rule = _("column {position} has no name", position=position + 1)
                cells.wrong(top, "", shown, rule, _("Name the column in the header, or delete it."))


def _without_help(body: list[Row], cells: Cells) -> list[Row]:
    if body and body[0][1][0].strip().startswith(HELP_MARK):
        cells.note("", _("row of help skipped"))
        return body[1:]
    return body


def _fill(header: list[str], body: list[Row], cells: Cells) -> None:
    """The rows that fit under the header become the frame; the others are named."""
    width = max((place + 1 for place, name in enumerate(header) if name), default=0)
    columns = _columns(body, width)
    if {len(row) for _number, row in body} - {len(header)} or (header and header[0] in (columns or [()])[0]):
        body = _fitting(header, body, width, cells)
        columns = _columns(body, width)
    index = pd.Index([number for number, _row in body], dtype="int64", name="row")
    named: dict[str, pd.Series] = {}
    for name, column in zip(header, columns, strict=False):
        if name and name not in named:
            named[name] = pd.Series(column, index=index, dtype="str")
    cells.frame = pd.DataFrame(named, index=index)


def _columns(body: list[Row], width: int) -> list[tuple[str, ...]]:
    return list(zip(*(row for _number, row in body), strict=False))[:width] or [()] * width


def _fitting(header: list[str], body: list[Row], width: int, cells: Cells) -> list[Row]:
    good: list[Row] = []
    for number, row in body:
        if len(row) < width or (len(row) > len(header) and any(map(str.strip, row[len(header) :]))):
            _ragged(number, row, width, cells)
        elif row[0].strip() == header[0] and [clean(cell) for cell in row[:width]] == header[:width]:
            rule = _("the header again, in the middle of the table")
            cells.wrong(number, header[0], row[0], rule, _("Delete the row."))
        else:
            good.append((number, row[:width]))
    return good


def _ragged(number: int, row: list[str], width: int, cells: Cells) -> None:
    found = max(place + 1 for place, cell in enumerate(row) if cell.strip() or place < width)
    rule = _("{found} cells where the header has {expected}", found=found, expected=width)
    remedy = _("Give the row one cell for each column; put a cell that contains the separator in quotation marks.")
    cells.wrong(number, "", " | ".join(row)[:80], rule, remedy)
    cells.lost |= {cell.strip() for cell in row}
