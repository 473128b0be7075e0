"""Text to values, strictly: each parser accepts what has one meaning, lists what it converted, refuses the rest.

A parser works on the distinct texts of a column, so a million cells cost as much as their distinct values.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kamlib.edition import _
from kamlib.schema import Column

Value = object
Refused = tuple[str, str]
"""(rule, what to do) for a text that cannot be accepted."""

_NOTHING = {"-", "--", "---", "—", "——", "–", "n/a", "null", "（空）", "(blank)"}
_NO_NUMBER = _NOTHING | {"na", "none", "nan", "无", "空", "/"}
_SHEET_ERRORS = re.compile(r"#(N/A|REF!|DIV/0!|VALUE!|NAME\?|NULL!|NUM!|SPILL!|CALC!)|#+")
_GARBLED = re.compile("[\ufffd]|锟斤拷|烫烫烫|鐨�")
_CP1252 = bytes(b for b in range(128, 160) if b not in (129, 141, 143, 144, 157)).decode("cp1252")
_TWICE = re.compile(f"[\u00c3-\u00f4][\u0080-\u00bf{_CP1252}]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_SPACES = {ord(c): " " for c in "\u00a0\u2002\u2003\u2009\u202f\u3000"}
_ODD = (
    r"^\s|\s$|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
    r"|[\x{a0}\x{ad}\x{2002}\x{2003}\x{2009}\x{200b}-\x{200d}\x{202f}\x{2060}\x{feff}]"
    rf"|[\x{{c3}}-\x{{f4}}][\x{{80}}-\x{{bf}}{_CP1252}]"
    r"|[\x{ff01}-\x{ff5e}\x{3000}\x{fffd}]|^#|锟斤拷|烫烫烫|^\d(\.\d+)?[eE]\+\d+$|^[-—–]+$|^(?i:n/a|null|（空）|\(blank\))$"
)
"""What an identifier or text may contain that needs a closer look (RE2, as Arrow's string functions read it)."""
_SHORTENED = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)

_TIME = r"(?:[ T]+(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(?:Z|[+-]\d{2}:?\d{2})?)?"
_YMD = re.compile(rf"(?P<y>\d{{4}})(?P<s>[-/.])(?P<m>\d{{1,2}})(?P=s)(?P<d>\d{{1,2}}){_TIME}")
_COMPACT = re.compile(r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})")
_CHINESE = re.compile(r"(?P<y>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*[日号]")
_SERIAL = re.compile(r"(?P<serial>\d{5})(?:\.\d+)?")
_EITHER = re.compile(rf"(?P<a>\d{{1,2}})[-/.](?P<b>\d{{1,2}})[-/.](?P<y>\d{{4}}){_TIME}")
_NAMED = re.compile(r"(?:(?P<d>\d{1,2})[- ](?P<mon>[A-Za-z]{3,9})\.?[- ,]+(?P<y>\d{4}))")
_NAMED_US = re.compile(r"(?P<mon>[A-Za-z]{3,9})\.? (?P<d>\d{1,2}),? (?P<y>\d{4})")
_SHORT_YEAR = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}|\d{2}[-/.]\d{1,2}[-/.]\d{1,2}")
_NO_DAY = re.compile(r"\d{4}[-/.]\d{1,2}|\d{4}\s*年\s*\d{1,2}\s*月")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SERIALS = range(20_000, 73_051)  # 1954-10-03 … 2099-12-31, counted from 1899-12-30
_EPOCH = dt.date(1899, 12, 30)
_EARLIEST, _LATEST = dt.date(1900, 1, 2), dt.date(2100, 12, 31)

