"""Weights: published numbers, independent implementations, and judgements that contradict each other."""

import ahpy
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymcdm.methods import TOPSIS
from pymcdm.normalizations import vector_normalization
from pymcdm.weights import entropy_weights as their_entropy

from kamlib import weighting
from kamlib.weighting import (
    ahp_weights,
    comparison_matrix,
    comparison_pairs,
    consistency_ratio,
    entropy_weights,
    judged_weights,
    ratio_of_weights,
    topsis,
    weighted_score,
)

DRINKS = ["coffee", "wine", "tea", "beer", "sodas", "milk", "water"]
JUDGED = {
    ("coffee", "wine"): 9, ("coffee", "tea"): 5, ("coffee", "beer"): 2, ("coffee", "sodas"): 1, ("coffee", "milk"): 1,
    ("coffee", "water"): 1 / 2, ("wine", "tea"): 1 / 3, ("wine", "beer"): 1 / 9, ("wine", "sodas"): 1 / 9,
    ("wine", "milk"): 1 / 9, ("wine", "water"): 1 / 9, ("tea", "beer"): 1 / 3, ("tea", "sodas"): 1 / 4,
    ("tea", "milk"): 1 / 3, ("tea", "water"): 1 / 9, ("beer", "sodas"): 1 / 2, ("beer", "milk"): 1,
    ("beer", "water"): 1 / 3, ("sodas", "milk"): 2, ("sodas", "water"): 1 / 2, ("milk", "water"): 1 / 3,
}  # fmt: skip
"""Relative consumption of drinks: Saaty (2008), Decision making with the analytic hierarchy process, International
Journal of Services Sciences 1(1), 83–98."""


def test_the_weights_of_saatys_drinks_are_reproduced():
    published = {
        "coffee": 0.177, "wine": 0.019, "tea": 0.042, "beer": 0.116, "sodas": 0.190, "milk": 0.129, "water": 0.327,
    }  # fmt: skip
    matrix = comparison_matrix(DRINKS, JUDGED)
    assert ahp_weights(matrix).round(3).to_dict() == published
    assert consistency_ratio(matrix) == pytest.approx(0.022, abs=0.001)


def random_judgement(seed, n):
    random = np.random.default_rng(seed)
    names = [f"c{i}" for i in range(n)]
    scale = [1 / 9, 1 / 5, 1 / 3, 1 / 2, 1, 2, 3, 5, 9]
    return names, {pair: float(random.choice(scale)) for pair in comparison_pairs(names)}


@pytest.mark.parametrize("seed", range(6))
def test_weights_and_consistency_agree_with_ahpy(seed):
    names, ratios = random_judgement(seed, 3 + seed % 4)
    ours = comparison_matrix(names, ratios)
    theirs = ahpy.Compare("t", ratios, precision=10, random_index="saaty")
    assert ahp_weights(ours).to_dict() == pytest.approx(theirs.local_weights, abs=1e-6)
    assert consistency_ratio(ours) == pytest.approx(theirs.consistency_ratio, abs=1e-6)


def test_three_consistent_judgements_by_hand():
    """2 : 1, 6 : 1 and 3 : 1 fit together: weights are 6 : 3 : 1 of 10."""
    matrix = comparison_matrix(["a", "b", "c"], {("a", "b"): 2, ("a", "c"): 6, ("b", "c"): 3})
    assert ahp_weights(matrix).tolist() == pytest.approx([0.6, 0.3, 0.1])
    assert consistency_ratio(matrix) == pytest.approx(0, abs=1e-9)


@given(st.lists(st.floats(0.05, 1), min_size=2, max_size=6))
@settings(max_examples=40, deadline=None)
def test_consistent_judgements_give_back_the_weights_they_came_from(raw):
    weights = pd.Series(raw, index=[f"c{i}" for i in range(len(raw))]) / sum(raw)
    matrix = pd.DataFrame(np.outer(weights, 1 / weights), index=weights.index, columns=weights.index)
    assert ahp_weights(matrix).tolist() == pytest.approx(weights.tolist(), abs=1e-6)
    assert consistency_ratio(matrix) == pytest.approx(0, abs=1e-6)


