"""Competing risks with late entry, against naive loops and two independent implementations."""

import numpy as np
import pytest
from deals import drawn, last_day

from kamlib import transitions
from kamlib.deallog import log_at, read_log
from kamlib.transitions import aalen_johansen


def stays(n=400, seed=0):
    rng = np.random.default_rng(seed)
    durations = rng.integers(1, 60, n).astype(float)
    causes = rng.integers(0, 4, n)
    entries = np.minimum(rng.integers(0, 30, n), durations - 1).astype(float)
    return durations, causes, entries


def test_incidence_agrees_with_statsmodels_to_five_decimals():
    duration = pytest.importorskip("statsmodels.duration.survfunc")
    t, k, _entries = stays()
    theirs = duration.CumIncidenceRight(t, k)
    ours = aalen_johansen(t, k)
    for cause, incidence in enumerate(theirs.cinc, start=1):
        at = np.searchsorted(theirs.times, ours["time"])
        assert ours[f"incidence_{cause}"].to_numpy() == pytest.approx(incidence[at], abs=1e-5)


def test_survival_with_late_entry_agrees_with_statsmodels_to_five_decimals():
    duration = pytest.importorskip("statsmodels.duration.survfunc")
    t, k, entries = stays(seed=3)
    theirs = duration.SurvfuncRight(t, (k > 0).astype(int), entry=entries)
    ours = aalen_johansen(t, k, entries=entries)
    assert ours["surviving"].to_numpy() == pytest.approx(
        theirs.surv_prob[np.isin(theirs.surv_times, ours["time"])], abs=1e-5
    )


def test_incidence_agrees_with_scikit_survival_to_five_decimals():
    nonparametric = pytest.importorskip("sksurv.nonparametric")
    t, k, _entries = stays(seed=5)
    times, theirs = nonparametric.cumulative_incidence_competing_risks(k, t)
    ours = aalen_johansen(t, k)
    at = np.searchsorted(times, ours["time"])
    for cause in (1, 2, 3):
        assert ours[f"incidence_{cause}"].to_numpy() == pytest.approx(theirs[cause][at], abs=1e-5)


def test_late_entry_agrees_with_a_naive_loop():
    t, k, entries = stays(80, seed=7)
    alive, incidence = 1.0, {1: 0.0, 2: 0.0, 3: 0.0}
    for row in aalen_johansen(t, k, entries=entries).itertuples():
        risk = sum(1 for e, d in zip(entries, t, strict=True) if e < row.time <= d)
        assert row.at_risk == risk
        died = {c: sum(1 for d, x in zip(t, k, strict=True) if d == row.time and x == c) for c in incidence}
        for c in incidence:
            incidence[c] += alive * died[c] / risk
            assert getattr(row, f"incidence_{c}") == pytest.approx(incidence[c])
        alive *= 1 - sum(died.values()) / risk


def test_incidences_and_survival_sum_to_one():
    ours = aalen_johansen(*stays(seed=9)[:2])
    assert (ours.filter(like="incidence").sum(axis=1) + ours["surviving"]).to_numpy() == pytest.approx(1)


def test_nothing_ended_is_an_empty_table():
    assert len(aalen_johansen([3.0, 4.0], [0, 0])) == 0


def test_counts_agree_with_a_naive_loop_over_stays_and_days():
    deals, moves = drawn(60, days=200)
    log = log_at(read_log(deals, moves, as_of=last_day(deals)), -20)
    events, at_risk = transitions.counts(log)
    naive, ended = np.zeros_like(at_risk), np.zeros_like(events)
    for stay in log.stays.itertuples():
        final = min(stay.left, log.now)
        last = max(final - stay.entered - 1, 0 if stay.cause >= 0 else -1)
        if stay.cause >= 0 and stay.left < log.start:
            continue
        for age in range(int(max(log.start - stay.entered - 1, 0)), int(last) + 1):
            naive[stay.stage, age] += 1
        if stay.cause >= 0 and last >= max(log.start - stay.entered - 1, 0):
            ended[stay.stage, stay.cause, int(last)] += 1
    assert (naive == at_risk).all()
    assert (ended == events).all()


def test_steadied_hazards_keep_the_number_of_events():
    deals, moves = drawn(600)
    events, at_risk = transitions.counts(read_log(deals, moves, as_of=last_day(deals)))
    daily = transitions.hazards(events, at_risk).daily[:, :, :-1]
    again = (daily * at_risk[:, None]).sum(axis=2)
    assert again == pytest.approx(events.sum(axis=2), rel=0.05, abs=2)


def flat(groups=1, days=30, ages=50):
    ones = np.ones((days, ages))
    return transitions.Tilt(ones, ones, np.ones(groups), np.ones(groups))


def constant(win=0.02, loss=0.01, ages=50):
    daily = np.zeros((2, 4, ages))
    daily[0, 1], daily[0, 3], daily[1, 2], daily[1, 3] = 0.05, loss, win, loss
    return transitions.Hazards(daily, np.zeros((2, 4, ages - 1)), np.zeros((2, ages - 1)))


def test_forward_agrees_with_the_closed_form_of_one_stage():
    there = np.zeros((1, 2, 50))
    there[0, 1, 0] = 100.0
    won = transitions.forward(there, np.zeros((1, 2, 30)), constant(), flat())
    # each day 2 % of what 3 % leave: 100 × 0.02 × 0.97^d
    assert won[0] == pytest.approx(100 * 0.02 * 0.97 ** np.arange(30))


def test_backward_and_forward_say_the_same():
    chance, tilt, period = constant(), flat(), np.repeat([0, 1, 2], 10)
    odds = transitions.backward(chance, tilt, period, 0)
    for stage, age in ((0, 0), (0, 7), (1, 3)):
        there = np.zeros((1, 2, 50))
        there[0, stage, age] = 1.0
        won = transitions.forward(there, np.zeros((1, 2, 30)), chance, tilt)[0]
        assert odds[stage, age] == pytest.approx([won[period == at].sum() for at in range(3)])


def test_a_group_multiplier_moves_its_own_wins_only():
    there = np.zeros((2, 2, 50))
    there[:, 1, 0] = 1.0
    ones = np.ones((5, 50))
    tilt = transitions.Tilt(ones, ones, np.array([1.0, 2.0]), np.ones(2))
    won = transitions.forward(there, np.zeros((2, 2, 5)), constant(), tilt)
    assert won[1, 0] == pytest.approx(2 * won[0, 0])
