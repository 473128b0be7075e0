"""Data health, core elements and maturity: by hand, and on companies with nothing."""

import numpy as np
import pandas as pd
import pytest

from kamlib import market, schema

AS_OF = pd.Timestamp("2025-12-31")


def frame(table, rows=(), **columns):
    names = list(schema.TABLES[table].by_name)
    made = pd.DataFrame(rows, columns=names) if rows else pd.DataFrame(columns=names)
    return made.assign(**columns)


def tables(**given):
    return {name: given.get(name, frame(name)) for name in schema.TABLES}


ACCOUNTS = pd.DataFrame(
    {
        "account_id": ["a", "b", "p"],
        "account_type": ["customer", "customer", "prospect"],
        "industry": ["clinic", None, "clinic"],
        "size_class": ["large", "small", None],
        "account_manager": ["Li", "Li", None],
        "solution_manager": ["Wu", None, None],
        "delivery_manager": ["Xu", "Xu", None],
    }
)


def test_health_counts_rows_period_and_filled_cells():
    dates = pd.DataFrame(
        {"account_id": ["a", "b"], "date": pd.to_datetime(["2025-03-01", "2025-05-01"]), "nps": [9, np.nan]}
    )
    health = market.data_health(tables(satisfaction=dates)).set_index("table")
    assert health.loc["satisfaction", "rows"] == 2
    assert health.loc["satisfaction", "filled"] == pytest.approx(5 / 6)
    assert health.loc["satisfaction", "last_day"] == pd.Timestamp("2025-05-01")
    assert health.loc["orders", "rows"] == 0
    assert np.isnan(health.loc["orders", "filled"])


def test_judgements_are_no_data_of_the_company():
    assert "weights" not in market.data_health(tables())["table"].tolist()


def test_coverage_counts_customers_only_and_within_the_window():
    touches = pd.DataFrame(
        {"account_id": ["a", "b", "p"], "date": pd.to_datetime(["2025-12-01", "2025-01-01", "2025-12-01"])}
    )
    elements = market.core_elements(tables(accounts=ACCOUNTS, interactions=touches), as_of=AS_OF, days=90)["coverage"]
    assert elements[0] == 0.5  # a: industry and size known; b lacks the industry
    assert elements[2] == 0.5  # a touched within 90 days
    assert elements[3] == 0.5  # a has all three managers
    assert elements[[1, 5, 6]].isna().all()  # no contacts, no answers, no joint actions are kept


def test_a_company_without_customers_has_no_coverage_but_a_table():
    elements = market.core_elements(tables(accounts=ACCOUNTS.iloc[2:]), as_of=AS_OF)
    assert len(elements) == 7
    assert elements["coverage"].isna().all()


ITEMS = pd.DataFrame({"item": ["m1", "m2", "m3"], "stage": ["1", "1", "2"], "stage_name": ["x", "x", "y"]})


def test_maturity_counts_answers_and_yes():
    answers = pd.DataFrame({"item": ["m1", "m2"], "answer": ["yes", "no"]})
    scores = market.maturity(answers, ITEMS)
    assert scores["answered"].tolist() == [2, 0]
    assert scores["yes_share"][0] == 0.5
    assert np.isnan(scores["yes_share"][1])


@pytest.mark.parametrize(("yes", "stage"), [([1.0, 1.0], 2), ([0.79, 1.0], 1), ([0.8, 0.0], 2), ([np.nan, 1.0], 1)])
def test_the_first_stage_that_does_not_hold_is_the_one_to_work_on(yes, stage):
    assert market.maturity_stage(pd.DataFrame({"stage": ["1", "2"], "answered": [5, 5], "yes_share": yes})) == stage


def test_no_answer_no_stage():
    assert market.maturity_stage(market.maturity(pd.DataFrame({"item": [], "answer": []}), ITEMS)) == 0


def test_what_a_stage_still_lacks_is_what_was_not_answered_with_yes():
    items = pd.DataFrame(
        {"item": ["m1", "m2", "m3", "m4"], "stage": ["1", "1", "1", "2"], "statement": list("abcd"), "notebook": "10"}
    )
    answers = pd.DataFrame({"item": ["m1", "m2", "m4"], "answer": ["yes", "no", "no"]})
    assert list(market.not_yet(answers, items, 1)["statement"]) == ["b", "c"]
    assert market.not_yet(answers, items, 0).empty
