"""Why value is measured: retained revenue, cost per won yuan, share, dependence."""

import numpy as np
import pandas as pd
import pytest

from kamlib import retention

AS_OF = pd.Timestamp("2025-12-31")


def frame(columns, rows, dates=()):
    made = pd.DataFrame(rows, columns=columns)
    return made.assign(**{name: pd.to_datetime(made[name]) for name in dates})


def orders(rows):
    made = frame(["account_id", "order_date", "amount"], rows, ["order_date"])
    return made.assign(amount=made["amount"].astype(float))


SOLD = orders(
    [
        ("a", "2024-05-01", 100),
        ("a", "2025-05-01", 130),  # grown by 30
        ("b", "2024-05-01", 80),
        ("b", "2025-05-01", 60),  # shrunk by 20
        ("c", "2024-05-01", 50),  # lost
        ("d", "2025-05-01", 40),  # new
    ]
)
ACCOUNTS = pd.DataFrame({"account_id": list("abcd"), "account_name": list("ABCD"), "industry": ["x", "x", "y", "y"]})
SERVED = frame(["account_id", "month", "cost"], [("a", "2025-01-01", 13), ("d", "2025-03-01", 6.0)], ["month"])
LEADS = frame(["account_id", "created", "cost"], [("d", "2025-02-01", 2), (None, "2025-02-01", 4.0)], ["created"])
DEALS = frame(
    ["account_id", "amount", "outcome"],
    [("a", 10.0, "won"), ("a", 20.0, "lost"), ("a", 10.0, "won"), ("b", 5.0, "won"), ("a", 99.0, "open")],
)
MARKET = frame(["industry", "year", "market_size"], [("x", 2024, 1000.0), ("x", 2025, 1900.0), ("x", 2026, 9.0)])


def test_the_steps_from_last_years_revenue_to_this_years_by_hand():
    kept = retention.revenue_kept(SOLD, as_of=AS_OF).set_index("step")
    assert kept["amount"].to_dict() == {"before": 230, "lost": -50, "shrunk": -20, "grown": 30, "new": 40, "now": 230}
    assert kept["accounts"].to_dict() == {"before": 3, "lost": 1, "shrunk": 1, "grown": 1, "new": 1, "now": 3}
    rates = retention.retention_rates(kept.reset_index())
    assert rates == pytest.approx({"gross": 160 / 230, "net": 190 / 230})


def test_the_steps_add_up_for_any_orders():
    rng = np.random.default_rng(1)
    day = pd.Timestamp("2024-01-05") + pd.to_timedelta(rng.integers(0, 720, 400), unit="D")
    sold = pd.DataFrame({"account_id": rng.integers(0, 40, 400), "order_date": day, "amount": rng.normal(5, 9, 400)})
    kept = retention.revenue_kept(sold, as_of=AS_OF)
    assert kept["amount"].iloc[:-1].sum() == pytest.approx(kept["amount"].iloc[-1])
    pd.testing.assert_frame_equal(kept, retention.revenue_kept(sold.sample(frac=1, random_state=2), as_of=AS_OF))


def test_what_a_yuan_from_new_and_from_existing_accounts_costs():
    """New: 6 of service, 2 + 4 of leads on 40; existing: 13 on 190."""
    table = retention.cost_per_won(SOLD, SERVED, LEADS, as_of=AS_OF).set_index("group")
    assert table.loc["new", ["accounts", "revenue", "cost"]].tolist() == [1, 40, 12]
    assert table["cost_per_unit"].tolist() == pytest.approx([0.3, 13 / 190])
    assert table["cost"].sum() == SERVED["cost"].sum() + LEADS["cost"].sum()


def test_the_share_of_the_market_counts_only_its_industries_and_whole_years():
    table = retention.market_share(ACCOUNTS, SOLD, MARKET, as_of=AS_OF)
    assert table["year"].tolist() == [2024, 2025]
    assert table["revenue"].tolist() == [180, 190]
    assert table["share"].tolist() == pytest.approx([0.18, 0.1])
    assert retention.market_share(ACCOUNTS, SOLD, MARKET, as_of="2025-12-30")["year"].tolist() == [2024]


def test_dependence_goes_both_ways_and_is_missing_where_too_little_was_decided():
    table = retention.dependence(ACCOUNTS, SOLD, DEALS, as_of=AS_OF).set_index("account_id")
    assert table.index.tolist() == ["a", "b", "d"]
    assert table["our_dependence"].tolist() == pytest.approx([130 / 230, 60 / 230, 40 / 230])
    assert table.at["a", "their_dependence"] == pytest.approx(0.5)
    assert table["their_dependence"].isna().tolist() == [False, True, True]


@pytest.mark.parametrize("sold", [SOLD.iloc[:0], SOLD.assign(amount=0.0), SOLD.assign(amount=-SOLD["amount"])])
def test_odd_companies_give_tables_without_failing(sold):
    kept = retention.revenue_kept(sold, as_of=AS_OF)
    assert len(kept) == 6
    assert np.isnan(retention.retention_rates(kept)["gross"])
    assert retention.cost_per_won(sold, SERVED.iloc[:0], LEADS.iloc[:0], as_of=AS_OF)["cost_per_unit"].isna().all()
    assert retention.dependence(ACCOUNTS, sold, DEALS.iloc[:0], as_of=AS_OF).empty
    assert retention.market_share(ACCOUNTS, sold, MARKET.iloc[:0], as_of=AS_OF).empty
