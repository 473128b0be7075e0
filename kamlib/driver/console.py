"""What the terminal shows: problems one below the other, and how far a run has come."""

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TextIO

import pandas as pd

from kamlib.edition import _

MOST_ALIKE = 20
"""Problems of one file, column and rule that are spelt out; the rest is counted."""
_LONGEST_VALUE = 200


# --- problems ---


def problem_lines(problems: pd.DataFrame) -> Iterable[str]:
    """A block of two lines per problem: where and what, then the rule and what to do."""
    alike = ["file", "column", "rule"]
    place = problems.groupby(alike, dropna=False, sort=False).cumcount()
    total = problems.groupby(alike, dropna=False, sort=False)["rule"].transform("size")
    for problem, at, count in zip(problems.itertuples(index=False), place, total, strict=True):
        if at < MOST_ALIKE:
            yield _where(problem)
            rule, remedy = plain(problem.rule), plain(problem.what_to_do)
            yield "    " + _("{rule}. {remedy}", rule=rule, remedy=remedy)
        if at == min(count, MOST_ALIKE) - 1 and count > MOST_ALIKE:
            yield "    " + _("… and {n} more like it", n=count - MOST_ALIKE)


def _where(problem) -> str:
    parts = [plain(problem.file)]
    if not pd.isna(problem.row):
        parts.append(_("row {row}", row=int(problem.row)))
    if problem.column:
        parts.append(_("column {column}", column=plain(problem.column)))
    value = plain(str(problem.value))
    shown = f"{value[:_LONGEST_VALUE]}…" if len(value) > _LONGEST_VALUE else value
    return ", ".join(parts) + (f": {shown!r}" if shown else "")


def plain(text: str) -> str:
    """Text of others, without what a terminal would obey: control characters are spelt out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def note_lines(notes: pd.DataFrame) -> Iterable[str]:
    """One line per kind of conversion that was made while reading."""
    for note in notes.itertuples(index=False):
        place = ", ".join(plain(part) for part in (note.file, note.column) if part)
        cells = _("{n} cells", n=f"{note.cells:,}") if note.cells else ""
        example = _("e.g. {example}", example=plain(str(note.example))) if note.example else ""
        extra = ", ".join(part for part in (cells, example) if part)
        yield f"    {place}: {plain(note.what)}" + (f" ({extra})" if extra else "")


def table_lines(rows: list[tuple[str, ...]], header: tuple[str, ...]) -> Iterable[str]:
    """Rows in columns of even width; the last column is as long as it needs to be."""
    cells = [header, *rows]
    widths = [max(_width(row[i]) for row in cells) for i in range(len(header) - 1)]
    for row in cells:
        even = (text + " " * (width - _width(text)) for text, width in zip(row, widths, strict=False))
        yield "  ".join([*even, row[-1]])


def _width(text: str) -> int:
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


# --- progress ---


@dataclass
class Screen:
    """Tells on ``stream`` what is going on: a bar with the remaining time on a terminal, plain lines elsewhere."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    quiet: bool = False
    _bar: object = None
    _started: float = 0.0
    _total: int = 0
    _done: int = 0
    _worked: int = 0

    def say(self, text: str) -> None:
        """A line of its own."""
        if self.quiet:
            return
        if self._bar is not None:
            self._bar.write(text, file=self.stream)
        else:
            print(text, file=self.stream, flush=True)

    def begin(self, total: int) -> None:
        """Start counting to ``total``."""
        self._started, self._total, self._done, self._worked = time.monotonic(), total, 0, 0
        if self.stream.isatty() and not self.quiet:
            from tqdm import tqdm

            form = "{percentage:3.0f}% {bar:24} {n_fmt}/{total_fmt} {elapsed} {desc}"
            self._bar = tqdm(total=total, file=self.stream, bar_format=form, dynamic_ncols=True, leave=False)

    def step(self, what: str, *, worked: bool = True) -> None:
        """One more is done: ``what``. ``worked`` is False for what cost no time; it says nothing of the rest."""
        self._done += 1
        self._worked += worked
        if self._bar is not None:
            self._bar.update(1)
            self.at("")
        else:
            width = len(str(self._total))
            self.say(f"[{self._done:{width}}/{self._total}] {what}   {self._left()}".rstrip())

    def at(self, what: str) -> None:
        """What is being worked at; shown on a terminal."""
        if self._bar is not None:
            self._bar.set_description_str(" · ".join(part for part in (self._left(), what) if part))

    def end(self) -> None:
        """Put the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _left(self) -> str:
        rest = self._total - self._done
        if not rest or not self._worked:
            return ""
        seconds = (time.monotonic() - self._started) / self._worked * rest
        return _("about {time} left", time=duration(seconds))


def duration(seconds: float) -> str:
    """Seconds as people say them: 45 s, 3 min, 1 h 20 min."""
    if seconds < 90:
        return _("{n} s", n=max(1, round(seconds)))
    minutes = round(seconds / 60)
    return _("{n} min", n=minutes) if minutes < 90 else _("{h} h {n} min", h=minutes // 60, n=minutes % 60)
