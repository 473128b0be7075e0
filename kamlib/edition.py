"""Languages: every label and sentence the library speaks, and the narrative of the notebooks.

English is the source. ``kamlib/locale/zh_CN/LC_MESSAGES`` holds the Chinese: one ``kamlib.<module>.po`` for a module,
one ``<notebook>.po`` for a notebook; `catalogues` keeps them in step with the source.
"""

import copy
import io
import math
import os
import re
import string
import tokenize
from collections.abc import Callable, Iterator
from functools import cache
from html import escape
from pathlib import Path

LANGUAGES = ("en", "zh")
CATALOGUES = Path(__file__).parent / "locale" / "zh_CN" / "LC_MESSAGES"
MISSING = "–"
_FENCE = re.compile(r"^\s*(`{3,}|~{3,}|:{3,}|\$\$)")
_HANZI = "\u3000-\u303f\u4e00-\u9fff\uff00-\uffef"
_BROKEN_LINE = re.compile(rf"(?<=[{_HANZI}“”])\n(?=[{_HANZI}“”])")
_NOT_PROSE = ("```", "~~~", "$$", "<!--")
_state = {"language": os.environ.get("KAM_LANG", "en")}


def use(language: str) -> None:
    """Speak ``language`` from here on; at the start it is the environment's ``KAM_LANG``, else English.

    Raises
    ------
    ValueError
        For a language other than ``en`` and ``zh``.
    """
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}; known: {', '.join(LANGUAGES)}.")
    _state["language"] = language


def language() -> str:
    """The language spoken now: ``en`` or ``zh``."""
    return _state["language"]


def _(message: str, /, **values: object) -> str:
    """``message`` in the language spoken now, its ``{fields}`` filled from ``values``.

    Beside Python's format specifications a field may ask for ``{x:money}`` (compact: 1.2M, 120万), ``{x:percent}``
    (12%, 0.4%) or ``{x:date}``. A missing value reads ``–``.
    """
    if language() == "zh":
        message = chinese(message)
    return _FORMATTER.vformat(message, (), values) if values else message


def chinese(message: str) -> str:
    """The Chinese for an English message, or the message itself when no catalogue knows it."""
    library = _catalogue("kamlib.*.po")
    return library.get(message) or _catalogue("[0-9]*.po").get(message, message)


class Text(str):
    """A sentence a notebook shows: plain text that stays text when it is shown as HTML."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f'<p class="kam-say">{escape(self)}</p>'


def say(message: str, /, **values: object) -> Text:
    """A computed sentence to show in a notebook: ``say("{n} accounts hold {share:percent}.", n=…, share=…)``."""
    return Text(_(message, **values))


def sentences(message: str, frame, /) -> list[str]:
    """One sentence per row of ``frame``; the fields of ``message`` are its columns."""
    return [_(message, **row) for row in frame.to_dict("records")]


# --- numbers and dates, as people of the language write them ---


def compact(value: float) -> str:
    """A number in three significant digits: 1,234,567 is ``1.23M`` in English, ``123万`` in Chinese."""
    if _missing(value):
        return MISSING
    steps = ((1e8, "亿"), (1e4, "万")) if language() == "zh" else ((1e9, "B"), (1e6, "M"), (1e3, "k"))
    for size, unit in steps:
        if abs(value) >= size * 0.9995:
            return f"{_three_digits(value / size)}{unit}"
    return _three_digits(value)


def percent(value: float) -> str:
    """A fraction as a percentage: 0.123 is ``12%``, 0.0123 ``1.2%``."""
    if _missing(value):
        return MISSING
    digits = 0 if abs(value) >= 0.0995 or value == 0 else 1
    return f"{round(value * 100, digits) + 0.0:.{digits}f}%"


def date(value) -> str:
    """A day as ``2024-01-05``; a missing one as ``–``."""
    return MISSING if value is None or value != value else f"{value:%Y-%m-%d}"


def money_scale(largest: float) -> tuple[float, str]:
    """What to divide amounts by on an axis, and the unit's name: ``(1e6, "million")`` or ``(1e4, "万")``."""
    steps = (
        ((1e8, "亿"), (1e4, "万")) if language() == "zh" else ((1e9, "billion"), (1e6, "million"), (1e3, "thousand"))
    )
    return next(((size, name) for size, name in steps if abs(largest) >= 2 * size), (1.0, ""))


def _three_digits(value: float) -> str:
    digits = 0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _missing(value: object) -> bool:
    return value is None or value != value or (isinstance(value, float) and math.isinf(value))


_OUR_FORMATS: dict[str, Callable[..., str]] = {"money": compact, "percent": percent, "date": date}


