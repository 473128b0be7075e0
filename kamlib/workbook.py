"""Read the first sheet of an ``.xlsx`` file as text, in a process of its own: ``python -m kamlib.workbook FILE …``.

`sources` starts this process with a memory limit, because a workbook of a few kilobytes can ask for gigabytes.
It prints one JSON object: rows of text, problems and notes. It imports nothing of ours, so that it starts fast.
"""

import datetime as dt
import json
import re
import sys
import zipfile

ODD_RATIO = 200
CHUNK = 1 << 20


def main(path: str, most_rows: int, most_columns: int, unpacked_limit: int) -> dict:
    """Rows, problems and notes of a workbook; problems are (row, column, value, rule, remedy) by short names."""
    answer: dict = {"rows": [], "problems": [], "notes": []}
    try:
        with zipfile.ZipFile(path) as archive:
            if _unpacked(archive, unpacked_limit) > unpacked_limit:
                answer["problems"].append((None, "", path.rpartition("/")[2], "too large", "delete far"))
                return answer
            _read(path, archive, most_rows, most_columns, answer)
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        OSError,
        SyntaxError,
        EOFError,
        TypeError,
        AttributeError,
    ) as error:
        answer["rows"] = []
        answer["problems"].append((None, "", str(error)[:80], "damaged", "export"))
    return answer


def _unpacked(archive: zipfile.ZipFile, limit: int) -> int:
    """The size of all members, from the directory; what the directory hides is caught by the memory limit."""
    return sum(member.file_size for member in archive.infolist())


def _read(path: str, archive: zipfile.ZipFile, most_rows: int, most_columns: int, answer: dict) -> None:
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if not sheets:
        raise ValueError("no visible sheet")
    sheet = sheets[0]
    others = [other.title for other in book.worksheets if other is not sheet]
    if others:
        answer["notes"].append(("other sheets", ", ".join(others)))
    features = _features(archive, sheet)
    if features["hidden"]:
        answer["notes"].append(("hidden rows", ""))
    for area in features["merged"]:
        answer["problems"].append((int(re.search(r"\d+", area)[0]), "", area, "merged", "unmerge"))
    sheet.reset_dimensions()
    blank_run = 0
    rows: list[list[str]] = []
    for row in sheet.iter_rows(values_only=True):
        if len(row) > most_columns and any(cell is not None for cell in row[most_columns:]):
            answer["problems"].append((len(rows) + 1, "", str(len(row)), "too many columns", "delete far"))
            return
        texts = [_text(cell) for cell in row[:most_columns]]
        blank_run = 0 if any(texts) else blank_run + 1
        rows.append(texts)
        if len(rows) - blank_run > most_rows or len(rows) > 2 * most_rows:
            answer["problems"].append((most_rows, "", str(most_rows), "too many rows", "delete far"))
            return
    rows = rows[: len(rows) - blank_run]
    width = max((len(row) for row in rows), default=0)
    answer["rows"] = [row + [""] * (width - len(row)) for row in rows]
    for cell in features["formulas"]:
        column, row = re.fullmatch(r"([A-Z]+)(\d+)", cell).groups()
        answer["problems"].append((int(row), _header(answer["rows"], column), cell, "formula", "calculate"))


def _header(rows: list[list[str]], letters: str) -> str:
    position = 0
    for letter in letters:
        position = position * 26 + ord(letter) - 64
    return rows[0][position - 1] if rows and position <= len(rows[0]) else letters


def _features(archive: zipfile.ZipFile, sheet) -> dict:
    """What openpyxl's fast reader does not tell: merged areas, hidden rows, formulas without a saved result."""
    found: dict = {"merged": [], "hidden": False, "formulas": []}
    with archive.open(sheet._worksheet_path) as stream:
        tail = b""
        while chunk := stream.read(CHUNK):
            text = tail + chunk
            found["hidden"] = found["hidden"] or b' hidden="1"' in text
            found["merged"] += [m.decode() for m in re.findall(rb'<mergeCell [^>]*ref="([A-Z0-9:]+)"', text)]
            pattern = rb'<c r="([A-Z]+\d+)"[^>]*>\s*<f[^>]*?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>'
            found["formulas"] += [m.decode() for m in re.findall(pattern, text)]
            tail = text[-2000:]
    found["merged"] = list(dict.fromkeys(found["merged"]))
    found["formulas"] = list(dict.fromkeys(found["formulas"]))[:50]
    return found


def _text(cell: object) -> str:
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
    return str(cell)


def limit_memory(most: int) -> None:
    """Let this process fail rather than take more than ``most`` bytes (no such limit exists on Windows)."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    limit_memory(int(sys.argv[5]))
    print(json.dumps(main(sys.argv[1], *map(int, sys.argv[2:5]))))
