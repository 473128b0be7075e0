"""Finished frames to what people read: tables in notebooks and reports, published for the driver; xlsx and pptx.

`publish` is the one call by which a notebook hands something to the report: it shows the table and leaves the frame in
the executed notebook under `MIME`, from where the report, the index page and the workbooks read it.
"""

from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd

from kamlib import edition, vocabulary
from kamlib.edition import _
from kamlib.jointforms import FORMS, JointPlan, make_plan

MIME = "application/vnd.kam.frame+json"
PLAN_MIME = "application/vnd.kam.plan+json"
MOST_ROWS = 30
"""Rows a table shows; the rest is counted below it and published whole."""

_RIGHT = {"money", "percent", "integer", "number", "reach"}


@dataclass(frozen=True)
class Table:
    """A frame as a table for people: labels and numbers in the language spoken, every cell escaped."""

    frame: pd.DataFrame
    most: int = MOST_ROWS

    def _repr_html_(self) -> str:
        return html(self.frame, most=self.most)

    def __repr__(self) -> str:
        return texts(self.frame.head(self.most)).rename(columns=heading).to_string(index=False)


@dataclass(frozen=True)
class Published:
    """A named table that the report picks up."""

    name: str
    frame: pd.DataFrame
    most: int = MOST_ROWS

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        table = Table(self.frame, self.most)
        return {MIME: to_payload(self.name, self.frame), "text/html": table._repr_html_(), "text/plain": repr(table)}


def table(frame: pd.DataFrame, *, most: int = MOST_ROWS) -> Table:
    """``frame`` as a table to show in a notebook: at most ``most`` rows, the index left out."""
    return Table(frame, most)


def publish(name: str, frame: pd.DataFrame, *, most: int = MOST_ROWS) -> None:
    """Show ``frame`` as a table and hand it to the report under ``name``.

    Two names have a meaning of their own: ``headline`` (one row of three to six numbers) goes to the top of the
    region's page, ``decisions`` (account_name, evidence, action, owner, by_when) into its list of decisions.

    Raises
    ------
    ValueError
        If a headline has not exactly one row, or decisions lack a column.
    """
    from IPython.display import display

    if name == "headline" and len(frame) != 1:
        raise ValueError(_("A headline has one row, not {n}.", n=len(frame)))
    missing = [column for column in DECISION_COLUMNS if name == "decisions" and column not in frame]
    if missing:
        raise ValueError(_("Decisions lack the columns: {missing}.", missing=", ".join(missing)))
    display(Published(name, frame, most))


@dataclass(frozen=True)
class PublishedPlan:
    """A joint business plan that the report turns into a workbook and slides beside the region's page."""

    plan: JointPlan

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        said = _("{account}: workbook and slides lie beside the report.", account=self.plan.account_name)
        return {PLAN_MIME: plan_payload(self.plan), "text/html": f"<p>{escape(said)}</p>", "text/plain": said}


def publish_plan(plan: JointPlan) -> None:
    """Hand a joint business plan to the report: its workbook and its slides appear beside the region's page."""
    from IPython.display import display

    display(PublishedPlan(plan))


def plan_payload(plan: JointPlan) -> dict[str, object]:
    """A joint plan as plain JSON."""
    facts = {name: getattr(plan, name) for name in ("account_id", "account_name", "currency")}
    return {**facts, "as_of": f"{plan.as_of:%Y-%m-%d}", "tables": {n: to_payload(n, getattr(plan, n)) for n in FORMS}}


def plan_from_payload(payload: dict) -> JointPlan:
    """The plan of `plan_payload`."""
    tables = {name: pd.DataFrame(t["rows"], columns=t["columns"]) for name, t in payload["tables"].items()}
    name, currency = payload["account_name"], payload["currency"]
    return make_plan(payload["account_id"], name, currency=currency, as_of=payload["as_of"], **tables)


def jbp_workbook(plan: JointPlan, path: str | Path) -> Path:
    """Write a joint business plan as ``.xlsx`` with live formulas; see `workbooks.jbp_workbook`."""
    from kamlib import workbooks

    return workbooks.jbp_workbook(plan, path)


def jbp_slides(plan: JointPlan, path: str | Path) -> Path:
    """Write a joint business plan as ``.pptx``; see `slides.jbp_slides`."""
    from kamlib import slides

    return slides.jbp_slides(plan, path)


DECISION_COLUMNS = ("account_name", "evidence", "action", "owner", "by_when")


def to_payload(name: str, frame: pd.DataFrame) -> dict[str, object]:
    """The frame as plain JSON: ``{"name", "columns", "rows"}``, dates as text, missing values null."""
    rows = [[_plain(cell) for cell in row] for row in frame.itertuples(index=False, name=None)]
    return {"name": name, "columns": [str(column) for column in frame.columns], "rows": rows}


def from_payload(payload: dict) -> pd.DataFrame:
    """The frame of `to_payload`; columns whose format is a date become dates again."""
    frame = pd.DataFrame(payload["rows"], columns=payload["columns"])
    dates = [column for column in frame if vocabulary.format_of(column) == "date"]
    return frame.assign(**{column: pd.to_datetime(frame[column]) for column in dates})


def _plain(cell: object) -> object:
    if cell is None or cell is pd.NaT or cell != cell:
        return None
    if hasattr(cell, "isoformat"):
        return f"{cell:%Y-%m-%d}"
    cell = cell.item() if hasattr(cell, "item") else cell
    return round(cell, 10) if isinstance(cell, float) else cell


def html(frame: pd.DataFrame, *, most: int = MOST_ROWS) -> str:
    """The frame as an HTML table without any style of its own; nothing in a cell can become markup."""
    sides = ['class="num"' if vocabulary.format_of(column) in _RIGHT else "" for column in frame]
    head = "".join(f"<th {side}>{escape(heading(column))}</th>" for column, side in zip(frame, sides, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td {side}>{escape(cell)}</td>" for cell, side in zip(row, sides, strict=True)) + "</tr>"
        for row in texts(frame.head(most)).itertuples(index=False, name=None)
    )
    more = len(frame) - most
    foot = f"<p class='more'>{escape(_('… and {more} more rows.', more=more))}</p>" if more > 0 else ""
    return f"<table class='kam'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{foot}"


def heading(column: str) -> str:
    """The heading of a column in the language spoken now."""
    return _(vocabulary.label(column))


def texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Every cell as the text people read."""
    return pd.DataFrame({column: frame[column].map(_reader(column)).astype(object) for column in frame})


def _reader(column: str):
    kind = vocabulary.format_of(column)
    return lambda cell: edition.MISSING if cell is None or cell != cell else _READERS[kind](cell)


def _word(cell: object) -> str:
    if isinstance(cell, bool):
        return _("yes") if cell else _("no")
    if hasattr(cell, "strftime"):
        return edition.date(cell)
    return edition.compact(cell) if isinstance(cell, float) else str(cell)


def _name_of_code(cell: object) -> str:
    return _(vocabulary.VALUES[cell]) if cell in vocabulary.VALUES else str(cell)


def _within_reach(cell: float) -> str:
    return _("out of reach") if cell == float("inf") else edition.compact(cell)


_READERS = {
    "text": _word,
    "code": _name_of_code,
    "money": edition.compact,
    "percent": edition.percent,
    "integer": lambda cell: f"{cell:,.0f}",
    "number": edition.compact,
    "reach": _within_reach,
    "date": edition.date,
}
