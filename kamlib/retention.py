"""Why value is measured: revenue kept, what a won yuan costs, and who depends on whom (decade 2).

Frames in, frames out. The method's source names four reasons: steady business, share of market, less spent on winning
customers, and dependence; here each is a number.
"""

import numpy as np
import pandas as pd

from kamlib.stats import matched

LEAST_DECIDED = 3
"""Deals decided before our share of an account's demand says anything."""


def _windows(orders: pd.DataFrame, as_of: pd.Timestamp, months: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The orders of the last ``months`` months, and of the ``months`` before them."""
    as_of = pd.Timestamp(as_of)
    start, before = as_of - pd.DateOffset(months=months), as_of - pd.DateOffset(months=2 * months)
    day = orders["order_date"]
    return orders[(day > start) & (day <= as_of)], orders[(day > before) & (day <= start)]


def revenue_kept(orders: pd.DataFrame, *, as_of: pd.Timestamp, months: int = 12) -> pd.DataFrame:
    """One row per step from the revenue of the window before to that of this one.

    Parameters
    ----------
    orders
        account_id, order_date, amount (currency).

    Returns
    -------
    DataFrame
        step (before, lost, shrunk, grown, new, now), amount (currency; losses negative), accounts. The first five
        amounts add up to the last. Gross retention is (before + lost + shrunk) ÷ before, net retention adds grown.
    """
    now, before = (window.groupby("account_id")["amount"].sum() for window in _windows(orders, as_of, months))
    both = pd.concat([before.rename("before"), now.rename("now")], axis=1).fillna(0.0)
    change = both["now"] - both["before"]
    was, is_ = both["before"] > 0, both["now"] > 0
    kinds = {"lost": was & ~is_, "shrunk": was & is_ & (change < 0), "grown": was & is_ & (change > 0), "new": ~was}
    rows = [("before", both["before"].sum(), int(was.sum()))]
    rows += [(step, change[mask].sum(), int(mask.sum())) for step, mask in kinds.items()]
    rows.append(("now", both["now"].sum(), int(is_.sum())))
    return pd.DataFrame(rows, columns=["step", "amount", "accounts"])


def retention_rates(kept: pd.DataFrame) -> dict[str, float]:
    """Gross and net retention of `revenue_kept`, fractions; missing when nothing was sold before.

    >>> kept = pd.DataFrame({"step": ["before", "lost", "shrunk", "grown"], "amount": [100.0, -10, -5, 20]})
    >>> retention_rates(kept)
    {'gross': 0.85, 'net': 1.05}
    """
    amount = kept.set_index("step")["amount"]
    before = amount["before"] if amount["before"] > 0 else np.nan
    gross = amount[["before", "lost", "shrunk"]].sum()
    return {"gross": float(gross / before), "net": float((gross + amount["grown"]) / before)}


def cost_per_won(
    orders: pd.DataFrame, service_costs: pd.DataFrame, leads: pd.DataFrame, *, as_of: pd.Timestamp, months: int = 12
) -> pd.DataFrame:
    """Two rows, new and existing accounts: what a yuan of revenue from each costs to win and to serve.

    Parameters
    ----------
    orders
        account_id, order_date, amount (currency).
    service_costs
        account_id, month, cost (currency).
    leads
        created, cost (currency), account_id (blank while unknown).

    Returns
    -------
    DataFrame
        group (new = bought for the first time in the window, or never; existing), accounts (that bought), revenue,
        cost (cost to serve, and of leads), cost_per_unit (cost ÷ revenue; missing without revenue). A lead without an
        account counts as new.
    """
    now, _before = _windows(orders, as_of, months)
    start, as_of = pd.Timestamp(as_of) - pd.DateOffset(months=months), pd.Timestamp(as_of)
    old = set(orders.loc[orders["order_date"] <= start, "account_id"])
    served = service_costs[
        (service_costs["month"] > start - pd.offsets.MonthBegin()) & (service_costs["month"] <= as_of)
    ]
    found = leads[(leads["created"] > start) & (leads["created"] <= as_of)]
    rows = []
    for group in ("new", "existing"):
        mine = [frame["account_id"].isin(old) == (group == "existing") for frame in (now, served, found)]
        revenue = now.loc[mine[0], "amount"].sum()
        cost = served.loc[mine[1], "cost"].sum() + found.loc[mine[2], "cost"].fillna(0.0).sum()
        buyers = now.loc[mine[0], "account_id"].nunique()
        rows.append((group, buyers, revenue, cost, cost / revenue if revenue > 0 else np.nan))
    return pd.DataFrame(rows, columns=["group", "accounts", "revenue", "cost", "cost_per_unit"])


def market_share(
    accounts: pd.DataFrame, orders: pd.DataFrame, market: pd.DataFrame, *, as_of: pd.Timestamp
) -> pd.DataFrame:
    """One row per year of ``market``: its size, our revenue with its industries, and our share.

    Parameters
    ----------
    accounts
        account_id, industry.
    orders
        account_id, order_date, amount (currency).
    market
        industry, year, market_size (currency a year), summed over regions when there are several.

    Returns
    -------
    DataFrame
        year, market_size, revenue, share; only whole years up to ``as_of``, only accounts whose industry is in
        ``market``.
    """
    industry = matched(accounts.set_index("account_id")["industry"], orders["account_id"])
    inside = orders[industry.isin(market["industry"])]
    revenue = inside.groupby(inside["order_date"].dt.year)["amount"].sum()
    table = market.groupby("year", as_index=False)["market_size"].sum()
    last = pd.Timestamp(as_of).year - (0 if (pd.Timestamp(as_of) + pd.Timedelta(days=1)).is_year_start else 1)
    table = table[table["year"] <= last].reset_index(drop=True)
    table["revenue"] = matched(revenue, table["year"]).fillna(0.0)
    table["share"] = table["revenue"] / table["market_size"].where(table["market_size"] > 0)
    return table[table["year"] >= orders["order_date"].dt.year.min()].reset_index(drop=True)


def dependence(
    accounts: pd.DataFrame, orders: pd.DataFrame, opportunities: pd.DataFrame, *, as_of: pd.Timestamp, months: int = 12
) -> pd.DataFrame:
    """One row per account that buys: how much we depend on it, and how much of its decided demand came to us.

    Parameters
    ----------
    accounts
        account_id, account_name.
    orders
        account_id, order_date, amount (currency).
    opportunities
        account_id, amount (currency), outcome (won, lost, open).

    Returns
    -------
    DataFrame
        account_id, account_name, revenue (currency, in the window), our_dependence (its share of our revenue),
        decided (deals won or lost), their_dependence (won ÷ decided, by amount; missing under three decided deals).
        Largest revenue first.
    """
    now, _before = _windows(orders, as_of, months)
    table = accounts[["account_id", "account_name"]].reset_index(drop=True)
    table["revenue"] = matched(now.groupby("account_id")["amount"].sum(), table["account_id"]).fillna(0.0)
    earned = table["revenue"].clip(lower=0)
    table["our_dependence"] = earned / earned.sum() if earned.sum() > 0 else 0.0
    decided = opportunities[opportunities["outcome"] != "open"]
    won = decided[decided["outcome"] == "won"].groupby("account_id")["amount"].sum()
    sums = decided.groupby("account_id")["amount"].agg(["size", "sum"])
    table["decided"] = matched(sums["size"], table["account_id"]).fillna(0).astype(int)
    total = matched(sums["sum"], table["account_id"]).where(lambda x: x > 0)
    share = matched(won, table["account_id"]).fillna(0.0) / total
    table["their_dependence"] = share.where(table["decided"] >= LEAST_DECIDED)
    table = table[table["revenue"] > 0].sort_values("revenue", ascending=False, kind="stable")
    return table.reset_index(drop=True)
