"""The double funnel: worked examples, exact reconciliation, naive recomputation, odd pipelines."""

import numpy as np
import pandas as pd
import pytest

from kamlib import funnel

STAGES = pd.DataFrame(
    {
        "stage": ["lead", "need", "spec", "tender", "award", "cash"],
        "order": [1.0, 2, 3, 4, 5, 6],
        "funnel": ["lead", "lead", "deal", "deal", "deal", "delivery"],
        "name_en": ["Lead", "Need", "Spec", "Tender", "Award", "Cash"],
        "name_zh": ["线索", "需求", "参数", "招标", "中标", "回款"],
    }
)
AS_OF = pd.Timestamp("2025-12-31")


def deals(rows):
    columns = ["opportunity_id", "account_id", "amount", "created", "closed", "outcome", "closed_amount"]
    frame = pd.DataFrame(rows, columns=columns)
    dates = {name: pd.to_datetime(frame[name]) for name in ("created", "closed")}
    frame = frame.assign(**dates, expected_close=pd.NaT, owner="Li", region="East")
    return frame.astype({"closed_amount": float, "amount": float})


def history(rows):
    frame = pd.DataFrame(rows, columns=["opportunity_id", "stage", "entered"])
    return frame.assign(entered=pd.to_datetime(frame["entered"]))


LEADS = pd.DataFrame(
    {
        "lead_id": list("klmn"),
        "account_id": ["a", "b", "b", None],
        "created": pd.to_datetime(["2025-01-05", "2025-02-01", "2023-01-01", "2025-03-01"]),
        "status": ["converted", "qualified", "new", "disqualified"],
    }
)
DEALS = deals(
    [
        ("d1", "a", 100, "2025-01-10", "2025-04-10", "won", 90),
        ("d2", "a", 50, "2025-02-10", "2025-05-01", "lost", None),
        ("d3", "b", 70, "2025-03-10", None, "open", None),
        ("d4", "b", 30, "2023-03-10", None, "open", None),
    ]
)
HISTORY = history(
    [
        ("d1", "spec", "2025-01-10"),
        ("d1", "tender", "2025-03-01"),
        ("d1", "award", "2025-04-10"),
        ("d2", "spec", "2025-02-10"),
        ("d3", "spec", "2025-03-10"),
        ("d3", "tender", "2025-05-10"),
        ("d4", "spec", "2023-03-10"),
    ]
)


def test_the_double_funnel_of_four_leads_and_four_deals_by_hand():
    table = funnel.double_funnel(LEADS, DEALS, HISTORY, STAGES, since=pd.Timestamp("2024-12-31"))
    assert table["funnel"].tolist() == ["lead", "lead", "deal", "deal", "deal"]
    assert table["n"].tolist() == [3, 2, 3, 2, 1]
    assert table["amount"].tolist()[2:] == [210, 160, 90]  # 90+50+70, 90+70, 90
    assert table["open_n"].tolist() == [1, 1, 1, 1, 0]
    assert table["open_amount"].tolist()[2:] == [30, 70, 0]


def test_open_amounts_over_the_stages_sum_to_the_pipeline():
    table = funnel.double_funnel(LEADS, DEALS, HISTORY, STAGES, since=pd.Timestamp("2020-01-01"))
    assert (
        table.loc[table["funnel"] == "deal", "open_amount"].sum()
        == DEALS.loc[DEALS["outcome"] == "open", "amount"].sum()
    )


def test_a_dictionary_that_ends_before_the_win_gets_a_last_row():
    short = STAGES[STAGES["stage"].isin(["spec", "tender"])]
    table = funnel.double_funnel(LEADS.iloc[:0], DEALS, HISTORY, short, since=pd.Timestamp("2024-12-31"))
    assert table["stage"].tolist() == ["spec", "tender", "won"]
    assert table["n"].tolist() == [3, 2, 1]


def test_a_deal_that_went_back_stands_in_the_stage_it_entered_last():
    moves = history([("d3", "spec", "2025-03-10"), ("d3", "tender", "2025-05-10"), ("d3", "spec", "2025-06-10")])
    path = funnel.deal_paths(DEALS, moves, STAGES).set_index("opportunity_id").loc["d3"]
    assert path["stage"] == "spec"
    assert path["furthest"] == 4


