"""What the door to data reports: problems to mend, notes of what was converted, and the cells both are about."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from kamlib.edition import _

_SHOWN = 10


@dataclass(frozen=True)
class Problem:
    """One thing that must be mended before anything runs."""

    file: str
    row: int | None
    column: str
    value: str
    rule: str
    what_to_do: str

    def __str__(self) -> str:
        where = [self.file]
        if self.row is not None:
            where.append(_("row {row}", row=self.row))
        if self.column:
            where.append(self.column)
        rule = f"{self.rule} {self.value!r}" if self.value else self.rule
        return _("{where}: {rule}. {remedy}", where=", ".join(where), rule=rule, remedy=self.what_to_do)


class DataError(ValueError):
    """The data cannot be used as it is; ``problems`` says where and what to do."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = list(problems)
        shown = "\n".join(str(problem) for problem in self.problems[:_SHOWN])
        more = len(self.problems) - _SHOWN
        super().__init__(shown + ("\n" + _("… and {more} more.", more=more) if more > 0 else ""))


@dataclass(frozen=True)
class Note:
    """Something accepted after a conversion, listed so that nothing happens silently."""

    file: str
    column: str
    what: str
    cells: int = 1
    example: str = ""


@dataclass
class Cells:
    """A table as it stands in its file: ``frame`` has the file's own column names and row numbers."""

    file: str
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    """Cells of rows that could not be laid out: what refers to them is not called unknown."""
    partial: bool = False
    """Whether the file could not be read to its end."""

    def wrong(self, row: int | None, column: str, value: object, rule: str, what_to_do: str) -> None:
        """Add a problem of this file."""
        self.problems.append(Problem(self.file, row, column, str(value), rule, what_to_do))

    def unreadable(self, value: object, rule: str, what_to_do: str) -> None:
        """Add a problem of the file as a whole, of which nothing can be read."""
        self.partial = True
        self.wrong(None, "", value, rule, what_to_do)

    def note(self, column: str, what: str, cells: int = 1, example: object = "") -> None:
        """Add a note on this file."""
        self.notes.append(Note(self.file, column, what, cells, str(example)))
