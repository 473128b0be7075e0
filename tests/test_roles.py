"""Decision roles: levels, power, coverage, threads, the next contact, trust."""

import numpy as np
import pandas as pd
import pytest

from kamlib import roles

AS_OF = pd.Timestamp("2025-12-31")
ACCOUNTS = pd.DataFrame({"account_id": ["a", "b"], "account_name": ["A", "B"], "account_manager": "Wang"})


def contacts(rows):
    columns = ["contact_id", "account_id", "decision_role", "influence", "stance", "reports_to", "owner"]
    made = pd.DataFrame(rows, columns=columns)
    made = made.assign(influence=made["influence"].astype(float), stance=made["stance"].astype(float))
    return made.assign(name="N" + made["contact_id"], title="T")


PEOPLE = contacts(
    [
        ("1", "a", "EB", 5, 0, None, "Wang"),
        ("2", "a", "UB", 3, 2, "1", "Wang"),
        ("3", "a", "TB", 3, -1, "1", None),
        ("4", "b", "UB", 4, 1, None, "Wang"),
    ]
)


def touches(rows):
    made = pd.DataFrame(rows, columns=["account_id", "contact_id", "date", "role"])
    return made.assign(date=pd.to_datetime(made["date"]))


MET = touches(
    [
        ("a", "2", "2025-12-01", "AR"),
        ("a", "2", "2025-11-01", "SR"),
        ("a", "2", "2025-10-01", "AR"),
        ("a", "3", "2025-03-01", "AR"),
        ("a", None, "2025-12-30", "AR"),
        ("b", "4", "2024-06-01", "AR"),
    ]
)


def who(people=PEOPLE, met=MET):
    return roles.people(people, met, as_of=AS_OF)


def test_levels_days_and_coverage_by_hand():
    table = who().set_index("contact_id")
    assert table["level"].tolist() == [0, 1, 1, 0]
    assert table["touches"].tolist() == [0, 3, 1, 0]
    assert table["our_roles"].tolist() == [0, 2, 1, 0]
    assert table["days_since"].tolist() == pytest.approx([np.nan, 30, 305, 578], nan_ok=True)
    assert table["covered"].tolist() == [False, True, False, False]


def test_the_power_of_an_account_sums_to_1_and_flows_up():
    table = who().set_index("contact_id")
    assert table.groupby("account_id")["power"].sum().tolist() == pytest.approx([1, 1])
    assert table.at["1", "power"] > 5 / 11  # more than the influence alone, because two report to the person
    assert table.at["2", "power"] == pytest.approx(table.at["3", "power"])


def test_power_agrees_with_a_naive_power_iteration():
    start = np.array([5, 3, 3]) / 11
    rank = start.copy()
    for _step in range(200):
        up = np.array([rank[1] + rank[2], 0, 0]) + rank[0] * start  # the one on top hands on by influence
        rank = 0.5 * up + 0.5 * start
    assert who()["power"][:3].tolist() == pytest.approx(rank.tolist(), abs=1e-5)


def test_a_circle_of_superiors_ends():
    circle = contacts([("1", "a", "EB", 3, 0, "2", None), ("2", "a", "UB", 3, 0, "1", None)])
    table = who(circle)
    assert table["level"].tolist() == [1, 1]
    assert table["power"].tolist() == pytest.approx([0.5, 0.5])


def test_a_role_is_covered_stale_or_unknown():
    table = roles.role_coverage(ACCOUNTS, who())
    assert len(table) == 8
    states = table.set_index(["account_id", "decision_role"])["state"].to_dict()
    assert states["a", "EB"] == "stale"
    assert states["a", "UB"] == "covered"
    assert states["a", "coach"] == "unknown"
    assert states["b", "UB"] == "stale"


def test_threads_are_the_effective_number_of_people_by_hand():
    """a: three touches of one and one of another: 1 ÷ (9/16 + 1/16) = 1.6 of 3 contacts; b: nobody this year."""
    table = roles.threading(ACCOUNTS, who()).set_index("account_id")
    assert table["threads"].tolist() == pytest.approx([1.6, 0])
    assert table.at["a", "index"] == pytest.approx(1.6 / 3)
    assert table["touched"].tolist() == [2, 0]
    assert table["roles_open"].tolist() == [3, 4]
    assert table.at["a", "power_covered"] == pytest.approx(who()["power"][1])


