"""Order lines become one line per account: how often, how lately, for how long, and what is left of it (decade 2)."""

import numpy as np
import pandas as pd

from kamlib.edition import _

WEEK = 7
"""Days."""


def customer_summary(orders: pd.DataFrame, *, as_of: pd.Timestamp, period_days: float = WEEK) -> pd.DataFrame:
    """One row per account that ever ordered: its history in four numbers.

    Parameters
    ----------
    orders
        account_id, order_date, amount (currency; negative = return). With a ``region``, one row is an
        account of a region.
    as_of
        Last day that counts.
    period_days
        Length of the period in days.

    Returns
    -------
    DataFrame
        Sorted by account: account_id, region (if given), frequency (days with an order after the first such day),
        recency (periods from the first to the last order), age (periods from the first order to ``as_of``), monetary
        (net amount after the first day ÷ frequency, so returns lower it; 0 without repeat orders). A return alone is no
        order: an account with nothing else has no row.

    Raises
    ------
    ValueError
        If some lines have a region and others none.

    >>> lines = pd.DataFrame({"account_id": ["a", "a", "a", "b"], "amount": [10.0, 30.0, -6.0, 5.0]})
    >>> lines["order_date"] = pd.to_datetime(["2024-01-01", "2024-01-15", "2024-01-20", "2024-01-08"])
    >>> customer_summary(lines, as_of=pd.Timestamp("2024-01-29"))
      account_id  frequency  recency  age  monetary
    0          a          1      2.0  4.0      24.0
    1          b          0      0.0  3.0       0.0
    """
    known = orders[orders["order_date"] <= pd.Timestamp(as_of)]
    keys = ["account_id", *regions_of(known)]
    codes, labels = _coded(known[keys])
    day = known["order_date"].to_numpy("datetime64[D]").astype(np.int64)
    amount = known["amount"].to_numpy(float)
    bought = amount >= 0
    visits = np.unique(codes[bought] * 2**20 + (day[bought] - day.min(initial=0)))
    account, visit = np.divmod(visits, 2**20)
    starts = np.flatnonzero(np.diff(account, prepend=-1))
    ends = np.append(starts[1:], len(account))[: len(starts)]
    first, last, frequency = visit[starts], visit[ends - 1], ends - starts - 1
    opened = np.full(len(labels), np.iinfo(np.int64).max)
    opened[account[starts]] = first
    later = (day - day.min(initial=0)) > opened[codes]
    net = np.bincount(codes[later], amount[later], len(labels))[account[starts]]
    today = np.datetime64(pd.Timestamp(as_of), "D").astype(np.int64) - day.min(initial=0)
    summary = labels.iloc[account[starts]].reset_index(drop=True)
    return summary.assign(
        frequency=frequency,
        recency=(last - first) / period_days,
        age=(today - first) / period_days,
        monetary=np.divide(net, frequency, out=np.zeros(len(net)), where=frequency > 0),
    )


def regions_of(frame: pd.DataFrame) -> list[str]:
    """``["region"]`` if the rows say theirs."""
    if "region" not in frame or frame["region"].isna().all():
        return []
    if frame["region"].isna().any():
        raise ValueError(_("Some rows have a region and others none: fill them all in, or drop the column."))
    return ["region"]


def _coded(keys: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    """Every row's place in the sorted list of distinct keys, and that list."""
    place = np.zeros(len(keys), np.int64)
    for column in keys:
        code, names = pd.factorize(keys[column], sort=True)
        place = place * max(len(names), 1) + code
    _distinct, at, place = np.unique(place, return_index=True, return_inverse=True)
    return place, keys.iloc[at].reset_index(drop=True)


def contribution_rates(orders: pd.DataFrame, service_costs: pd.DataFrame) -> pd.DataFrame:
    """One row per account that ordered: what is left of its revenue after the cost of goods and the cost to serve.

    Parameters
    ----------
    orders
        account_id, order_date, amount, cost (currency). Lines without a cost are taken at the rate of the others.
    service_costs
        account_id, cost (currency).

    Returns
    -------
    DataFrame
        Sorted by account: account_id, revenue, contribution (currency), contribution_rate (contribution ÷ revenue,
        drawn towards all accounts' rate as if by one order of usual size; missing where no line has a cost).
    """
    costed = orders[orders["cost"].notna()]
    earned = costed["amount"].sum()
    goods = costed["cost"].sum() / earned if earned > 0 else np.nan
    cost = orders["cost"].fillna(orders["amount"] * goods)
    sums = orders.assign(contribution=orders["amount"] - cost).groupby("account_id")[["amount", "contribution"]].sum()
    served = service_costs.groupby("account_id")["cost"].sum()
    table = sums.rename(columns={"amount": "revenue"})
    table["contribution"] -= served.reindex(table.index).fillna(0.0)
    revenue = table["revenue"].sum()
    days = len(orders[["account_id", "order_date"]].drop_duplicates())
    usual = max(revenue, 0) / max(days, 1)
    common = table["contribution"].sum() / revenue if revenue > 0 else goods
    own = table["revenue"].clip(lower=0)
    rate = (table["contribution"] + usual * common) / (own + usual)
    return table.assign(contribution_rate=rate if np.isfinite(goods) else np.nan).reset_index()
