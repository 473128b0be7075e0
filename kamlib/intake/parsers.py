"""Columns of text to values, strictly: what has one meaning is accepted and conversions listed, the rest is refused.

A parser works on the distinct texts of a column, so a million cells cost as much as their distinct values; and plain
cells, which are nearly all, never reach it.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kamlib.edition import _
from kamlib.intake import characters
from kamlib.intake.amounts import LARGEST, not_whole, number_reader, too_large
from kamlib.intake.characters import Converted, Refusal, all_lost, clean, half, tidied, unreadable
from kamlib.intake.dates import EARLIEST, LATEST, UNDECIDED, DateReader, MonthReader, outside
from kamlib.schema import Column

_SHORTENED = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)
_AS_TEXT = re.compile(r"=\"(.+)\"|'(\d+)")
_PLAIN = dict.fromkeys(("integer", "year"), r"^-?\d{1,15}$")
_PLAIN_NUMBER = r"^-?\d{1,15}(\.\d{1,12})?$"
_EXACT = 2**53


@dataclass
class Parsed:
    """A column after parsing: its values, the cells refused by row, and what was converted."""

    values: pd.Series
    refused: dict[int, Refusal] = field(default_factory=dict)
    silent: set[int] = field(default_factory=set)
    """Rows left blank because of a problem that is named once, at another row."""
    notes: dict[str, tuple[int, str]] = field(default_factory=dict)
    """What was converted -> (cells, an example)."""

    def note(self, what: str, cells: int, example: object) -> None:
        """Count cells that were converted."""
        before, first = self.notes.get(what, (0, str(example)))
        self.notes[what] = (before + cells, first)


def parse(
    cells: pd.Series, column: Column, *, currencies: frozenset[str] = frozenset(), date_format: str = ""
) -> Parsed:
    """The values of a column, by the kind the contract gives it.

    Parameters
    ----------
    cells
        Text; a column that is already typed (Parquet, database) is checked and converted to the kind's own type.
    currencies
        Currencies of the company: a money cell that names another one is refused.
    date_format
        ``strptime`` format stated in ``mapping.toml``; without it an ambiguous day/month order is refused.
    """
    if not isinstance(cells.dtype, pd.StringDtype):
        return _typed(cells, column, currencies, date_format)
    cells = cells.fillna("")
    if column.kind in ("integer", "number", "money", "share", "year"):
        return _around(_plain_numbers(cells, column), cells, column, currencies)
    if column.kind in ("id", "text"):
        odd = pc.match_substring_regex(pa.array(cells), characters.ODD).to_numpy(zero_copy_only=False).astype(bool)
        return _around(cells.where((cells != "") & ~odd, None), cells, column)
    return _by_distinct(cells, column, currencies, date_format)


def texts(cells: pd.Series) -> pd.Series:
    """A typed column as the texts a person would type."""
    if isinstance(cells.dtype, pd.StringDtype):
        return cells.fillna("")
    return cells.map(as_text, na_action="ignore").fillna("").astype("str")


def _plain_numbers(cells: pd.Series, column: Column) -> pd.Series:
    """The cells that are plain numbers; NaN for the others."""
    plain = pc.match_substring_regex(pa.array(cells), _PLAIN.get(column.kind, _PLAIN_NUMBER))
    plain = plain.to_numpy(zero_copy_only=False).astype(bool)
    return pd.to_numeric(cells.where(plain, None), errors="raise").astype("float64")


def _around(values: pd.Series, cells: pd.Series, column: Column, currencies: frozenset[str] = frozenset()) -> Parsed:
    """Plain values as they are; the remaining cells that are not blank are read one by one."""
    rest = values.isna().to_numpy() & (cells != "").to_numpy()
    if not rest.any():
        return Parsed(values)
    parsed = _by_distinct(cells[rest], column, currencies)
    read, parsed.values = parsed.values, values.copy()
    parsed.values[rest] = read
    return parsed


def _by_distinct(
    cells: pd.Series, column: Column, currencies: frozenset[str] = frozenset(), date_format: str = ""
) -> Parsed:
    """Read every distinct text once."""
    codes, distinct = pd.factorize(cells)
    counts = np.bincount(codes, minlength=len(distinct))
    originals = [str(text) for text in distinct]
    cleaner = clean if column.kind == "text" else half
    tidy = [cleaner(text) for text in originals]
    reader = _reader(column, currencies, date_format, tidy)
    parsed = Parsed(cells)
    values: list[object] = []
    refused: dict[int, Refusal] = {}
    undecided: list[int] = []
    for code, (raw, text, count) in enumerate(zip(originals, tidy, counts, strict=True)):
        value = _value(raw, text, column, reader)
        if isinstance(value, Converted):
            parsed.note(value.what, int(count), raw)
            value = value.value
        elif isinstance(value, Refusal):
            refused[code] = value
        elif value is UNDECIDED:
            undecided.append(code)
        values.append(None if isinstance(value, Refusal) or value is UNDECIDED else value)
    if refused:
        hit = np.isin(codes, list(refused))
        parsed.refused = {int(row): refused[code] for row, code in zip(cells.index[hit], codes[hit], strict=True)}
    parsed.silent = set(map(int, cells.index[np.isin(codes, undecided)]))
    _name_whole(parsed, cells, tidy, codes, getattr(reader, "whole", None))
    parsed.values = _series(values, column.kind).take(codes).set_axis(cells.index)
    return parsed


def _name_whole(
    parsed: Parsed, cells: pd.Series, tidy: list[str], codes: np.ndarray, whole: tuple[str, Refusal] | None
) -> None:
    """Put a problem of the column as a whole at the first row that shows it."""
    if whole:
        text, refusal = whole
        row = int(cells.index[codes == tidy.index(text)][0])
        parsed.refused[row] = refusal


def _value(raw: str, text: str, column: Column, reader: Callable[[str], object]) -> object:
    """What a cell means: a value, `Converted`, or a `Refusal`."""
    if not text:
        return None
    if text.lower() in _nothing(column):
        return Converted(None, _("read as blank"))
    if bad := unreadable(raw) or unreadable(text) or (column.required and all_lost(text, column.kind)):
        return bad
    value = reader(text)
    if text == raw or isinstance(value, (Converted, Refusal)) or value is UNDECIDED:
        return value
    return Converted(value, tidied(raw, text))


def _nothing(column: Column) -> frozenset[str]:
    if column.kind == "text":
        return characters.DASHES if column.required else characters.NOTHING
    return characters.NOTHING if column.kind in ("id", "period") else characters.NO_VALUE


def _reader(column: Column, currencies: frozenset[str], date_format: str, tidy: list[str]) -> Callable[[str], object]:
    if column.kind == "date":
        return DateReader(column, date_format, tidy)
    if column.kind == "month":
        return MonthReader(column, date_format, tidy)
    if column.kind == "category":
        return _category_reader(column)
    readers = {"text": lambda text: text, "id": _read_id, "period": _read_period, "year": _year_reader(column)}
    return readers.get(column.kind) or number_reader(column, currencies)


def _series(values: list[object], kind: str) -> pd.Series:
    if kind in ("date", "month"):
        return pd.Series(pd.array(values, dtype="datetime64[us]")) if values else pd.Series([], dtype="datetime64[us]")
    if kind in ("id", "text", "category", "period"):
        return pd.Series(values, dtype="str")
    return pd.Series(values, dtype="float64")


# --- identifiers, categories, periods ---


def _read_id(text: str) -> object:
    if _SHORTENED.fullmatch(text):
        rule = _("a spreadsheet has shortened this number")
        return Refusal(rule, _("Format the column as text in the spreadsheet, put the full number back, export again."))
    if re.search(r"[\r\n\t]", text):
        return Refusal(_("a line break or tab in an identifier"), _("Delete it; check the quotation marks around it."))
    if found := _AS_TEXT.fullmatch(text):
        return Converted(found[1] or found[2], _("a spreadsheet's mark for text removed"))
    return text


def _category_reader(column: Column) -> Callable[[str], object]:
    known = {_folded(value): value for value in column.allowed}

    def read(text: str) -> object:
        same = known.get(_folded(text))
        return text if text in column.allowed or not same else Converted(same, _("upper and lower case made equal"))

    return read


def _folded(text: str) -> str:
    return re.sub(r"[\s_-]+", "_", text.casefold())


def _year_reader(column: Column) -> Callable[[str], object]:
    number = number_reader(column, frozenset())

    def read(text: str) -> object:
        bare = re.sub(r"\s*年$", "", text)
        value = number(bare)
        return Converted(value, _("a year written with 年")) if bare != text and isinstance(value, float) else value

    return read


def _read_period(text: str) -> object:
    if re.fullmatch(r"(19|20)\d{2}(-Q[1-4]|-(0[1-9]|1[0-2]))?", text, re.ASCII):
        return text
    for pattern, shape in _PERIODS:
        if found := re.fullmatch(pattern, text.upper(), re.ASCII):
            return Converted(shape(*found.groups()), _("a period written another way"))
    return Refusal(_("not a period"), _("Write a year 2024, a quarter 2024-Q1 or a month 2024-01."))


_QUARTER = {"一": "1", "二": "2", "三": "3", "四": "4"}
_PERIODS = (
    (r"((?:19|20)\d{2})(?:\s*年|\.0)", lambda y: y),
    (r"((?:19|20)\d{2})[-/. ]?Q([1-4])", lambda y, q: f"{y}-Q{q}"),
    (r"Q([1-4])[-/. ]?((?:19|20)\d{2})", lambda q, y: f"{y}-Q{q}"),
    (r"((?:19|20)\d{2})\s*年\s*第?([1-4一二三四])季度", lambda y, q: f"{y}-Q{_QUARTER.get(q, q)}"),
    (r"((?:19|20)\d{2})\s*年\s*Q([1-4])", lambda y, q: f"{y}-Q{q}"),
    (r"((?:19|20)\d{2})[-/.]?(1[0-2]|0[1-9])", lambda y, m: f"{y}-{int(m):02d}"),
    (r"((?:19|20)\d{2})[-/.]([1-9])", lambda y, m: f"{y}-{int(m):02d}"),
    (r"((?:19|20)\d{2})\s*年\s*(1[0-2]|0?[1-9])\s*月", lambda y, m: f"{y}-{int(m):02d}"),
)


# --- columns that are typed already ---


def _typed(cells: pd.Series, column: Column, currencies: frozenset[str], date_format: str) -> Parsed:
    if column.kind in ("date", "month") and pd.api.types.is_datetime64_any_dtype(cells.dtype):
        return _typed_dates(cells, column)
    numeric = pd.api.types.is_numeric_dtype(cells.dtype) and not pd.api.types.is_bool_dtype(cells.dtype)
    if numeric and column.kind in ("integer", "number", "money", "share", "year"):
        return _typed_numbers(cells, column)
    if cells.dtype == object or not numeric:
        strange = cells.map(lambda value: isinstance(value, (bytes, dict, list, tuple, set, np.ndarray)))
        if strange.any():
            return _strange(cells, column, strange.to_numpy(dtype=bool))
    parsed = parse(texts(cells), column, currencies=currencies, date_format=date_format)
    if numeric and column.kind == "id" and cells.dtype.kind == "f":
        _refuse_rounded(parsed, cells)
    return parsed


def _strange(cells: pd.Series, column: Column, strange: np.ndarray) -> Parsed:
    refusal = Refusal(_("neither text, number nor date"), _("Write the column as text, number or date."))
    rows = {int(row): refusal for row in cells.index[strange]}
    blank = _series([None] * len(cells), column.kind).set_axis(cells.index)
    return Parsed(blank, rows, set(map(int, cells.index[~strange])))


def _refuse_rounded(parsed: Parsed, cells: pd.Series) -> None:
    """Identifiers kept as floating-point numbers lose their last digits from 2**53 on."""
    lost = cells.abs() >= _EXACT
    refusal = Refusal(_("a number too long to be kept exactly"), _("Write the identifiers as text."))
    parsed.refused |= {int(row): refusal for row in cells.index[lost.fillna(False).to_numpy(dtype=bool)]}


def as_text(value: object) -> str:
    """A typed value as the text a person would type."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).removesuffix(" 00:00:00") if isinstance(value, dt.date) else str(value)


