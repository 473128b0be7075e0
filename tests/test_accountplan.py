"""The management table: stages by what is proven, sums that are kept, limits that bind by name."""

import numpy as np
import pandas as pd
import pytest

from kamlib import accountplan

AS_OF = pd.Timestamp("2025-12-31")
ACCOUNTS = pd.DataFrame({"account_id": list("abcde")})


def orders(rows):
    made = pd.DataFrame(rows, columns=["account_id", "order_date", "amount"])
    return made.assign(order_date=pd.to_datetime(made["order_date"]), amount=made["amount"].astype(float))


QUARTERS = ["2025-11-01", "2025-08-01", "2025-05-01", "2025-02-01"]
SOLD = orders([("b", "2025-06-01", 5), *((a, day, 9) for a in "cde" for day in QUARTERS)])
PEOPLE = pd.DataFrame(
    {
        "contact_id": ["1", "2", "3", "4", "5"],
        "account_id": ["d", "d", "d", "c", "c"],
        "decision_role": ["EB", "UB", "TB", "UB", "UB"],
    }
)
MET = pd.DataFrame(
    {
        "account_id": ["d", "d", "d", "c", "c"],
        "contact_id": ["1", "2", "3", "4", "5"],
        "date": pd.to_datetime(["2025-09-01"] * 5),
        "role": ["AR", "SR", "AR", "AR", "AR"],
    }
)
JOINT = pd.DataFrame({"account_id": ["e", "d"], "status": ["active", "planned"], "their_owner": ["Li", "Li"]})


def stages(met=MET, joint=JOINT, sold=SOLD):
    return accountplan.relationship_stages(ACCOUNTS, sold, PEOPLE, met, joint, as_of=AS_OF).set_index("account_id")


def test_every_rung_of_the_ladder_needs_those_below():
    """a never ordered; b once; c steady, two people; d three roles by two of ours; e a plan, but nobody met."""
    found = stages()
    assert found["stage"].to_dict() == {
        "a": "exploratory",
        "b": "basic",
        "c": "cooperative",
        "d": "interdependent",
        "e": "basic",
    }
    running = JOINT.assign(status="active")
    assert stages(joint=running).at["d", "stage_number"] == 5


def test_without_touches_nobody_is_proven_beyond_basic():
    assert stages(met=MET.iloc[:0])["stage_number"].max() == 2


def placed(n=12, owner="Wang"):
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "account_id": [f"a{i}" for i in range(n)],
            "account_name": [f"Account {i}" for i in range(n)],
            "account_manager": owner,
            "revenue": rng.exponential(1e6, n),
            "contribution": rng.normal(2e5, 2e5, n),
            "headroom": rng.exponential(1e6, n),
            "box": np.resize(["invest", "defend", "develop", "serve"], n),
            "value": rng.random(n),
            "potential": rng.random(n),
        }
    )


POLICIES = accountplan.policies()


def managed(frame):
    return accountplan.management_table(frame, POLICIES, margin_rate=0.3)


def test_the_row_of_one_account_by_hand():
    """invest: 9 visits, 10 % of (100 + 10 % · 200 · 0.3), a target of 500 + 10 % · 200."""
    one = placed(1).assign(revenue=500.0, contribution=100.0, headroom=200.0)
    row = managed(one).iloc[0]
    assert row[["tier", "visits", "plan"]].tolist() == ["A", 9, True]
    assert row["investment_cap"] == pytest.approx(0.1 * (100 + 0.1 * 200 * 0.3))
    assert row["target"] == pytest.approx(520)


def test_every_account_is_in_the_table_once_best_box_first():
    table = managed(placed())
    assert sorted(table["account_id"]) == sorted(placed()["account_id"])
    assert table["box"].drop_duplicates().tolist() == ["invest", "defend", "develop", "serve"]
    assert (table["investment_cap"] >= 0).all()


def test_the_limit_that_binds_is_named():
    """Three of each box: 3·(9 + 6 + 4 + 1) = 60 visits, 6 plans."""
    table = managed(placed())
    roomy = accountplan.capacity_check(table, visits_each=60, budget=1e9, plans_each=6)
    assert not roomy["binds"].any()
    tight = accountplan.capacity_check(table, visits_each=59, budget=1e9, plans_each=6)
    assert tight.loc[tight["binds"], ["limit", "owner", "needed", "available"]].to_numpy().tolist() == [
        ["visits", "Wang", 60, 59]
    ]
    poor = accountplan.capacity_check(table, visits_each=60, budget=1.0, plans_each=6)
    assert poor["limit"].iloc[0] == "budget"
    assert poor["binds"].iloc[0]


def test_accounts_without_an_owner_are_nobodys_and_bind():
    check = accountplan.capacity_check(managed(placed(owner=None)), visits_each=60, budget=1e9)
    assert check.loc[check["binds"], "owner"].tolist() == ["", ""]


def test_visits_are_fitted_to_the_time_there_is_and_never_beyond():
    table = managed(placed())
    fitted = accountplan.within_capacity(table, visits_each=25)
    assert fitted["visits"].sum() == 25
    assert (fitted["visits"] + fitted["visits_cut"]).tolist() == table["visits"].tolist()
    assert accountplan.within_capacity(table, visits_each=60)["visits_cut"].eq(0).all()


@pytest.mark.parametrize("n", [0, 1, 3])
def test_small_and_empty_books_give_tables(n):
    table = managed(placed(n))
    assert len(table) == n
    assert len(accountplan.within_capacity(table, visits_each=5)) == n
    check = accountplan.capacity_check(table, visits_each=5, budget=0)
    assert set(check["limit"]) >= {"budget"}
    assert len(accountplan.relationship_stages(ACCOUNTS.head(n), SOLD.iloc[:0], PEOPLE, MET, JOINT, as_of=AS_OF)) == n


def test_caps_above_the_budget_ask_for_a_decision_at_the_largest():
    # 30 + 50 = 80 against 60: 20 too much, and the largest cap is 50
    table = pd.DataFrame({"account_name": ["a", "b"], "owner": ["x", "y"], "investment_cap": [30.0, 50.0]})
    row = accountplan.budget_decision(table, 60.0)
    assert row["account_name"].tolist() == ["b"]
    assert "20" in row["action"][1]
    assert accountplan.budget_decision(table, 80.0).empty
    assert accountplan.budget_decision(table.iloc[:0], 0.0).empty