_CURRENCIES = {
    "¥": "¥", "￥": "¥", "元": "CNY", "RMB": "CNY", "CNY": "CNY", "人民币": "CNY", "$": "$", "US$": "USD", "USD": "USD",
    "€": "EUR", "EUR": "EUR", "£": "GBP", "GBP": "GBP", "HK$": "HKD", "HKD": "HKD", "JPY": "JPY", "日元": "JPY",
    "美元": "USD", "欧元": "EUR", "港元": "HKD", "港币": "HKD",
}  # fmt: skip
_SIGN_OF = {"¥": {"CNY", "JPY"}, "$": {"USD", "AUD", "CAD", "SGD", "HKD", "NZD", "MXN"}}
_MARK = "|".join(sorted(map(re.escape, _CURRENCIES), key=len, reverse=True))
_NUMBER = re.compile(
    rf"(?P<sign>[-+−]?)\s*(?P<before>{_MARK})?\s*(?P<sign2>[-−]?)\s*"
    r"(?P<body>\d+(?:\.\d*)?|\.\d+|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d(?:\.\d+)?[eE][+-]?\d{1,2})"
    rf"\s*(?P<unit>万|亿|%|％)?\s*(?P<after>{_MARK})?",
    re.IGNORECASE,
)
_TIMES = {"万": Decimal(10**4), "亿": Decimal(10**8), "%": Decimal("0.01"), "％": Decimal("0.01")}


@dataclass
class Parsed:
    """A column after parsing: its values, the texts refused, and what was converted."""

    values: pd.Series
    refused: dict[str, Refused] = field(default_factory=dict)
    notes: dict[str, tuple[int, str]] = field(default_factory=dict)
    """What was converted -> (cells, an example)."""
    whole: tuple[str, Refused] | None = None
    """A problem of the column as a whole, with the first text that shows it."""


