"""The iron triangle: three sides by hand, touches in time, solo against team without being fooled, load and gap."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import StratifiedTable

from kamlib import edition, triangle

AS_OF = pd.Timestamp("2025-12-31")
ACCOUNTS = pd.DataFrame(
    {
        "account_id": ["a", "b", "c"],
        "account_name": ["Alpha", "Beta", "Gamma"],
        "account_manager": ["Li", "Li", "Wu"],
        "solution_manager": ["Sun", "Sun", None],
        "delivery_manager": ["He", None, None],
    }
)


def touched(rows):
    frame = pd.DataFrame(rows, columns=["account_id", "date", "role"])
    return frame.assign(date=pd.to_datetime(frame["date"]))


TOUCHES = touched(
    [
        *[("a", "2025-06-01", "AR")] * 3,
        *[("a", "2025-06-05", "SR")] * 2,
        ("a", "2025-06-09", "FR"),
        *[("b", "2025-07-01", "AR")] * 4,
        ("b", "2023-01-01", "SR"),
    ]
)


def test_the_three_sides_of_an_account_by_hand():
    table = triangle.team_effort(ACCOUNTS, TOUCHES, as_of=AS_OF).set_index("account_id")
    assert table.loc["a", ["AR", "SR", "FR", "touches", "coverage"]].tolist() == [3, 2, 1, 6, 1.0]
    assert table.loc["a", "side_balance"] == 0.5  # 1 ÷ 2
    assert table.loc["b", ["touches", "side_balance"]].tolist() == [4, 0]
    assert np.isnan(table.loc["c", "side_balance"])


def test_the_weakest_side_is_below_its_usual_part_and_has_an_owner():
    """Here AR makes 7 of 10 touches, SR 2, FR 1. Alpha: AR 0.5 ÷ 0.7 is least; Beta has no SR and no FR."""
    table = triangle.team_effort(ACCOUNTS, TOUCHES, as_of=AS_OF).set_index("account_id")
    assert table["weakest"].fillna("-").to_dict() == {"a": "AR", "b": "SR", "c": "-"}
    assert table["owner"].to_dict() == {"a": "Li", "b": "Sun", "c": "Wu"}


STAYS = pd.DataFrame(
    {
        "opportunity_id": ["d1", "d1", "d2"],
        "account_id": ["a", "a", "b"],
        "step": ["need", "spec", "need"],
        "order": [1.0, 2, 1],
        "day": pd.to_datetime(["2025-06-01", "2025-06-05", "2025-12-01"]),
        "until": pd.to_datetime(["2025-06-05", "2025-06-15", None]),
        "owner_role": ["AR", "SR", "AR"],
    }
)


def test_touches_in_a_step_by_hand():
    """need: 3 AR touches in 4 + 30 days; spec: 2 SR and 1 FR in 10 days."""
    table = triangle.effort_by_step(STAYS, TOUCHES, as_of=AS_OF).set_index("step")
    assert table.loc["need", "AR"] == pytest.approx(3 / 34 * 30)
    assert table.loc["spec", ["AR", "SR", "FR"]].tolist() == [0, 6, 3]
    assert table["coverage"].to_dict() == {"need": 0.5, "spec": 1}
    assert table["answer_days"].to_dict() == {"need": 0, "spec": 0}


def test_touches_in_steps_agree_with_a_naive_loop():
    rng = np.random.default_rng(8)
    stays = pd.DataFrame(
        {
            "opportunity_id": [f"d{i}" for i in range(40)],
            "account_id": rng.choice(["a", "b"], 40),
            "step": rng.choice(["need", "spec"], 40),
            "day": pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 200, 40), unit="D"),
            "owner_role": "AR",
        }
    )
    stays["order"] = stays["step"].map({"need": 1.0, "spec": 2.0})
    lasts = pd.Series(rng.integers(1, 60, 40).astype(float)).mask(rng.random(40) < 0.2)
    stays["until"] = stays["day"] + pd.to_timedelta(lasts, unit="D")
    days = pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 364, 300), unit="D")
    touches = pd.DataFrame(
        {"account_id": rng.choice(["a", "b"], 300), "date": days, "role": rng.choice(triangle.ROLES, 300)}
    )
    table = triangle.effort_by_step(stays, touches, as_of=AS_OF).set_index("step")
    for step, row in table.iterrows():
        total = count = 0
        for stay in stays[stays["step"] == step].itertuples():
            last = AS_OF + pd.Timedelta(days=1) if pd.isna(stay.until) else stay.until
            total += ((AS_OF if pd.isna(stay.until) else stay.until) - stay.day).days
            mine = touches[(touches["account_id"] == stay.account_id) & (touches["role"] == "SR")]
            count += ((mine["date"] >= stay.day) & (mine["date"] < last)).sum()
        assert row["SR"] == pytest.approx(count / total * 30)


def test_the_response_to_a_handoff_by_hand():
    table = triangle.response_times(STAYS, TOUCHES, as_of=AS_OF, limit=3)
    assert table.to_numpy().tolist() == [["AR", "SR", 1, 1.0, 0.0, 1.0]]


def test_a_handoff_that_had_no_time_to_be_answered_is_not_counted_as_late():
    stays = STAYS.iloc[:2].assign(
        until=pd.to_datetime(["2025-12-30", None]), day=pd.to_datetime(["2025-06-01", "2025-12-30"])
    )
    table = triangle.response_times(stays, TOUCHES, as_of=AS_OF, limit=3)
    assert table["n"].tolist() == [1]
    assert np.isnan(table["in_time"][0])


STAGES = pd.DataFrame({"stage": ["tender", "need", "own"], "order": [2, 1, 3], "owner_role": ["AR", "AR", "FR"]})


def test_every_stage_of_the_rules_has_one_accountable_role_and_somebody_responsible():
    rules = edition.reference("raci")
    for row in rules.drop(columns="stage").to_dict("records"):
        parts = [value.split("/") for value in row.values() if value]
        assert sum("A" in part for part in parts) == 1
        assert any("R" in part for part in parts)
        assert {letter for part in parts for letter in part} <= set("RACI")


def test_raci_follows_the_order_and_falls_back_on_the_dictionary():
    table = triangle.raci(STAGES, edition.reference("raci"))
    assert table["stage"].tolist() == ["need", "tender", "own"]
    assert table.loc[2, ["AR", "SR", "FR"]].tolist() == ["I", "I", "A/R"]
    assert table["agrees"].tolist() == [True, False, True]  # the rules give the tender to SR


def closed(rows):
    columns = ["opportunity_id", "account_id", "created", "closed", "outcome", "amount"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(created=pd.to_datetime(frame["created"]), closed=pd.to_datetime(frame["closed"]))


def test_only_the_first_days_count_and_deals_that_closed_sooner_are_left_out():
    deals = closed(
        [
            ("d1", "a", "2025-06-01", "2025-09-01", "won", 10),
            ("d2", "b", "2025-06-20", "2025-09-01", "lost", 20),
            ("d3", "a", "2025-06-01", "2025-06-20", "lost", 30),
            ("d4", "a", "2025-06-10", "2025-09-01", "won", 30),
        ]
    )
    table = triangle.teams(deals, TOUCHES).set_index("opportunity_id")
    assert table["roles"].to_dict() == {"d1": 3, "d2": 1, "d4": 0}
    assert table["amount_class"].tolist() == ["small", "medium", "large"]


def random_deals(rng, n, effect):
    """Large deals are won more often and get teams more often; a team adds ``effect``."""
    size = rng.integers(0, 3, n)
    team = rng.random(n) < np.array([0.2, 0.5, 0.8])[size]
    won = rng.random(n) < 0.2 + 0.2 * size + effect * team
    return pd.DataFrame({"team": team, "won": won, "amount_class": np.array(triangle.AMOUNT_CLASSES)[size]})


def test_a_difference_that_only_the_amount_makes_vanishes_within_classes():
    row = triangle.team_difference(random_deals(np.random.default_rng(0), 20_000, 0.0)).iloc[0]
    assert row["crude"] > 0.1
    assert abs(row["adjusted"]) < 0.02


def test_the_interval_of_the_difference_covers_the_truth_nine_times_of_ten():
    rng = np.random.default_rng(1)
    rows = [triangle.team_difference(random_deals(rng, 300, 0.1)).iloc[0] for _run in range(200)]
    assert 0.85 <= np.mean([row["low"] <= 0.1 <= row["high"] for row in rows]) <= 0.95


def test_the_adjusted_difference_agrees_with_the_formula_and_with_the_sign_of_the_pooled_odds():
    deals = random_deals(np.random.default_rng(2), 400, 0.15)
    tables = []
    top = bottom = 0.0
    for _name, mine in deals.groupby("amount_class"):
        counts = pd.crosstab(mine["team"], mine["won"]).to_numpy()
        tables.append(counts[::-1, ::-1])
        (c0, c1), (t0, t1) = counts
        n0, n1 = c0 + c1, t0 + t1
        top += n0 * n1 / (n0 + n1) * (t1 / n1 - c1 / n0)
        bottom += n0 * n1 / (n0 + n1)
    ours = triangle.team_difference(deals)["adjusted"][0]
    assert ours == pytest.approx(top / bottom)
    assert (StratifiedTable(tables).oddsratio_pooled > 1) == (ours > 0)


def test_win_rates_of_six_cells_count_every_deal():
    deals = random_deals(np.random.default_rng(3), 200, 0.1)
    table = triangle.team_selling(deals)
    assert len(table) == 6
    assert table["deals"].sum() == 200
    assert table["won"].sum() == deals["won"].sum()
    assert ((table["low"] <= table["rate"]) & (table["rate"] <= table["high"])).all()


def test_solo_only_has_no_difference_but_no_failure():
    deals = random_deals(np.random.default_rng(4), 30, 0.1).assign(team=False)
    row = triangle.team_difference(deals).iloc[0]
    assert (row["solo"], row["team"]) == (30, 0)
    assert np.isnan(row[["crude", "adjusted", "low", "high"]].astype(float)).all()
    assert triangle.team_selling(deals.iloc[:0]).empty
    assert triangle.team_difference(deals.iloc[:0])["solo"][0] == 0


def test_load_by_hand():
    table = triangle.role_load(ACCOUNTS, TOUCHES, as_of=AS_OF, months=12, capacity=0.5).set_index("person")
    assert table["monthly"].to_dict() == {"Li": 7 / 12, "Wu": 0, "Sun": 2 / 12, "He": 1 / 12}
    assert table.loc["Li", "load"] == pytest.approx(7 / 12 / 0.5)
    assert table.loc["Sun", "untouched"] == 0.5


def test_the_gap_is_what_it_takes_to_bring_touched_accounts_to_the_usual_effort():
    """AR: 3 and 4, usual 3.5: needs 3.5 + 4. SR: 2 at one, usual 2: needs 4. FR: 1 at one: needs 2. Gamma: nothing."""
    effort = triangle.team_effort(ACCOUNTS, TOUCHES, as_of=AS_OF)
    load = triangle.role_load(ACCOUNTS, TOUCHES, as_of=AS_OF, months=12, capacity=0.1)
    gap = triangle.capacity_gap(effort, load, months=12, capacity=0.1).set_index("role")
    assert (gap["needed_monthly"] * 12).tolist() == pytest.approx([7.5, 4, 2])
    assert gap["headcount"].tolist() == [2, 1, 1]
    assert gap.loc["AR", "headcount_gap"] == pytest.approx(7.5 / 12 / 0.1 - 2)


@pytest.mark.parametrize("case", ["no touch", "no account", "no stay"])
def test_thin_input_gives_tables_without_failing(case):
    touches = TOUCHES.iloc[:0] if case == "no touch" else TOUCHES
    accounts = ACCOUNTS.iloc[:0] if case == "no account" else ACCOUNTS
    stays = STAYS.iloc[:0] if case == "no stay" else STAYS
    effort = triangle.team_effort(accounts, touches, as_of=AS_OF)
    load = triangle.role_load(accounts, touches, as_of=AS_OF, months=12, capacity=20)
    assert len(triangle.capacity_gap(effort, load, months=12, capacity=20)) == 3
    assert len(triangle.effort_by_step(stays, touches, as_of=AS_OF)) == stays["step"].nunique()
    triangle.response_times(stays, touches, as_of=AS_OF, limit=7)


def test_input_frames_are_unchanged():
    before = [frame.copy() for frame in (ACCOUNTS, TOUCHES, STAYS)]
    triangle.team_effort(ACCOUNTS, TOUCHES, as_of=AS_OF)
    triangle.effort_by_step(STAYS, TOUCHES, as_of=AS_OF)
    triangle.role_load(ACCOUNTS, TOUCHES, as_of=AS_OF, months=12, capacity=1)
    for frame, copy in zip((ACCOUNTS, TOUCHES, STAYS), before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)


def test_where_teams_are_not_ahead_is_said_only_where_both_sides_have_deals():
    rates = pd.DataFrame({"amount_class": ["small", "small", "medium", "medium", "large", "large"]})
    rates["team"], rates["deals"] = [False, True] * 3, [5, 4, 5, 5, 3, 0]
    rates["rate"] = [0.3, 0.2, 0.2, 0.4, 0.5, 0.1]
    assert triangle.team_behind(rates) == "small deals"
    assert triangle.team_behind(rates.iloc[2:]) == ""
    assert triangle.team_behind(rates.iloc[:0]) == ""
