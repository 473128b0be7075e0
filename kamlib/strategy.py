"""From box to strategy: which accounts we invest in, defend, maintain or leave, and how many visits that allows."""

import numpy as np
import pandas as pd

from kamlib.edition import reference

STRENGTH_CUT = 0.5
"""From this share of its potential on we are strong at an account."""


def account_strategies(base: pd.DataFrame, *, strength_cut: float = STRENGTH_CUT) -> pd.DataFrame:
    """One row per account: the box it falls into and the strategy that goes with it.

    Parameters
    ----------
    base
        account_id, account_name, history and potential (currency a year; `targets.target_base`, or better estimates).
    strength_cut
        Share of the potential from which we count as strong.

    Returns
    -------
    DataFrame
        In the order of ``base``, one row per account: account_id, account_name, history, potential, strength (history ÷
        potential, 0 to 1), attractive (bool: potential at least the middle account's), strategy: ``invest``
        (attractive, we are weak), ``defend`` (attractive, strong), ``maintain`` (not attractive, strong), ``exit``
        (neither: serve it at a distance or through a dealer).

    Notes
    -----
    The matrix of account attractiveness and our relative strength (McDonald & Woodburn, Key Account Management).

    >>> base = pd.DataFrame({"account_id": ["x", "y"], "account_name": ["X", "Y"]})
    >>> account_strategies(base.assign(history=[1.0, 9.0], potential=[10.0, 10.0]))["strategy"].tolist()
    ['invest', 'defend']
    """
    grouped = base.groupby("account_id", sort=False, as_index=False)
    table = grouped.agg(
        account_name=("account_name", "first"), history=("history", "sum"), potential=("potential", "sum")
    )
    strength = table["history"] / table["potential"].where(table["potential"] > 0)
    table["strength"] = strength.fillna(0.0).clip(0, 1)
    table["attractive"] = table["potential"] >= table["potential"].median()
    strong = table["strength"] >= strength_cut
    boxes = [table["attractive"] & ~strong, table["attractive"] & strong, strong]
    return table.assign(strategy=np.select(boxes, ["invest", "defend", "maintain"], "exit"))


def visit_limits(curves: pd.DataFrame, strategies: pd.DataFrame, *, floor: int = 1) -> pd.DataFrame:
    """One row per curve: the fewest and most visits that the account's strategy allows.

    Parameters
    ----------
    curves
        account_id, role (optional), usual (visits a quarter).
    strategies
        `account_strategies`.
    floor
        Fewest visits a quarter of a role that visits an account today, where the strategy is not ``exit``. A role with
        fewer visits today than that takes keeps it where it visits most.

    Returns
    -------
    DataFrame
        In the order of ``curves``: strategy, minimum, maximum (whole visits; the multiples of today's visits are those
        of the reference table ``account_strategies``).
    """
    rules = reference("account_strategies").set_index("strategy")
    strategy = curves["account_id"].map(strategies.set_index("account_id")["strategy"]).fillna("exit")
    least, most = (strategy.map(rules[name].astype(float)) for name in ("least", "most"))
    minimum = np.floor(least * curves["usual"] + 1e-9)
    minimum = minimum + _floors(curves, minimum, (strategy != "exit") & (curves["usual"] > 0), floor)
    maximum = np.maximum(np.ceil(most * curves["usual"] - 1e-9), minimum)
    return pd.DataFrame({"strategy": strategy, "minimum": minimum.astype(int), "maximum": maximum.astype(int)})


def _floors(curves: pd.DataFrame, minimum: pd.Series, covered: pd.Series, floor: int) -> pd.Series:
    """What each minimum lacks to the floor, as far as the visits of its role go: where it visits most, first."""
    missing = (floor - minimum).clip(lower=0).where(covered, 0.0)
    role = curves["role"] if "role" in curves else pd.Series("", curves.index)
    free = np.floor(curves["usual"].groupby(role).transform("sum")) - minimum.groupby(role).transform("sum")
    order = curves["usual"].sort_values(ascending=False, kind="stable").index
    taken = missing.loc[order].groupby(role.loc[order]).cumsum().reindex(curves.index)
    return missing.where(taken <= free, 0.0)
