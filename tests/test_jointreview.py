"""Gaps, lights, burn-up and the uplift ledger: by hand, on odd plans, and beside naive loops."""

import numpy as np
import pandas as pd
import pytest

from kamlib import edition, jointforms, jointplan, jointreview

DAY = pd.Timestamp("2025-12-31")
WHOLE = {
    "initiative_id": "J1",
    "goal": "One stock room",
    "our_owner": "Li",
    "their_owner": "Wang",
    "start": "2025-07-01",
    "end": "2026-06-30",
    "our_cost": 10.0,
    "their_cost": 0.0,
    "expected_amount": 365.0,
    "status": "active",
}


def form(*rows: dict) -> pd.DataFrame:
    return jointforms.initiative_form(*({**WHOLE, **row} for row in rows))


def gaps(row: dict, **knobs) -> list[str]:
    return jointreview.check_initiatives(form(row), **knobs)["gap"].tolist()


def test_a_whole_initiative_has_no_gap():
    assert gaps({}, as_of=DAY) == []


@pytest.mark.parametrize(
    ("change", "gap"),
    [
        ({"goal": None}, "no goal"),
        ({"our_owner": " "}, "no owner on our side"),
        ({"their_owner": None}, "no owner on the customer's side"),
        ({"start": None}, "no first day"),
        ({"end": None}, "no last day"),
        ({"end": "2025-06-01"}, "ends before it starts"),
        ({"our_cost": None}, "no budget on our side"),
        ({"their_cost": None}, "no budget on the customer's side"),
        ({"expected_amount": None}, "no expected sales"),
        ({"expected_amount": 0.0}, "no expected sales"),
        ({"low_amount": 400.0}, "range out of order"),
        ({"high_amount": 300.0}, "range out of order"),
        ({"status": None}, "no status"),
    ],
)
def test_every_gap_is_found_by_itself_and_says_what_to_write(change, gap):
    found = jointreview.check_initiatives(form(change))
    assert found["gap"].tolist() == [gap]
    assert found["write"].str.len().gt(5).all()


def test_a_budget_of_nothing_is_a_budget():
    assert gaps({"our_cost": 0.0, "their_cost": 0.0}) == []


@pytest.mark.parametrize(
    ("change", "gap"),
    [
        ({"end": "2025-12-30"}, "past its last day, not done"),
        ({"start": "2025-12-31", "status": "planned"}, "should have started"),
    ],
)
def test_what_is_late_is_a_gap_once_there_is_a_day(change, gap):
    assert gaps(change) == []
    assert gaps(change, as_of=DAY) == [gap]


@pytest.mark.parametrize("change", [{"end": "2025-12-31"}, {"end": "2025-10-01", "status": "done"}])
def test_the_last_day_itself_and_what_is_done_are_not_late(change):
    assert gaps(change, as_of=DAY) == []


def test_a_stopped_initiative_needs_nothing_any_more():
    assert gaps({"status": "stopped", "our_owner": None, "end": "2020-01-01"}, as_of=DAY) == []


def test_gaps_come_in_the_order_of_the_plan():
    found = jointreview.check_initiatives(form({"goal": None, "end": None}, {}, {"initiative_id": "J0", "goal": None}))
    assert found["initiative_id"].tolist() == ["J1", "J1", "J0"]
    assert found["gap"].tolist() == ["no goal", "no last day", "no goal"]


def test_an_empty_plan_has_no_gaps():
    assert jointreview.check_initiatives(form().iloc[:0], as_of=DAY).empty


def test_the_names_of_gaps_are_those_the_check_gives():
    edition.use("zh")
    try:
        blank = jointreview.check_initiatives(jointforms.initiative_form({"initiative_id": "J1"}))
        assert set(blank["gap"]) <= set(jointreview.gap_names())
        assert len(jointreview.gap_names()) == 11
    finally:
        edition.use("en")


def test_lights_tell_late_from_soon_from_fine():
    lights = jointreview.initiative_status(
        form(
            {"status": "done", "end": "2025-01-01", "start": "2024-01-01"},
            {"status": "stopped"},
            {"end": "2025-12-30"},
            {"end": "2026-01-30"},
            {"their_owner": None},
            {},
            {"start": "2025-12-01", "status": "planned"},
        ),
        as_of=DAY,
    )
    assert lights["light"].tolist() == ["finished", "grey", "red", "amber", "amber", "green", "red"]
    assert lights["elapsed"].between(0, 1).all()


# --- plan against actual ---


def orders(*rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["account_id", "order_date", "amount"])
    return frame.assign(order_date=pd.to_datetime(frame["order_date"]), amount=frame["amount"].astype("float64"))