def test_stage_counts_by_hand_and_by_a_naive_loop():
    counts = funnel.stage_counts(DEALS, HISTORY, STAGES).set_index("stage")
    assert counts["left"].to_dict() == {"spec": 3, "tender": 1, "award": 1}
    assert counts["went_on"].to_dict() == {"spec": 2, "tender": 1, "award": 1}
    for stage, place in (("spec", 3), ("tender", 4)):
        left = on = 0
        for deal in DEALS.itertuples():
            orders = [
                STAGES.set_index("stage")["order"][s]
                for s in HISTORY[HISTORY["opportunity_id"] == deal.opportunity_id]["stage"]
            ]
            if max(orders) >= place:
                further = max(orders) > place or deal.outcome == "won"
                left += further or deal.outcome == "lost"
                on += further
        assert (counts["left"][stage], counts["went_on"][stage]) == (left, on)


def test_conversion_is_drawn_towards_the_other_regions():
    own = pd.DataFrame({"region": "South", "stage": ["spec"], "left": [2], "went_on": [0], "accounts": [2]})
    others = pd.DataFrame(
        {"region": ["East", "North"], "stage": "spec", "left": [100, 120], "went_on": [60, 66], "accounts": [20, 20]}
    )
    row = funnel.stage_conversion(own, others).iloc[0]
    assert row["own_rate"] == 0
    assert 0.3 < row["rate"] < 0.58
    assert row["low"] < row["rate"] < row["high"]


def test_the_own_region_among_the_companys_is_not_counted_twice():
    own = pd.DataFrame({"region": "East", "stage": ["spec"], "left": [10], "went_on": [5], "accounts": [9]})
    assert funnel.stage_conversion(own, own)["company_rate"][0] == 0.5
    assert funnel.stage_conversion(own, own).equals(funnel.stage_conversion(own, own.iloc[:0]))


def test_the_whole_company_is_not_steadied_by_its_own_regions():
    whole = pd.DataFrame({"region": "all", "stage": ["spec"], "left": [30], "went_on": [12], "accounts": [20]})
    parts = whole.assign(region="East")
    assert funnel.stage_conversion(whole, parts).equals(funnel.stage_conversion(whole, parts.iloc[:0]))


def test_time_in_stage_ends_with_the_next_stage_or_the_close():
    times = funnel.time_in_stage(HISTORY, DEALS, STAGES).set_index("stage")
    assert times["stays"].to_dict() == {"spec": 3, "tender": 1, "award": 1}
    assert times["median_days"]["spec"] == 61  # of 50, 80 and 61 days
    assert times["median_days"]["tender"] == 40


def test_a_deal_is_stuck_when_it_stands_longer_than_three_quarters_of_finished_stays():
    paths = funnel.deal_paths(DEALS, HISTORY, STAGES)
    stuck = funnel.stuck_deals(paths, funnel.time_in_stage(HISTORY, DEALS, STAGES), as_of=AS_OF)
    assert stuck["opportunity_id"].tolist() == ["d4", "d3"]
    assert stuck["days_in_stage"].tolist() == [1027, 235]


def test_velocity_of_the_example_by_hand():
    """2 open × win rate 1/2 × 90 ÷ 90 days × 30.4."""
    row = funnel.velocity(funnel.deal_paths(DEALS, HISTORY, STAGES), as_of=AS_OF).iloc[0]
    assert (row["open_n"], row["win_rate"], row["mean_won"], row["cycle_days"]) == (2, 0.5, 90, 90)
    assert row["per_month"] == pytest.approx(2 * 0.5 * 90 / 90 * 30.4)


def test_the_required_funnel_solved_forward_again_gives_the_target():
    steps = pd.DataFrame({"stage": list("abc"), "rate": [0.5, 0.4, 0.9], "low": [0.4, 0.3, 0.8]})
    table = funnel.required_funnel(steps, target=1000.0, mean_won=50.0)
    wins = table["required"][0] * 0.5 * 0.4 * 0.9
    assert wins * 50 == pytest.approx(1000)
    assert (table["required_high"] > table["required"]).all()


