"""The sales flywheel: one turn by hand, regions apart, roles' work by hand, wheels that do not turn yet."""

import numpy as np
import pandas as pd
import pytest

from kamlib import flywheel

AS_OF = pd.Timestamp("2025-12-31")
STAGES = pd.DataFrame(
    {
        "stage": ["need", "spec", "award", "install", "cash"],
        "order": [1.0, 2, 3, 4, 5],
        "funnel": ["deal", "deal", "deal", "delivery", "delivery"],
        "owner_role": ["AR", "SR", "AR", "FR", "AR"],
        "sla_days": [30.0, 40, 30, 20, 90],
    }
)


def dated(rows, columns, *dates):
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in dates})


DEALS = dated(
    [
        ("d1", "a", "2024-01-01", "2024-03-01", "won", "East"),
        ("d2", "a", "2024-05-01", "2024-06-01", "lost", "East"),
        ("d3", "b", "2024-02-01", "2024-02-20", "lost", "East"),
        ("d4", "b", "2025-11-01", None, "open", "East"),
        ("d5", "c", "2025-06-01", "2025-08-01", "won", "East"),
    ],
    ["opportunity_id", "account_id", "created", "closed", "outcome", "region"],
    "created",
    "closed",
)
HISTORY = dated(
    [
        ("d1", "need", "2024-01-01"),
        ("d1", "spec", "2024-01-21"),
        ("d1", "award", "2024-03-01"),
        ("d1", "install", "2024-04-01"),
        ("d1", "cash", "2024-04-11"),
        ("d2", "need", "2024-05-01"),
        ("d2", "spec", "2024-05-11"),
        ("d3", "need", "2024-02-01"),
        ("d5", "spec", "2025-06-11"),
        ("d5", "install", "2025-09-01"),
    ],
    ["opportunity_id", "stage", "entered"],
    "entered",
)
ANSWERS = dated(
    [
        ("a", "2024-05-11", 9.0, 5.0, "East"),
        ("b", "2024-06-01", 8.0, None, "East"),
        ("c", "2025-12-01", 9.0, 2.0, "East"),
    ],
    ["account_id", "date", "nps", "csat", "region"],
    "date",
)
ACCOUNTS = pd.DataFrame(
    {
        "account_id": ["a", "b", "c"],
        "account_manager": ["Li", "Li", "Wu"],
        "solution_manager": ["Sun", None, "Sun"],
        "delivery_manager": ["He", None, "He"],
    }
)


def facts(deals=DEALS, history=HISTORY, answers=ANSWERS, stages=STAGES):
    return flywheel.flywheel_facts(deals, history, stages, answers)


def test_one_turn_by_hand():
    """need: d1, d2, d5 reached SR, d3 was lost before. solution: d1 and d5 of three won. delivery: d1 in 10 days; d5
    has stood for 61 of 20. satisfaction: 5 of csat is, 8 of nps is not, 2 is not. renewal: a opened d2; c's year runs.
    """
    table = facts().set_index("segment")
    assert table["decided"].to_dict() == {"need": 4, "solution": 3, "delivery": 2, "satisfaction": 3, "renewal": 1}
    assert table["passed"].to_dict() == {"need": 3, "solution": 2, "delivery": 1, "satisfaction": 1, "renewal": 1}
    assert table["median_days"].to_dict() == {
        "need": 10,  # of 20, 10 and 10
        "solution": 45.5,  # of 40 and 51
        "delivery": 41,  # 1 March to 11 April
        "satisfaction": 76,  # of 30 after acceptance, 122 after signing
        "renewal": 61,  # 1 March to 1 May
    }
    assert table["accounts"].to_dict() == {"need": 3, "solution": 2, "delivery": 2, "satisfaction": 3, "renewal": 1}


def test_regions_are_counted_apart_and_add_up():
    both = pd.concat([DEALS, DEALS.assign(region="West", opportunity_id=DEALS["opportunity_id"] + "w")])
    history = pd.concat([HISTORY, HISTORY.assign(opportunity_id=HISTORY["opportunity_id"] + "w")])
    table = facts(both, history, pd.concat([ANSWERS, ANSWERS.assign(region="West")]))
    assert table.groupby("region")["decided"].sum().to_dict() == {"East": 13, "West": 13}


def test_a_dictionary_without_limits_or_delivery_still_turns():
    free = facts(stages=STAGES.assign(sla_days=np.nan)).set_index("segment")
    assert free.loc["delivery", ["decided", "passed"]].tolist() == [1, 1]
    short = STAGES[STAGES["funnel"] != "delivery"]
    table = facts(history=HISTORY[HISTORY["stage"].isin(short["stage"])], stages=short).set_index("segment")
    assert table.loc["delivery", "decided"] == 0
    assert table.loc["renewal", "decided"] == 1


