"""Shrunk rates against a naive integration and against the truth; concentration against its definition."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats as reference

from kamlib.stats import gini, herfindahl, shrunk_rates


def test_a_group_without_trials_gets_the_others_rate_and_a_wide_interval():
    answer = shrunk_rates(pd.Series([0, 30, 35, 28]), pd.Series([0, 100, 100, 100]))
    assert np.isnan(answer["own"][0])
    assert answer["weight"][0] == 0
    assert answer["rate"][0] == pytest.approx(0.31, abs=0.05)
    assert answer["high"][0] - answer["low"][0] > answer["high"][1] - answer["low"][1]


def test_many_trials_speak_for_themselves():
    answer = shrunk_rates(pd.Series([900, 100]), pd.Series([10_000, 10_000]))
    assert answer["rate"].tolist() == pytest.approx([0.09, 0.01], abs=0.002)
    assert (answer["weight"] > 0.95).all()


def test_rates_lie_between_the_own_and_the_common_rate():
    own, n = pd.Series([1, 9, 40]), pd.Series([10, 10, 100])
    answer = shrunk_rates(own, n)
    common = answer["rate"].mean()
    assert answer["own"][0] < answer["rate"][0] < common + 0.1
    assert answer["rate"][1] < answer["own"][1]


def test_one_group_agrees_with_a_naive_double_sum():
    """The same posterior by brute force: a coarse grid of (m, s), every Beta drawn out."""
    k, n = 3, 12
    means, strengths = np.linspace(0.005, 0.995, 199), np.geomspace(0.5, 3000, 160)
    total = mean = 0.0
    for m in means:
        a, b = m * strengths, (1 - m) * strengths
        weight = reference.betabinom.pmf(k, n, a, b) * strengths * (1 + strengths) ** -1.5
        total += weight.sum()
        mean += (weight * (a + k) / (strengths + n)).sum()
    assert shrunk_rates(pd.Series([k]), pd.Series([n]))["rate"][0] == pytest.approx(mean / total, abs=0.01)


def test_the_order_of_groups_does_not_matter_and_input_is_untouched():
    k, n = pd.Series([1, 5, 9], index=list("abc")), pd.Series([4, 20, 30], index=list("abc"))
    k_before, n_before = k.copy(), n.copy()
    forward, backward = shrunk_rates(k, n), shrunk_rates(k[::-1], n[::-1])
    pd.testing.assert_frame_equal(forward, backward.loc[list("abc")])
    pd.testing.assert_series_equal(k, k_before)
    pd.testing.assert_series_equal(n, n_before)


@pytest.mark.parametrize(("k", "n"), [([-1], [3]), ([4], [3])])
def test_impossible_counts_are_refused(k, n):
    with pytest.raises(ValueError, match="between 0 and trials"):
        shrunk_rates(pd.Series(k), pd.Series(n))


def test_edges_never_fail():
    for k, n in (([0], [0]), ([0, 0], [5, 5]), ([5, 5], [5, 5]), ([0, 100_000], [1, 100_000])):
        answer = shrunk_rates(pd.Series(k), pd.Series(n))
        assert ((answer["low"] <= answer["rate"]) & (answer["rate"] <= answer["high"])).all()


def test_nominal_90_percent_intervals_hold_the_true_rate():
    rng = np.random.default_rng(7)
    held = total = 0
    for _run in range(60):
        truth = rng.beta(4, 16, 7)
        wins = rng.binomial(20, truth)
        answer = shrunk_rates(pd.Series(wins), pd.Series([20] * 7))
        held += int(((answer["low"] <= truth) & (truth <= answer["high"])).sum())
        total += 7
    assert 0.85 <= held / total <= 0.97


def test_gini_is_half_the_mean_difference_over_the_mean():
    values = np.random.default_rng(1).gamma(0.5, 1000, 60)
    naive = sum(abs(a - b) for a in values for b in values) / (2 * len(values) ** 2 * values.mean())
    assert gini(pd.Series(values)) == pytest.approx(naive)


@pytest.mark.parametrize(("values", "expected"), [([5.0], 0.0), ([0.0, 0.0], np.nan), ([-3.0, 3.0], 0.5), ([], np.nan)])
def test_gini_of_tiny_inputs(values, expected):
    assert gini(pd.Series(values, dtype=float)) == pytest.approx(expected, nan_ok=True)


def test_equal_holders_have_one_over_n():
    assert 1 / herfindahl(pd.Series([3.0] * 8)) == pytest.approx(8)
    assert np.isnan(herfindahl(pd.Series([0.0])))
