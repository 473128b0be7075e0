"""A first draft from the records: what they know is measured, the rest marked; a blank form for the rest."""

import pandas as pd
import pytest
from plans import DAY, demo_like, same

from kamlib import edition, jointdraft, jointplan

ACCOUNTS = pd.DataFrame(
    {"account_id": ["A", "B", "C"], "account_name": ["a", "b", "c"], "account_manager": ["x", None, "z"]}
)
ORDERS = pd.DataFrame(
    {
        "account_id": ["B", "B", "C"],
        "order_date": pd.to_datetime(["2025-02-01", "2025-12-01", "2025-03-01"]),
        "amount": [10.0, 20.0, 5.0],
        "cost": [4.0, None, 2.0],
    }
)
INITIATIVES = pd.DataFrame(
    {
        "initiative_id": ["J1", "J2"],
        "account_id": ["C", "A"],
        "goal": ["g", "h"],
        "our_owner": ["x", None],
        "their_owner": [None, None],
        "start": pd.to_datetime(["2025-06-01", None]),
        "end": pd.to_datetime(["2026-06-01", None]),
        "our_cost": [1.0, None],
        "their_cost": [1.0, None],
        "expected_amount": [10.0, 500.0],
        "status": ["active", None],
    }
)
NOBODY = pd.DataFrame(
    {
        "account_id": pd.Series(dtype="str"),
        "date": pd.Series(dtype="datetime64[us]"),
        "csat": pd.Series(dtype="float64"),
    }
)


def drafts(accounts=ACCOUNTS, initiatives=INITIATIVES, orders=ORDERS, **knobs):
    return jointdraft.draft_plans(accounts, initiatives, orders, NOBODY, currency="CNY", as_of=DAY, **knobs)


def test_every_account_with_initiatives_gets_its_plan_largest_first():
    assert [plan.account_id for plan in drafts()] == ["A", "C"]
    assert [plan.account_id for plan in drafts(first="C")] == ["C", "A"]
    assert [plan.account_id for plan in drafts(first="unknown")] == ["A", "C"]


def test_asked_for_an_account_without_initiatives_its_blank_form_comes_first():
    plans = drafts(first="B")
    assert [plan.account_id for plan in plans] == ["B", "A", "C"]
    assert plans[0].initiatives.empty
    assert plans[0].history["amount"].sum() == 30


def test_without_any_initiative_the_largest_customer_gets_the_blank_form():
    plans = drafts(initiatives=INITIATIVES.iloc[:0])
    assert [plan.account_id for plan in plans] == ["B"]
    assert plans[0].initiatives.empty
    pnl = jointplan.joint_pnl(plans[0].initiatives, plans[0].terms)
    assert pnl["p50"].tolist() == pnl["without"].tolist()


def test_without_orders_and_initiatives_the_first_account_gets_it():
    assert [plan.account_id for plan in drafts(initiatives=INITIATIVES.iloc[:0], orders=ORDERS.iloc[:0])] == ["A"]
    assert drafts(ACCOUNTS.iloc[:0], INITIATIVES.iloc[:0], ORDERS.iloc[:0]) == []


def test_a_plan_holds_nothing_of_another_account():
    for plan in drafts():
        others = set(ACCOUNTS["account_name"]) - {plan.account_name}
        cells = pd.concat([getattr(plan, name).astype(str).stack() for name in ("initiatives", "goals", "risks")])
        assert not others & set(cells)
        assert (
            plan.initiatives["initiative_id"].tolist()
            == INITIATIVES.loc[INITIATIVES["account_id"] == plan.account_id, "initiative_id"].tolist()
        )


def test_the_rebate_of_a_contract_is_given_elsewhere_assumed():
    rebates = pd.DataFrame({"account_id": ["C", "A"], "rebate_rate": [0.05, None]})
    terms = {plan.account_id: plan.terms.set_index("term") for plan in drafts(rebates=rebates)}
    assert terms["C"].loc["rebate_rate"].tolist() == [0.05, "given"]
    assert terms["A"].at["rebate_rate", "basis"] == "assumed"


