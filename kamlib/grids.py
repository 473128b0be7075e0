"""The initiatives of a joint plan as a grid to type in; kept in the company's own table ``initiatives`` as they change.

The rest of that table, and every other row's spelling, stays as it is.
"""

import csv
import io
import os
import tempfile
from html import escape
from pathlib import Path

import pandas as pd

from kamlib import schema, vocabulary
from kamlib.edition import _
from kamlib.jointforms import CODES, FORMS, initiative_form
from kamlib.jointreview import check_initiatives

CONTRACT = tuple(column.name for column in schema.TABLES["initiatives"].columns)
TYPED = tuple(column for column in FORMS["initiatives"] if column in CONTRACT)
"""What the grid shows: the contract's columns of an initiative, but for the account."""


def save_initiatives(data_dir: str | Path, account_id: str, initiatives: pd.DataFrame) -> Path:
    """Put one account's initiatives into ``initiatives.csv``, whole or not at all; all other rows stay as they are.

    Parameters
    ----------
    data_dir
        The company's folder.
    initiatives
        The account's initiatives, all of them; columns of `jointforms.FORMS`. A range of sales has no column in the
        contract: it stays in the workbook.

    Raises
    ------
    ValueError
        If the table is kept in another form than a CSV file in UTF-8 with the contract's column names, or an initiative
        has no number, or one that another account uses.
    """
    path = Path(data_dir) / "initiatives.csv"
    header, rows = _read(path)
    others = [row for row in rows if row[header.index("account_id")] != account_id]
    taken = {row[header.index("initiative_id")] for row in others}
    numbers = initiatives["initiative_id"]
    if numbers.isna().any() or numbers.duplicated().any() or numbers.isin(list(taken)).any():
        raise ValueError(_("Every initiative needs a number that no other initiative has."))
    own = [[_plain(name, row, account_id) for name in header] for row in initiatives.to_dict("records")]
    at = next((at for at, row in enumerate(rows) if row not in others), len(rows))
    before = [row for row in rows[:at] if row in others]
    _write(path, [header, *before, *own, *others[len(before) :]])
    return path


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    remedy = _("Change the plan there, or in the plan's workbook, and export the table as initiatives.csv (UTF-8).")
    if not path.is_file():
        raise ValueError(_("There is no initiatives.csv in this folder: the table is kept elsewhere.") + " " + remedy)
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(_("initiatives.csv is not written in UTF-8.") + " " + remedy) from None
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    header = rows[0] if rows else list(CONTRACT)
    if not {"initiative_id", "account_id"} <= set(header) or any(len(row) != len(header) for row in rows):
        raise ValueError(_("initiatives.csv does not use the contract's column names.") + " " + remedy)
    return header, rows[1:]


def _plain(name: str, row: dict, account_id: str) -> str:
    cell = account_id if name == "account_id" else row.get(name)
    if cell is None or cell is pd.NaT or cell != cell:
        return ""
    if hasattr(cell, "strftime"):
        return f"{cell:%Y-%m-%d}"
    return f"{cell:.2f}".removesuffix(".00") if isinstance(cell, float) else str(cell)


def _write(path: Path, rows: list[list[str]]) -> None:
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, suffix=".tmp", delete=False, encoding="utf-8", newline=""
    ) as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)


def plan_grid(data_dir: str | Path, account_id: str, initiatives: pd.DataFrame):
    """A box per cell of an account's initiatives; every change is kept at once, and what is missing is said below.

    Parameters
    ----------
    initiatives
        The account's, columns of the contract.
    """
    import ipywidgets as widgets

    said = widgets.HTML()
    boxes = [{name: _box(widgets, name, row[name]) for name in TYPED} for row in initiatives.to_dict("records")]

    def keep(_change: object = None) -> None:
        try:
            frame = initiative_form(*({name: _typed(name, box.value) for name, box in row.items()} for row in boxes))
            save_initiatives(data_dir, account_id, frame)
        except ValueError as error:
            said.value = escape(_("Not kept: {why}", why=error))
        else:
            said.value = _gaps(frame)

    for box in (box for row in boxes for box in row.values()):
        box.observe(keep, "value")
    said.value = _gaps(initiative_form(*initiatives.to_dict("records")))
    heads = [widgets.Label(_(vocabulary.label(name)), layout=_layout(name)) for name in TYPED]
    return widgets.VBox([widgets.HBox(heads), *(widgets.HBox(list(row.values())) for row in boxes), said])


def _box(widgets, name: str, value: object):
    kind, blank = FORMS["initiatives"][name], value is None or value is pd.NaT or value != value
    layout = _layout(name)
    if kind == "date":
        return widgets.DatePicker(value=None if blank else value.date(), layout=layout)
    if kind == "code":
        names = [("", None), *((_(vocabulary.VALUES[code]), code) for code in CODES[name])]
        return widgets.Dropdown(options=names, value=None if blank else value, layout=layout)
    text = "" if blank else _plain(name, {name: value}, "")
    return widgets.Text(text, continuous_update=False, layout=layout, disabled=name == "initiative_id")


def _layout(name: str) -> dict[str, str]:
    return {"width": {"goal": "20em", "initiative_id": "5em"}.get(name, "9em"), "flex": "0 0 auto"}


def _typed(name: str, value: object) -> object:
    """What was typed; an amount as a number. Raises ValueError for another text in its place."""
    if value in ("", None) or FORMS["initiatives"][name] != "money":
        return value or None
    try:
        return float(str(value).replace(",", "").replace("，", ""))
    except ValueError:
        column = _(vocabulary.label(name))
        raise ValueError(_("{column}: {value!r} is no amount; write 1234.50.", column=column, value=value)) from None


def _gaps(frame: pd.DataFrame) -> str:
    gaps = check_initiatives(frame)
    lines = [f"{row.initiative_id}: {row.gap} – {row.write}" for row in gaps.itertuples()]
    return "<br>".join(escape(line) for line in lines) or escape(_("✓ No gap: every initiative can be signed."))
