"""All sheets of a small workbook as rows of text, in a process of its own: ``-m kamlib.intake.formsheets FILE …``.

`forms` starts this process with a memory limit. It prints one JSON object and imports only what it needs to start fast.
"""

import json
import sys
import zipfile

import openpyxl

from kamlib.intake.workbook import cell_text, limit_memory


def main(path: str, most_sheets: int, most_rows: int, most_columns: int, unpacked_limit: int) -> dict:
    """``sheets``: name -> rows of text; ``too_large``: whether the workbook is larger than a form can be."""
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > unpacked_limit:
            return {"sheets": {}, "too_large": True}
    book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    found: dict[str, list[list[str]]] = {}
    for sheet in book.worksheets[:most_sheets]:
        sheet.reset_dimensions()
        rows = sheet.iter_rows(values_only=True, max_row=most_rows, max_col=most_columns)
        found[sheet.title] = [[cell_text(cell) for cell in row] for row in rows]
    return {"sheets": found, "too_large": False}


if __name__ == "__main__":
    limit_memory(int(sys.argv[6]))
    print(json.dumps(main(sys.argv[1], *map(int, sys.argv[2:6]))))
