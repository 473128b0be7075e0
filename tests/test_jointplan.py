"""The joint account of a plan: worked examples, what always holds, odd plans, and a naive loop beside the frames."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from kamlib import jointforms, jointplan, planning

TERMS = {
    "baseline_amount": 1000.0,
    "cogs_rate": 0.5,
    "rebate_rate": 0.04,
    "pull_forward": 0.1,
    "cannibalised": 0.1,
    "customer_margin": 0.2,
    "service_income": 0.05,
    "stock_days": 36.5,
    "capital_cost": 0.1,
    "low_share": 0.5,
    "high_share": 1.5,
    "together": 1.0,
}


def plan(**columns) -> pd.DataFrame:
    size = len(next(iter(columns.values()), []))
    defaults = {
        "initiative_id": [f"J{n}" for n in range(size)],
        "goal": [f"goal {n}" for n in range(size)],
        "our_cost": [0.0] * size,
        "their_cost": [0.0] * size,
        "expected_amount": [0.0] * size,
        "status": ["planned"] * size,
    }
    return pd.DataFrame({**defaults, **columns})


def amounts(initiatives, terms=TERMS, at="p50") -> dict:
    return jointplan.joint_pnl(initiatives, terms).set_index(["side", "line"])[at].to_dict()


TWO = plan(our_cost=[30.0, 10.0], their_cost=[5.0, None], expected_amount=[400.0, 100.0])


def test_a_worked_example_line_by_line():
    # added: 500 × (1 − .1 − .1) = 400; sales 1,400; goods 700; rebate 56; our cost 40
    # customer: margin 280, service 70, rebate 56, stock 1,400 × 36.5/365 × .1 = 14, cost 5
    got = amounts(TWO)
    assert got == pytest.approx(
        {
            ("us", "net_sales"): 1400,
            ("us", "cogs"): -700,
            ("us", "rebate"): -56,
            ("us", "plan_cost"): -40,
            ("us", "plan_margin"): 604,
            ("them", "purchases"): 1400,
            ("them", "customer_margin"): 280,
            ("them", "service_income"): 70,
            ("them", "rebate_received"): 56,
            ("them", "stock_cost"): -14,
            ("them", "plan_cost"): -5,
            ("them", "benefit"): 387,
        }
    )


def test_without_the_plan_there_is_the_baseline_and_no_cost():
    got = amounts(TWO, at="without")
    assert got["us", "net_sales"] == 1000
    assert got["us", "plan_cost"] == got["them", "plan_cost"] == 0
    assert got["us", "plan_margin"] == pytest.approx(1000 * 0.46)


def test_roi_is_incremental_margin_less_spend_over_spend():
    # ours: margin 400 × .46 = 184, spend 40, (184 − 40) ÷ 40 = 3.6; theirs: 400 × .28 = 112, spend 5: 21.4
    returns = jointplan.joint_returns(jointplan.joint_pnl(TWO, TERMS)).set_index("side")
    assert returns.loc["us", ["spend", "p50_margin", "roi"]].tolist() == pytest.approx([40, 184, 3.6])
    assert returns.loc["them", ["spend", "p50_margin", "roi"]].tolist() == pytest.approx([5, 112, 21.4])


def test_a_plan_that_costs_nothing_has_no_roi_and_says_so():
    returns = jointplan.joint_returns(jointplan.joint_pnl(plan(expected_amount=[100.0]), TERMS))
    assert returns["roi"].isna().all()
    assert (returns["spend"] == 0).all()


def test_the_door_of_planning_is_the_same_function():
    assert planning.joint_pnl is jointplan.joint_pnl


def test_terms_may_be_a_frame_with_either_name_a_series_or_a_mapping():
    frame = pd.DataFrame({"term": list(TERMS), "setting": list(TERMS.values())})
    expected = jointplan.joint_pnl(TWO, TERMS)
    for terms in (frame, frame.rename(columns={"setting": "value"}), pd.Series(TERMS)):
        pd.testing.assert_frame_equal(jointplan.joint_pnl(TWO, terms), expected)


def test_a_blank_term_keeps_its_default():
    assert jointplan.settled({"cogs_rate": float("nan")})["cogs_rate"] == jointplan.DEFAULT_TERMS["cogs_rate"]


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"rebate": 0.1}, "No such term: rebate"),
        ({"cogs_rate": 1.2}, "shares from 0 to 1: cogs_rate"),
        ({"pull_forward": 0.7, "cannibalised": 0.6}, "more than what is expected"),
    ],
)
def test_wrong_terms_are_refused_by_name(terms, said):
    with pytest.raises(ValueError, match=said):
        jointplan.joint_pnl(TWO, terms)


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="lack the columns: our_cost"):
        jointplan.joint_pnl(TWO.drop(columns="our_cost"), TERMS)


def test_a_range_given_for_an_initiative_beats_the_term():
    parts = jointplan.incremental_sales(TWO.assign(low_amount=[100.0, None], high_amount=[None, 110.0]), TERMS)
    # kept 0.8: 100, 400, 400 × 1.5 → 80, 320, 480; 100 × .5, 100, 110 → 40, 80, 88
    assert parts.to_numpy().tolist() == [pytest.approx([80, 320, 480]), pytest.approx([40, 80, 88])]


def test_a_range_on_the_wrong_side_does_not_turn_the_order_around():
    parts = jointplan.incremental_sales(TWO.assign(low_amount=[900.0, 900.0], high_amount=[1.0, 1.0]), TERMS)
    assert (parts["p10"] <= parts["p50"]).all()
    assert (parts["p50"] <= parts["p90"]).all()


def test_stopped_initiatives_count_for_nothing():
    stopped = pd.concat([TWO, plan(our_cost=[9e6], their_cost=[9e6], expected_amount=[9e9], status=["stopped"])])
    pd.testing.assert_frame_equal(jointplan.joint_pnl(stopped, TERMS), jointplan.joint_pnl(TWO, TERMS))
    assert len(jointplan.swap_balance(stopped, TERMS)) == len(TWO) + 1


def test_the_range_of_a_sum_is_that_of_correlated_normals():
    rng = np.random.default_rng(5)
    deviations, share, z = np.array([3.0, 4.0, 12.0]), 0.4, scipy_stats.norm.ppf(0.9)
    covariance = np.outer(deviations, deviations) * (share + (1 - share) * np.eye(3))
    total = rng.multivariate_normal([10, 20, 30], covariance, 400_000).sum(axis=1)
    parts = pd.DataFrame({"p50": [10.0, 20.0, 30.0]})
    parts = parts.assign(p10=parts["p50"] - z * deviations, p90=parts["p50"] + z * deviations)
    got = jointplan.total_range(parts, together=share)
    assert [got["p10"], got["p50"], got["p90"]] == pytest.approx(np.quantile(total, [0.1, 0.5, 0.9]), abs=0.15)


def test_moving_together_widens_the_range():
    parts = jointplan.incremental_sales(TWO, TERMS)
    widths = [(r := jointplan.total_range(parts, together=share))["p90"] - r["p10"] for share in (0, 0.5, 1)]
    assert widths == sorted(widths)
    assert len(set(widths)) == 3


def test_what_we_sell_is_what_they_buy_and_what_we_rebate_is_what_they_receive():
    pnl = jointplan.joint_pnl(TWO, TERMS).set_index(["side", "line"])[["without", "p10", "p50", "p90"]]
    pd.testing.assert_series_equal(pnl.loc[("us", "net_sales")], pnl.loc[("them", "purchases")], check_names=False)
    pd.testing.assert_series_equal(-pnl.loc[("us", "rebate")], pnl.loc[("them", "rebate_received")], check_names=False)


money = st.one_of(st.none(), st.floats(0, 1e7).map(lambda x: round(x, 2)))
rows = st.lists(st.tuples(money, money, money, money, money, st.sampled_from(jointforms.CODES["status"])), max_size=7)


@settings(max_examples=120, deadline=None)
@given(rows, st.floats(0, 1), st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 1))
def test_any_plan_adds_up_like_a_naive_loop(cells, together, pull, cannibalised, cogs):
    names = ["our_cost", "their_cost", "expected_amount", "low_amount", "high_amount", "status"]
    frame = pd.DataFrame(cells, columns=names).astype(dict.fromkeys(names[:5], "float64"))
    frame["initiative_id"], frame["goal"] = [str(n) for n in range(len(frame))], "g"
    terms = {**TERMS, "together": together, "pull_forward": pull, "cannibalised": cannibalised, "cogs_rate": cogs}
    before = frame.copy(deep=True)
    pnl = jointplan.joint_pnl(frame, terms).set_index(["side", "line"])
    pd.testing.assert_frame_equal(frame, before)
    middle, below, ours = 0.0, [], 0.0
    for cost, _theirs, expected, low, _high, status in cells:
        if status == "stopped":
            continue
        expected, kept = expected or 0.0, 1 - pull - cannibalised
        low = expected * TERMS["low_share"] if low is None else min(low, expected)
        middle, ours = middle + expected * kept, ours + (cost or 0.0)
        below.append((expected - low) * kept)
    gap = math.sqrt((1 - together) * sum(g * g for g in below) + together * sum(below) ** 2)
    assert pnl.at[("us", "net_sales"), "p50"] == pytest.approx(1000 + middle, rel=1e-9)
    assert pnl.at[("us", "net_sales"), "p10"] == pytest.approx(1000 + middle - gap, rel=1e-6, abs=1e-3)
    for column in ("without", "p10", "p50", "p90"):
        us, them = pnl.loc["us", column], pnl.loc["them", column]
        assert us["plan_margin"] == pytest.approx(us.drop("plan_margin").sum(), abs=1e-3)
        assert them["benefit"] == pytest.approx(them.drop(["benefit", "purchases"]).sum(), abs=1e-3)
    swap = jointplan.swap_balance(frame, terms)
    gain = pnl.at[("us", "plan_margin"), "p50"] - pnl.at[("us", "plan_margin"), "without"]
    assert swap["our_get"].iloc[-1] - swap["our_give"].iloc[-1] == pytest.approx(gain, rel=1e-6, abs=1e-2)


def test_the_order_of_initiatives_does_not_matter():
    turned = jointplan.joint_pnl(TWO.iloc[::-1], TERMS)
    pd.testing.assert_frame_equal(turned, jointplan.joint_pnl(TWO, TERMS))


@pytest.mark.parametrize("frame", [TWO.iloc[:0], TWO.iloc[:1], plan(expected_amount=[None])])
def test_an_empty_or_blank_plan_is_the_baseline(frame):
    pnl = jointplan.joint_pnl(frame.assign(expected_amount=np.nan, our_cost=np.nan, their_cost=np.nan), TERMS)
    pd.testing.assert_series_equal(pnl["p50"], pnl["without"], check_names=False)
    assert jointplan.swap_balance(frame.iloc[:0], TERMS)["balance"].isna().all()


# --- the swap ---


def test_the_balance_of_a_swap_by_hand():
    # first: give 30 of 35 = .857; get 320 × .46 = 147.2 of 147.2 + 320 × .28 = 89.6 → .622; balance .235
    swap = jointplan.swap_balance(TWO, TERMS)
    assert swap["our_give"].tolist() == [30, 10, 40]
    assert swap["our_get"].tolist() == pytest.approx([147.2, 36.8, 184])
    assert swap["balance"].iloc[0] == pytest.approx(30 / 35 - 147.2 / 236.8)
    assert swap["give_share"].iloc[1] == 1.0
    assert pd.isna(swap["initiative_id"].iloc[-1])


def test_the_balance_stays_between_minus_one_and_one():
    extreme = plan(our_cost=[100.0, 0.0], their_cost=[0.0, 100.0], expected_amount=[100.0, 100.0])
    swap = jointplan.swap_balance(extreme, {**TERMS, "cogs_rate": 0.96})
    assert swap["balance"].between(-1, 1).all()
    assert swap["balance"].iloc[0] == pytest.approx(1.0)


# --- terms from the records ---

ORDERS = pd.DataFrame(
    {
        "account_id": "A",
        "order_date": pd.to_datetime(["2023-06-01", "2024-03-01", "2024-09-01", "2025-02-01"]),
        "amount": [9999.0, 600.0, 600.0, 5000.0],
        "cost": [5000.0, 300.0, None, 2500.0],
    }
)
DATED = plan(
    start=pd.to_datetime(["2025-01-01", "2025-03-01"]),
    end=pd.to_datetime(["2025-06-30", "2025-12-31"]),
    expected_amount=[1.0, 1.0],
)


def test_the_baseline_is_the_year_before_the_plan_stretched_to_its_length():
    # 2024: 1,200 in the year before 2025-01-01; the plan lasts 364 days
    terms = jointplan.measured_terms(ORDERS, DATED, as_of="2025-05-01").set_index("term")
    assert terms.at["baseline_amount", "setting"] == pytest.approx(1200 * 364 / 365.25, rel=0.005)
    assert terms.at["baseline_amount", "basis"] == "measured"
    # cost of goods of the lines that have a cost: 7,800 ÷ 15,599
    assert terms.at["cogs_rate", "setting"] == pytest.approx(7800 / 15599, abs=1e-4)
    assert terms.at["customer_margin", "basis"] == "assumed"


def test_known_terms_are_marked_as_given():
    terms = jointplan.measured_terms(ORDERS, DATED, as_of="2025-05-01", rebate_rate=0.03).set_index("term")
    assert terms.loc["rebate_rate"].tolist() == [0.03, "given"]


@pytest.mark.parametrize("orders", [ORDERS.iloc[:0], ORDERS.assign(amount=-1.0), ORDERS.assign(cost=np.nan)])
def test_an_account_without_sales_or_cost_has_a_baseline_of_zero_or_more(orders):
    terms = jointplan.measured_terms(orders, DATED.iloc[:0], as_of="2025-05-01").set_index("term")
    assert terms.at["baseline_amount", "setting"] >= 0
    assert 0 <= terms.at["cogs_rate", "setting"] <= 1
    assert terms.at["months", "setting"] == pytest.approx(12, abs=0.05)


def test_a_plan_without_dates_is_for_the_year_to_come():
    start, end = jointplan.plan_window(DATED.assign(start=pd.NaT, end=pd.NaT), as_of="2025-05-01")
    assert (start, end) == (pd.Timestamp("2025-05-02"), pd.Timestamp("2026-05-02"))
