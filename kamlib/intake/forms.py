"""A small workbook that people filled in and that comes back from somebody else's machine: its sheets as rows of text.

A process of its own reads it, with a limit on memory and time: a workbook of a few kilobytes can ask for gigabytes.
"""

import json
import subprocess
import sys
from pathlib import Path

from kamlib.edition import _
from kamlib.problems import DataError, Problem

MOST_SHEETS, MOST_ROWS, MOST_COLUMNS = 40, 2_000, 60
UNPACKED_LIMIT = 100_000_000
READER_MEMORY = 1_500_000_000
READER_SECONDS = 60


def read_sheets(path: str | Path) -> dict[str, list[list[str]]]:
    """Sheet name -> its rows as text, at most `MOST_ROWS` × `MOST_COLUMNS`; dates read 2024-01-05.

    Raises
    ------
    DataError
        If the file is not there, is no workbook, or is larger than a filled-in form can be.
    """
    path = Path(path)
    if not path.is_file():
        raise _problem(path, _("there is no such file"), _("Check the name and the folder."))
    limits = (MOST_SHEETS, MOST_ROWS, MOST_COLUMNS, UNPACKED_LIMIT, READER_MEMORY)
    command = [sys.executable, "-m", "kamlib.intake.formsheets", str(path.resolve()), *map(str, limits)]
    try:
        child = subprocess.run(command, capture_output=True, timeout=READER_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise _problem(
            path, _("reading takes too long"), _("Delete everything that is not part of the form.")
        ) from None
    if child.returncode:
        raise _problem(path, _("not a readable .xlsx workbook"), _("Save it again as .xlsx without a password."))
    answer = json.loads(child.stdout)
    if answer["too_large"]:
        raise _problem(path, _("larger than a form can be"), _("Delete everything that is not part of the form."))
    return answer["sheets"]


def _problem(path: Path, rule: str, remedy: str) -> DataError:
    return DataError([Problem(path.name, None, "", "", rule, remedy)])
