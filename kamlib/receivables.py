"""Money still to come in: open invoices, their ageing, who is overdue, days of sales outstanding (decade 3).

Frames in, frames out. The contract knows no due dates: what is overdue follows from the days of payment agreed.
"""

import numpy as np
import pandas as pd

BUCKETS = (0, 30, 60, 90)
"""Days overdue at which a bucket of the ageing begins, after the one that is not due yet."""
DSO_DAYS = 90


def open_invoices(orders: pd.DataFrame, *, as_of: pd.Timestamp) -> pd.DataFrame:
    """One row per order invoiced and not fully paid: what is still to come in, and for how long.

    Parameters
    ----------
    orders
        order_id, account_id, invoice_date, paid_date, amount (currency; credits negative).
    as_of
        Last day that counts.

    Returns
    -------
    DataFrame
        order_id, account_id, invoice_date (the first), amount (currency, unpaid lines), age_days (since the invoice).
    """
    unpaid = orders[orders["invoice_date"].notna() & orders["paid_date"].isna()]
    grouped = unpaid.groupby("order_id", sort=True)
    table = grouped.agg(account_id=("account_id", "first"), invoice_date=("invoice_date", "min"),
                        amount=("amount", "sum"))  # fmt: skip
    table["age_days"] = (pd.Timestamp(as_of) - table["invoice_date"]).dt.days
    return table.reset_index()


def ageing(invoices: pd.DataFrame, *, terms: float) -> pd.DataFrame:
    """One row per bucket of days overdue: how many invoices and how much; the rows sum to all that is to come in.

    Parameters
    ----------
    invoices
        `open_invoices`.
    terms
        Days from invoice to payment that are agreed.

    Returns
    -------
    DataFrame
        bucket (−1 not due yet, else the first day overdue of the bucket: 0, 30, 60, 90), n, amount (currency), share.
    """
    over = invoices["age_days"] - terms
    edges = np.array(BUCKETS)
    bucket = np.where(over > 0, edges[np.searchsorted(edges, over.clip(lower=1), side="left") - 1], -1)
    grouped = invoices["amount"].groupby(bucket)
    table = pd.DataFrame({"n": grouped.size(), "amount": grouped.sum()}).reindex([-1, *BUCKETS], fill_value=0)
    total = table["amount"].sum()
    table["share"] = table["amount"] / total if total > 0 else np.nan
    return table.rename_axis("bucket").reset_index()


def overdue_accounts(invoices: pd.DataFrame, accounts: pd.DataFrame, *, terms: float) -> pd.DataFrame:
    """One row per account with money overdue, the largest first.

    Returns
    -------
    DataFrame
        account_id, account_name, account_manager, overdue_amount (currency), overdue_days (of the oldest invoice).
    """
    late = invoices[invoices["age_days"] > terms]
    grouped = late.groupby("account_id", sort=True)
    table = pd.DataFrame({"overdue_amount": grouped["amount"].sum(), "overdue_days": grouped["age_days"].max() - terms})
    table = table[table["overdue_amount"] > 0].reset_index()
    team = accounts[["account_id", "account_name", "account_manager"]]
    table = table.merge(team, on="account_id", how="left").sort_values("overdue_amount", ascending=False, kind="stable")
    columns = ["account_id", "account_name", "account_manager", "overdue_amount", "overdue_days"]
    return table[columns].reset_index(drop=True)


def dso_by_month(orders: pd.DataFrame, *, as_of: pd.Timestamp, months: int = 12) -> pd.DataFrame:
    """One row per month up to ``as_of``: how many days of sales are waiting to be paid at its end.

    Parameters
    ----------
    orders
        invoice_date, paid_date, amount (currency).

    Returns
    -------
    DataFrame
        day (months back from ``as_of``), receivable (currency: invoiced by then, not paid by then), invoiced (currency,
        in the 90 days before), dso_days (receivable ÷ invoiced × 90; missing without invoices).
    """
    days = [pd.Timestamp(as_of) - pd.DateOffset(months=back) for back in range(months - 1, -1, -1)]
    rows = []
    for day in days:
        sent = orders["invoice_date"] <= day
        waiting = orders.loc[sent & ~(orders["paid_date"] <= day), "amount"].sum()
        recent = orders.loc[sent & (orders["invoice_date"] > day - pd.Timedelta(days=DSO_DAYS)), "amount"].sum()
        rows.append((day, waiting, recent, waiting / recent * DSO_DAYS if recent > 0 else np.nan))
    return pd.DataFrame(rows, columns=["day", "receivable", "invoiced", "dso_days"])
