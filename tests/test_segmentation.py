"""Key accounts: worked examples, invariants, and the gallery of odd companies."""

import numpy as np
import pandas as pd
import pytest

from kamlib import segmentation
from kamlib.segmentation import (
    account_facts,
    entropy_weights,
    key_account_criteria,
    key_accounts,
    pareto,
    weighted_score,
)

AS_OF = pd.Timestamp("2025-12-31")


def accounts(n=3, kind="customer", since="2020-12-31"):
    return pd.DataFrame(
        {
            "account_id": [f"a{i}" for i in range(n)],
            "account_name": [f"Account {i}" for i in range(n)],
            "account_type": kind,
            "account_manager": "Wang",
            "since": pd.Timestamp(since) if since else pd.NaT,
        }
    )


def orders(rows):
    frame = pd.DataFrame(rows, columns=["account_id", "order_date", "product", "amount"])
    return frame.assign(order_date=pd.to_datetime(frame["order_date"]), amount=frame["amount"].astype(float))


def contacts(rows=()):
    return pd.DataFrame(rows, columns=["contact_id", "account_id", "decision_role", "reports_to"], dtype="str")


SOLD = orders(
    [
        ("a0", "2025-11-01", "p", 600),
        ("a0", "2025-02-01", "q", 100),
        ("a1", "2025-10-01", "p", 300),
        ("a2", "2023-01-01", "p", 900),  # older than twelve months: no revenue, but tenure
    ]
)
PEOPLE = contacts(
    [("c1", "a0", "EB", None), ("c2", "a0", "UB", "c1"), ("c3", "a0", "TB", "c2"), ("c4", "a1", "UB", None)]
)


def test_facts_of_three_accounts_by_hand():
    facts = account_facts(accounts(), SOLD, PEOPLE, as_of=AS_OF).set_index("account_id")
    assert facts["revenue"].tolist() == [700, 300, 0]
    assert facts["revenue_share"].tolist() == [0.7, 0.3, 0.0]
    assert facts["product_count"].tolist() == [2, 1, 0]
    assert facts["tenure_years"].round(1).tolist() == [5.0, 5.0, 5.0]
    assert facts["repeat_rate"].tolist() == [2 / 8, 1 / 8, 0]
    assert facts["role_count"].tolist() == [3, 1, 0]
    assert facts["level_count"].tolist() == [3, 1, 0]


def test_totals_are_kept_and_input_is_unchanged():
    a, o, c = accounts(), SOLD.copy(), PEOPLE.copy()
    facts = account_facts(a, o, c, as_of=AS_OF, months=36)
    assert facts["revenue"].sum() == o["amount"].sum()
    pd.testing.assert_frame_equal(o, SOLD)
    pd.testing.assert_frame_equal(c, PEOPLE)


def test_the_order_of_order_lines_does_not_matter():
    shuffled = SOLD.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(
        account_facts(accounts(), SOLD, PEOPLE, as_of=AS_OF), account_facts(accounts(), shuffled, PEOPLE, as_of=AS_OF)
    )


def test_a_circle_of_superiors_ends():
    people = contacts([("c1", "a0", "EB", "c2"), ("c2", "a0", "UB", "c1")])
    assert account_facts(accounts(), SOLD, people, as_of=AS_OF)["level_count"].max() <= 3


def test_without_contacts_the_decision_chain_is_missing_and_its_weight_goes_to_the_others():
    facts = account_facts(accounts(), SOLD, contacts(), as_of=AS_OF)
    criteria = key_account_criteria(facts)
    assert criteria["decision_chain"].isna().all()
    score = weighted_score(criteria, segmentation.EQUAL_WEIGHTS)
    by_hand = criteria[["value", "complexity", "longevity"]].mean(axis=1)
    assert score.tolist() == pytest.approx(by_hand.tolist())


def test_scores_and_criteria_lie_between_0_and_1():
    rng = np.random.default_rng(0)
    sold = orders([(f"a{i % 30}", "2025-06-01", f"p{i % 7}", v) for i, v in enumerate(rng.normal(100, 300, 400))])
    facts = account_facts(accounts(30), sold, contacts(), as_of=AS_OF)
    criteria = key_account_criteria(facts)
    values = criteria.drop(columns=["account_id", "decision_chain"])
    assert ((values >= 0) & (values <= 1)).all().all()
    assert weighted_score(criteria, entropy_weights(criteria)).between(0, 1).all()


@pytest.mark.parametrize(
    ("weights", "message"),
    [({"value": -1.0}, "0 or more"), ({"value": 0.0}, "above 0"), ({"valeu": 1.0}, "No such criterion: valeu")],
)
def test_impossible_weights_are_refused(weights, message):
    criteria = key_account_criteria(account_facts(accounts(), SOLD, PEOPLE, as_of=AS_OF))
    with pytest.raises(ValueError, match=message):
        weighted_score(criteria, pd.Series(weights))


