"""The characters of a cell: what is invisible, full-width, garbled or a spreadsheet's error."""

import re
from dataclasses import dataclass

from kamlib.edition import _

DASHES = frozenset({"-", "--", "---", "—", "——", "–", "（空）", "(空)", "(blank)"})
NOTHING = DASHES | {"n/a", "null"}
NO_VALUE = NOTHING | {"na", "none", "nan", "无", "空", "/"}
"""Words for a blank cell, in columns where they cannot mean anything else."""

_SHEET_ERRORS = re.compile(r"#(N/A|REF!|DIV/0!|VALUE!|NAME\?|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA)|#+", re.IGNORECASE)
_GARBLED = re.compile("[\ufffd]|锟斤拷|烫烫烫|鐨�")
CP1252 = bytes(b for b in range(128, 160) if b not in (129, 141, 143, 144, 157)).decode("cp1252")
_TWICE = re.compile(f"[\u00e2-\u00ef][\u0080-\u00bf{CP1252}]{{2}}|[\u00c3-\u00c5][\u0080-\u00bf{CP1252}]")
_MEANT = re.compile("[\u00c0-\u017f\u2010-\u2026\u3000-\u303f\u4e00-\u9fff\uff01-\uff5e\ufeff]")
_AS_LATIN = re.compile("[\u00a1-\u00fe]{4,}")
"""GBK read as Western characters: the two bytes of every hanzi are accented letters or signs."""
_HANZI_OF_UTF8 = "".join(
    bytes((lead, trail)).decode("gbk") for lead in range(0xE4, 0xEA) for trail in range(0x80, 0xC0) if trail != 0x7F
)
_AS_GBK = re.compile(f"[{_HANZI_OF_UTF8}][^\x00-\x7f]{{2,}}")
"""UTF-8 read as GBK: three bytes of a hanzi are one and a half characters, the first from a small corner of GBK."""
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad"))
_JOINERS = dict.fromkeys(map(ord, "\u200c\u200d\u200e\u200f"))
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_SPACES = {ord(c): " " for c in "\u00a0\u2002\u2003\u2009\u202f\u3000"}
ODD = (
    r"^\s|\s$|[\x00-\x1f\x7f]"
    r"|[\x{a0}\x{ad}\x{2002}\x{2003}\x{2009}\x{200b}-\x{200f}\x{202a}-\x{202f}\x{2060}\x{2066}-\x{2069}\x{feff}]"
    rf"|[\x{{c3}}-\x{{f4}}][\x{{80}}-\x{{bf}}{CP1252}]|[\x{{a1}}-\x{{fe}}]{{4}}"
    rf"|[{_HANZI_OF_UTF8}][^\x00-\x7f]{{2}}|^\?{{2,}}$"
    r"|[\x{ff01}-\x{ff5e}\x{3000}\x{fffd}]|^#|^=\"|^'\d|锟斤拷|烫烫烫|^\d(\.\d+)?[eE]\+\d+$"
    r"|^[-—–]+$|^(?i:n/a|null|[（(]空[）)]|\(blank\))$"
)
"""What a cell of text may contain that needs a closer look (RE2, as Arrow's string functions read it)."""


@dataclass(frozen=True)
class Refusal:
    """Why a text cannot be accepted, and what to do."""

    rule: str
    what_to_do: str


@dataclass(frozen=True)
class Converted:
    """A value that was written another way, and which."""

    value: object
    what: str


def clean(text: str) -> str:
    """The text without what nobody can see: odd spaces, zero-width marks, spaces at the ends."""
    return text.translate(_INVISIBLE).translate(_SPACES).strip()


def half(text: str) -> str:
    """The text cleaned and in half-width characters, as numbers, dates and identifiers are compared."""
    return clean(text.translate(_JOINERS)).translate(_FULL_WIDTH).strip()


def tidied(raw: str, text: str) -> str:
    """What was done to ``raw`` to make it ``text``."""
    if clean(raw.translate(_JOINERS)) == text:
        return _("spaces and invisible marks removed")
    return _("full-width characters made half-width")


def unreadable(text: str) -> Refusal | None:
    """Why nobody can read this text: a spreadsheet's error, lost characters, control characters."""
    if _SHEET_ERRORS.fullmatch(text):
        return Refusal(_("a spreadsheet error"), _("Mend the formula or widen the column, then export again."))
    if _GARBLED.search(text) or _decoded_twice(text) or _gbk_as_latin(text) or _utf8_as_gbk(text):
        return _lost()
    if _CONTROL.search(text):
        return Refusal(_("a control character"), _("Delete the invisible character."))
    return None


def all_lost(text: str, kind: str) -> Refusal | None:
    """Why a name or identifier of nothing but question marks is none."""
    return _lost() if kind in ("id", "text") and re.fullmatch(r"\?{2,}", text) else None


def _lost() -> Refusal:
    return Refusal(_("characters were lost when the file was saved"), _("Export it again as UTF-8."))


def _decoded_twice(text: str) -> bool:
    """Whether a piece of the text is UTF-8 read as Western characters: put right, it would be a letter or hanzi."""
    for piece in _TWICE.findall(text):
        raw = b"".join(c.encode("cp1252") if c in CP1252 else c.encode("latin-1") for c in piece)
        right = raw.decode("utf-8", "replace")
        if _MEANT.fullmatch(right):
            return True
    return False


def _gbk_as_latin(text: str) -> bool:
    """Whether a piece of the text is GBK read as Western characters: put right, it is frequent hanzi."""
    for piece in _AS_LATIN.findall(text):
        right = piece.encode("latin-1")[: len(piece) // 2 * 2].decode("gb2312", "replace")
        if len(set(right)) > 1 and all(_frequent(character) for character in right):
            return True
    return False


def _utf8_as_gbk(text: str) -> bool:
    """Whether a piece of the text is UTF-8 read as GBK: put right, it is frequent hanzi (a last one may be cut)."""
    for piece in _AS_GBK.findall(text):
        right = piece.encode("gbk", "ignore").decode("utf-8", "replace").rstrip("\ufffd?")
        if len(right) > 1 and all(_frequent(character) for character in right):
            return True
    return False


def _frequent(character: str) -> bool:
    """Whether a character is of the first level of GB 2312: the 3,755 most frequent hanzi."""
    raw = character.encode("gb2312", "replace")
    return len(raw) == 2 and 0xB0 <= raw[0] <= 0xD7