@pytest.mark.parametrize(("rate", "mean"), [(0.0, 10.0), (0.5, 0.0), (0.5, float("nan"))])
def test_an_unreachable_target_is_refused(rate, mean):
    with pytest.raises(ValueError, match="above 0"):
        funnel.required_funnel(pd.DataFrame({"stage": ["a"], "rate": [rate], "low": [0.0]}), target=1.0, mean_won=mean)


def test_the_waterfall_names_every_cause_and_adds_up():
    before = pd.DataFrame({"opportunity_id": list("abcdef"), "amount": [10.0, 20, 30, 40, 50, 60]})
    before["expected_close"] = pd.to_datetime(["2025-03-01"] * 4 + ["2025-09-01", "2025-03-01"])
    after = pd.DataFrame({"opportunity_id": ["c", "d", "e", "g"], "amount": [35.0, 40, 50, 70]})
    after["expected_close"] = pd.to_datetime(["2025-03-01", "2025-09-01", "2025-03-01", "2025-03-01"])
    ended = pd.DataFrame({"opportunity_id": ["a", "b"], "outcome": ["won", "lost"]})
    table = funnel.pipeline_waterfall(before, after, ended, until=pd.Timestamp("2025-06-30")).set_index("step")[
        "amount"
    ]
    expected = {
        "start": 160,
        "new": 70,
        "won": -10,
        "lost": -20,
        "pulled_in": 50,
        "pushed_out": -40,
        "amount_changed": 5,
        "other": -60,
        "end": 155,
    }
    assert table.to_dict() == expected
    assert table.iloc[:-1].sum() == table["end"]


def test_random_pipelines_reconcile_to_the_cent():
    rng = np.random.default_rng(5)
    for _run in range(50):
        ids = [f"d{i}" for i in range(40)]
        frames = []
        for _side in range(2):
            there = rng.random(40) < 0.7
            amounts = (rng.integers(1, 1_000_000, 40) / 100)[there]
            close = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 365, 40)[there], unit="D")
            frames.append(
                pd.DataFrame({"opportunity_id": np.array(ids)[there], "amount": amounts, "expected_close": close})
            )
        ended = pd.DataFrame({"opportunity_id": ids, "outcome": rng.choice(["won", "lost", "open"], 40)})
        for until in (None, pd.Timestamp("2025-06-30")):
            table = funnel.pipeline_waterfall(*frames, ended, until=until)
            assert round(table["amount"].iloc[:-1].sum(), 2) == round(table["amount"].iloc[-1], 2)


def test_the_pipeline_of_a_past_day_holds_what_was_open_then():
    assert funnel.pipeline_at(DEALS, "2025-04-09")["opportunity_id"].tolist() == ["d1", "d2", "d3", "d4"]
    assert funnel.pipeline_at(DEALS, "2025-04-10")["opportunity_id"].tolist() == ["d2", "d3", "d4"]


EMPTY = {"no deal": DEALS.iloc[:0], "none closed": DEALS[DEALS["outcome"] == "open"], "one deal": DEALS.iloc[2:3]}


@pytest.mark.parametrize("case", EMPTY)
def test_thin_pipelines_give_tables_without_failing(case):
    rows = EMPTY[case]
    moves = HISTORY[HISTORY["opportunity_id"].isin(rows["opportunity_id"])]
    paths = funnel.deal_paths(rows, moves, STAGES)
    table = funnel.double_funnel(LEADS, rows, moves, STAGES, since=pd.Timestamp("2020-01-01"))
    assert table["n"].tolist()[:2] == [4, 2]
    assert np.isnan(funnel.velocity(paths, as_of=AS_OF)["per_month"][0])
    stuck = funnel.stuck_deals(paths, funnel.time_in_stage(moves, rows, STAGES), as_of=AS_OF)
    assert len(stuck) == (1 if case == "none closed" else 0)  # d4 stands in a stage that d3 has left
    counts = funnel.stage_counts(rows, moves, STAGES)
    assert len(funnel.stage_conversion(counts, counts)) == counts["stage"].nunique()


def test_input_frames_are_unchanged():
    before = [frame.copy() for frame in (LEADS, DEALS, HISTORY, STAGES)]
    funnel.double_funnel(LEADS, DEALS, HISTORY, STAGES, since=pd.Timestamp("2024-12-31"))
    funnel.stage_counts(DEALS, HISTORY, STAGES)
    for frame, copy in zip((LEADS, DEALS, HISTORY, STAGES), before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)