def _typed_dates(cells: pd.Series, column: Column) -> Parsed:
    moments = (cells.dt.tz_localize(None) if cells.dt.tz is not None else cells).astype("datetime64[us]")
    days = moments.dt.normalize()
    wrong = (days < pd.Timestamp(EARLIEST)) | (days > pd.Timestamp(LATEST))
    parsed = Parsed(days.mask(wrong), {int(row): outside() for row in days.index[wrong]})
    if cells.dt.tz is not None:
        parsed.note(_("days by the clock of {zone}", zone=str(cells.dt.tz)), int(days.notna().sum()), "")
    if (timed := (moments != days) & moments.notna()).any():
        parsed.note(_("the time of day left out"), int(timed.sum()), moments[timed].iloc[0])
    if column.kind == "month":
        firsts = parsed.values.dt.to_period("M").dt.to_timestamp().astype("datetime64[us]")
        if (within := (firsts != parsed.values) & firsts.notna()).any():
            parsed.note(_("the month of a date"), int(within.sum()), as_text(parsed.values[within].iloc[0]))
        parsed.values = firsts
    return parsed


def _typed_numbers(cells: pd.Series, column: Column) -> Parsed:
    values = cells.astype("float64")
    parsed = Parsed(values)
    infinite, large = np.isinf(values), values.abs() >= LARGEST
    broken = (
        values.notna() & (values % 1 != 0) if column.kind in ("integer", "year") else pd.Series(False, values.index)
    )
    no_number = Refusal(_("not a number"), _("Correct the division by zero it comes from, or leave the cell blank."))
    for wrong, refusal in ((broken, not_whole()), (large, too_large()), (infinite, no_number)):
        parsed.refused |= {int(row): refusal for row in values.index[wrong]}
    parsed.values = values.mask(infinite | large | broken)
    return parsed
