"""Money to come in: ageing that sums to the whole, days of sales outstanding by hand."""

import numpy as np
import pandas as pd
import pytest

from kamlib import receivables

AS_OF = pd.Timestamp("2025-12-31")
ORDERS = pd.DataFrame(
    [
        ("o1", "a", "2025-12-01", None, 100.0),
        ("o1", "a", "2025-12-01", None, 50.0),
        ("o2", "a", "2025-09-02", None, 80.0),
        ("o3", "b", "2025-11-01", "2025-12-15", 60.0),
        ("o4", "b", "2025-05-01", None, -10.0),
        ("o5", "b", None, None, 999.0),
    ],
    columns=["order_id", "account_id", "invoice_date", "paid_date", "amount"],
).assign(invoice_date=lambda x: pd.to_datetime(x["invoice_date"]), paid_date=lambda x: pd.to_datetime(x["paid_date"]))
ACCOUNTS = pd.DataFrame({"account_id": ["a", "b"], "account_name": ["A", "B"], "account_manager": ["Li", "Wu"]})


def test_open_invoices_by_hand():
    table = receivables.open_invoices(ORDERS, as_of=AS_OF)
    assert table[["order_id", "amount", "age_days"]].to_numpy().tolist() == [
        ["o1", 150, 30],
        ["o2", 80, 120],
        ["o4", -10, 244],
    ]


def test_the_ageing_by_hand_sums_to_all_that_is_to_come_in():
    invoices = receivables.open_invoices(ORDERS, as_of=AS_OF)
    table = receivables.ageing(invoices, terms=60).set_index("bucket")
    assert table["amount"].to_dict() == {-1: 150, 0: 0, 30: 80, 60: 0, 90: -10}  # o2 is 60 days overdue
    assert table["n"].to_dict() == {-1: 1, 0: 0, 30: 1, 60: 0, 90: 1}
    assert table["amount"].sum() == invoices["amount"].sum()


@pytest.mark.parametrize(
    ("over", "bucket"), [(0, -1), (1, 0), (30, 0), (31, 30), (60, 30), (90, 60), (91, 90), (999, 90)]
)
def test_the_edges_of_the_buckets(over, bucket):
    invoices = pd.DataFrame({"age_days": [60 + over], "amount": [1.0]})
    table = receivables.ageing(invoices, terms=60)
    assert table.loc[table["n"] == 1, "bucket"].tolist() == [bucket]


def test_random_invoices_age_without_loss():
    rng = np.random.default_rng(6)
    invoices = pd.DataFrame({"age_days": rng.integers(0, 400, 300), "amount": rng.integers(-50, 500, 300) / 1.0})
    for terms in (0, 30, 90):
        table = receivables.ageing(invoices, terms=terms)
        assert table["amount"].sum() == invoices["amount"].sum()
        assert table["n"].sum() == 300


def test_overdue_accounts_net_their_credits_and_name_their_manager():
    table = receivables.overdue_accounts(receivables.open_invoices(ORDERS, as_of=AS_OF), ACCOUNTS, terms=60)
    assert table.to_numpy().tolist() == [["a", "A", "Li", 80.0, 60]]  # b has only a credit


def test_days_of_sales_outstanding_by_hand():
    """At the end: 150 + 80 − 10 = 220 open; invoiced after 2 October: 150 + 60 = 210; 220 ÷ 210 × 90."""
    row = receivables.dso_by_month(ORDERS, as_of=AS_OF, months=2).iloc[-1]
    assert (row["receivable"], row["invoiced"]) == (220, 210)
    assert row["dso_days"] == pytest.approx(220 / 210 * 90)


def test_the_past_month_counts_what_was_unpaid_then():
    """On 30 November o3 was not paid and o1 not yet sent: 80 + 60 − 10."""
    assert receivables.dso_by_month(ORDERS, as_of=AS_OF, months=2)["receivable"][0] == 130


@pytest.mark.parametrize("case", ["no order", "nothing invoiced"])
def test_without_invoices_nothing_is_open(case):
    orders = ORDERS.iloc[:0] if case == "no order" else ORDERS[ORDERS["invoice_date"].isna()]
    invoices = receivables.open_invoices(orders, as_of=AS_OF)
    assert invoices.empty
    assert receivables.ageing(invoices, terms=60)["n"].sum() == 0
    assert receivables.overdue_accounts(invoices, ACCOUNTS, terms=60).empty
    assert receivables.dso_by_month(orders, as_of=AS_OF)["dso_days"].isna().all()