def test_a_burn_up_by_hand():
    # one initiative of 365 over the 365 days from 2025-07-01: a unit a day, of which 0.8 counts; baseline 100 a month
    own = orders(("A", "2025-06-30", 999), ("A", "2025-07-31", 50), ("A", "2025-08-01", 70), ("A", "2025-12-31", 500))
    curve = jointreview.burn_up(form({}), own, monthly=100.0, kept=0.8, start="2025-07-01", as_of=DAY)
    assert curve["month"].iloc[0] == pd.Timestamp("2025-07-31")
    assert curve["planned"].iloc[:2].tolist() == pytest.approx([100 + 31 * 0.8, 200 + 62 * 0.8])
    assert curve["actual"].iloc[:6].tolist() == [50, 120, 120, 120, 120, 620]
    assert curve["actual"].iloc[6:].isna().all()
    assert curve["planned"].iloc[-1] == pytest.approx(1200 + 365 * 0.8)
    now = jointreview.attainment(curve).iloc[0]
    assert now["incremental"] == pytest.approx(620 - 600)
    assert now["attainment"] == pytest.approx(620 / (600 + 184 * 0.8))
    assert now["light"] == "amber"


def test_a_burn_up_is_what_a_loop_over_days_gives():
    rng = np.random.default_rng(3)
    dates = pd.date_range("2025-07-01", DAY)
    own = orders(*[("A", day, rng.integers(-50, 100)) for day in rng.choice(dates, 60)])
    plan = form({}, {"start": "2025-09-10", "end": "2025-10-20", "expected_amount": 410.0})
    curve = jointreview.burn_up(plan, own, monthly=10.0, kept=1.0, start="2025-07-01", as_of=DAY)
    for row in curve[curve["actual"].notna()].itertuples():
        days = pd.date_range("2025-07-01", row.month)
        brought = sum(1.0 for day in days if day <= pd.Timestamp("2026-06-30"))
        brought += sum(10.0 for day in days if pd.Timestamp("2025-09-10") <= day <= pd.Timestamp("2025-10-20"))
        actual = sum(line.amount for line in own.itertuples() if line.order_date <= row.month)
        assert row.planned - row.baseline == pytest.approx(brought)
        assert row.actual == pytest.approx(actual)


def test_months_are_counted_from_the_same_day_of_the_month():
    curve = jointreview.burn_up(form({}), orders(), monthly=1.0, kept=1.0, start="2025-01-31", as_of=DAY)
    assert curve["month"].is_monotonic_increasing
    assert curve["month"].is_unique


def test_the_day_itself_is_on_the_curve_with_its_part_of_the_month():
    # two months and 15 of the 30 days of September: 2.5 months of 100, and an order on the last day counts
    own = orders(("A", "2025-07-10", 50), ("A", "2025-09-15", 7), ("A", "2025-09-16", 900))
    curve = jointreview.burn_up(form({}), own, monthly=100.0, kept=1.0, start="2025-07-01", as_of="2025-09-15")
    now = jointreview.attainment(curve).iloc[0]
    assert now["month"] == pd.Timestamp("2025-09-15")
    assert now["actual"] == 57
    assert now["baseline"] == pytest.approx(250)
    assert now["planned"] == pytest.approx(250 + 77)
    assert curve["month"].is_monotonic_increasing


@pytest.mark.parametrize("plan", [form().iloc[:0], form({"start": None, "end": None}), form({"status": "stopped"})])
def test_a_plan_without_dates_is_its_baseline(plan):
    curve = jointreview.burn_up(plan, orders(), monthly=5.0, kept=1.0, start="2025-10-01", as_of=DAY)
    assert curve["planned"].tolist() == curve["baseline"].tolist()
    assert jointreview.attainment(curve.iloc[:0])["light"].tolist() == ["grey"]


def test_before_its_first_whole_month_nothing_is_attained():
    curve = jointreview.burn_up(form({}), orders(), monthly=5.0, kept=1.0, start="2025-12-20", as_of=DAY)
    assert jointreview.attainment(curve)["light"].tolist() == ["grey"]


# --- the uplift ledger ---

START = pd.Timestamp("2025-10-01")
PLANS = pd.DataFrame({"account_id": ["P"], "start": [START]})


def test_an_uplift_by_hand():
    # P: 100 before, 180 after; the others 200 → 240, growth 1.2: 180 − 100 × 1.2 = 60
    lines = [("P", "2025-09-01", 100), ("P", "2025-11-01", 180)]
    lines += [("C", "2025-09-01", 200), ("C", "2025-11-01", 240), ("C", "2024-01-01", 9e9)]
    row = jointreview.uplift_ledger(orders(*lines), PLANS, as_of=DAY).iloc[0]
    assert row["days"] == 92
    assert row[["before", "actual", "incremental"]].tolist() == [100, 180, 80]
    assert row["control_growth"] == pytest.approx(1.2)
    assert row["versus_control"] == pytest.approx(60)
    assert row["low"] == row["high"] == pytest.approx(60)  # one account to resample


