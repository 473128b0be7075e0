"""Read one sheet of an ``.xlsx`` file as text, in a process of its own: ``-m kamlib.intake.workbook FILE SHEET …``.

`sources` starts this process with a memory limit, because a workbook of a few kilobytes can ask for gigabytes.
It prints one JSON object: rows of text, problems and notes. It imports nothing of ours, so that it starts fast.
"""

import datetime as dt
import json
import re
import sys
import unicodedata
import zipfile

import openpyxl

CHUNK = 1 << 20
_HEADER_WITHIN = 12
_MOST_NAMED = 50
_CELL = re.compile(
    rb'<(?:\w+:)?c\b(?P<attributes>[^>]*\br="(?P<cell>[A-Z]+\d+)"[^>]*)>\s*'
    rb"<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>(?P<value>[^<]*)</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*\bref="([A-Z0-9:]+)"')
_HIDDEN = re.compile(rb'<(?:\w+:)?row\b[^>]*\bhidden="(?:1|true)"')


def main(
    path: str, wanted: str, known: str, most_rows: int, most_columns: int, unpacked_limit: int, *, stated: bool = False
) -> dict:
    """Rows, problems and notes of a sheet; problems are (row, column, value, rule, remedy) by short names.

    ``stated``: the wanted sheet must be there, and others with the same columns are its owner's business.
    A workbook that cannot be read at all ends this process with an error, which `sources` reports.
    """
    answer: dict = {"rows": [], "problems": [], "notes": [], "partial": False}
    with zipfile.ZipFile(path) as archive:
        # What the directory hides is caught by the memory limit.
        if sum(member.file_size for member in archive.infolist()) > unpacked_limit:
            answer["problems"].append((None, "", "", "too large", "delete far"))
            answer["partial"] = True
        else:
            book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
            visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible" or stated]
            sheet = _chosen(visible, wanted, set(known.split()))
            if stated and _plain(sheet.title) != wanted:
                titles = ", ".join(other.title for other in visible)
                answer["problems"].append((None, "", titles, "no such sheet", "correct sheet"))
                answer["partial"] = True
            else:
                _read(sheet, visible, archive, most_rows, most_columns, answer, stated)
    return answer


def _chosen(visible: list, wanted: str, known: set[str]):
    """The sheet of the wanted name, else the first that names known columns, else the first."""
    if not visible:
        raise ValueError("no visible sheet")
    named = [sheet for sheet in visible if _plain(sheet.title) == wanted]
    fitting = (sheet for sheet in visible if any(len(known & set(map(_plain, row))) > 1 for row in _first_rows(sheet)))
    return named[0] if named else next(fitting, visible[0])


def _plain(text: str) -> str:
    """As `texts.plain`, which this process does without."""
    return re.sub(r"[\s_\-\ufeff]+", "", unicodedata.normalize("NFKC", text)).casefold()


def _read(
    sheet,
    visible: list,
    archive: zipfile.ZipFile,
    most_rows: int,
    most_columns: int,
    answer: dict,
    stated: bool,
) -> None:
    features = _features(archive, sheet)
    for area in features["merged"]:
        answer["problems"].append((int(re.search(r"\d+", area)[0]), "", area, "merged", "unmerge"))
    answer["rows"] = _rows(sheet, most_rows, most_columns, answer)
    _other_sheets([other for other in visible if other is not sheet], answer, stated)
    if features["hidden"]:
        answer["notes"].append(("hidden rows", ""))
    for cell in features["formulas"]:
        column, row = re.fullmatch(r"([A-Z]+)(\d+)", cell).groups()
        answer["problems"].append((int(row), _header(answer["rows"], column), cell, "formula", "calculate"))


def _rows(sheet, most_rows: int, most_columns: int, answer: dict) -> list[list[str]]:
    """All rows up to the last one with content, padded to the same width."""
    sheet.reset_dimensions()
    rows: list[list[str]] = []
    filled, wide = 0, False
    for row in sheet.iter_rows(values_only=True):
        if not wide and len(row) > most_columns and any(cell is not None for cell in row[most_columns:]):
            answer["problems"].append((len(rows) + 1, "", str(len(row)), "too many columns", "delete far"))
            wide = True
        rows.append([cell_text(cell) for cell in row[:most_columns]])
        filled = len(rows) if any(rows[-1]) else filled
        if filled > most_rows or len(rows) > 2 * most_rows:
            answer["problems"].append((most_rows, "", "", "too many rows", "delete far"))
            answer["partial"] = True
            break
    width = max((len(row) for row in rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows[:filled]]


def _other_sheets(others: list, answer: dict, stated: bool) -> None:
    """Name sheets that hold more rows of the same table, unless one was stated; list the others as ignored."""
    header = next((row for row in answer["rows"] if any(row)), [])
    names = [cell for cell in header if cell]
    same = [other.title for other in others if names and not stated and names in _first_rows(other)]
    answer["problems"] += [(None, "", title, "same columns", "one sheet") for title in same]
    ignored = [other.title for other in others if other.title not in same]
    if ignored:
        answer["notes"].append(("other sheets", ", ".join(ignored)))


def _first_rows(sheet) -> list[list[str]]:
    """What stands in the first rows, blank cells left out."""
    sheet.reset_dimensions()
    rows = sheet.iter_rows(values_only=True, max_row=_HEADER_WITHIN)
    return [[text for cell in row if (text := cell_text(cell))] for row in rows]


def _header(rows: list[list[str]], letters: str) -> str:
    position = 0
    for letter in letters:
        position = position * 26 + ord(letter) - 64
    return rows[0][position - 1] if rows and position <= len(rows[0]) else letters


def _features(archive: zipfile.ZipFile, sheet) -> dict:
    """What openpyxl's fast reader does not tell: merged areas, hidden rows, formulas without a saved result."""
    names = set(archive.namelist())
    unsaved = "xl/workbook.xml" in names and b'fullCalcOnLoad="1"' in archive.read("xl/workbook.xml")
    found: dict = {"merged": {}, "hidden": False, "formulas": {}}
    with archive.open(sheet._worksheet_path) as stream:
        tail = b""
        while chunk := stream.read(CHUNK):
            text = tail + chunk
            found["hidden"] = found["hidden"] or bool(_HIDDEN.search(text))
            found["merged"] |= {area.decode(): None for area in _MERGED.findall(text)}
            for cell in _CELL.finditer(text):
                if _without_result(cell, unsaved):
                    found["formulas"][cell["cell"].decode()] = None
            tail = text[-2000:]
    return {"hidden": found["hidden"], **{key: list(found[key])[:_MOST_NAMED] for key in ("merged", "formulas")}}


def _without_result(cell: re.Match, unsaved: bool) -> bool:
    """Whether a formula's result is missing, or a 0 that the writing program put there without calculating."""
    value = (cell["value"] or b"").strip()
    return (not value and b't="str"' not in cell["attributes"]) or (unsaved and value == b"0")


def cell_text(cell: object) -> str:
    """A cell as a person would type it: 00123 stays, 5.0 is 5, a date is 2024-01-05."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, dt.datetime):
        return f"{cell:%Y-%m-%d}" if cell.time() == dt.time() else f"{cell:%Y-%m-%d %H:%M:%S}"
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return str(cell).encode("utf-8", "replace").decode()


def limit_memory(most: int) -> None:
    """Let this process fail rather than take more than ``most`` bytes (no such limit exists on Windows)."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    limit_memory(int(sys.argv[7]))
    print(json.dumps(main(*sys.argv[1:4], *map(int, sys.argv[4:7]), stated="stated" in sys.argv[8:])))
