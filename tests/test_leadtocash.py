"""From lead to cash: an event log by hand, stays that add up, running stays that count, odd dictionaries."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from kamlib import edition
from kamlib import leadtocash as way

AS_OF = pd.Timestamp("2025-12-31")
STAGES = pd.DataFrame(
    {
        "stage": ["lead", "need", "spec", "award", "install", "cash"],
        "name_en": ["Lead", "Need", "Spec", "Award", "Install", None],
        "name_zh": ["线索", "需求", "参数", "中标", "装机", None],
        "order": [1.0, 2, 3, 4, 5, 6],
        "funnel": ["lead", "lead", "deal", "deal", "delivery", "delivery"],
        "entry_evidence": ["a name", "a need", "parameters", "a notice", "goods on site", "an invoice"],
        "owner_role": ["AR", "AR", "SR", "AR", "FR", "AR"],
        "sla_days": [30.0, 20, 40, 30, 45, np.nan],
    }
)


def dated(frame, *columns):
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in columns})


DEALS = dated(
    pd.DataFrame(
        {
            "opportunity_id": ["d1", "d2", "d3"],
            "account_id": ["a", "b", None],
            "amount": [100.0, 50, 70],
            "closed": ["2025-04-01", "2025-03-12", None],
            "outcome": ["won", "lost", "open"],
            "closed_amount": [90.0, np.nan, np.nan],
            "owner": ["Li", "Li", "Wu"],
        }
    ),
    "closed",
)
HISTORY = dated(
    pd.DataFrame(
        [
            ("d1", "need", "2025-01-10"),
            ("d1", "spec", "2025-01-20"),
            ("d1", "need", "2025-02-10"),
            ("d1", "spec", "2025-02-20"),
            ("d1", "award", "2025-04-01"),
            ("d1", "install", "2025-05-01"),
            ("d1", "cash", "2025-05-11"),
            ("d2", "need", "2025-03-02"),
            ("d3", "need", "2025-12-01"),
        ],
        columns=["opportunity_id", "stage", "entered"],
    ),
    "entered",
)
LEADS = dated(pd.DataFrame({"opportunity_id": ["d1", None], "created": ["2025-01-01", "2025-01-05"]}), "created")
ORDERS = dated(
    pd.DataFrame(
        {
            "order_id": ["d1", "d1", "S1"],
            "order_date": ["2025-04-01", "2025-04-01", "2025-06-01"],
            "invoice_date": ["2025-05-11", "2025-05-11", None],
            "paid_date": ["2025-08-01", "2025-09-01", None],
        }
    ),
    "order_date",
    "invoice_date",
    "paid_date",
)
ACCOUNTS = pd.DataFrame(
    {
        "account_id": ["a", "b"],
        "account_name": ["Alpha", "Beta"],
        "account_manager": ["Li", "Li"],
        "solution_manager": ["Sun", None],
        "delivery_manager": ["He", None],
    }
)


def log(stages=STAGES, deals=DEALS, history=HISTORY, leads=LEADS, orders=ORDERS):
    return way.event_log(deals, history, stages, leads, orders)


def all_stays(**frames):
    return way.stays(log(**frames), frames.get("stages", STAGES), as_of=AS_OF)


def test_the_log_of_one_deal_from_the_lead_to_the_money():
    mine = log()[lambda x: x["opportunity_id"] == "d1"]
    assert mine["step"].tolist() == ["lead", "need", "spec", "need", "spec", "award", "install", "cash", "paid"]
    assert mine["day"].iloc[-1] == pd.Timestamp("2025-09-01")  # the day of the last line


def test_an_order_paid_in_part_is_not_paid():
    part = ORDERS.assign(paid_date=ORDERS["paid_date"].where(ORDERS["paid_date"] < "2025-09-01"))
    assert "paid" not in set(log(orders=part)["step"])


def test_the_stays_of_one_deal_by_hand_add_up_to_its_whole_way():
    mine = all_stays()[lambda x: x["opportunity_id"] == "d1"]
    assert mine["days"].tolist() == [9, 10, 21, 10, 40, 30, 10, 113]
    assert mine["days"].sum() == (pd.Timestamp("2025-09-01") - pd.Timestamp("2025-01-01")).days
    assert mine["visit"].tolist() == [1, 1, 1, 2, 2, 1, 1, 1]
    assert mine["back"].tolist() == [False, False, False, True, False, False, False, False]
    assert mine["over_days"].tolist()[:7] == [0, 0, 0, 0, 0, 0, 0]


def test_a_loss_ends_the_stay_and_an_open_deal_keeps_running():
    table = all_stays().set_index("opportunity_id")
    assert (table.loc["d2", "days"], table.loc["d2", "running"]) == (10, False)
    assert (table.loc["d3", "days"], table.loc["d3", "running"], table.loc["d3", "over_days"]) == (30, True, 10)


def test_without_stages_of_delivery_the_order_tells_the_rest():
    short = STAGES[STAGES["funnel"] != "delivery"]
    history = HISTORY[HISTORY["stage"].isin(short["stage"])]
    mine = all_stays(stages=short, history=history)[lambda x: x["opportunity_id"] == "d1"]
    assert mine["step"].tolist()[-3:] == ["award", "ordered", "invoiced"]
    assert mine["days"].tolist()[-3:] == [0, 40, 113]


def test_a_last_step_whose_end_is_never_recorded_does_not_run_for_ever():
    steps = all_stays(orders=ORDERS.iloc[:0])["step"]
    assert "cash" not in set(steps)
    assert "install" in set(steps)


def test_a_win_that_nothing_else_tells_of_ends_the_last_stage():
    history = HISTORY[HISTORY["stage"].isin(["need", "spec"])]
    table = all_stays(history=history, orders=ORDERS.iloc[:0])
    last = table[table["opportunity_id"] == "d1"].iloc[-1]
    assert (last["step"], last["until"]) == ("spec", pd.Timestamp("2025-04-01"))


def test_stays_agree_with_a_naive_loop():
    events = log()
    table = all_stays()
    naive = []
    for _deal, mine in events.groupby("opportunity_id"):
        rows = list(mine.itertuples())
        for place, row in enumerate(rows):
            if row.step not in ("paid", "lost"):
                end = rows[place + 1].day if place + 1 < len(rows) else AS_OF
                naive.append((row.opportunity_id, row.step, (end - row.day).days))
    assert list(table[["opportunity_id", "step", "days"]].itertuples(index=False, name=None)) == naive


def test_the_median_stay_is_that_of_kaplan_and_meier():
    rng = np.random.default_rng(4)
    for _run in range(30):
        days = pd.Series(rng.integers(1, 60, 40))
        running = pd.Series(rng.random(40) < 0.3)
        theirs = SurvfuncRight(days, ~running)
        for q in (0.5, 0.75):
            assert way.duration_quantile(days, running, q) == pytest.approx(theirs.quantile(q), nan_ok=True)


def test_running_stays_make_a_step_slower_and_too_many_leave_it_untold():
    days, running = pd.Series([5, 6, 7, 90]), pd.Series([False, False, False, True])
    assert way.duration_quantile(days, running, 0.5) == 6
    assert np.isnan(way.duration_quantile(days, running, 0.95))
    assert np.isnan(way.duration_quantile(days.iloc[:0], running.iloc[:0], 0.5))


def test_the_table_of_steps_by_hand():
    steps = way.step_table(all_stays()).set_index("step")
    assert list(steps.index) == ["lead", "need", "spec", "award", "install", "cash"]
    assert steps.loc["need", ["stays", "running"]].tolist() == [4, 1]
    assert steps.loc["need", "rework"] == 0.25  # one of four stays is a second one
    assert steps.loc["need", "breaches"] == 0.25  # 30 days and running, of a limit of 20
    assert np.isnan(steps.loc["cash", "breaches"])
    assert steps["total_days"].sum() == all_stays()["days"].sum()


def test_the_bottleneck_costs_most_days_beyond_its_limit_or_most_days_where_there_is_none():
    worst = way.bottleneck(way.step_table(all_stays()))
    assert worst[["step", "share"]].to_numpy().tolist() == [["need", 1.0]]
    free = way.bottleneck(way.step_table(all_stays(stages=STAGES.assign(sla_days=np.nan))))
    assert free["step"].tolist() == ["cash"]


def test_handoffs_by_hand():
    """d1: need → spec twice (AR to SR), spec → need (SR to AR, back), spec → award, award → install, install → cash."""
    table = way.handoffs(all_stays()).set_index(["from_role", "to_role"])
    assert table["n"].to_dict() == {("AR", "FR"): 1, ("AR", "SR"): 2, ("FR", "AR"): 1, ("SR", "AR"): 2}
    assert table.loc[("SR", "AR"), "returned"] == 0.5


def test_late_deals_name_the_person_of_the_role_and_come_in_the_order_of_value_times_days():
    history = pd.concat(
        [HISTORY, dated(pd.DataFrame([("d4", "spec", "2025-09-01")], columns=HISTORY.columns), "entered")]
    )
    more = pd.DataFrame({"opportunity_id": ["d4"], "account_id": ["a"], "amount": [5.0], "outcome": ["open"]})
    deals = pd.concat([DEALS, more.assign(closed=pd.NaT, closed_amount=np.nan, owner="Zhou")], ignore_index=True)
    late = way.running_late(all_stays(history=history, deals=deals), deals, ACCOUNTS)
    assert late[["opportunity_id", "over_days", "owner"]].to_numpy().tolist() == [
        ["d3", 10.0, "Wu"],
        ["d4", 81.0, "Sun"],
    ]


def test_the_dictionary_says_what_is_needed_to_leave_a_stage():
    table = way.stage_dictionary(STAGES[::-1])
    assert table["exit_evidence"].tolist()[:2] == ["a need", "parameters"]
    assert table["name"].tolist()[-1] == "cash"  # without a name its short one
    edition.use("zh")
    try:
        assert way.step_names(STAGES)["lead"] == "线索"
    finally:
        edition.use("en")


def test_the_benchmark_counts_the_accounts_behind_each_step():
    table = way.step_benchmark(DEALS, HISTORY, STAGES, LEADS, ORDERS).set_index("step")
    assert table.loc["need", "accounts"] == 3  # a, b, and the deal without an account
    assert table.loc["spec", "company_days"] == 21


EDGES = {
    "no deal": {"deals": DEALS.iloc[:0], "history": HISTORY.iloc[:0]},
    "no history": {"history": HISTORY.iloc[:0]},
    "one open deal": {"deals": DEALS.iloc[2:], "history": HISTORY.iloc[-1:]},
    "no leads, no orders": {"leads": LEADS.iloc[:0], "orders": ORDERS.iloc[:0]},
    "no roles, no limits": {"stages": STAGES.assign(owner_role=None, sla_days=np.nan)},
}


@pytest.mark.parametrize("case", EDGES)
def test_thin_logs_give_tables_without_failing(case):
    table = all_stays(**EDGES[case])
    steps = way.step_table(table)
    assert len(steps) == table["step"].nunique()
    assert len(way.bottleneck(steps)) == min(1, len(steps))
    way.handoffs(table)
    way.running_late(table, EDGES[case].get("deals", DEALS), ACCOUNTS)


def test_order_of_rows_does_not_matter_and_input_is_unchanged():
    before = [frame.copy() for frame in (DEALS, HISTORY, STAGES, LEADS, ORDERS)]
    turned = all_stays(history=HISTORY[::-1], deals=DEALS[::-1], orders=ORDERS[::-1])
    pd.testing.assert_frame_equal(turned, all_stays())
    for frame, copy in zip((DEALS, HISTORY, STAGES, LEADS, ORDERS), before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


def test_money_is_waited_for_in_the_last_step_of_delivery():
    stages = pd.DataFrame({"stage": ["cash", "need", "build"], "order": [9, 1, 8]})
    stages["funnel"] = ["delivery", "deal", "delivery"]
    assert way.cash_step(stages) == "cash"
    assert way.cash_step(stages[stages["funnel"] == "deal"]) is None
