"""Rows that are no data: totals, a second line of headings, a note in a cell of its own."""

import re
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kamlib import schema
from kamlib.edition import _
from kamlib.intake.characters import NO_VALUE

_SUM_ZH = r"[合总小共累]\s*计|总\s*[和数]|汇\s*总"
_TOTAL = re.compile(rf"{_SUM_ZH}|((grand|sub)[ -]?)?totals?|sum|[∑Σ]", re.IGNORECASE)
_TOTALS = re.compile(
    rf"(本?页?({_SUM_ZH}|平\s*均值?))[:：]?.*|.*({_SUM_ZH})[:：]?|全\s*部[:：]?|[∑Σ]"
    r"|((grand|sub)[ -]?)?totals?\b[: ]?.*|.*\btotals?:?|sum:?|average:?",
    re.IGNORECASE,
)
_MAYBE_TOTALS = r"(?i)计|总|平|全|[∑Σ]|total|sum|average"
_COUNTED = ("integer", "number", "money", "share", "year")
_MEASURED = (*_COUNTED, "date", "month")
_FEWEST_NEEDED = 3


@dataclass(frozen=True)
class Stray:
    """Why a row is no data, and which cell says so; no column: the row as a whole, shown by ``value``."""

    column: str
    rule: str
    what_to_do: str
    value: str | None = None


def stray_rows(text: pd.DataFrame, table: schema.Table) -> dict[int, Stray]:
    """Rows of a table's cells that are to be named once and left out of every further check."""
    needed = [column.name for column in table.columns if column.required and column.name in text]
    return _titles(text, table) | _nearly_blank(text, table, needed) | _totals(text, table, needed)


def _sum_row(column: str) -> Stray:
    return Stray(column, _("a row of totals"), _("Delete the row: totals are computed."))


# --- rows with the word for a sum ---


def _totals(text: pd.DataFrame, table: schema.Table, needed: list[str]) -> dict[int, Stray]:
    found: dict[int, Stray] = {}
    for column in table.columns:
        if column.kind != "category" and column.name in text:
            for row, cell in _labels(text[column.name]).items():
                others = [_filled(text.at[row, name]) for name in needed if name != column.name]
                if _sums(cell.strip(), column, others, table):
                    found.setdefault(int(row), _sum_row(column.name))
    return found


def _labels(cells: pd.Series) -> pd.Series:
    """The cells that may label a row of totals."""
    if not isinstance(cells.dtype, pd.StringDtype):
        return cells[:0]
    maybe = pc.match_substring_regex(pa.array(cells.fillna("")), _MAYBE_TOTALS).to_numpy(zero_copy_only=False)
    words = [cell for cell in cells[maybe.astype(bool)].unique() if _TOTALS.fullmatch(cell.strip())]
    return cells[cells.isin(words)] if words else cells[:0]


def _sums(cell: str, column: schema.Column, others: list[bool], table: schema.Table) -> bool:
    """Whether a cell labels a row of totals: by its word, and by the required cells beside it that stay blank."""
    names_rows = (column.kind == "id" and column.required) or column.name in table.key
    if names_rows and _TOTAL.fullmatch(cell):
        return not (cell.isascii() and all(others))
    return bool(_TOTALS.fullmatch(cell)) and others.count(False) * 2 >= max(len(others), 1)


def _filled(cell: object) -> bool:
    return cell is not None and cell == cell and str(cell).strip() != ""


# --- rows in which next to nothing stands ---


def _nearly_blank(text: pd.DataFrame, table: schema.Table, needed: list[str]) -> dict[int, Stray]:
    """Sums without a word for them, and notes: of the required cells at most one is filled."""
    if len(needed) < _FEWEST_NEEDED or text.empty:
        return {}
    count = sum((text[name].notna() & (text[name] != "")).astype(int) for name in needed)
    found = {}
    for row in text.index[count <= _count_of_numbers(table, needed)]:
        filled = [name for name in text if _filled(text.at[row, name])]
        numbers = [name for name in filled if table[name].kind in _COUNTED]
        if numbers and not [name for name in needed if name in filled and name not in numbers]:
            found[int(row)] = _sum_row(numbers[0])
        elif len(filled) == 1:
            rule, remedy = _("a row with a single cell"), _("Delete the row, or fill it in: a table holds no notes.")
            found[int(row)] = Stray(filled[0], rule, remedy)
    return found


def _count_of_numbers(table: schema.Table, needed: list[str]) -> int:
    return max(sum(table[name].kind in _COUNTED for name in needed), 1)


# --- a second line of headings ---


def _titles(text: pd.DataFrame, table: schema.Table) -> dict[int, Stray]:
    """The first row, where words stand in its columns of numbers and dates."""
    if text.empty:
        return {}
    cells = {name: text[name].iloc[0] for name in text}
    said = [cells[name] for name in text if table[name].kind in _MEASURED and _filled(cells[name])]
    if len(said) < 2 or not all(isinstance(cell, str) and _is_word(cell.strip()) for cell in said):
        return {}
    shown = " | ".join(str(cell).strip() for cell in cells.values() if _filled(cell))[:80]
    rule, remedy = _("a second line of headings"), _("Delete the row: the header is one row.")
    return {int(text.index[0]): Stray("", rule, remedy, shown)}


def _is_word(cell: str) -> bool:
    return bool(re.search(r"[^\W\d_]", cell)) and not re.search(r"\d|^#", cell) and cell.lower() not in NO_VALUE
