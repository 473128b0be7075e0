"""A joint plan read back from the workbook that people filled in: every cell as it was written, or a problem that says
where it stands and what to do.
"""

from pathlib import Path

import pandas as pd

from kamlib import edition, vocabulary
from kamlib.edition import _
from kamlib.intake import forms, parsers
from kamlib.jointforms import CODES, FORMS, JointPlan, make_plan
from kamlib.problems import DataError, Problem
from kamlib.schema import Column
from kamlib.workbooks import sheet_names

FACTS = {"account_id": "text", "account_name": "text", "currency": "text", "as_of": "date"}


def read_jbp_workbook(path: str | Path) -> JointPlan:
    """The plan in a workbook that `exports.jbp_workbook` wrote, with whatever people changed, added or deleted in it.

    Sheets and columns are found by their names in either language, so they may be moved; other sheets and columns are
    left alone. What formulas show is computed anew, never read.

    Raises
    ------
    DataError
        With every problem at once: no workbook, a sheet or column missing, a cell that is no number, date or known
        word.
    """
    sheets = forms.read_sheets(path)
    problems: list[Problem] = []
    reading = _Reading(Path(path).name, problems)
    facts = reading.facts(_found(sheets, "facts"))
    tables = {name: reading.table(name, _found(sheets, name)) for name in FORMS}
    if problems:
        raise DataError(problems)
    try:
        return make_plan(**facts, **tables)
    except ValueError as error:
        raise DataError([Problem(reading.file, None, "", "", str(error), _("Correct the cell."))]) from error


def _found(sheets: dict[str, list[list[str]]], key: str) -> list[list[str]] | None:
    return next((sheets[name] for name in _spellings(_english_sheet(key), key) if name in sheets), None)


def _english_sheet(key: str) -> str:
    spoken = edition.language()
    edition.use("en")
    try:
        return sheet_names()[key]
    finally:
        edition.use(spoken)


def _spellings(english: str, key: str) -> tuple[str, ...]:
    return english, edition.chinese(english), key


class _Reading:
    """One workbook being read: its name, and the problems found so far."""

    def __init__(self, file: str, problems: list[Problem]):
        self.file, self.problems = file, problems

    def wrong(self, place: str, row: int | None, column: str, value: str, rule: str, remedy: str) -> None:
        self.problems.append(Problem(f"{self.file}, {place}", row, column, value, rule, remedy))

    def facts(self, rows: list[list[str]] | None) -> dict[str, object]:
        """Account, currency and day: the cell to the right of each label."""
        found: dict[str, object] = {}
        for name, kind in FACTS.items():
            words = _spellings(vocabulary.label(name), name)
            place = next(((at, row) for at, row in enumerate(rows or [], 1) if row and row[0] in words), None)
            if place is None or len(place[1]) < 2 or (not place[1][1] and name != "account_name"):
                rule, remedy = _("is missing"), _("Write it beside its label on the first sheet.")
                self.wrong(_english_sheet("facts"), None, name, "", rule, remedy)
                continue
            cells = pd.Series([place[1][1]], index=[place[0]], dtype="str")
            found[name] = self._values("facts", cells, name, kind).iloc[0]
        return found

    def table(self, name: str, rows: list[list[str]] | None) -> pd.DataFrame:
        """A table of the plan from its sheet."""
        columns = FORMS[name]
        if rows is None:
            rule, remedy = _("the sheet is missing"), _("Give the sheet its name back, or copy it from the form.")
            self.wrong(_english_sheet(name), None, "", "", rule, remedy)
            return pd.DataFrame()
        at, places = _header(rows, columns)
        absent = [column for column in columns if column not in places]
        if absent:
            labels = ", ".join(_(vocabulary.label(column)) for column in absent)
            rule, remedy = _("columns are missing"), _("Give the columns their headings back.")
            self.wrong(_english_sheet(name), at, "", labels, rule, remedy)
            return pd.DataFrame()
        body = dict(enumerate(rows[at:], at + 1))
        read = {}
        for column, kind in columns.items():
            texts = [row[places[column]] if places[column] < len(row) else "" for row in body.values()]
            read[column] = self._values(name, pd.Series(texts, index=list(body), dtype="str"), column, kind)
        return pd.DataFrame(read).dropna(how="all")

    def _values(self, sheet: str, cells: pd.Series, column: str, kind: str) -> pd.Series:
        """The cells of a column in its kind; what cannot be read becomes a problem."""
        if kind == "text":
            return cells.where(cells != "", None)
        if kind == "code":
            return self._words(sheet, cells, column)
        parsed = parsers.parse(cells, Column(column, kind, ""))
        for row, refusal in parsed.refused.items():
            self.wrong(_english_sheet(sheet), row, column, cells[row], refusal.rule, refusal.what_to_do)
        return parsed.values

    def _words(self, sheet: str, cells: pd.Series, column: str) -> pd.Series:
        known = {word: code for code in CODES[column] for word in _spellings(vocabulary.VALUES.get(code, code), code)}
        plain = cells.str.strip()
        for row in cells.index[(plain != "") & ~plain.isin(list(known))]:
            allowed = ", ".join(_(vocabulary.VALUES.get(code, code)) for code in CODES[column])
            rule, remedy = _("not a known word"), _("Choose one of: {allowed}.", allowed=allowed)
            self.wrong(_english_sheet(sheet), row, column, cells[row], rule, remedy)
        return plain.map(known).astype("str")


def _header(rows: list[list[str]], columns: dict[str, str]) -> tuple[int, dict[str, int]]:
    """The row (counted from 1) that names most of the columns, and where each stands in it."""
    best: tuple[int, dict[str, int]] = (1, {})
    for at, row in enumerate(rows[:12], 1):
        places = {}
        for column in columns:
            words = _spellings(vocabulary.label(column), column)
            where = next((place for place, cell in enumerate(row) if cell.strip() in words), None)
            places |= {column: where} if where is not None else {}
        best = (at, places) if len(places) > len(best[1]) else best
    return best
