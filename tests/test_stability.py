"""A firm list stays, a doubtful one says so; the vectorised runs agree with a naive loop."""

import numpy as np
import pandas as pd
import pytest

from kamlib import segmentation
from kamlib.segmentation import EQUAL_WEIGHTS, account_facts, key_account_criteria
from kamlib.stability import _resampled_traits, list_stability, other_choice, to_vote
from kamlib.weighting import weighted_score

AS_OF = pd.Timestamp("2025-12-31")


def company(n=12, seed=0, amounts=None):
    random = np.random.default_rng(seed)
    ids = [f"a{i:02d}" for i in range(n)]
    accounts = pd.DataFrame(
        {"account_id": ids, "account_name": ids, "account_type": "customer", "account_manager": "Wang",
         "since": pd.Timestamp("2020-01-01")}
    )  # fmt: skip
    lines = 20 * n
    orders = pd.DataFrame(
        {
            "order_id": [f"o{i // 2}" for i in range(lines)],
            "account_id": [ids[i // 2 % n] for i in range(lines)],
            "order_date": AS_OF - pd.to_timedelta(random.integers(0, 700, lines), "D"),
            "product": random.choice(list("pqrst"), lines),
            "amount": random.lognormal(4, 1, lines) if amounts is None else amounts,
        }
    )
    contacts = pd.DataFrame(
        {"contact_id": ids, "account_id": ids, "decision_role": "EB", "reports_to": None}, dtype="str"
    )
    return accounts, orders, contacts


def stable(accounts, orders, contacts, **knobs):
    facts = account_facts(accounts, orders, contacts, as_of=AS_OF)
    given = {"as_of": AS_OF, "threshold": 0.6, "runs": 60, "weights": EQUAL_WEIGHTS} | knobs
    weights = given.pop("weights")
    return list_stability(facts, orders, weights, **given)


def test_the_runs_agree_with_a_naive_loop():
    """Each run: repeat every order as often as drawn, and compute the traits of `segmentation` from those orders."""
    accounts, orders, contacts = company(6)
    facts = account_facts(accounts, orders, contacts, as_of=AS_OF)
    traits = _resampled_traits(facts, orders, AS_OF, 12, 3, np.random.default_rng(5))
    numbered, names = pd.factorize(orders["order_id"], sort=True)
    draws = np.random.default_rng(5).poisson(1.0, (len(names), 3))
    for run in range(3):
        again = orders.loc[orders.index.repeat(draws[numbered, run])]
        naive = key_account_criteria(account_facts(accounts, again, contacts, as_of=AS_OF))
        for name in ("value", "complexity", "longevity"):
            assert traits[name][:, run] == pytest.approx(naive[name].to_numpy(), abs=1e-5)


def test_scores_are_those_of_the_ranking_and_shares_lie_between_0_and_1():
    accounts, orders, contacts = company()
    answer = stable(accounts, orders, contacts)
    facts = account_facts(accounts, orders, contacts, as_of=AS_OF)
    expected = weighted_score(key_account_criteria(facts), EQUAL_WEIGHTS).sort_values(ascending=False)
    assert answer["score"].tolist() == pytest.approx(expected.tolist())
    assert answer["stay_share"].between(0, 1).all()
    assert (answer["low"] <= answer["high"]).all()


def test_the_same_seed_gives_the_same_answer_and_rows_may_come_in_any_order():
    accounts, orders, contacts = company()
    first = stable(accounts, orders, contacts, seed=3)
    pd.testing.assert_frame_equal(first, stable(accounts, orders, contacts, seed=3))
    shuffled = orders.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(first, stable(accounts, shuffled, contacts, seed=3))


def test_far_above_the_line_is_firm_far_below_is_out_and_on_it_is_for_discussion():
    accounts, orders, contacts = company()
    assert set(stable(accounts, orders, contacts, threshold=0.01)["verdict"]) == {"key"}
    assert set(stable(accounts, orders, contacts, threshold=1.0)["verdict"]) == {"not_key"}
    middle = stable(accounts, orders, contacts)
    on_the_line = stable(accounts, orders, contacts, threshold=float(middle["score"].iloc[5]))
    assert on_the_line["verdict"].iloc[5] == "discuss"


def test_the_more_doubt_about_the_weights_the_wider_the_bars():
    accounts, orders, contacts = company()
    sure, unsure = (stable(accounts, orders, contacts, concentration=c) for c in (5000, 5))
    assert (unsure["high"] - unsure["low"]).mean() > 1.5 * (sure["high"] - sure["low"]).mean()


def test_a_weight_of_zero_stays_zero():
    accounts, orders, contacts = company()
    only_tenure = pd.Series({"value": 0.0, "complexity": 0.0, "longevity": 1.0, "decision_chain": 0.0})
    wide = stable(accounts, orders, contacts, weights=only_tenure, concentration=1)
    narrow = stable(accounts, orders, contacts, weights=only_tenure, concentration=5000)
    assert wide["stay_share"].tolist() == narrow["stay_share"].tolist()


GALLERY = {
    "no account": lambda a, o, c: (a.iloc[:0], o.iloc[:0], c.iloc[:0]),
    "one account": lambda a, o, c: (a.head(1), o[o["account_id"] == "a00"], c.head(1)),
    "no order": lambda a, o, c: (a, o.iloc[:0], c),
    "one account without an order": lambda a, o, c: (a, o[o["account_id"] != "a03"], c),
    "all equal": lambda a, o, c: (a, o.assign(amount=10.0), c),
    "all returns": lambda a, o, c: (a, o.assign(amount=-10.0), c),
    "no contacts": lambda a, o, c: (a, o, c.iloc[:0]),
    "old orders only": lambda a, o, c: (a, o.assign(order_date=pd.Timestamp("2019-01-01")), c),
}


@pytest.mark.parametrize("case", GALLERY)
def test_odd_companies_are_judged_without_failing(case):
    accounts, orders, contacts = GALLERY[case](*company())
    answer = stable(accounts, orders, contacts)
    assert len(answer) == len(accounts)
    assert not answer[["score", "stay_share", "low", "high"]].isna().any(axis=None)


# --- potential accounts ---


def prospects():
    accounts = pd.DataFrame(
        {
            "account_id": ["k1", "k2", "c1", "p1", "p2", "p3"],
            "account_name": list("KLCPQR"),
            "account_type": ["customer"] * 3 + ["prospect"] * 3,
            "account_manager": "Wang",
            "industry": ["x", "x", "y", "x", "y", None],
            "beds": [500.0, 600, 50, 700, 20, None],
            "annual_revenue": None,
            "employees": None,
        }
    )
    ranking = pd.DataFrame({"account_id": ["k1", "k2", "c1"], "key": [True, True, False]})
    deals = pd.DataFrame({"account_id": ["p1", "p2"], "outcome": ["open", "lost"]})
    leads = pd.DataFrame({"account_id": ["p3", None], "status": ["new", "qualified"]})
    contacts = pd.DataFrame({"account_id": ["p1", "p2"], "decision_role": ["EB", "coach"]})
    return accounts, ranking, deals, leads, contacts


def test_three_prospects_by_hand():
    """p1 is large, in x, has a deal and a buyer: 4 of 4. p3's size and industry are unknown, it has a lead: 1 of 2."""
    answer = segmentation.potential_accounts(*prospects()).set_index("account_id")
    assert answer.loc["p1", ["met", "checked", "enters"]].tolist() == [4, 4, True]
    assert answer.loc["p2", ["met", "checked", "enters"]].tolist() == [0, 4, False]
    assert answer.loc["p3", ["met", "checked", "enters"]].tolist() == [1, 2, False]
    assert answer.loc["p3", "large_enough"] is None


def test_where_fewer_rules_can_be_checked_all_of_them_count():
    accounts, ranking, deals, leads, contacts = prospects()
    answer = segmentation.potential_accounts(accounts, ranking, deals.iloc[:0], leads.iloc[:0], contacts.iloc[:0])
    assert answer.set_index("account_id").loc["p1", ["met", "checked", "enters"]].tolist() == [2, 2, True]


def test_without_key_accounts_or_prospects_nobody_enters():
    accounts, ranking, deals, leads, contacts = prospects()
    none_key = segmentation.potential_accounts(accounts, ranking.assign(key=False), deals, leads, contacts)
    assert none_key[["large_enough", "right_industry"]].isna().all(axis=None)
    assert segmentation.potential_accounts(accounts.head(3), ranking, deals, leads, contacts).empty


def test_the_rooms_weights_count_before_the_entropy_weights():
    accounts, orders, contacts = company()
    criteria = key_account_criteria(account_facts(accounts, orders, contacts, as_of=AS_OF))
    said = pd.DataFrame({"topic": "key_account", "criterion": ["value", "longevity"], "weight": [0.7, 0.3]})
    assert segmentation.agreed_weights(said, criteria).to_dict() == {"value": 0.7, "longevity": 0.3}
    silent = segmentation.agreed_weights(said.assign(topic="other"), criteria)
    pd.testing.assert_series_equal(silent, segmentation.entropy_weights(criteria))


def case_of_two_methods(verdicts=("discuss", "discuss")):
    """X is on the list, Y is what the other method names; D, a dealer, is named by neither."""
    names = {"account_id": ["x", "y", "d"], "account_name": ["X", "Y", "D"]}
    facts = pd.DataFrame({**names, "account_type": ["customer", "customer", "dealer"]})
    ranking = pd.DataFrame({"account_id": ["x", "y"], "account_name": ["X", "Y"], "key": [True, False]})
    firm = pd.DataFrame({"account_id": ["x", "y"], "verdict": list(verdicts)})
    return facts, ranking, firm


def test_where_two_methods_disagree_and_nobody_is_firm_the_names_are_voted_on():
    facts, ranking, firm = case_of_two_methods()
    others = other_choice(facts, ranking, pd.Series([0.4, 0.6, 0.9]))
    assert list(others["account_name"]) == ["Y"]
    assert to_vote(ranking, firm, others) == ["X", "Y"]


def test_a_firm_list_or_one_on_which_both_methods_agree_needs_no_vote():
    facts, ranking, firm = case_of_two_methods(("key", "discuss"))
    assert to_vote(ranking, firm, other_choice(facts, ranking, pd.Series([0.4, 0.6, 0.9]))) == []
    facts, ranking, firm = case_of_two_methods()
    assert to_vote(ranking, firm, other_choice(facts, ranking, pd.Series([0.6, 0.4, 0.9]))) == []
    nobody = ranking.assign(key=False)
    assert to_vote(nobody, firm, other_choice(facts, nobody, pd.Series([0.4, 0.6, 0.9]))) == []
