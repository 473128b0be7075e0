"""Start and market: is the data fit for the method, and is the company (decade 0).

Frames in, frames out.
"""

import numpy as np
import pandas as pd

from kamlib import schema
from kamlib.edition import _


def data_health(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row per table of the contract: how much of it is there.

    Parameters
    ----------
    tables
        Table name -> frame; a table that is absent may be missing or empty.

    Returns
    -------
    DataFrame
        table, rows, first_day, last_day (of its events; missing where it has none), filled (share of cells that are not
        blank, of the columns the contract knows).
    """
    rows = []
    for name, table in schema.TABLES.items():
        if table.folder:
            continue
        frame = tables.get(name, pd.DataFrame())
        first, last = _period(frame, table)
        filled = float(frame.notna().to_numpy().mean()) if len(frame) else np.nan
        rows.append((name, len(frame), first, last, filled))
    return pd.DataFrame(rows, columns=["table", "rows", "first_day", "last_day", "filled"])


def _period(frame: pd.DataFrame, table: schema.Table) -> tuple[pd.Timestamp, pd.Timestamp]:
    column = table.by_name.get(table.seen_from)
    if column is None or column.kind not in ("date", "month") or column.name not in frame:
        return pd.NaT, pd.NaT
    return frame[column.name].min(), frame[column.name].max()


def core_elements(tables: dict[str, pd.DataFrame], *, as_of: pd.Timestamp, days: int = 90) -> pd.DataFrame:
    """One row per core element of key-account management: the evidence the data gives for it, as a coverage.

    Parameters
    ----------
    tables
        accounts, contacts, interactions, stages, satisfaction, targets, initiatives (any may be empty).
    days
        How far back a touch or an answer counts.

    Returns
    -------
    DataFrame
        element (text), evidence (text), coverage (0 to 1; missing when there is no table to look into).
    """
    accounts = tables["accounts"]
    customers = accounts[accounts["account_type"] == "customer"]
    since = pd.Timestamp(as_of) - pd.Timedelta(days=days)
    touched = _recent(tables["interactions"], since)
    heard = _recent(tables["satisfaction"], pd.Timestamp(as_of) - pd.DateOffset(years=1))
    team = customers[["account_manager", "solution_manager", "delivery_manager"]].notna().all(axis=1)
    profile = customers[["industry", "size_class"]].notna().all(axis=1)
    rows = [
        (_("Segmentation and profiles"), _("customers whose industry and size are known"), _mean(profile)),
        (
            _("Customer analysis"),
            _("customers with at least one person known"),
            _covered(customers, tables["contacts"]),
        ),
        (
            _("Relationship management"),
            _("customers met or called in the last {days} days", days=days),
            _covered(customers, tables["interactions"], touched),
        ),
        (_("Team building"), _("customers with account, solution and delivery manager named"), _mean(team)),
        (_("Sales process"), _("stages with entry evidence, owner and time limit"), _process(tables["stages"])),
        (
            _("Performance and feedback"),
            _("customers asked for their satisfaction within a year"),
            _covered(customers, tables["satisfaction"], heard),
        ),
        (_("Value creation"), _("customers with a joint action"), _covered(customers, tables["initiatives"])),
    ]
    return pd.DataFrame(rows, columns=["element", "evidence", "coverage"])


def _recent(frame: pd.DataFrame, since: pd.Timestamp) -> pd.DataFrame:
    return frame[frame["date"] > since] if len(frame) else frame


def _mean(flags: pd.Series) -> float:
    return float(flags.mean()) if len(flags) else np.nan


def _covered(customers: pd.DataFrame, table: pd.DataFrame, rows: pd.DataFrame | None = None) -> float:
    """The share of customers with a row; missing when the company does not keep that table at all."""
    if table.empty:
        return np.nan
    return _mean(customers["account_id"].isin((table if rows is None else rows)["account_id"]))


def _process(stages: pd.DataFrame) -> float:
    return _mean(stages[["entry_evidence", "owner_role", "sla_days"]].notna().all(axis=1))


def maturity(answers: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """One row per stage of KAM evolution: how many of its statements were answered, and how many hold.

    Parameters
    ----------
    answers
        The judgement table ``maturity``: item, answer (yes/no). May be empty.
    items
        The reference table ``maturity``: item, stage, stage_name.

    Returns
    -------
    DataFrame
        stage, stage_name, items, answered, yes_share (of those answered; missing without an answer).
    """
    table = items.merge(answers[["item", "answer"]], on="item", how="left")
    table["yes"] = table["answer"].map({"yes": 1.0, "no": 0.0})
    grouped = table.groupby(["stage", "stage_name"], sort=True)
    counts = grouped.agg(items=("item", "size"), answered=("yes", "count"), yes_share=("yes", "mean"))
    return counts.reset_index()


def maturity_stage(scores: pd.DataFrame, *, passed: float = 0.8) -> int:
    """The stage a company is in: the first whose statements do not hold by at least ``passed``; 0 without any answer.

    >>> maturity_stage(pd.DataFrame({"stage": ["1", "2", "3"], "answered": [5, 5, 5], "yes_share": [1.0, 0.6, 0.2]}))
    2
    """
    if not scores["answered"].sum():
        return 0
    for row in scores.itertuples():
        if not row.yes_share >= passed:
            return int(row.stage)
    return int(scores["stage"].iloc[-1])


def not_yet(answers: pd.DataFrame, items: pd.DataFrame, stage: int) -> pd.DataFrame:
    """The statements of a stage that do not hold: answered no, or not answered. None while nothing is answered at all.

    Parameters
    ----------
    answers, items
        As in `maturity`; ``items`` also has statement and notebook.

    Returns
    -------
    DataFrame
        item, statement, notebook, in the order of ``items``.
    """
    holding = answers.loc[answers["answer"] == "yes", "item"]
    missing = items[(items["stage"].astype(int) == stage) & ~items["item"].isin(holding)]
    return missing[["item", "statement", "notebook"]].reset_index(drop=True)
