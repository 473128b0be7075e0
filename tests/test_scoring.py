"""The scores of forecasts, weights by past scores, intervals by past errors."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kamlib import scoring


def test_wape_and_bias_are_sums_over_sums():
    # |100−90| + |50−75| = 35; 90 + 75 − 150 = 15; actual 150
    assert scoring.wape([100, 50], [90, 75]) == pytest.approx(35 / 150)
    assert scoring.bias([100, 50], [90, 75]) == pytest.approx(15 / 150)


def test_nothing_actual_has_no_relative_error():
    assert np.isnan(scoring.wape([0, 0], [1, 1]))
    assert np.isnan(scoring.bias([], []))


def test_crps_of_a_normal_is_the_integral_of_its_definition():
    grid = np.linspace(-60, 60, 240_001)
    for mean, sd, y in ((0.0, 1.0, 0.7), (3.0, 2.5, -4.0)):
        gap = (stats.norm.cdf(grid, mean, sd) - (grid >= y)) ** 2
        assert float(scoring.crps_normal(mean, sd, y)) == pytest.approx(np.trapezoid(gap, grid), abs=1e-3)


def test_crps_without_spread_is_the_absolute_error():
    assert scoring.crps_normal([5.0, 2.0], [0.0, 0.0], [3.0, 2.0]).tolist() == [2.0, 0.0]


def test_crps_of_draws_is_the_double_loop_over_pairs():
    draws = np.array([3.0, 1.0, 4.0, 1.5])
    pairs = np.mean([abs(a - b) for a in draws for b in draws])
    assert scoring.crps_draws(draws, 2.0) == pytest.approx(np.mean(np.abs(draws - 2.0)) - pairs / 2)


def test_draws_of_a_normal_score_as_the_normal_does():
    draws = np.random.default_rng(0).normal(10, 3, 20_000)
    assert scoring.crps_draws(draws, 12.0) == pytest.approx(float(scoring.crps_normal(10, 3, 12.0)), rel=0.02)


def test_winkler_charges_ten_times_what_lies_outside_an_80_percent_interval():
    assert scoring.winkler([14.0], [8.0], [12.0]).tolist() == [4.0 + 10 * 2.0]


def test_pit_counts_ties_half():
    assert scoring.pit([1.0, 2.0, 2.0, 3.0], 2.0) == 0.5


def test_windows_that_overlap_count_less():
    assert scoring.independent(0, 7, 28) == 0
    assert scoring.independent(1, 7, 28) == 1
    assert scoring.independent(5, 28, 28) == 5


@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_stretches_tend_to_the_true_scale_with_many_windows(scale):
    z = np.random.default_rng(1).normal(0, scale, 4000)
    assert scoring.past_scale(z, np.ones(4000), 4000) == pytest.approx(scale, rel=0.05)
    assert scoring.conformal_scale(z, 4000) == pytest.approx(scale, rel=0.05)


def test_a_models_own_word_outweighs_one_window_and_yields_to_many():
    # 1 window twice as wrong as expected: √((4 + 1·4) ÷ 5); 16 such windows: √((4 + 16·4) ÷ 20)
    errors, sd = np.full(16, 2.0), np.ones(16)
    assert scoring.past_scale(errors[:1], sd[:1], 1) == pytest.approx(np.sqrt(8 / 5))
    assert scoring.past_scale(errors, sd, 16) == pytest.approx(np.sqrt(68 / 20))


def test_the_small_windows_of_a_growing_business_do_not_speak_for_todays():
    # errors twenty times too large while the business was tiny, as expected since
    errors, sd = np.array([20.0] * 5 + [100.0] * 15), np.array([1.0] * 5 + [100.0] * 15)
    assert scoring.past_scale(errors, sd, 20) == pytest.approx(1.0, abs=0.05)


def test_no_past_leaves_the_models_own_word():
    assert scoring.past_scale(np.array([]), np.array([]), 0) == scoring.conformal_scale(np.array([np.nan]), 3) == 1.0


def test_a_conformal_interval_covers_what_it_promises():
    rng = np.random.default_rng(2)
    inside = []
    for _trial in range(600):
        z = rng.standard_t(4, 31) * 1.7
        width = scoring.conformal_scale(z[:-1], 30) * stats.norm.ppf(0.9)
        inside.append(abs(z[-1]) <= width)
    assert np.mean(inside) == pytest.approx(0.8, abs=0.06)


def test_weights_follow_past_scores_the_more_the_longer_the_past():
    # scores 1 and 2 over 3 windows: 1 against 2^-3
    assert scoring.evidence_weights(np.array([1.0, 2.0]), 3.0) == pytest.approx([8 / 9, 1 / 9])
    assert scoring.evidence_weights(np.array([1.0, 2.0]), 0.0) == pytest.approx([0.5, 0.5])


def test_weights_sum_to_one_for_any_scores():
    for scores in ([0.0, 1.0], [np.nan, np.nan], [np.nan, 3.0], [0.0, 0.0]):
        assert scoring.evidence_weights(np.array(scores), 5.0).sum() == pytest.approx(1)


def test_accuracy_measures_every_group_by_itself():
    rows = pd.DataFrame(
        {
            "model": ["a", "a", "b"],
            "actual": [10.0, 30.0, 10.0],
            "mean": [12.0, 26.0, 10.0],
            "p10": [8.0, 27.0, 9.0],
            "p90": [14.0, 33.0, 11.0],
            "crps": [1.0, 3.0, 0.2],
        }
    )
    table = scoring.accuracy(rows, by=["model"]).set_index("model")
    # a: (2 + 4) ÷ 40, (−2) ... 12 + 26 − 40 = −2; mean crps 2 ÷ mean actual 20
    assert table.loc["a", ["wape", "bias", "ncrps", "cov80"]].tolist() == pytest.approx([0.15, -0.05, 0.1, 1.0])
    assert table.loc["b", "windows"] == 1


def test_accuracy_of_nothing_is_an_empty_table_with_its_columns():
    rows = pd.DataFrame(columns=["model", "actual", "mean", "p10", "p90", "crps"])
    assert list(scoring.accuracy(rows, by=["model"]))[:3] == ["model", "windows", "wape"]
