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


def pick(show: Callable[[object], object], choices: dict[str, object]):
    """A list to pick one entry from; ``show`` is called with it, and what it draws or returns appears below.

    Parameters
    ----------
    choices
        Text in the list -> what ``show`` is given. Without any, the widget says so.
    """
    import ipywidgets as widgets
    from IPython.display import display

    if not choices:
        return say("There is nothing to pick from.")

    def shown(chosen: object) -> None:
        answer = show(chosen)
        if isinstance(answer, pd.DataFrame | Table | Text):
            display(answer)

    numbered = [(f"{place}. {text}", value) for place, (text, value) in enumerate(choices.items(), start=1)]
    box = widgets.Dropdown(options=numbered, description="", layout={"width": "36em"})
    return widgets.VBox([box, widgets.interactive_output(shown, {"chosen": box})])


_TIMES = range(2, 10)
_SCALE = [
    *((f"{times} : 1", float(times)) for times in reversed(_TIMES)),
    ("1 : 1", 1.0),
    *((f"1 : {times}", 1 / times) for times in _TIMES),
]
"""Saaty's scale: from nine times as important to one ninth."""


def pairwise(
    data_dir: str | Path,
    topic: str,
    weigh: Callable[[dict[tuple[str, str], float]], pd.DataFrame],
    start: dict[tuple[str, str], float],
    *,
    as_of: dt.date | None = None,
):
    """A slider per pair of criteria; whenever one is let go, the weights are saved to ``judgements/weights.csv``.

    Nothing is saved while nobody moves a slider, so a report that runs the notebook changes no judgement.

    Parameters
    ----------
    topic
        What is being weighed; the weights of other topics stay as they are.
    weigh
        Takes pair -> how many times the first is as important as the second; returns criterion, weight,
        consistency_ratio and look_again, as `weighting.judged_weights` does.
    start
        The comparisons to begin with.
    as_of
        The last day the notebook looks at: a judgement made for it counts from then on, not from today.
    """
    import ipywidgets as widgets
    from IPython.display import display

    sliders = {f"pair{place}": _comparison(widgets, *pair, times) for place, (pair, times) in enumerate(start.items())}

    def weighed(values: dict[str, float]) -> pd.DataFrame:
        return weigh(dict(zip(start, values.values(), strict=True)))

    def show(**values: float) -> None:
        display(Table(weighed(values)[["criterion", "weight"]]))
        display(_consistency(weighed(values)))

    def keep(_change: object) -> None:
        table = weighed({name: slider.value for name, slider in sliders.items()})
        _save_weights(data_dir, topic, table, as_of)

    shown = widgets.interactive_output(show, sliders)
    for slider in sliders.values():
        slider.observe(keep, "value")
    return widgets.VBox([*sliders.values(), shown])


def _comparison(widgets, first: str, second: str, times: float):
    nearest = min((value for _text, value in _SCALE), key=lambda value: abs(np.log(value / times)))
    return widgets.SelectionSlider(
        options=_SCALE,
        value=nearest,
        description=f"{_(vocabulary.VALUES.get(first, first))} : {_(vocabulary.VALUES.get(second, second))}",
        continuous_update=False,
        style={"description_width": "14em"},
        layout={"width": "40em"},
    )


def _consistency(table: pd.DataFrame) -> Text:
    """The consistency ratio in words, and which comparison to look at again."""
    ratio, again = table["consistency_ratio"].iloc[0], table["look_again"].iloc[0]
    if not again:
        return say("Consistency ratio {ratio:.2f}: the comparisons fit together.", ratio=ratio)
    pair = " : ".join(_(vocabulary.VALUES.get(part, part)) for part in again.split(" : "))
    return say(
        "Consistency ratio {ratio:.2f}, above 0.10: the comparisons contradict each other. Look again at {pair}.",
        ratio=ratio,
        pair=pair,
    )


def _save_weights(data_dir: str | Path, topic: str, table: pd.DataFrame, as_of: dt.date | None) -> None:
    day = min(_today(), f"{as_of:%Y-%m-%d}") if as_of is not None else _today()
    path = Path(data_dir) / schema.TABLES["weights"].folder / "weights.csv"
    fresh = table[["criterion", "weight"]].round({"weight": 4}).assign(topic=topic, decided_on=day)
    fresh = fresh[["topic", "criterion", "weight", "decided_on"]]
    if path.exists():
        old = pd.read_csv(path, dtype="str")
        fresh = pd.concat([old[old["topic"] != topic], fresh.astype("str")], ignore_index=True)
    save(data_dir, "weights", fresh)


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