def test_a_circle_of_preferences_is_named():
    """a over b, b over c, c over a: nobody can weigh that."""
    table = judged_weights(["a", "b", "c"], {("a", "b"): 5, ("b", "c"): 5, ("a", "c"): 1 / 5})
    assert table["consistency_ratio"].iloc[0] > 1
    assert table["look_again"].iloc[0] in ("a : b", "a : c", "b : c")
    assert table["weight"].tolist() == pytest.approx([1 / 3] * 3)


def test_the_comparison_that_spoils_the_others_is_the_one_to_look_at():
    """1 : 1 everywhere, but a : d is said to be 9."""
    table = judged_weights(list("abcd"), {("a", "d"): 9.0})
    assert table["consistency_ratio"].iloc[0] > weighting.MOST_INCONSISTENT
    assert table["look_again"].tolist() == ["a : d", "", "", ""]


def test_agreeing_comparisons_ask_for_nothing():
    assert judged_weights(["a", "b"], {("a", "b"): 4})["look_again"].tolist() == ["", ""]


@pytest.mark.parametrize(
    ("ratios", "message"), [({("a", "x"): 2}, "compare two of a, b"), ({("a", "b"): 12}, "say 1/9 to 9")]
)
def test_impossible_comparisons_are_refused(ratios, message):
    with pytest.raises(ValueError, match=message):
        comparison_matrix(["a", "b"], ratios)


def test_more_than_ten_criteria_are_refused():
    with pytest.raises(ValueError, match="at most ten"):
        consistency_ratio(comparison_matrix(list("abcdefghijk"), {}))


def test_weights_become_comparisons_on_the_scale_and_back():
    ratios = ratio_of_weights(pd.Series({"a": 0.48, "b": 0.24, "c": 0.12, "d": 0.16}))
    assert ratios[("a", "b")] == 2
    assert ratios[("c", "d")] == 1  # 4/3 rounds to 1
    assert ratio_of_weights(pd.Series({"a": 1.0, "b": 0.0})) == {("a", "b"): 9.0}


CASES = {
    "random": np.random.default_rng(3).random((12, 4)),
    "ties": np.array([[0.2, 0.9, 0.4, 0.1], [0.2, 0.9, 0.4, 0.1], [0.9, 0.2, 0.4, 0.3], [0.1, 0.5, 0.5, 0.1]]),
    "two": np.array([[1.0, 0.2, 0.1, 0.4], [0.3, 0.8, 0.9, 0.4]]),
}
WEIGHTS = pd.Series([0.4, 0.3, 0.2, 0.1], index=list("abcd"))


@pytest.mark.parametrize("case", CASES)
def test_topsis_agrees_with_pymcdm(case):
    values = CASES[case]
    theirs = TOPSIS(normalization_function=vector_normalization)(values, WEIGHTS.to_numpy(), np.ones(4))
    assert topsis(pd.DataFrame(values, columns=list("abcd")), WEIGHTS).tolist() == pytest.approx(theirs.tolist())


def test_entropy_weights_agree_with_pymcdm():
    values = CASES["random"]
    ours = entropy_weights(pd.DataFrame(values, columns=list("abcd")))
    assert ours.tolist() == pytest.approx(list(their_entropy(values)))


def test_topsis_of_alike_accounts_is_one_half_and_of_none_is_empty():
    alike = pd.DataFrame({"a": [0.5, 0.5], "b": [0.0, 0.0]})
    assert topsis(alike, WEIGHTS[["a", "b"]]).tolist() == [0.5, 0.5]
    assert topsis(alike.iloc[:0], WEIGHTS[["a", "b"]]).tolist() == []


def test_a_trait_nobody_has_data_for_changes_no_rank():
    known = pd.DataFrame(CASES["random"], columns=list("abcd"))
    without = known.assign(d=np.nan)
    rest = WEIGHTS[["a", "b", "c"]]
    assert topsis(without, WEIGHTS).tolist() == pytest.approx(topsis(known, rest / rest.sum()).tolist())
    assert weighted_score(without, WEIGHTS).tolist() == pytest.approx(weighted_score(known, rest).tolist())


def test_an_account_without_any_trait_scores_nothing():
    assert weighted_score(pd.DataFrame({"a": [np.nan], "b": [np.nan]}), WEIGHTS[["a", "b"]]).tolist() == [0.0]
