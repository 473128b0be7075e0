"""Three classifications of the same accounts, and who moved."""

import pandas as pd
import pytest

from kamlib import classes
from kamlib.classes import REVENUE_CLASSES, account_classes, class_table, cross_tab, migration, moves
from kamlib.segmentation import account_facts

AS_OF = pd.Timestamp("2025-12-31")
ACCOUNTS = pd.DataFrame(
    {
        "account_id": list("abcd"),
        "account_name": list("ABCD"),
        "account_type": ["customer", "customer", "customer", "prospect"],
        "account_manager": "Wang",
        "industry": ["x", "x", "y", None],
        "size_class": ["small", None, None, None],
        "employees": [None, 10.0, 90.0, None],
        "annual_revenue": None,
        "beds": None,
        "cooperation": ["strategic", None, None, None],
        "since": pd.to_datetime(["2015-01-01", "2024-01-01", "2019-01-01", None]),
    }
)
ORDERS = pd.DataFrame(
    [("a", f"{year}-{month:02d}-15", product, 100.0)
     for year in (2024, 2025) for month in (2, 5, 8, 11) for product in "pq"]
    + [("b", "2025-06-01", "p", 50.0), ("c", "2025-06-01", "p", -20.0)],
    columns=["account_id", "order_date", "product", "amount"],
).assign(order_date=lambda frame: pd.to_datetime(frame["order_date"]))  # fmt: skip
CONTACTS = pd.DataFrame(
    {"contact_id": ["1", "2"], "account_id": ["a", "b"], "decision_role": ["EB", "EB"], "reports_to": None,
     "stance": [1.0, -1.0]}
)  # fmt: skip
PLANS = pd.DataFrame(
    {"account_id": ["a", "b"], "status": ["active", "stopped"], "start": pd.Timestamp("2025-01-01"),
     "end": pd.to_datetime(["2025-06-30", None])}
)  # fmt: skip


def classified(accounts=ACCOUNTS, orders=ORDERS, contacts=CONTACTS, plans=PLANS, as_of=AS_OF):
    facts = account_facts(accounts, orders, contacts, as_of=as_of)
    return account_classes(accounts, facts, contacts, plans, as_of=as_of), facts


def test_four_accounts_by_hand():
    """a: 11 years, 8 of 8 quarters, 2 products, a plan, an advocate: 5 of 5. b: 0 of 5 (its plan was stopped)."""
    table = classified()[0].set_index("account_id")
    assert table.loc["a", list(classes.SIGNALS)].tolist() == [True] * 5
    assert table["depth"].tolist()[:3] == ["strategic", "short_term", "short_term"]
    assert pd.isna(table.loc["d", "depth"])
    assert table["revenue_class"].tolist() == ["A", "B", "no_revenue", "no_revenue"]  # before b stand 800 of 850: 94 %
    assert table["size"].tolist()[:3] == ["small", "medium", "large"]
    assert table["size_given"].tolist() == [True, False, False, False]
    assert table["agreed"].tolist()[0] == "strategic"


def test_what_nobody_knows_is_not_held_against_an_account():
    table = classified(contacts=CONTACTS.iloc[:0], plans=PLANS.iloc[:0])[0].set_index("account_id")
    assert table[["joint_plan", "top_access"]].isna().all(axis=None)
    assert table.loc["a", "signals"] == 1
    assert table.loc["a", "depth"] == "strategic"


def test_cells_of_a_cross_tab_add_up_and_stand_in_the_order_of_the_classes():
    table, facts = classified()
    crossed = cross_tab(table, "size", "revenue_class")
    assert crossed["n"].sum() == table["size"].notna().sum()
    assert crossed["revenue"].sum() == facts["revenue"].clip(lower=0).sum()
    assert crossed["size"].tolist() == ["large", "medium", "small"]


def test_an_industry_with_one_member_has_its_own_row():
    table, facts = classified()
    industries = class_table(table, facts, "industry").set_index("industry")
    assert industries.loc["y", ["n", "customers"]].tolist() == [1, 1]
    assert industries.loc["x", "revenue"] == 850
    assert industries["n"].sum() == 3


def frame(**by):
    return pd.DataFrame(
        {"account_id": list(by), "account_name": list(by), "account_manager": "Wang", "revenue": range(len(by)),
         "revenue_class": list(by.values())}
    )  # fmt: skip


def test_moves_of_five_accounts_by_hand():
    moved = moves(frame(a="A", b="B", c="C", d="A"), frame(a="C", b="A", c="C", d="A", e="B"), "revenue_class",
                  REVENUE_CLASSES)  # fmt: skip
    by = moved.set_index("account_id")
    assert by.loc[list("abcde"), "direction"].tolist() == ["down", "up", "same", "same", "new"]
    assert by.loc[list("abcd"), "steps"].tolist() == [-2, 1, 0, 0]
    assert moved["account_id"].iloc[0] == "a"
    table = migration(moved, REVENUE_CLASSES)
    assert table["n"].sum() == 5
    assert table.set_index(["before", "now"])["n"].loc[[("A", "C"), ("new", "B"), ("B", "B")]].tolist() == [1, 1, 0]


def test_a_class_outside_the_order_is_refused():
    with pytest.raises(ValueError, match="outside"):
        moves(frame(a="Z"), frame(a="A"), "revenue_class", REVENUE_CLASSES)


GALLERY = {
    "no account": (ACCOUNTS.iloc[:0], ORDERS.iloc[:0]),
    "one account": (ACCOUNTS.head(1), ORDERS[ORDERS["account_id"] == "a"]),
    "no order": (ACCOUNTS, ORDERS.iloc[:0]),
    "all returns": (ACCOUNTS, ORDERS.assign(amount=-1.0)),
    "all equal": (ACCOUNTS, ORDERS.drop_duplicates("account_id").assign(amount=10.0)),
}


@pytest.mark.parametrize("case", GALLERY)
def test_odd_companies_are_classified_without_failing(case):
    accounts, orders = GALLERY[case]
    copy = accounts.copy()
    table, facts = classified(accounts, orders)
    assert len(table) == len(accounts)
    moved = moves(table, table, "revenue_class", REVENUE_CLASSES)
    assert set(moved["direction"]) <= {"same"}
    assert len(migration(moved, REVENUE_CLASSES)) == 20
    assert len(class_table(table, facts, "industry")) == accounts["industry"].nunique()
    pd.testing.assert_frame_equal(accounts, copy)


def test_every_move_has_its_own_next_step_and_an_owner_is_not_named_twice():
    moved = pd.DataFrame(
        {
            "account_manager": ["Li", "Li", "Li", None],
            "direction": ["down", "up", "new", "new"],
            "before": ["A", "C", "new", "new"],
            "now": ["no_revenue", "B", "A", "A"],
            "revenue": [0.0, 2000.0, 1000.0, 1000.0],
        }
    )
    steps = classes.next_steps(moved)
    assert list(steps["evidence"]) == [
        "Fell: A → –; revenue 0",
        "Rose: C → B; revenue 2k",
        "new account: class A in its first year; revenue 1k",
        "new account: class A in its first year; revenue 1k",
    ]
    assert list(steps["action"]) == [
        "Find out why; visit the buyer",
        "Set visits and service to the standard of class B",
        "Draft its first yearly plan",
        "Name an owner and a first plan",
    ]
    assert classes.next_steps(moved.head(0)).empty
