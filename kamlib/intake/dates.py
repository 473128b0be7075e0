"""Texts to days. What has one meaning is read; a day/month order is never guessed."""

import datetime as dt
import re

from kamlib.edition import _
from kamlib.intake.characters import Converted, Refusal
from kamlib.schema import Column

EARLIEST, LATEST = dt.date(1900, 1, 2), dt.date(2100, 12, 31)
UNDECIDED = object()
"""A cell that cannot be read before the column's day/month order is known."""


def _pattern(text: str) -> re.Pattern:
    return re.compile(text, re.ASCII)


_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:\s*[AaPp]\.?[Mm]\.?)?"
_WEEKDAY = r"(?:\s*(?:星期|周)[一二三四五六日天])?"
_TIME = rf"{_WEEKDAY}(?:[ T]+(?:[上下]午\s*)?{_CLOCK}\s*(?:Z|UTC|[+-](?:0\d|1[0-4]):?[0-5]\d)?)?"
_YMD = _pattern(rf"(?P<y>\d{{4}})(?P<s>[-/.])(?P<m>\d{{1,2}})(?P=s)(?P<d>\d{{1,2}}){_TIME}")
_COMPACT = _pattern(r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})(?:\.0)?")
_CHINESE = _pattern(rf"(?P<y>\d{{4}})\s*年\s*(?P<m>\d{{1,2}})\s*月\s*(?P<d>\d{{1,2}})\s*[日号]{_TIME}")
_SERIAL = _pattern(r"(?P<serial>\d{5})(?:\.\d+)?")
_EITHER = _pattern(rf"(?P<a>\d{{1,2}})(?P<s>[-/.])(?P<b>\d{{1,2}})(?P=s)(?P<y>\d{{4}}){_TIME}")
_NAMED = _pattern(r"(?P<d>\d{1,2})[- ](?P<mon>[A-Za-z]{3,9})\.?[- ,]+(?P<y>\d{4})")
_NAMED_ISO = _pattern(r"(?P<y>\d{4})[- ](?P<mon>[A-Za-z]{3,9})[- ](?P<d>\d{1,2})")
_NAMED_US = _pattern(r"(?P<mon>[A-Za-z]{3,9})\.? (?P<d>\d{1,2}),? (?P<y>\d{4})")
_SHORT_YEAR = _pattern(
    r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}|\d{2}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{2}"
    r"|\d{2}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*[日号]"
)
_NO_DAY = _pattern(r"\d{4}[-/.]\d{1,2}|\d{4}\s*年(\s*\d{1,2}\s*月)?|(19|20)\d{2}")
_NO_YEAR = _pattern(r"\d{1,2}[-/.]\d{1,2}|\d{1,2}\s*月\s*\d{1,2}\s*[日号]")
_MONTH = _pattern(r"(\d{4})(?:[-/.](\d{1,2})|(\d{2})|\s*年\s*(\d{1,2})\s*月份?)")
_NAMED_MONTH = _pattern(r"(?P<mon>[A-Za-z]{3,9})\.?[- ,]+(?P<y>\d{4})")
_YEAR = "january february march april may june july august september october november december"
_MONTHS = {name: i for i, full in enumerate(_YEAR.split(), start=1) for name in (full, full[:3])} | {"sept": 9}
_SERIALS = range(20_000, 73_051)  # 1954-10-03 … 2099-12-31, counted from 1899-12-30
_SERIAL_1990 = 32_874
_EPOCH = dt.date(1899, 12, 30)