def test_both_sides_have_goals_and_the_customers_own_is_asked():
    goals = drafts()[1].goals
    assert set(goals["side"]) == {"us", "them"}
    assert goals["metric"].isna().sum() == 1
    pnl = jointplan.joint_pnl(drafts()[1].initiatives, drafts()[1].terms).set_index(["side", "line"])
    assert goals.loc[0, "aim"] == pytest.approx(pnl.at[("us", "net_sales"), "p50"], abs=0.01)


def test_quarters_without_orders_are_zero_and_in_order():
    history = jointdraft.quarterly_sales(ORDERS[ORDERS["account_id"] == "B"], as_of=DAY)
    assert history["period"].tolist()[-4:] == ["2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"]
    assert history["amount"].tolist() == [0, 0, 0, 0, 10, 0, 0, 20]


def test_all_returns_add_up_over_plans():
    total = jointdraft.all_returns(drafts())
    each = [jointplan.joint_returns(jointplan.joint_pnl(p.initiatives, p.terms)).iloc[0] for p in drafts()]
    assert total["spend"] == sum(row["spend"] for row in each) == 1
    assert total["roi"] == pytest.approx(total["p50_margin"] - 1)
    assert pd.isna(jointdraft.all_returns([])["roi"])


def test_the_draft_speaks_the_language_but_for_the_data():
    english = demo_like()
    edition.use("zh")
    try:
        chinese = demo_like()
    finally:
        edition.use("en")
    assert english.cadence["rhythm"].tolist() == ["monthly", "quarterly", "yearly"]
    assert chinese.cadence["rhythm"].tolist() == ["每月", "每季度", "每年"]
    assert same(english, demo_like())
    pd.testing.assert_frame_equal(english.initiatives, chinese.initiatives)


# --- the baseline, and where a plan stands ---


def bought(*rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["order_date", "amount"])
    return frame.assign(order_date=pd.to_datetime(frame["order_date"]), account_id="C")


def test_a_baseline_of_one_quarter_is_named():
    # the year before 2025-06-01: 80 + 20 = 100, of which 80 in the third quarter of 2024; 30 in 2025 after that
    basis = jointdraft.baseline_basis(
        bought(("2024-08-01", 80.0), ("2025-02-01", 20.0), ("2025-07-01", 10.0), ("2024-05-31", 999.0)),
        pd.Timestamp("2025-06-01"),
        as_of="2025-12-31",
    )
    assert (basis["year"], basis["largest"], basis["period"], basis["share"]) == (100, 80, "2024-Q3", 0.8)
    assert basis["recent"] == 30
    assert basis["burst"]
    assert basis["faded"]


def test_an_even_baseline_warns_of_nothing_and_neither_does_none():
    even = bought(*[(day, 25.0) for day in pd.date_range("2024-06-01", "2025-12-31", freq="QS")])
    basis = jointdraft.baseline_basis(even, pd.Timestamp("2025-06-01"), as_of="2025-12-31")
    assert not basis["burst"]
    assert not basis["faded"]
    none = jointdraft.baseline_basis(even.iloc[:0], pd.Timestamp("2025-06-01"), as_of="2025-12-31")
    assert not none["burst"]
    assert not none["faded"]


def test_a_standing_has_its_share_of_time_and_of_what_was_planned():
    plans = jointdraft.draft_plans(ACCOUNTS, INITIATIVES, ORDERS, NOBODY, currency="CNY", as_of=DAY)
    standing = jointdraft.standings(plans, ORDERS).set_index("account_id")
    day = pd.Timestamp(DAY)
    assert standing.at["C", "elapsed"] == pytest.approx((day - pd.Timestamp("2025-06-01")).days / 365)
    assert standing.at["C", "attainment"] == 0
    assert standing.at["A", "elapsed"] == 0
    sentence = jointdraft.baseline_warning(next(plan for plan in plans if plan.account_id == "C"), ORDERS)
    assert "2025-Q1" in sentence
