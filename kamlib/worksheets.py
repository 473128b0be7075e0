"""Human judgements: edited in the notebook, saved as they are typed, read back by every later run.

A judgement is a table of the contract in ``data/<company>/judgements/``. Here too: the check of an exercise's answer.
"""

import datetime as dt
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from kamlib import data, schema, vocabulary
from kamlib.edition import Text, _, say
from kamlib.exports import Table

_CLOSE = 1e-6


def save(data_dir: str | Path, table: str, frame: pd.DataFrame) -> Path:
    """Write a judgement table as CSV, at once and whole; the old file stays until the new one is complete.

    Raises
    ------
    ValueError
        If ``table`` is no judgement, or ``frame`` has a column the contract does not know.
    """
    declared = schema.TABLES.get(table)
    if declared is None or not declared.folder:
        raise ValueError(_("{table} is no table of judgements.", table=table))
    unknown = [column for column in frame if column not in declared.by_name]
    if unknown:
        raise ValueError(_("{table} has no column {unknown}.", table=table, unknown=", ".join(unknown)))
    folder = Path(data_dir) / declared.folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=folder, suffix=".tmp", delete=False, encoding="utf-8", newline=""
    ) as file:
        frame.to_csv(file, index=False, date_format="%Y-%m-%d", lineterminator="\n")
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(folder / f"{table}.csv")
    return folder / f"{table}.csv"


def checklist(data_dir: str | Path, answers: pd.DataFrame, items: pd.DataFrame):
    """Yes/no buttons for every statement of a self-assessment, saved to ``judgements/maturity.csv`` at each click.

    Parameters
    ----------
    answers
        The judgement table ``maturity`` as it stands.
    items
        item, statement.
    """
    import ipywidgets as widgets

    given = dict(zip(answers["item"], answers["answer"], strict=True))
    evidence = dict(zip(answers["item"], answers["evidence"], strict=True))
    choices = [(_("yes"), "yes"), (_("no"), "no"), (_("not answered"), None)]

    def keep(_change: object) -> None:
        rows = [(item, box.value, evidence.get(item), _today()) for item, box in boxes.items() if box.value]
        save(data_dir, "maturity", pd.DataFrame(rows, columns=["item", "answer", "evidence", "decided_on"]))

    boxes, lines = {}, []
    for row in items.itertuples():
        boxes[row.item] = widgets.ToggleButtons(
            options=choices, value=given.get(row.item), style={"button_width": "3.5em"}
        )
        boxes[row.item].observe(keep, "value")
        text = widgets.Label(f"{row.item}  {row.statement}", layout={"width": "42em"})
        lines.append(widgets.HBox([text, boxes[row.item]]))
    return widgets.VBox(lines)


def amend(data_dir: str | Path, table: str, row: dict[str, object]) -> Path:
    """Write one row of a judgement table: in the place of the row with the same key, else as a new one.

    The rows of all other keys stay, those of other regions too. The day is today's.

    Raises
    ------
    ValueError
        If a column that the contract requires is blank, such as the reason of a wallet.
    """
    declared = schema.TABLES[table]
    days = {"decided_on", "asked_on"} & declared.by_name.keys()
    row = row | dict.fromkeys(days, pd.Timestamp(_today()))
    blank = [
        c.name for c in declared.columns if c.required and (row.get(c.name) is None or str(row[c.name]).strip() == "")
    ]
    if blank:
        raise ValueError(
            _("Nothing is saved: {blank} is blank.", blank=", ".join(_(vocabulary.label(x)) for x in blank))
        )
    company = data.open_company(data_dir)
    kept = company.table(table).frame if table in company.tables else pd.DataFrame(columns=list(declared.by_name))
    same = pd.concat([kept[key] == row[key] for key in declared.key], axis=1).all(axis=1)
    others = kept[~same.astype(bool)]
    new = pd.DataFrame([row], columns=list(kept.columns))
    return save(data_dir, table, pd.concat([others, new], ignore_index=True) if len(others) else new)