def parse(
    cells: pd.Series, column: Column, *, currencies: frozenset[str] = frozenset(), date_format: str = ""
) -> Parsed:
    """The values of a text column, by the kind the contract gives it.

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
        return _typed(cells, column)
    cells = cells.fillna("")
    if column.kind in ("number", "integer", "money"):
        quick = _plain_numbers(cells, column)
        if quick is not None:
            return quick
    if column.kind in ("id", "text"):
        return _mostly_plain(cells, column)
    return _by_distinct(cells, column, currencies, date_format)


def _by_distinct(
    cells: pd.Series, column: Column, currencies: frozenset[str] = frozenset(), date_format: str = ""
) -> Parsed:
    """Read every distinct text once."""
    codes, texts = pd.factorize(cells)
    counts = np.bincount(codes, minlength=len(texts))
    texts = [str(text) for text in texts]
    reader = _READERS[column.kind](column, currencies, date_format, texts)
    values: list[Value] = []
    parsed = Parsed(cells)
    for text, count in zip(texts, counts, strict=True):
        value = reader(text)
        if isinstance(value, _Refusal):
            parsed.refused[text] = (value.rule, value.what_to_do)
            value = None
        elif isinstance(value, _Converted):
            before, example = parsed.notes.get(value.what, (0, text))
            parsed.notes[value.what] = (before + int(count), example)
            value = value.value
        values.append(value)
    parsed.whole = getattr(reader, "whole", None)
    parsed.values = _series(values, column.kind).take(codes).set_axis(cells.index)
    return parsed


def _mostly_plain(cells: pd.Series, column: Column) -> Parsed:
    """Identifiers and text: only cells with something odd in them need reading."""
    odd = pc.match_substring_regex(pa.array(cells), _ODD).to_numpy(zero_copy_only=False).astype(bool)
    values = cells.where(cells != "", None)
    if not odd.any():
        return Parsed(values)
    parsed = _by_distinct(cells[odd], column)
    values = values.copy()
    values[odd] = parsed.values
    parsed.values = values
    return parsed


@dataclass(frozen=True)
class _Refusal:
    rule: str
    what_to_do: str


@dataclass(frozen=True)
class _Converted:
    value: Value
    what: str


def _series(values: list[Value], kind: str) -> pd.Series:
    if kind in ("date", "month"):
        return pd.Series(pd.array(values, dtype="datetime64[us]")) if values else pd.Series([], dtype="datetime64[us]")
    if kind in ("id", "text", "category", "period"):
        return pd.Series(values, dtype="str")
    return pd.Series(values, dtype="float64")


# --- text ---


def _clean(text: str) -> str:
    """The text without what nobody can see: odd spaces, zero-width marks, spaces at the ends."""
    return text.translate(_INVISIBLE).translate(_SPACES).strip()


def _unreadable(text: str) -> _Refusal | None:
    if _SHEET_ERRORS.fullmatch(text):
        return _Refusal(_("a spreadsheet error"), _("Mend the formula in the spreadsheet and export again."))
    if _GARBLED.search(text) or (_TWICE.search(text) and _decoded_twice(text)):
        return _Refusal(_("characters were lost when the file was saved"), _("Export it again as UTF-8."))
    if _CONTROL.search(text):
        return _Refusal(_("a control character"), _("Delete the invisible character."))
    return None


def _decoded_twice(text: str) -> bool:
    """Whether the text is UTF-8 read as Western characters: put right, it would be letters or hanzi."""
    raw = b"".join(c.encode("cp1252") if c in _CP1252 else c.encode("latin-1", "replace") for c in text)
    try:
        right = raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return bool(re.search("[\u00c0-\u017f\u3000-\u303f\u4e00-\u9fff]", right))


def _text_reader(column: Column, *_unused) -> Callable[[str], Value]:
    def read(raw: str) -> Value:
        text = _clean(raw)
        if not text:
            return None
        return _unreadable(text) or (text if text == raw else _Converted(text, _("spaces and invisible marks removed")))

    return read


def _id_reader(column: Column, *_unused) -> Callable[[str], Value]:
    def read(raw: str) -> Value:
        text = _clean(raw)
        if not text or text.lower() in _NOTHING:
            return _Converted(None, _("read as blank")) if text else None
        if bad := _unreadable(text):
            return bad
        if _SHORTENED.fullmatch(text):
            rule = _("a spreadsheet has shortened this number")
            return _Refusal(
                rule, _("Format the column as text in the spreadsheet, put the full number back, export again.")
            )
        narrow = text.translate(_FULL_WIDTH)
        if narrow != text:
            return _Converted(narrow, _("full-width characters made half-width"))
        return text if text == raw else _Converted(text, _("spaces and invisible marks removed"))

    return read


def _category_reader(column: Column, *_unused) -> Callable[[str], Value]:
    known = {_plain(value): value for value in column.allowed}

    def read(raw: str) -> Value:
        text = _clean(raw)
        if not text or text.lower() in _NOTHING:
            return _Converted(None, _("read as blank")) if text else None
        if text in column.allowed:
            return text if text == raw else _Converted(text, _("spaces and invisible marks removed"))
        if bad := _unreadable(text):
            return bad
        same = known.get(_plain(text))
        return _Converted(same, _("upper and lower case made equal")) if same else text

    return read


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", "_", text.translate(_FULL_WIDTH).lower())


def _period_reader(column: Column, *_unused) -> Callable[[str], Value]:
    def read(raw: str) -> Value:
        text = _clean(raw).translate(_FULL_WIDTH).upper()
        if not text:
            return None
        if re.fullmatch(r"(19|20)\d{2}(-Q[1-4]|-(0[1-9]|1[0-2]))?", text):
            return text if text == raw else _Converted(text, _("a period written another way"))
        for pattern, shape in _PERIODS:
            if found := re.fullmatch(pattern, text):
                return _Converted(shape(*found.groups()), _("a period written another way"))
        return _Refusal(_("not a period"), _("Write a year 2024, a quarter 2024-Q1 or a month 2024-01."))

    return read


_PERIODS = (
    (r"((?:19|20)\d{2})\s*年", lambda y: y),
    (r"((?:19|20)\d{2})[-/. ]?Q([1-4])", lambda y, q: f"{y}-Q{q}"),
    (r"Q([1-4])[-/. ]?((?:19|20)\d{2})", lambda q, y: f"{y}-Q{q}"),
    (
        r"((?:19|20)\d{2})\s*年\s*(?:第?([1-4一二三四])季度|Q([1-4]))",
        lambda y, a, b: f"{y}-Q{_QUARTER.get(a or b, a or b)}",
    ),
    (r"((?:19|20)\d{2})[-/.](1[0-2]|0?[1-9])", lambda y, m: f"{y}-{int(m):02d}"),
    (r"((?:19|20)\d{2})\s*年\s*(1[0-2]|0?[1-9])\s*月", lambda y, m: f"{y}-{int(m):02d}"),
)
_QUARTER = {"一": "1", "二": "2", "三": "3", "四": "4"}


# --- dates ---


class _DateReader:
    """Dates of one column. A day/month order must follow from the column or be stated; it is never guessed."""

    def __init__(self, column: Column, _currencies: frozenset, date_format: str, texts: list[str]):
        self.column = column
        self.format = date_format
        self.whole: tuple[str, Refused] | None = None
        self.order = "" if date_format else self._order(texts)

    def _order(self, texts: list[str]) -> str:
        """``dmy`` or ``mdy`` when the column leaves only one, ``mixed`` beside other formats; else a problem."""
        cells = [_half(text) for text in texts]
        either = [(text, _EITHER.fullmatch(cell)) for text, cell in zip(texts, cells, strict=True)]
        either = [(text, found) for text, found in either if found]
        if not either:
            return ""
        if any(pattern.fullmatch(cell) for cell in cells for pattern in (_YMD, _COMPACT, _CHINESE, _SERIAL)):
            return "mixed"
        day_first = [text for text, found in either if int(found["a"]) > 12]
        month_first = [text for text, found in either if int(found["b"]) > 12]
        if day_first and month_first:
            rule = _("day first in some cells, month first in others")
            self.whole = (month_first[0], (rule, self._remedy()))
        elif not day_first and not month_first:
            rule = _("an ambiguous date format: day first or month first?")
            self.whole = (either[0][0], (rule, self._remedy()))
        return "" if self.whole else "dmy" if day_first else "mdy"

    def _remedy(self) -> str:
        return _(
            "Write dates as 2024-01-05, or state the order in mapping.toml: "
            '{column} = {{ from = "{column}", format = "%d/%m/%Y" }}.',
            column=self.column.name,
        )

    def __call__(self, raw: str) -> Value:
        text = _half(raw)
        if not text or text.lower() in _NO_NUMBER:
            return _Converted(None, _("read as blank")) if text else None
        if bad := _unreadable(text):
            return bad
        if self.format:
            return self._stated(text)
        if found := _YMD.fullmatch(text):
            what = "" if found["s"] == "-" and len(text) == 10 else _("a date written as {shape}", shape=_shape(text))
            return self._day(found["y"], found["m"], found["d"], what)
        if found := _COMPACT.fullmatch(text) or _CHINESE.fullmatch(text):
            return self._day(found["y"], found["m"], found["d"], _("a date written as {shape}", shape=_shape(text)))
        if (found := _SERIAL.fullmatch(text)) and int(found["serial"]) in _SERIALS:
            return _Converted(_EPOCH + dt.timedelta(int(found["serial"])), _("an Excel serial number read as a date"))
        if found := _NAMED.fullmatch(text) or _NAMED_US.fullmatch(text):
            month = found["mon"][:3].lower()
            if month in _MONTHS:
                number = str(_MONTHS.index(month) + 1)
                return self._day(found["y"], number, found["d"], _("a date with the month's name"))
        if found := _EITHER.fullmatch(text):
            return self._either(found)
        return _Refusal(*_no_date(text))

    def _stated(self, text: str) -> Value:
        try:
            day = dt.datetime.strptime(text, self.format).date()
        except ValueError:
            rule = _("not a date in the stated format {format}", format=self.format)
            return _Refusal(rule, _("Correct the cell, or the format in mapping.toml."))
        return _Converted(day, _("a date in the stated format {format}", format=self.format))

    def _either(self, found: re.Match) -> Value:
        if self.order == "mixed":
            return _Refusal(_("a day/month date in a column of another date format"), self._remedy())
        if not self.order:
            return None  # the column as a whole is refused
        day, month = (found["a"], found["b"]) if self.order == "dmy" else (found["b"], found["a"])
        what = _("day first") if self.order == "dmy" else _("month first")
        return self._day(found["y"], month, day, _("a date written {order}, as the column shows", order=what))

    def _day(self, year: str, month: str, day: str, what: str) -> Value:
        try:
            value = dt.date(int(year), int(month), int(day))
        except ValueError:
            return _Refusal(_("no such day"), _("Correct the date; write it as 2024-01-05."))
        if not _EARLIEST <= value <= _LATEST:
            return _Refusal(_("a date outside 1900–2100"), _("Correct the year, or leave the cell blank."))
        return _Converted(value, what) if what else value


def _half(text: str) -> str:
    return _clean(text).translate(_FULL_WIDTH)


def _shape(text: str) -> str:
    return re.sub(r"\d", "9", text)


def _no_date(text: str) -> Refused:
    if _NO_DAY.fullmatch(text):
        return _("a date without its day"), _("Write the day too: 2024-01-05.")
    if _SHORT_YEAR.fullmatch(text):
        return _("a year of two digits"), _("Write the year with four digits: 2024-01-05.")
    return _("not a date"), _("Write it as 2024-01-05, or leave the cell blank if the day is not known.")


def _month_reader(column: Column, currencies: frozenset, date_format: str, texts: list[str]) -> Callable[[str], Value]:
    day = _DateReader(column, currencies, date_format, texts)

    def read(raw: str) -> Value:
        text = _half(raw)
        found = re.fullmatch(r"(\d{4})[-/.]?(\d{1,2})|(\d{4})\s*年\s*(\d{1,2})\s*月", text)
        if found and (found[2] is None or len(text) != 5):
            year, month = found[1] or found[3], found[2] or found[4]
            what = "" if re.fullmatch(r"\d{4}-\d{2}", text) else _("a date written as {shape}", shape=_shape(text))
            return day._day(year, month, "1", what)
        value = day(raw)
        if isinstance(value, _Converted) and value.value:
            return _Converted(value.value.replace(day=1), value.what)
        return value.replace(day=1) if isinstance(value, dt.date) else value

    read.whole = day.whole
    return read


# --- numbers ---


def _plain_numbers(cells: pd.Series, column: Column) -> Parsed | None:
    """The quick way for a column of plain numbers; None when any cell needs a closer look."""
    numbers = (
        cells.str.fullmatch(r"-?\d{1,15}(\.\d{1,12})?")
        if column.kind != "integer"
        else cells.str.fullmatch(r"-?\d{1,15}")
    )
    if not bool((numbers | (cells == "")).all()):
        return None
    return Parsed(pd.to_numeric(cells.where(cells != "", None), errors="raise").astype("float64"))


def _number_reader(column: Column, currencies: frozenset[str], *_unused) -> Callable[[str], Value]:
    def read(raw: str) -> Value:
        text = _half(raw)
        if not text or text.lower() in _NO_NUMBER:
            return _Converted(None, _("read as blank")) if text else None
        if bad := _unreadable(text):
            return bad
        inside = re.fullmatch(r"\((.+)\)", text)
        found = _NUMBER.fullmatch(inside[1].strip() if inside else text)
        if not found or (inside and (found["sign"] or found["sign2"])) or (found["sign"] and found["sign2"]):
            return _Refusal(*_no_number(text, column))
        if bad := _wrong_mark(found, column, currencies):
            return bad
        value = Decimal(found["body"].replace(",", "")) * _TIMES.get(found["unit"] or "", Decimal(1))
        if inside or found["sign"] in ("-", "−") or found["sign2"]:
            value = -value
        if column.kind in ("integer", "year") and value != value.to_integral_value():
            return _Refusal(_("not a whole number"), _("Write a whole number."))
        plain = raw in (found["body"], f"-{found['body']}") and found["body"].replace(".", "", 1).isdigit()
        return float(value) if plain else _Converted(float(value), _how(raw, text, found, inside))

    return read


def _wrong_mark(found: re.Match, column: Column, currencies: frozenset[str]) -> _Refusal | None:
    mark = found["before"] or found["after"]
    if mark and column.kind != "money":
        return _Refusal(_("an amount of money where none belongs"), _("Write the number without a currency."))
    if mark and currencies:
        code = _CURRENCIES[mark.upper() if mark.isascii() else mark]
        if not currencies & _SIGN_OF.get(code, {code}):
            known = ", ".join(sorted(currencies))
            remedy = _(
                "Convert the amount to the region's currency ({known}) and write it without a sign.", known=known
            )
            return _Refusal(_("an amount in another currency"), remedy)
    if found["unit"] in ("%", "％") and column.kind != "share":
        return _Refusal(_("a percentage where none belongs"), _("Write the number itself."))
    return None


def _no_number(text: str, column: Column) -> Refused:
    if re.fullmatch(r"-?\d{1,3}(\.\d{3})+,\d+|-?\d+,\d{1,2}|-?\d+,\d{4,}", text):
        return _("a decimal comma, or a misplaced thousands separator"), _("Write 1234.50 or 1,234.50.")
    if column.kind == "share":
        return _("not a fraction or percentage"), _("Write 0.35 or 35%.")
    return _("not a number"), _("Write digits only, e.g. 1234.50; leave the cell blank if it is not known.")


def _how(raw: str, text: str, found: re.Match, inside: re.Match | None) -> str:
    if found["unit"] in ("万", "亿"):
        return _("amounts in {unit} multiplied out", unit=found["unit"])
    if found["unit"]:
        return _("percentages read as fractions")
    if inside:
        return _("parentheses read as negative")
    if found["before"] or found["after"]:
        return _("currency signs removed")
    if "," in found["body"]:
        return _("thousands separators removed")
    if "e" in found["body"].lower():
        return _("scientific notation read as a number")
    if unicodedata.normalize("NFKC", raw) != raw:
        return _("full-width characters made half-width")
    return _("spaces and signs read as part of the number")


# --- columns that are typed already ---


def _typed(cells: pd.Series, column: Column) -> Parsed:
    if column.kind in ("id", "text", "category", "period"):
        return parse(_texts(cells), column)
    if column.kind in ("date", "month"):
        return _typed_dates(cells, column)
    if pd.api.types.is_numeric_dtype(cells.dtype) and not pd.api.types.is_bool_dtype(cells.dtype):
        return _typed_numbers(cells, column)
    return parse(_texts(cells), column)


def _texts(cells: pd.Series) -> pd.Series:
    return cells.map(_as_text, na_action="ignore").fillna("").astype("str")


def _as_text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return f"{value:%Y-%m-%d}" if isinstance(value, dt.date) else str(value)


def _typed_dates(cells: pd.Series, column: Column) -> Parsed:
    if not pd.api.types.is_datetime64_any_dtype(cells.dtype):
        return parse(_texts(cells), column)
    days = cells.dt.tz_localize(None) if cells.dt.tz is not None else cells
    days = days.astype("datetime64[us]").dt.normalize()
    outside = (days < pd.Timestamp(_EARLIEST)) | (days > pd.Timestamp(_LATEST))
    parsed = Parsed(days.mask(outside))
    for day in days[outside].unique():
        parsed.refused[f"{day:%Y-%m-%d}"] = (
            _("a date outside 1900–2100"),
            _("Correct the year, or leave the cell blank."),
        )
    if column.kind == "month":
        parsed.values = parsed.values.dt.to_period("M").dt.to_timestamp().astype("datetime64[us]")
    return parsed


def _typed_numbers(cells: pd.Series, column: Column) -> Parsed:
    values = cells.astype("float64")
    parsed = Parsed(values)
    wrong = np.isinf(values)
    if column.kind in ("integer", "year"):
        wrong |= values.notna() & (values % 1 != 0)
    for value in values[wrong].unique():
        parsed.refused[str(value)] = (_("not a whole number"), _("Write a whole number."))
    parsed.values = values.mask(wrong)
    return parsed


_READERS = {
    "id": _id_reader,
    "text": _text_reader,
    "category": _category_reader,
    "period": _period_reader,
    "date": _DateReader,
    "month": _month_reader,
    "year": _number_reader,
    "integer": _number_reader,
    "number": _number_reader,
    "money": _number_reader,
    "share": _number_reader,
}
