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
