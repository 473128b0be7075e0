"""GLOSSARY.md as a page reads it: one row per term, in the language spoken now.

The file holds both languages of every term and its meaning. The words of formulas, units and sources and the
introduction stand there in English alone: ``glossary.po`` has their Chinese.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from kamlib import edition

PATH = Path(__file__).parents[1] / "GLOSSARY.md"
CATALOGUE = "glossary.po"
_COLUMNS = {"en": (0, 1, 2, 4, 5, 6), "zh": (1, 0, 3, 4, 5, 6)}
"""Of term, 中文, meaning, 含义, formula, column, source."""
_APART = {4: " · ", 6: "; "}
"""What parts a formula from its unit, and one source from the next."""
_JOINED = {4: "，", 6: "；"}
_HEAD = re.compile(r"(#+ (?:\dx )?)([^\u4e00-\u9fff]+) ([\u4e00-\u9fff].*)")
_WORD = re.compile(r"[a-z]{3,}")
_CITED = re.compile(r"\b\d{4}$|^[A-Z]\w+ & [A-Z]\w+$")


def spoken(text: str) -> str:
    """The glossary's markdown in the language spoken now: every term in both, its meaning in this one."""
    chinese = edition.language() == "zh"
    words = edition.read_catalogue(edition.CATALOGUES / CATALOGUE) if chinese else {}
    return "\n".join(_line(line, words) for line in _lines(text))


def messages(text: str) -> Iterator[str]:
    """What ``glossary.po`` has to say in Chinese: headings, paragraphs, parts of formulas and sources with words."""
    yield from ("English", "Term", "Formula · unit", "Column", "Source")
    for line in _lines(text):
        cells = _cells(line)
        if cells and cells[0].startswith("<a"):
            for column in _APART:
                yield from filter(_has_words, cells[column].split(_APART[column]))
        elif line and not line.startswith(("#", "|")):
            yield line


def _has_words(part: str) -> bool:
    return bool(_WORD.search(part)) and not _CITED.search(part)


def _lines(text: str) -> list[str]:
    """Its lines, a paragraph on one."""
    return re.sub(r"(?<=[^\n|])\n(?=[^\n|#])", " ", text).splitlines()


def _cells(line: str) -> list[str]:
    """The seven cells of a row of terms; none of any other line."""
    cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
    return cells if line.startswith("|") and len(cells) == 7 else []


def _line(line: str, words: dict[str, str]) -> str:
    if head := _HEAD.fullmatch(line):
        return head[1] + head[3 if edition.language() == "zh" else 2]
    cells = _cells(line)
    if not cells:
        return words.get(line, line)
    cells = _headings(cells, words) if cells[0] == "Term" else [_said(c, at, words) for at, c in enumerate(cells)]
    return f"| {' | '.join(cells[at] for at in _COLUMNS[edition.language()])} |"


def _headings(cells: list[str], words: dict[str, str]) -> list[str]:
    if not words:
        return cells
    return [words["English"], words["Term"], "", *(words.get(cell, cell) for cell in cells[3:])]


def _said(cell: str, column: int, words: dict[str, str]) -> str:
    """A cell with the words of its parts in Chinese, if it is one of those that need it."""
    if not words or column not in _APART:
        return cell
    return _JOINED[column].join(words.get(part, part) for part in cell.split(_APART[column]))