def test_an_equal_number_of_touches_gives_as_many_threads_as_people():
    met = touches([("a", str(i), "2025-12-01", "AR") for i in (1, 2, 3)])
    assert roles.threading(ACCOUNTS, who(met=met))["threads"][0] == pytest.approx(3)


def test_the_next_contact_is_powerful_and_long_unmet():
    table = roles.next_contacts(who())
    assert table.groupby("account_id").head(1)["contact_id"].tolist() == ["1", "4"]
    assert table["urgency"].between(0, 1).all()
    why = table.set_index("contact_id")["why"].to_dict()
    assert why == {"1": "never", "2": "keep", "3": "role", "4": "role"}


def test_meeting_a_person_never_makes_the_person_more_urgent():
    before = roles.next_contacts(who()).set_index("contact_id")["urgency"]
    met = pd.concat([MET, touches([("a", "1", "2025-12-20", "AR")])])
    after = roles.next_contacts(who(met=met)).set_index("contact_id")["urgency"]
    assert after["1"] < before["1"]
    assert after["2"] <= before["2"] + 1e-12


TRUST = pd.DataFrame(
    {
        "contact_id": ["1"],
        "account_id": ["a"],
        "asked_on": pd.to_datetime(["2025-09-01"]),
        "competence": [5.0],
        "reliability": [4.0],
        "openness": [np.nan],
        "goodwill": [3.0],
    }
)
SURVEY = pd.DataFrame(
    {
        "contact_id": ["1", "2", None],
        "account_id": ["a", "a", "b"],
        "date": pd.to_datetime(["2025-05-01"] * 3),
        "csat": [1.0, 5.0, 3.0],
    }
)


def test_trust_is_judged_else_asked_else_read_from_the_stance():
    """1: items 5, 4, 3 → mean 4 → ¾; 2: csat 5 → 1; 3: stance −1 → ¼; 4: +1 → ¾."""
    table = roles.trust_scores(TRUST, who(), SURVEY).set_index("contact_id")
    assert table["basis"].to_dict() == {"1": "judged", "2": "survey", "3": "stance", "4": "stance"}
    assert table["trust"].to_dict() == pytest.approx({"1": 0.75, "2": 1.0, "3": 0.25, "4": 0.75})


def test_trust_over_time_leaves_stand_ins_out():
    trend = roles.trust_over_time(roles.trust_scores(TRUST, who(), SURVEY), as_of=AS_OF)
    assert trend["people"].tolist() == [1, 1]
    assert trend["trust"].tolist() == [1.0, 0.75]
    assert trend["low"].isna().all()


def test_inputs_stay_unchanged_and_row_order_does_not_matter():
    people, met = PEOPLE.copy(), MET.copy()
    first = roles.threading(ACCOUNTS, who(people, met))
    pd.testing.assert_frame_equal(people, PEOPLE)
    pd.testing.assert_frame_equal(met, MET)
    pd.testing.assert_frame_equal(first, roles.threading(ACCOUNTS, who(PEOPLE.iloc[::-1], MET.iloc[::-1])))


GALLERY = {
    "nobody known": (PEOPLE.iloc[:0], MET),
    "nobody met": (PEOPLE, MET.iloc[:0]),
    "one person": (PEOPLE.iloc[3:], MET),
    "no stance, no influence": (PEOPLE.assign(stance=np.nan, influence=np.nan), MET),
    "no role known": (PEOPLE.assign(decision_role=None), MET),
    "the superior is unknown": (PEOPLE.assign(reports_to="99"), MET),
}


@pytest.mark.parametrize("case", GALLERY)
def test_odd_books_give_tables_without_failing(case):
    table = who(*GALLERY[case])
    assert len(roles.role_coverage(ACCOUNTS, table)) == 8
    threads = roles.threading(ACCOUNTS, table)
    assert threads[["threads", "index", "power_covered"]].ge(0).all().all()
    assert roles.next_contacts(table)["urgency"].between(0, 1).all()
    scores = roles.trust_scores(TRUST.iloc[:0], table, SURVEY.iloc[:0])
    assert scores["trust"].between(0, 1).all()
    assert roles.trust_over_time(scores, as_of=AS_OF).empty
