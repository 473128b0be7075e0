"""How fast a pace forgets: learned from its own past, never assumed."""

import numpy as np
import pytest

from kamlib.tempo import coming_levels

FLAT = np.ones(400)


def events(rate, seed=0):
    return np.random.default_rng(seed).poisson(rate)[None].astype(float)


def test_a_steady_pace_is_its_long_mean():
    n = events(np.full(400, 5.0))
    # a mean over 400 days of 5 is known to 5 ÷ √2000 = 0.11; an idea that forgets in weeks would stray by 0.5
    assert coming_levels(n, FLAT, 28).mean() == pytest.approx(n.mean(), abs=0.3)


def test_a_pace_that_jumped_is_followed():
    n = events(np.where(np.arange(400) < 200, 2.0, 8.0))
    assert coming_levels(n, FLAT, 28).mean() == pytest.approx(8, rel=0.1)


@pytest.mark.parametrize("growth", [np.log(10) / 365, -np.log(4) / 365])
def test_steady_growth_goes_on(growth):
    rate = 20 * np.exp(growth * np.arange(400))
    said = coming_levels(events(rate), FLAT, 28).mean()
    assert said == pytest.approx(20 * np.exp(growth * 414), rel=0.2)


def test_growth_fades_and_never_explodes():
    n = events(np.exp(np.arange(40) / 8.0))
    assert coming_levels(n, FLAT[:40], 365).max() < n.max() * np.exp(3.5) * 2


def test_groups_keep_their_own_level():
    n = np.vstack([events(np.full(300, 9.0)), events(np.full(300, 1.0), 1)])
    said = coming_levels(n, FLAT[:300], 14).mean(axis=1)
    assert said == pytest.approx([9, 1], rel=0.3)


def test_the_usual_pace_is_taken_out():
    speed = np.where(np.arange(400) % 7 < 5, 1.4, 0.0)
    n = events(6 * speed)
    assert coming_levels(n, speed, 28).mean() == pytest.approx(6, rel=0.1)


def test_weeks_answer_in_days():
    n = events(np.full(60, 30.0))
    said = coming_levels(n, np.full(60, 15.0), 30, unit=7)
    assert said.shape == (1, 30)
    assert said.mean() == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize("days", [1, 5, 28])
def test_without_a_past_window_or_an_event_there_is_an_answer(days):
    for n in (np.zeros((1, days)), np.full((2, 1), 3.0), np.zeros((1, 200))):
        said = coming_levels(n, np.ones(n.shape[1]), 28)
        assert said.shape == (len(n), 28)
        assert said == pytest.approx(np.full((len(n), 28), n.mean()))
