"""The calendar of a business, learned with shrinkage."""

import numpy as np
import pytest

from kamlib import seasons


def days(first="2022-01-01", n=730):
    return np.datetime64(first) + np.arange(n)


def test_cells_name_month_of_quarter_weekday_and_month_end():
    cells = seasons.cells(np.array(["2024-02-29", "2024-04-01"], "datetime64[D]"))
    assert cells["quarter_month"].tolist() == [1, 0]
    assert cells["month"].tolist() == [1, 3]
    assert cells["weekday"].tolist() == [3, 0]
    assert cells["month_end"].tolist() == [1, 0]


def test_strong_evidence_is_believed_and_thin_evidence_is_not():
    strong = seasons.shrunk_effects(np.array([500.0, 1500.0]), np.array([1000.0, 1000.0]))
    assert strong == pytest.approx([0.5, 1.5], abs=0.05)
    thin = seasons.shrunk_effects(np.array([1.0, 3.0]), np.array([2.0, 2.0]))
    assert abs(thin - 1).max() < 0.25


def test_a_cell_without_evidence_gets_the_prior():
    effect = seasons.shrunk_effects(np.array([0.0, 60.0]), np.array([0.0, 50.0]), prior=np.array([1.3, 1.0]))
    assert effect[0] == pytest.approx(1.3)


def test_bunching_is_one_for_chance_and_more_for_bunches():
    rng = np.random.default_rng(0)
    usual = np.full(400, 20.0)
    assert seasons.bunching(rng.poisson(usual), usual, 1) == pytest.approx(1, abs=0.2)
    assert seasons.bunching(rng.poisson(usual * rng.gamma(2, 0.5, 400)), usual, 1) > 5


def test_a_planted_quarter_pattern_is_found_and_noise_is_not_taken_for_one():
    dates = days()
    rng = np.random.default_rng(1)
    planted = np.array([0.7, 0.9, 1.4])[seasons.cells(dates)["quarter_month"]]
    for truth in (planted, np.ones(len(dates))):
        counts = rng.poisson(12 * truth).astype(float)
        found = seasons.calendar_effects(counts, np.full(len(dates), counts.mean()), dates)
        assert seasons.pace(found, dates) == pytest.approx(truth / truth.mean(), abs=0.15)


def test_one_year_cannot_tell_a_month_from_a_trend():
    dates = days(n=360)
    counts = np.linspace(5, 20, 360)
    found = seasons.calendar_effects(counts, np.full(360, counts.mean()), dates)
    assert found["month"] == pytest.approx(1, abs=1e-6)