class _Formatter(string.Formatter):
    """`str.format` that cannot reach into objects, knows our number formats, and shows a missing value as –."""

    def get_field(self, field_name, args, kwargs):
        return kwargs[field_name], field_name

    def format_field(self, value, format_spec):
        if _missing(value):
            return MISSING
        if format_spec in _OUR_FORMATS:
            return _OUR_FORMATS[format_spec](value)
        return super().format_field(value, format_spec)


_FORMATTER = _Formatter()


# --- catalogues ---


@cache
def _catalogue(pattern: str) -> dict[str, str]:
    merged: dict[str, str] = {}
    for path in sorted(CATALOGUES.glob(pattern)):
        merged.update(read_catalogue(path))
    return merged


def read_catalogue(path: Path) -> dict[str, str]:
    """The finished (translated, not fuzzy) messages of a ``.po`` file."""
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        return {m.id: m.string for m in read_po(file) if m.id and m.string and not m.fuzzy}


# --- the narrative of a notebook ---


def blocks(markdown: str) -> Iterator[tuple[str, bool]]:
    """Split markdown without loss into ``(text, is_block)``; code fences, directives and ``$$`` stay whole.

    ``"".join(text for text, _ in blocks(m)) == m`` for every ``m``.
    """
    block: list[str] = []
    fence = ""
    for line in markdown.splitlines(keepends=True):
        opens = _FENCE.match(line)
        if fence:
            block.append(line)
            if line.strip() == fence or (fence == "$$" and line.rstrip().endswith("$$")):
                yield "".join(block), True
                block, fence = [], ""
            continue
        if opens and not (opens[1] == "$$" and line.count("$$") > 1):
            if block:
                yield "".join(block), True
            block, fence = [line], opens[1]
        elif line.strip():
            block.append(line)
        else:
            if block:
                yield "".join(block), True
            block = []
            yield line, False
    if block:
        yield "".join(block), True


def message_of(block: str) -> str:
    """The translatable message of a markdown block; empty for code, formulas without words, and bare symbols."""
    text = block.strip("\n")
    if text.startswith("$$"):
        return text if r"\text{" in text else ""
    prose = re.sub(r"\$[^$]*\$|`[^`]*`|\]\([^)]*\)", "", text)
    return "" if text.startswith(_NOT_PROSE) or not re.search(r"[^\W\d_]{2}", prose) else text


def comments(code: str) -> Iterator[tuple[tuple[int, int], str]]:
    """``((line, column), text)`` of every comment of a code cell that is written for people."""
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        text = token.string.lstrip("# ").rstrip()
        if token.type == tokenize.COMMENT and re.search(r"[^\W\d_]{2}", text) and not text.startswith("noqa"):
            yield token.start, text


def in_language(notebook, language: str, translate: Callable[[str], str] | None = None):
    """A copy of a notebook whose narrative and comments are in ``language``; its code runs as before.

    ``translate`` overrides the catalogues (tests use it to list what is asked for).
    """
    notebook = copy.deepcopy(notebook)
    if language == "en":
        return notebook
    translate = translate or chinese
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = "".join(
                _translated(text, translate) if block else text for text, block in blocks(cell.source)
            )
        elif cell.cell_type == "code":
            cell.source = _translated_comments(cell.source, translate)
    notebook.metadata["kam"] = {**notebook.metadata.get("kam", {}), "language": language}
    return notebook


def _translated(block: str, translate: Callable[[str], str]) -> str:
    message = message_of(block)
    return block.replace(message, _unwrapped(translate(message)), 1) if message else block


def _unwrapped(text: str) -> str:
    """Without the line breaks inside a Chinese sentence, which a page would show as spaces."""
    return _BROKEN_LINE.sub("", text)


def _translated_comments(code: str, translate: Callable[[str], str]) -> str:
    lines = code.splitlines()
    for (line, column), text in comments(code):
        lines[line - 1] = f"{lines[line - 1][:column]}# {translate(text)}"
    return "\n".join(lines)


# --- reference tables in both languages ---


def reference(name: str):
    """A reference table of the method (``kamlib/reference/<name>.csv``) in the language spoken now.

    A pair of columns ``x_en``, ``x_zh`` becomes one column ``x``; every other column stays text.
    """
    import pandas as pd

    frame = pd.read_csv(Path(__file__).parent / "reference" / f"{name}.csv", dtype="str", keep_default_na=False)
    other = "en" if language() == "zh" else "zh"
    frame = frame[[column for column in frame if not column.endswith(f"_{other}")]]
    return frame.rename(columns=lambda column: column.removesuffix(f"_{language()}"))
