"""Three classifications of the same accounts: size, industry, depth of cooperation; and who moved since (decade 1).

The customer's own size and our revenue with it are two things, and stay two columns.
"""

import numpy as np
import pandas as pd

from kamlib.edition import _
from kamlib.schema import COOPERATION, SIZE_CLASSES
from kamlib.segmentation import customer_size, pareto
from kamlib.stats import matched

REVENUE_CLASSES = ("A", "B", "C", "no_revenue")
SIGNALS = ("long_tenure", "regular", "broad", "joint_plan", "top_access")
LONG_TENURE, REGULAR = 5.0, 0.75
"""Years as a customer, and share of the last eight quarters with an order, from which the signal holds."""
DEPTH_FROM = {"strategic": 0.8, "long_term": 0.5}
"""Share of the known signals from which cooperation is that deep; below, it is short-term."""


def account_classes(
    accounts: pd.DataFrame,
    facts: pd.DataFrame,
    contacts: pd.DataFrame,
    initiatives: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    """One row per account: its class by own size, by our revenue, by industry and by depth of cooperation.

    Parameters
    ----------
    accounts
        account_id, account_type, industry, size_class, cooperation, beds, annual_revenue (currency), employees.
    facts
        `segmentation.account_facts` of these accounts, in the same order.
    contacts
        account_id, decision_role, stance (−2 to 2). Without a row, top_access is unknown.
    initiatives
        account_id, start, end, status: actions of joint plans. Without a row, joint_plan is unknown.
    as_of
        Last day that counts.

    Returns
    -------
    DataFrame
        account_id, account_name, account_type, account_manager, industry, revenue (currency), size (large, medium,
        small; as given, else the third of the accounts it lies in by `segmentation.customer_size`), size_given (bool),
        revenue_class (A, B, C, no_revenue), the five signals (True, False, or None where nothing is known), signals
        (share of the known ones that hold), depth (strategic, long_term, short_term; None for a prospect), agreed (the
        depth that was agreed, where it was).

    Notes
    -----
    Signals: five years a customer; orders in six of the last eight quarters; at least as many products as the middle
    customer; a joint plan within a year; an economic buyer on our side (stance above 0). Strategic from four of five,
    long-term from half.
    """
    given = accounts["size_class"].reset_index(drop=True)
    table = facts[["account_id", "account_name", "account_type", "account_manager", "revenue"]].copy()
    table.insert(4, "industry", accounts["industry"].to_numpy())
    table["size"] = given.fillna(_thirds(customer_size(accounts).reset_index(drop=True)))
    table["size_given"] = given.notna()
    abc = pareto(facts).set_index("account_id")["abc"]
    table["revenue_class"] = matched(abc, table["account_id"]).fillna("no_revenue")
    table = table.join(_signals(facts, contacts, initiatives, pd.Timestamp(as_of)))
    held = (table[list(SIGNALS)] == True).sum(axis=1)  # noqa: E712  an unknown signal is neither
    table["signals"] = held / table[list(SIGNALS)].notna().sum(axis=1)
    depth = np.select([table["signals"] >= limit for limit in DEPTH_FROM.values()], list(DEPTH_FROM), "short_term")
    table["depth"] = pd.Series(depth, table.index, dtype="str").where(table["account_type"] != "prospect")
    table["agreed"] = accounts["cooperation"].to_numpy()
    return table


def _thirds(size: pd.Series) -> pd.Series:
    names = np.select([size > 2 / 3, size > 1 / 3], list(SIZE_CLASSES[:2]), SIZE_CLASSES[2])
    return pd.Series(names, index=size.index, dtype="str").where(size.notna())


def _signals(
    facts: pd.DataFrame, contacts: pd.DataFrame, initiatives: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    buying = facts.loc[(facts["account_type"] == "customer") & (facts["revenue"] > 0), "product_count"]
    year_ago = as_of - pd.DateOffset(years=1)
    planned = initiatives[
        (initiatives["status"] != "stopped")
        & ~(initiatives["start"] > as_of)
        & ~(initiatives["end"] < year_ago)
    ]  # fmt: skip
    advocates = contacts[(contacts["decision_role"] == "EB") & (contacts["stance"] > 0)]
    named = facts["account_id"]
    holds = {
        "long_tenure": (facts["tenure_years"] >= LONG_TENURE, True),
        "regular": (facts["repeat_rate"] >= REGULAR, True),
        "broad": (facts["product_count"] >= buying.median(), bool(len(buying))),
        "joint_plan": (named.isin(planned["account_id"]), bool(len(initiatives))),
        "top_access": (named.isin(advocates["account_id"]), bool(len(contacts))),
    }
    return pd.DataFrame(
        {name: yes.astype(object).where(pd.Series(known, yes.index), None) for name, (yes, known) in holds.items()}
    )


def known_by(accounts: pd.DataFrame, orders: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """The accounts that were customers by a day: since then at the latest, or with an order by then.

    Parameters
    ----------
    accounts
        account_id, since.
    orders
        account_id, order_date.
    """
    ordered = accounts["account_id"].isin(orders.loc[orders["order_date"] <= day, "account_id"].unique())
    return accounts[ordered | (accounts["since"] <= day)].reset_index(drop=True)


def cross_tab(classes: pd.DataFrame, rows: str, columns: str) -> pd.DataFrame:
    """One row per pair of classes that occurs: how many accounts are in both, and their revenue.

    Parameters
    ----------
    classes
        account_id, revenue (currency; returns that exceed sales count as 0), and the two columns named.

    Returns
    -------
    DataFrame
        The two columns, n, revenue, revenue_share (of all accounts' positive revenue); rows in the order of the classes
        (A before B, large before small), else by name. An account with a blank class is left out.
    """
    earned = classes.assign(revenue=classes["revenue"].clip(lower=0))
    grouped = earned.dropna(subset=[rows, columns]).groupby([rows, columns], sort=True)
    table = grouped.agg(n=("account_id", "size"), revenue=("revenue", "sum")).reset_index()
    total = earned["revenue"].sum()
    table["revenue_share"] = table["revenue"] / total if total > 0 else 0.0
    place = [table[name].map(lambda value: (_place(value), value)) for name in (rows, columns)]
    order = sorted(range(len(table)), key=lambda at: (place[0].iloc[at], place[1].iloc[at]))
    return table.iloc[order].reset_index(drop=True)


_ORDER = [*SIZE_CLASSES, *REVENUE_CLASSES, *COOPERATION, "new"]


def _place(value: str) -> int:
    return _ORDER.index(value) if value in _ORDER else -1


def class_table(classes: pd.DataFrame, facts: pd.DataFrame, by: str) -> pd.DataFrame:
    """One row per class, largest revenue first: how many accounts, what they buy, how regularly.

    Parameters
    ----------
    classes
        `account_classes`.
    facts
        `segmentation.account_facts`, in the same order.

    Returns
    -------
    DataFrame
        The column ``by``, n, customers, revenue (currency), revenue_share, median_revenue (of its customers),
        median_products, repeat_rate (mean of its customers). A blank class is not shown.
    """
    joined = facts.assign(**{by: classes[by].to_numpy()}).dropna(subset=[by])
    customers = joined[joined["account_type"] == "customer"].groupby(by)
    grouped = joined.groupby(by)
    table = pd.DataFrame({"n": grouped.size(), "customers": customers.size()})
    table["revenue"], table["revenue_share"] = grouped["revenue"].sum(), grouped["revenue_share"].sum()
    table["median_revenue"], table["median_products"] = (
        customers["revenue"].median(),
        customers["product_count"].median(),
    )
    table["repeat_rate"] = customers["repeat_rate"].mean()
    table["customers"] = table["customers"].fillna(0).astype(int)
    return table.sort_values("revenue", ascending=False, kind="stable").rename_axis(by).reset_index()


def moves(before: pd.DataFrame, now: pd.DataFrame, by: str, order: tuple[str, ...]) -> pd.DataFrame:
    """One row per account of ``now``: its class then and now, and whether it rose or fell.

    Parameters
    ----------
    before, now
        `account_classes` as of two days. An account that is not in ``before`` is ``new``.
    order
        Classes, best first.

    Returns
    -------
    DataFrame
        account_id, account_name, account_manager, revenue (currency, now), before, now, steps (classes risen; negative
        = fallen; missing for a new account), direction (up, down, same, new). Those that fell furthest come first, by
        revenue among equals.

    Raises
    ------
    ValueError
        If a class is not in ``order``.
    """
    table = now[["account_id", "account_name", "account_manager", "revenue"]].copy()
    then = matched(before.set_index("account_id")[by], now["account_id"])
    table["before"], table["now"] = then.fillna("new"), now[by]
    unknown = set(table["before"]) | set(table["now"])
    if unknown - {*order, "new"}:
        raise ValueError(f"{by} has classes outside {order}: {sorted(map(str, unknown - {*order, 'new'}))}.")
    place = {name: at for at, name in enumerate(order)}
    table["steps"] = table["before"].map(place).astype(float) - table["now"].map(place).astype(float)
    table["direction"] = np.select(
        [table["steps"].isna(), table["steps"] > 0, table["steps"] < 0], ["new", "up", "down"], "same"
    )
    return table.sort_values(["steps", "revenue"], ascending=[True, False], kind="stable").reset_index(drop=True)


def migration(moved: pd.DataFrame, order: tuple[str, ...]) -> pd.DataFrame:
    """One row per class then and class now, all pairs: how many accounts went that way.

    Parameters
    ----------
    moved
        `moves`.
    order
        Classes, best first.

    Returns
    -------
    DataFrame
        before (with ``new`` last), now, n.
    """
    pairs = pd.MultiIndex.from_product([[*order, "new"], order], names=["before", "now"])
    counts = moved.groupby(["before", "now"]).size().reindex(pairs, fill_value=0)
    return counts.rename("n").reset_index()


def next_steps(moved: pd.DataFrame) -> pd.DataFrame:
    """The accounts of `moves` with what shows that they moved, and what to do about it, as text.

    Parameters
    ----------
    moved
        account_manager, direction, before, now, revenue (currency).

    Returns
    -------
    DataFrame
        The frame with evidence and action.
    """
    rows = moved.replace({"before": {"no_revenue": "–"}, "now": {"no_revenue": "–"}}).to_dict("records")
    evidence = [_evidence(row) for row in rows]
    return moved.assign(evidence=evidence, action=[_action(row) for row in rows])


def _evidence(row: dict[str, object]) -> str:
    said = {name: row[name] for name in ("before", "now", "revenue")}
    if row["direction"] == "down":
        return _("Fell: {before} → {now}; revenue {revenue:money}", **said)
    if row["direction"] == "up":
        return _("Rose: {before} → {now}; revenue {revenue:money}", **said)
    return _("new account: class {now} in its first year; revenue {revenue:money}", **said)


def _action(row: dict[str, object]) -> str:
    if row["direction"] == "down":
        return _("Find out why; visit the buyer")
    if row["direction"] == "up":
        return _("Set visits and service to the standard of class {now}", now=row["now"])
    if pd.isna(row["account_manager"]):
        return _("Name an owner and a first plan")
    return _("Draft its first yearly plan")
