"""The form of a joint business plan: which tables it has, what a cell may hold, and one plan's tables kept together.

The notebook, the workbook and the slides all read a `JointPlan`; its cells are such that a workbook can hold every one
of them without a change.
"""

import unicodedata
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.edition import _

FORMS: dict[str, dict[str, str]] = {
    "goals": {
        "side": "code",
        "goal": "text",
        "metric": "code",
        "baseline": "number",
        "aim": "number",
        "due": "date",
        "owner": "text",
    },
    "initiatives": {
        "initiative_id": "text",
        "goal": "text",
        "our_owner": "text",
        "their_owner": "text",
        "start": "date",
        "end": "date",
        "our_cost": "money",
        "their_cost": "money",
        "expected_amount": "money",
        "low_amount": "money",
        "high_amount": "money",
        "status": "code",
    },
    "terms": {"term": "code", "setting": "number", "basis": "code"},
    "history": {"period": "text", "amount": "money"},
    "scorecard": {"measure": "code", "baseline": "number", "aim": "number", "actual": "number"},
    "cadence": {"rhythm": "text", "agenda": "text", "people": "text", "output": "text"},
    "risks": {"risk": "text", "sign": "text", "answer": "text", "owner": "text"},
}
"""Table of a plan -> column -> what a cell holds: text, code (one of known words), money, number or date."""
CODES: dict[str, tuple[str, ...]] = {
    "side": ("us", "them"),
    "metric": ("net_sales", "plan_margin", "benefit", "service_income", "csat", "other"),
    "status": ("planned", "active", "done", "stopped"),
    "term": (
        "baseline_amount",
        "months",
        "cogs_rate",
        "rebate_rate",
        "pull_forward",
        "cannibalised",
        "customer_margin",
        "service_income",
        "stock_days",
        "capital_cost",
        "low_share",
        "high_share",
        "together",
    ),
    "basis": ("measured", "given", "assumed", "agreed"),
    "measure": ("sales_to_date", "initiatives_done", "initiatives_complete", "csat"),
}
"""Code column -> its words; `vocabulary` has their names."""
LONGEST_TEXT = 32_767
LARGEST_AMOUNT = 1e13


@dataclass(frozen=True, eq=False)
class JointPlan:
    """One customer's plan: who and when, and its tables as `FORMS` declares them."""

    account_id: str
    account_name: str
    currency: str
    as_of: pd.Timestamp
    goals: pd.DataFrame
    initiatives: pd.DataFrame
    terms: pd.DataFrame
    history: pd.DataFrame
    scorecard: pd.DataFrame
    cadence: pd.DataFrame
    risks: pd.DataFrame


def make_plan(account_id: str, account_name: str, *, currency: str, as_of: object, **tables: pd.DataFrame) -> JointPlan:
    """A plan from its tables, every cell in the form in which it also survives a workbook.

    Parameters
    ----------
    tables
        Any of `FORMS`; a table or column that is not given is empty. Text loses control characters, blank text is
        missing, blank rows are dropped, money is rounded to 0.01 and other numbers to six decimals, dates to the day.

    Raises
    ------
    ValueError
        For a table or column that is not in `FORMS`, a word that is not in `CODES`, an amount from 10¹³ on, or a text
        longer than 32,767 characters.
    """
    unknown = [name for name in tables if name not in FORMS]
    unknown += [f"{name}.{column}" for name in FORMS for column in tables.get(name, ()) if column not in FORMS[name]]
    if unknown:
        raise ValueError(_("A joint plan has no {unknown}; it has: {known}.", unknown=unknown, known=", ".join(FORMS)))
    made = {name: _form(tables.get(name, pd.DataFrame()), columns) for name, columns in FORMS.items()}
    day = pd.Timestamp(as_of).normalize()
    return JointPlan(_text(account_id) or "", _text(account_name) or "", _text(currency) or "", day, **made)


def initiative_form(*rows: dict[str, object]) -> pd.DataFrame:
    """Initiatives as a form holds them, one per ``row``; a cell that is not given is blank, without any row all are.

    Raises
    ------
    ValueError
        As `make_plan`, and for a column an initiative does not have.

    >>> initiative_form({"goal": "Stock", "our_cost": 10})[["goal", "our_cost", "status"]].to_dict("records")
    [{'goal': 'Stock', 'our_cost': 10.0, 'status': nan}]
    """
    known = FORMS["initiatives"]
    unknown = [name for row in rows for name in row if name not in known and name != "account_id"]
    if unknown:
        raise ValueError(_("An initiative has no {unknown}; it has: {known}.", unknown=unknown, known=", ".join(known)))
    return _form(pd.DataFrame(list(rows), dtype=object), known)


def _form(frame: pd.DataFrame, columns: dict[str, str]) -> pd.DataFrame:
    """A frame with exactly these columns, in their types."""
    made = {}
    for column, kind in columns.items():
        cells = list(frame[column]) if column in frame else [None] * len(frame)
        if kind in ("money", "number"):
            made[column] = pd.Series([_number(cell, 2 if kind == "money" else 6) for cell in cells], dtype="float64")
        elif kind == "date":
            made[column] = pd.Series([_day(cell) for cell in cells], dtype="datetime64[s]")
        else:
            made[column] = pd.Series([_text(cell) for cell in cells], dtype="str")
        if kind == "code":
            _check_words(made[column], column)
    return pd.DataFrame(made).dropna(how="all").reset_index(drop=True)


def _check_words(cells: pd.Series, column: str) -> None:
    odd = cells[cells.notna() & ~cells.isin(CODES[column])].unique()
    if len(odd):
        known = ", ".join(CODES[column])
        raise ValueError(_("{column} cannot be {odd}; it is one of: {known}.", column=column, odd=odd[0], known=known))


def _blank(cell: object) -> bool:
    return cell is None or cell is pd.NaT or cell != cell


def _day(cell: object) -> pd.Timestamp:
    return pd.NaT if _blank(cell) else pd.Timestamp(cell).normalize()


def _number(cell: object, digits: int) -> float:
    if _blank(cell):
        return np.nan
    number = float(cell)
    if not abs(number) < LARGEST_AMOUNT:
        raise ValueError(_("{number} is too large for a plan; amounts stay below 10¹³.", number=number))
    return float(f"{round(number, digits):.15g}") + 0.0  # what a spreadsheet keeps


def _text(cell: object) -> str | None:
    if _blank(cell):
        return None
    text = str(cell).replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in text if c in "\n\t" or (unicodedata.category(c) not in ("Cc", "Cs") and c not in "￾￿"))
    if len(text.encode("utf-16-le")) // 2 > LONGEST_TEXT:
        raise ValueError(_("A text of {n} characters does not fit into a cell; shorten it.", n=len(text)))
    return text if text.strip() else None