class DateReader:
    """Reads the dates of one column; ``whole`` is the text and the problem that keep its order from being known."""

    def __init__(self, column: Column, date_format: str, texts: list[str]):
        self.column = column
        self.format = date_format
        self.whole: tuple[str, Refusal] | None = None
        self.order = "" if date_format else self._order(texts)

    def _order(self, texts: list[str]) -> str:
        """``dmy`` or ``mdy`` when the column leaves only one, ``mixed`` beside other formats; else a problem."""
        either = [(text, found) for text in texts if (found := _EITHER.fullmatch(text))]
        if not either:
            return ""
        if any(pattern.fullmatch(text) for text in texts for pattern in (_YMD, _COMPACT, _CHINESE, _SERIAL)):
            return "mixed"
        day_first = [text for text, found in either if int(found["a"]) > 12]
        month_first = [text for text, found in either if int(found["b"]) > 12]
        if day_first and month_first:
            rule = _("day first in some cells, month first in others")
            self.whole = (min(day_first, month_first, key=len)[0], Refusal(rule, self._remedy()))
        elif not day_first and not month_first:
            rule = _("an ambiguous date format: day first or month first?")
            self.whole = (either[0][0], Refusal(rule, self._remedy()))
        return "" if self.whole else "dmy" if day_first else "mdy"

    def _remedy(self) -> str:
        return _(
            "Write dates as 2024-01-05, or state the order in mapping.toml: "
            '{column} = {{ from = "{column}", format = "%d/%m/%Y" }}.',
            column=self.column.name,
        )

    def __call__(self, text: str) -> object:
        if self.format:
            return self._stated(text)
        if found := _YMD.fullmatch(text):
            plain = found["s"] == "-" and len(text) == 10
            return self._day(found["y"], found["m"], found["d"], "" if plain else _written(text))
        if found := _COMPACT.fullmatch(text) or _CHINESE.fullmatch(text):
            return self._day(found["y"], found["m"], found["d"], _written(text))
        if (found := _SERIAL.fullmatch(text)) and int(found["serial"]) in _SERIALS:
            return Converted(_EPOCH + dt.timedelta(int(found["serial"])), _("an Excel serial number read as a date"))
        named = _NAMED.fullmatch(text) or _NAMED_US.fullmatch(text) or _NAMED_ISO.fullmatch(text)
        if named and (month := _MONTHS.get(named["mon"].lower())):
            return self._day(named["y"], str(month), named["d"], _("a date with the month's name"))
        if found := _EITHER.fullmatch(text):
            return self._either(found)
        return _no_date(text)

    def _stated(self, text: str) -> object:
        try:
            day = dt.datetime.strptime(text, self.format).date()
        except ValueError:
            rule = _("not a date in the stated format {format}", format=self.format)
            return Refusal(rule, _("Correct the cell, or the format in mapping.toml."))
        what = _("a date in the stated format {format}", format=self.format)
        return self._day(str(day.year), str(day.month), str(day.day), what)

    def _either(self, found: re.Match) -> object:
        if self.order == "mixed":
            return Refusal(_("a day/month date in a column of another date format"), self._remedy())
        if not self.order:
            return UNDECIDED
        day, month = (found["a"], found["b"]) if self.order == "dmy" else (found["b"], found["a"])
        what = _("day first") if self.order == "dmy" else _("month first")
        return self._day(found["y"], month, day, _("a date written {order}, as the column shows", order=what))

    def _day(self, year: str, month: str, day: str, what: str) -> object:
        try:
            value = dt.date(int(year), int(month), int(day))
        except ValueError:
            return Refusal(_("no such day"), _("Correct the date; write it as 2024-01-05."))
        if not EARLIEST <= value <= LATEST:
            return outside()
        return Converted(value, what) if what else value


class MonthReader(DateReader):
    """Reads the months of one column as their first days."""

    def __call__(self, text: str) -> object:
        found = _MONTH.fullmatch(text)
        if found:
            month = found[2] or found[3] or found[4]
            return self._day(found[1], month, "1", "" if re.fullmatch(r"\d{4}-\d{2}", text) else _written(text))
        named = _NAMED_MONTH.fullmatch(text)
        if named and (month := _MONTHS.get(named["mon"].lower())):
            return self._day(named["y"], str(month), "1", _("a date with the month's name"))
        if re.fullmatch(r"\d{5}", text) and int(text) < _SERIAL_1990:
            return _no_month()  # 20241 is meant for 2024-1, not for a day in 1955
        value = super().__call__(text)
        day = value.value if isinstance(value, Converted) else value
        if isinstance(day, dt.date):
            return Converted(day.replace(day=1), _("the month of a date"))
        if isinstance(value, Refusal) and value == _no_date(text):
            return _no_month()
        return value


def _no_month() -> Refusal:
    return Refusal(_("not a month"), _("Write it as 2024-01."))


def outside() -> Refusal:
    """The refusal of a date that no business can have."""
    return Refusal(_("a date outside 1900–2100"), _("Correct the year, or leave the cell blank."))


def _written(text: str) -> str:
    return _("a date written as {shape}", shape=re.sub(r"\d", "9", text))


def _no_date(text: str) -> Refusal:
    if _SHORT_YEAR.fullmatch(text):
        return Refusal(_("a year of two digits"), _("Write the year with four digits: 2024-01-05."))
    if _NO_DAY.fullmatch(text):
        return Refusal(_("a date without its day"), _("Write the day too: 2024-01-05."))
    if _NO_YEAR.fullmatch(text):
        return Refusal(_("a date without its year"), _("Write the year too: 2024-01-05."))
    remedy = _("Write it as 2024-01-05, or leave the cell blank if the day is not known.")
    return Refusal(_("not a date"), remedy)