def entry(data_dir: str | Path, table: str, choices: pd.DataFrame, **numbers: tuple[float, float, float]):
    """A form for one judgement at a time: choose a row, set its numbers, say why, save.

    Parameters
    ----------
    table
        A judgement table.
    choices
        label (what people choose by) and the key columns of the table; a column named like a number is its start.
    numbers
        Column -> (lowest, highest, step).
    """
    import ipywidgets as widgets

    wide = {"description_width": "initial"}
    chosen = widgets.Dropdown(
        options=list(zip(choices["label"], range(len(choices)), strict=True)), layout={"width": "36em"}
    )
    boxes = {name: _number_box(widgets, name, *limits) for name, limits in numbers.items()}
    words = [name for name in ("reason", "decided_by") if name in schema.TABLES[table].by_name]
    texts = {
        name: widgets.Text(description=_(vocabulary.label(name)), style=wide, layout={"width": "36em"})
        for name in words
    }
    button, told = widgets.Button(description=_("Save")), widgets.Label()

    def start(_change: object = None) -> None:
        for name, box in boxes.items():
            if name in choices and len(choices):
                box.value = choices[name].iloc[chosen.value]

    def keep(_button: object) -> None:
        keys = choices.drop(columns=["label", *(set(boxes) & set(choices.columns))]).iloc[chosen.value].to_dict()
        values = {name: box.value for name, box in {**boxes, **texts}.items()}
        try:
            path = amend(data_dir, table, keys | values)
            told.value = _("Saved in {file}. Run the notebook again to use it.", file=path.name)
        except ValueError as error:
            told.value = str(error)

    chosen.observe(start, "value")
    button.on_click(keep)
    start()
    return widgets.VBox([chosen, *boxes.values(), *texts.values(), widgets.HBox([button, told])])


def _number_box(widgets, name: str, lowest: float, highest: float, step: float):
    return widgets.BoundedFloatText(
        lowest,
        min=lowest,
        max=highest,
        step=step,
        description=_(vocabulary.label(name)),
        style={"description_width": "initial"},
        layout={"width": "24em"},
    )


def explore(draw: Callable[..., object], **knobs: tuple[float, float, float, float]):
    """A slider per knob; ``draw`` is called anew, with the knobs' values, whenever one is let go.

    Parameters
    ----------
    draw
        Takes the knobs by name; a chart it draws or a table it returns is shown below the sliders.
    knobs
        Name -> (start, lowest, highest, step).
    """
    import ipywidgets as widgets
    from IPython.display import display

    def show(**values: float) -> None:
        shown = draw(**values)
        if isinstance(shown, pd.DataFrame | Table | Text):
            display(shown)

    sliders = {name: _slider(widgets, name, *knob) for name, knob in knobs.items()}
    return widgets.VBox([*sliders.values(), widgets.interactive_output(show, sliders)])


def _slider(widgets, name: str, start: float, lowest: float, highest: float, step: float):
    return widgets.FloatSlider(
        start,
        min=lowest,
        max=highest,
        step=step,
        description=_(vocabulary.label(name)),
        continuous_update=False,
        readout_format=",.0f" if step >= 1 else ".2f",
        style={"description_width": "initial"},
        layout={"width": "36em"},
    )


def _today() -> str:
    return f"{dt.date.today():%Y-%m-%d}"


def check(answer: object, expected: object | Callable[[], object], *, hint: str = "") -> Text:
    """Whether an exercise's answer is right; ``None`` counts as not answered yet.

    Numbers are compared to six digits, tables and lists element by element, everything else by equality.
    """
    if answer is None:
        return say("Not answered yet: replace None and run the cell again.")
    wanted = expected() if callable(expected) else expected
    if _same(answer, wanted):
        return say("✓ Right.")
    return Text(" ".join(part for part in (_("✗ Not yet."), hint) if part))


def _same(answer: object, wanted: object) -> bool:
    if isinstance(wanted, pd.DataFrame | pd.Series | np.ndarray | list | tuple | set):
        ours, theirs = _listed(wanted), _listed(answer)
        return len(ours) == len(theirs) and all(_same(a, b) for a, b in zip(theirs, ours, strict=True))
    if isinstance(wanted, int | float | np.number) and not isinstance(wanted, bool):
        try:
            return bool(np.isclose(float(answer), float(wanted), rtol=_CLOSE, atol=1e-9, equal_nan=True))
        except (TypeError, ValueError):
            return False
    return bool(answer == wanted)


def _listed(values: object) -> list:
    if isinstance(values, pd.DataFrame):
        return values.to_numpy().ravel().tolist()
    if isinstance(values, set):
        return sorted(values, key=str)
    return list(values) if isinstance(values, pd.Series | np.ndarray | list | tuple) else [values]