def test_the_interval_holds_the_estimate_and_is_the_same_every_time():
    rng = np.random.default_rng(1)
    lines = [("P", "2025-09-01", 100), ("P", "2025-11-01", 180)]
    for account in range(40):
        lines += [
            (f"C{account}", "2025-09-01", rng.integers(50, 150)),
            (f"C{account}", "2025-11-01", rng.integers(50, 150)),
        ]
    one, two = (jointreview.uplift_ledger(orders(*lines), PLANS, as_of=DAY) for _again in range(2))
    pd.testing.assert_frame_equal(one, two)
    assert one["low"].iloc[0] < one["versus_control"].iloc[0] < one["high"].iloc[0]


@pytest.mark.slow
def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    hits, runs = 0, 300
    for run in range(runs):
        rng = np.random.default_rng(run)
        before = rng.gamma(4, 25, 60)
        after = before * rng.lognormal(0, 0.4, 60)  # expected growth of the total: exp(.08)
        lines = [("P", "2025-09-01", 100.0), ("P", "2025-11-01", 100 * np.exp(0.08))]
        lines += [(f"C{i}", "2025-09-01", b) for i, b in enumerate(before)]
        lines += [(f"C{i}", "2025-11-01", a) for i, a in enumerate(after)]
        row = jointreview.uplift_ledger(orders(*lines), PLANS, as_of=DAY, draws=300, seed=run).iloc[0]
        hits += row["low"] <= 0 <= row["high"]
    assert 0.83 <= hits / runs <= 0.95


@pytest.mark.parametrize(
    ("lines", "plans"),
    [
        ([], PLANS),
        ([("P", "2025-11-01", 5)], PLANS),
        ([("C", "2025-11-01", 5)], PLANS),
        ([("P", "2025-09-01", -5), ("C", "2025-09-01", -1)], PLANS),
        ([("P", "2025-09-01", 5)], PLANS.assign(start=pd.NaT)),
        ([("P", "2025-09-01", 5)], PLANS.assign(start=pd.Timestamp("2026-05-01"))),
        ([("P", "2025-09-01", 5)], PLANS.iloc[:0]),
    ],
)
def test_what_cannot_be_compared_is_missing(lines, plans):
    ledger = jointreview.uplift_ledger(orders(*lines), plans, as_of=DAY)
    assert len(ledger) == len(plans)
    assert ledger["versus_control"].isna().all()
    assert jointreview.verdicts(ledger).tolist() == ["Go on; too early to tell"] * len(plans)


def test_verdicts_follow_the_interval():
    ledger = pd.DataFrame({"low": [1.0, -1.0, -5.0], "high": [2.0, 1.0, -1.0]})
    said = jointreview.verdicts(ledger).tolist()
    assert [text.split()[0] for text in said] == ["Go", "Go", "Change"]
    assert said[0] != said[1]


def test_sales_far_below_plan_past_half_way_call_for_a_review_whatever_others_did():
    ledger = pd.DataFrame({"low": [np.nan, 1.0, np.nan, np.nan], "high": [np.nan, 2.0, np.nan, np.nan]})
    ledger["elapsed"] = [0.6, 0.6, 0.5, 0.6]
    ledger["attainment"] = [0.0, 0.79, 0.0, np.nan]
    ledger["their_owner"], ledger["by_when"] = ["Wang", None, "Wang", "Wang"], DAY
    said = jointreview.verdicts(ledger).tolist()
    assert "Wang" in said[0]
    assert "2025" in said[0]
    assert [text.split()[0] for text in said] == ["Red:", "Red:", "Go", "Go"]
    assert "nan" not in said[1].lower().replace("name", "")


# --- warnings ---


def test_the_four_ways_to_fail_are_seen():
    plan = form(
        {"end": "2025-09-01", "their_owner": None, "our_cost": 100.0, "their_cost": 1.0, "expected_amount": 1.0},
    )
    balance = jointplan.swap_balance(plan, {})
    signs = jointreview.warning_signs(plan, balance, baseline=10_000.0, as_of=DAY)
    assert signs["risk"].tolist() == ["peters_out", "form_only", "one_sided", "habit"]
    assert signs["seen"].all()


def test_a_sound_plan_shows_no_sign():
    plan = form({"our_cost": 10.0, "their_cost": 8.0})
    signs = jointreview.warning_signs(plan, jointplan.swap_balance(plan, {}), baseline=1000.0, as_of=DAY)
    assert not signs["seen"].any()
    blank = jointreview.warning_signs(plan.iloc[:0], jointplan.swap_balance(plan.iloc[:0], {}), baseline=0.0, as_of=DAY)
    assert not blank["seen"].any()


def test_the_overview_counts_what_is_blank():
    plan = form({}, {"their_owner": None, "end": None, "our_cost": None}).assign(account_id="A")
    accounts = pd.DataFrame({"account_id": ["A", "B"], "account_name": ["a", "b"], "account_manager": ["x", "y"]})
    overview = jointreview.plan_overview(plan, accounts)
    assert overview["account_name"].tolist() == ["a"]
    assert overview["initiatives"].tolist() == [2]
    assert overview["blank"].tolist() == [3 / 12]