def test_the_ring_draws_thin_regions_towards_the_others_and_its_drag_sums_to_one():
    own = facts()
    others = pd.concat([own.assign(region=name, decided=100, passed=50) for name in ("North", "South")])
    ring = flywheel.flywheel(own, pd.concat([own, others])).set_index("segment")
    assert 0.45 < ring.loc["need", "kept"] < 0.75
    assert ring["drag"].sum() == pytest.approx(1)
    assert ring["drag"].idxmax() == ring["kept"].idxmin()
    assert ring.loc["need", "own_kept"] == 0.75


def test_the_whole_company_is_not_counted_a_second_time():
    own = facts().assign(region="all")
    assert flywheel.flywheel(own, facts())["kept"].equals(flywheel.flywheel(own, own.iloc[:0])["kept"])


def test_active_accounts_ordered_were_met_or_opened_a_deal():
    orders = pd.DataFrame({"account_id": ["z", "a"], "order_date": pd.to_datetime(["2025-06-01", "2020-01-01"])})
    touches = pd.DataFrame({"account_id": ["y"], "date": pd.to_datetime(["2025-12-01"])})
    assert flywheel.active_accounts(orders, touches, DEALS, as_of=AS_OF, months=12) == 4  # z, y, and b, c


TOUCHES = dated(
    [("a", "2025-06-01", "AR", "visit"), ("a", "2025-06-02", "SR", "proposal"), ("c", "2025-06-03", "SR", "demo")],
    ["account_id", "date", "role", "kind"],
    "date",
)


def test_the_work_of_account_managers_by_hand():
    table = flywheel.account_work(ACCOUNTS, TOUCHES, DEALS, as_of=AS_OF)
    assert table.to_numpy().tolist() == [["Li", 2, 1, 0.5, 1], ["Wu", 1, 0, 0.0, 1]]


def test_the_work_of_solution_managers_by_hand():
    deals = flywheel.milestones(DEALS, HISTORY, STAGES)
    row = flywheel.solution_work(ACCOUNTS, TOUCHES, deals, as_of=AS_OF).iloc[0]
    assert row[["person", "proposals", "decided", "turnaround_days"]].tolist() == ["Sun", 1, 1, 51]
    assert row["low"] < row["hit_rate"] < row["high"]


def test_the_work_of_delivery_managers_by_hand():
    deals = flywheel.milestones(DEALS, HISTORY, STAGES)
    orders = pd.DataFrame(
        {"account_id": list("aacb"), "order_date": pd.Timestamp("2025-05-01"), "quantity": [5.0, -1, 3, -9]}
    )
    row = flywheel.delivery_work(ACCOUNTS, deals, ANSWERS, orders, as_of=AS_OF, months=24).iloc[0]
    assert row["person"] == "He"
    assert row[["deliveries", "on_time", "defects", "csat"]].tolist() == [1, 1.0, 0.5, 3.5]


@pytest.mark.parametrize("case", ["no history", "no answers", "one open deal", "no deal"])
def test_wheels_that_do_not_turn_yet_do_not_fail(case):
    deals = {"one open deal": DEALS.iloc[3:4], "no deal": DEALS.iloc[:0]}.get(case, DEALS)
    history = HISTORY.iloc[:0] if case != "no answers" else HISTORY
    answers = ANSWERS.iloc[:0] if case != "no history" else ANSWERS
    own = facts(deals, history, answers)
    ring = flywheel.flywheel(own, own)
    assert len(ring) == 5
    found = flywheel.milestones(deals, history, STAGES)
    assert len(flywheel.solution_work(ACCOUNTS, TOUCHES.iloc[:0], found, as_of=AS_OF)) == 1
    assert len(flywheel.delivery_work(ACCOUNTS, found, answers, pd.DataFrame(
        {"account_id": pd.Series(dtype="str"), "order_date": pd.Series(dtype="datetime64[us]"),
         "quantity": pd.Series(dtype=float)}), as_of=AS_OF)) == 1  # fmt: skip
    assert flywheel.account_work(ACCOUNTS.iloc[:0], TOUCHES, deals, as_of=AS_OF).empty


def test_order_of_rows_does_not_matter_and_input_is_unchanged():
    before = [frame.copy() for frame in (DEALS, HISTORY, ANSWERS)]
    pd.testing.assert_frame_equal(facts(DEALS[::-1], HISTORY[::-1], ANSWERS[::-1]), facts())
    for frame, copy in zip((DEALS, HISTORY, ANSWERS), before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)
