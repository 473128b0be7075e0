"""Deals on their way: what their ages ask for, on logs with times of day, deadlines and leaps through the stages."""

import numpy as np
import pandas as pd
import pytest
from deals import drawn

from kamlib.deallog import read_log
from kamlib.onward import expected_events, pipeline_parts, process
from kamlib.paces import Prior, common
from kamlib.transitions import counts, hazards

AS_OF = pd.Timestamp("2024-03-31")


def test_expected_events_agree_with_a_naive_loop():
    log = read_log(*drawn(120), as_of=AS_OF)
    chance = hazards(*counts(log))
    bands = np.minimum(np.arange(chance.daily.shape[2]) // 15, 1)
    edges = np.array([-300.0, -200.0, -31.0, 0.0])
    observed, expected = expected_events(log, chance, edges, bands)
    wanted = np.zeros_like(expected)
    groups = log.deals["group"].to_numpy()
    for stay in log.stays.itertuples():
        for day in range(int(max(stay.entered, log.start - 1, edges[0])) + 1, int(min(stay.left, 0)) + 1):
            age, span = int(day - stay.entered - 1), int(np.searchsorted(edges, day) - 1)
            for cause in (0, 1):
                share = chance.daily[stay.stage, len(log.stages) + cause, age]
                wanted[cause, groups[stay.deal], bands[age], span] += share
    assert expected == pytest.approx(wanted)
    assert observed.sum() == sum(
        stay.cause >= len(log.stages) and edges[0] < stay.left <= 0 for stay in log.stays.itertuples()
    )


def leaping(days=300, a_day=6):
    """Every deal runs through three stages in an hour, waits in the last, and is won ten days after it came."""
    created = pd.Timestamp("2023-06-01 09:00") + pd.to_timedelta(np.repeat(np.arange(days), a_day), unit="D")
    keys = [f"D{i}" for i in range(len(created))]
    closed = created + pd.Timedelta(days=10)
    deals = pd.DataFrame(
        {"opportunity_id": keys, "created": created, "closed": closed, "outcome": "won", "amount": 1.0}
    )
    moves = [
        pd.DataFrame({"opportunity_id": keys, "stage": stage, "entered": created + pd.Timedelta(minutes=10 * at)})
        for at, stage in enumerate(["in", "read", "sorted", "waiting"])
    ]
    return deals, pd.concat(moves, ignore_index=True)


def parts(log, days=28):
    return [part.sum() for part in pipeline_parts(log, process(log, days, Prior(), common(log, Prior(), days)))]


def test_of_the_stages_of_one_day_only_the_last_counts_so_that_a_leap_takes_no_days():
    log = read_log(*leaping(), as_of=pd.Timestamp("2024-02-01"))
    assert log.stages == ("waiting",)
    opened, new = parts(log)
    # 6 a day are won ten days after they came: 10 days of them stand open, and 18 days of new ones are won in 28
    assert opened == pytest.approx(60, rel=0.05)
    assert new == pytest.approx(108, rel=0.08)


def test_what_comes_and_ends_within_a_day_is_expected_as_often_as_it_is_seen():
    deals, moves = leaping()
    deals["closed"] = deals["created"] + pd.Timedelta(hours=2)
    log = read_log(deals, moves, as_of=pd.Timestamp("2024-02-01"))
    chance = hazards(*counts(log))
    edges = np.array([float(log.start - 1), 0.0])
    observed, expected = expected_events(log, chance, edges, np.zeros(chance.daily.shape[2], int))
    assert expected[0].sum() == pytest.approx(observed[0].sum(), rel=0.02)
    assert sum(parts(log)) == pytest.approx(28 * 6, rel=0.1)


def test_a_deadline_is_not_smeared_over_the_days_before_it():
    events, at_risk = np.zeros((1, 3, 41)), np.full((1, 41), 100.0)
    events[0, 2, 30] = 60.0  # sixty of a hundred end on day 30, the others here and there
    events[0, 1, :30] = 1.0
    daily = hazards(events, at_risk).daily[0, 2]
    assert daily[30] > 0.5
    assert daily[:30].max() < 0.01


def test_a_rate_of_winning_that_doubled_is_followed():
    deals, moves = drawn(3000, regions=("A",))
    spoiled = (deals["outcome"] == "won") & (deals["closed"] < "2023-12-01") & (deals.index % 2 == 0)
    deals["outcome"] = deals["outcome"].mask(spoiled, "lost")
    log = read_log(deals, moves, as_of=AS_OF, measure="count")
    ahead = deals["closed"].between(AS_OF + pd.Timedelta(days=1), AS_OF + pd.Timedelta(days=28))
    assert sum(parts(log)) == pytest.approx((ahead & (deals["outcome"] == "won")).sum(), rel=0.2)
