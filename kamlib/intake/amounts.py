"""Texts to numbers: thousands separators, 万 and 亿, percentages, currencies, parentheses for negatives."""

import re
from collections.abc import Callable
from decimal import Decimal

from kamlib.edition import _
from kamlib.intake.characters import Converted, Refusal
from kamlib.schema import Column

LARGEST = 10**15
"""From here on a number loses its last digits."""
_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG "
    "HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA "
    "MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD "
    "RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX "
    "USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
CURRENCY_CODES = frozenset(_CODES.split())
"""ISO 4217, without funds, metals and test codes."""

_SIGNS = {
    "¥": {"CNY", "JPY"}, "￥": {"CNY", "JPY"}, "元": {"CNY"}, "人民币": {"CNY"}, "RMB": {"CNY"}, "CN¥": {"CNY"},
    "円": {"JPY"}, "日元": {"JPY"}, "美元": {"USD"}, "欧元": {"EUR"}, "英镑": {"GBP"}, "港元": {"HKD"}, "港币": {"HKD"},
    "$": {"USD", "AUD", "CAD", "SGD", "HKD", "NZD", "MXN", "TWD", "ARS", "CLP", "COP", "BND"}, "US$": {"USD"},
    "HK$": {"HKD"}, "NT$": {"TWD"}, "S$": {"SGD"}, "A$": {"AUD"}, "C$": {"CAD"}, "R$": {"BRL"}, "€": {"EUR"},
    "£": {"GBP", "EGP"}, "₩": {"KRW"}, "₹": {"INR"}, "₽": {"RUB"}, "฿": {"THB"}, "₫": {"VND"}, "₱": {"PHP"},
    "₪": {"ILS"}, "₺": {"TRY"}, "₴": {"UAH"}, "₦": {"NGN"}, "zł": {"PLN"}, "kr": {"SEK", "NOK", "DKK", "ISK"},
}  # fmt: skip
_MARK = "|".join(sorted(map(re.escape, _SIGNS), key=len, reverse=True)) + "|[A-Z]{3}"
_NUMBER = re.compile(
    rf"(?P<sign>[-+−]?)\s*(?P<before>{_MARK})?\s*(?P<sign2>[-−]?)\s*"
    r"(?P<body>\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+|\d(?:\.\d+)?[eE][+-]?\d{1,2})"
    rf"\s*(?P<unit>万|亿|%)?\s*(?P<after>{_MARK})?(?P<sign3>-?)",
    re.IGNORECASE | re.ASCII,
)
_IN_PARENTHESES = re.compile(rf"(?P<mark>{_MARK})?\s*\((?P<amount>[^()]+)\)", re.IGNORECASE | re.ASCII)
_SEPARATED_OTHERWISE = re.compile(
    r"-?\d{1,3}(\.\d{3})+(,\d+)?|-?\d+,\d{1,2}|-?\d+(,\d+)+(\.\d+)?|-?\d{1,3}([ ']\d{3})+([.,]\d+)?"
)
_TIMES = {"万": Decimal(10**4), "亿": Decimal(10**8), "%": Decimal("0.01")}


def number_reader(column: Column, currencies: frozenset[str]) -> Callable[[str], object]:
    """A reader of half-width texts for a column of numbers; an amount in none of ``currencies`` is refused."""

    def read(text: str) -> object:
        inside = _IN_PARENTHESES.fullmatch(text)
        found = _NUMBER.fullmatch((inside["mark"] or "") + inside["amount"].strip() if inside else text)
        signs = [found[sign] for sign in ("sign", "sign2", "sign3") if found[sign]] if found else []
        if not found or len(signs) + bool(inside) > 1:
            return _no_number(text, column)
        if bad := _wrong_mark(found, column, currencies):
            return bad
        value = Decimal(found["body"].replace(",", "")) * _TIMES.get(found["unit"] or "", Decimal(1))
        if inside or signs in (["-"], ["−"]):
            value = -value
        if abs(value) >= LARGEST:
            return too_large()
        if column.kind in ("integer", "year") and value != value.to_integral_value():
            return not_whole()
        plain = text.removeprefix("-") == found["body"] and found["body"].replace(".", "", 1).isdigit()
        return float(value) if plain else Converted(float(value), _how(found, inside))

    return read


def too_large() -> Refusal:
    """The refusal of a number with more digits than can be kept."""
    return Refusal(_("a number of more than 15 digits"), _("Correct the number: no amount or count is that large."))


def not_whole() -> Refusal:
    """The refusal of a fraction where things are counted."""
    return Refusal(_("not a whole number"), _("Write a whole number."))


def _wrong_mark(found: re.Match, column: Column, currencies: frozenset[str]) -> Refusal | None:
    marks = [mark for mark in (found["before"], found["after"]) if mark]
    for mark in marks:
        if mark == "年" and column.kind == "year":
            continue
        meant = _SIGNS.get(mark) or _SIGNS.get(mark.upper()) or ({mark.upper()} & CURRENCY_CODES)
        if not meant:
            return _no_number(found.group(), column)
        if column.kind != "money":
            return Refusal(_("an amount of money where none belongs"), _("Write the number without a currency."))
        if currencies and not currencies & meant:
            known = ", ".join(sorted(currencies))
            remedy = _("Convert the amount to the region's currency ({known}), written without a sign.", known=known)
            return Refusal(_("an amount in another currency"), remedy)
    if found["unit"] == "%" and column.kind != "share":
        return Refusal(_("a percentage where none belongs"), _("Write the number itself."))
    return None


def _no_number(text: str, column: Column) -> Refusal:
    if _SEPARATED_OTHERWISE.fullmatch(text):
        return Refusal(_("a decimal comma, or a misplaced thousands separator"), _("Write 1234.50 or 1,234.50."))
    if column.kind == "share":
        return Refusal(_("not a fraction or percentage"), _("Write 0.35 or 35%."))
    if column.kind == "year":
        return Refusal(_("not a year"), _("Write a calendar year of four digits."))
    remedy = _("Write digits only, e.g. 1234.50; leave the cell blank if it is not known.")
    return Refusal(_("not a number"), remedy)


def _how(found: re.Match, inside: re.Match | None) -> str:
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
    return _("spaces and signs read as part of the number")