def test_entropy_weights_agree_with_a_naive_loop():
    values = pd.DataFrame(np.random.default_rng(2).random((9, 4)), columns=list(segmentation.CRITERIA))
    spread = {}
    for name in values:
        p = values[name] / values[name].sum()
        spread[name] = 1 + sum(x * np.log(x) for x in p) / np.log(len(p))
    expected = {name: s / sum(spread.values()) for name, s in spread.items()}
    assert entropy_weights(values).to_dict() == pytest.approx(expected)


def test_only_customers_are_ranked_best_first_with_a_reason():
    facts = account_facts(accounts(), SOLD, PEOPLE, as_of=AS_OF)
    facts.loc[1, "account_type"] = "prospect"
    ranking = key_accounts(facts, key_account_criteria(facts), segmentation.EQUAL_WEIGHTS, threshold=0.5)
    assert ranking["account_id"].tolist() == ["a0", "a2"]
    assert ranking["rank"].tolist() == [1, 2]
    assert ranking["key"].tolist() == [True, False]
    assert ranking["reason"][0].startswith("high value")


def test_a_higher_line_never_lets_more_accounts_in():
    facts = account_facts(accounts(), SOLD, PEOPLE, as_of=AS_OF)
    criteria = key_account_criteria(facts)
    counts = [
        key_accounts(facts, criteria, segmentation.EQUAL_WEIGHTS, threshold=t)["key"].sum()
        for t in np.linspace(0, 1, 11)
    ]
    assert counts == sorted(counts, reverse=True)


def test_abc_classes_of_five_accounts_by_hand():
    """Shares 50, 30, 10, 6, 4 %: before each stand 0, 50, 80, 90, 96 %."""
    facts = pd.DataFrame({"account_id": list("vwxyz"), "account_name": list("VWXYZ"), "revenue": [10, 50, 4, 30, 6.0]})
    table = pareto(facts)
    assert table["account_id"].tolist() == ["w", "y", "v", "z", "x"]
    assert table["abc"].tolist() == ["A", "A", "B", "B", "C"]
    assert table["cumulative_share"].iloc[-1] == pytest.approx(1)


GALLERY = {
    "no account": (accounts(0), SOLD.iloc[:0]),
    "one account": (accounts(1), SOLD[SOLD["account_id"] == "a0"]),
    "no order": (accounts(), SOLD.iloc[:0]),
    "all equal": (accounts(), orders([(f"a{i}", "2025-06-01", "p", 10) for i in range(3)])),
    "all returns": (accounts(), orders([(f"a{i}", "2025-06-01", "p", -10) for i in range(3)])),
    "zero revenue": (accounts(), orders([(f"a{i}", "2025-06-01", "p", 0) for i in range(3)])),
    "nobody's first day is known": (accounts(since=None), SOLD),
}


@pytest.mark.parametrize("case", GALLERY)
def test_odd_companies_give_a_list_without_failing(case):
    a, o = GALLERY[case]
    facts = account_facts(a, o, contacts(), as_of=AS_OF)
    criteria = key_account_criteria(facts)
    ranking = key_accounts(facts, criteria, entropy_weights(criteria), threshold=0.5)
    assert len(ranking) == len(a)
    assert not ranking["score"].isna().any()
    assert len(pareto(facts)) == (facts["revenue"] > 0).sum()


def test_a_relationship_is_called_long_from_five_years_on_however_short_the_others_are():
    facts = pd.DataFrame(
        {
            "account_id": ["x", "y"],
            "account_name": ["X", "Y"],
            "account_type": "customer",
            "account_manager": None,
            "revenue": [1.0, 1.0],
            "revenue_share": [0.5, 0.5],
            "tenure_years": [0.8, 5.0],
        }
    )
    criteria = pd.DataFrame({"account_id": ["x", "y"], "value": 0.1, "complexity": 0.1, "longevity": [1.0, 0.9]})
    criteria["decision_chain"] = 0.1
    ranking = key_accounts(facts, criteria, segmentation.EQUAL_WEIGHTS, threshold=0.5)
    assert dict(zip(ranking["account_id"], ranking["reason"], strict=True)) == {
        "x": "no trait stands out",
        "y": "long relationship",
    }


def test_the_largest_account_is_named_with_what_it_is_and_more_than_a_third_is_said():
    facts = pd.DataFrame({"account_name": ["X", "D"], "account_type": ["customer", "dealer"]})
    shares = facts.assign(revenue=[49.0, 51.0], revenue_share=[0.49, 0.51])
    said = "D (dealer, takes no part in the scoring): 51%, more than a third of revenue"
    assert segmentation.dependence(shares) == said
    few = facts.assign(revenue=[3.0, 2.0], revenue_share=[0.3, 0.2])
    assert segmentation.dependence(few) == "X (customer): 30%"
    assert segmentation.dependence(facts.assign(revenue=0.0, revenue_share=0.0)) == "nobody"
