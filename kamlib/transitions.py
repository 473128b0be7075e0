"""How deals leave a stage: competing risks by time in the stage, with late entry (decade 3).

A stay in a stage ends in one of several causes: the next stage, the win, the loss. Days are whole; a stay of age ``u``
is at risk on the ``u + 1``-th day after it was entered.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.deallog import Log

LONGEST = 1500
"""Days in a stage that are told apart; longer stays count as this long."""


def aalen_johansen(
    durations: np.ndarray, causes: np.ndarray, *, entries: np.ndarray | None = None, count: int | None = None
) -> pd.DataFrame:
    """One row per time at which something ended: the chance of having ended by then, for each cause.

    Parameters
    ----------
    durations
        How long each stay lasted, or has been watched (any unit, above its entry).
    causes
        0 while it lasts (censored), else 1, 2, … for why it ended.
    entries
        How old each stay was when it came under watch; 0 by default.
    count
        Number of causes; the largest seen by default.

    Returns
    -------
    DataFrame
        time, at_risk, then for each cause k ``events_k`` and ``incidence_k`` (cumulative, 0–1), and ``surviving``.

    Notes
    -----
    Aalen and Johansen (1978): the increment of cause k at t is S(t−) · d_k(t) ÷ n(t); n(t) counts stays with
    entry < t ≤ duration, so late entry is allowed for.

    >>> aalen_johansen([1, 2, 2, 3], [1, 2, 0, 1])[["time", "at_risk", "incidence_1", "surviving"]]
       time  at_risk  incidence_1  surviving
    0   1.0        4         0.25       0.75
    1   2.0        3         0.25       0.50
    2   3.0        1         0.75       0.00
    """
    t, k = np.asarray(durations, float), np.asarray(causes, int)
    start = np.zeros_like(t) if entries is None else np.asarray(entries, float)
    times = np.unique(t[k > 0])
    at_risk = np.searchsorted(np.sort(start), times, "left") - np.searchsorted(np.sort(t), times, "left")
    kinds = range(1, (count or max(k.max(initial=0), 1)) + 1)
    events = np.stack([np.bincount(np.searchsorted(times, t[k == c]), minlength=len(times)) for c in kinds])
    surviving = np.cumprod(1 - events.sum(axis=0) / at_risk)
    before = np.concatenate([[1.0], surviving[:-1]])[: len(times)]
    table = {"time": times, "at_risk": at_risk}
    for c in kinds:
        table |= {f"events_{c}": events[c - 1], f"incidence_{c}": np.cumsum(before * events[c - 1] / at_risk)}
    return pd.DataFrame(table | {"surviving": surviving})


@dataclass(frozen=True)
class Hazards:
    """``daily[stage, cause, age]``: the chance of leaving on the next day; causes are the stages, the win, the loss."""

    daily: np.ndarray
    events: np.ndarray
    at_risk: np.ndarray

    @property
    def won(self) -> np.ndarray:
        return self.daily[:, -2]


def counts(log: Log, *, since: float = -np.inf) -> tuple[np.ndarray, np.ndarray]:
    """(events[stage, cause, age], at_risk[stage, age]) of the stays under watch from day ``since`` on."""
    stays, stages = log.stays, len(log.stages)
    entered, left = stays["entered"].to_numpy(), stays["left"].to_numpy()
    stage, cause = stays["stage"].to_numpy(), stays["cause"].to_numpy()
    begin = max(since, log.start)
    last = np.maximum(np.minimum(left, log.now) - entered - 1, np.where(cause >= 0, 0, -1))
    first = np.maximum(begin - entered - 1, 0)
    watched = (last >= first) & ((left >= begin) | (cause < 0))
    stage, cause = stage[watched], cause[watched]
    first, last = (np.minimum(x[watched], LONGEST - 1).astype(int) for x in (first, last))
    ages = int(last.max(initial=0)) + 2
    starts = np.bincount(stage * ages + first, minlength=stages * ages).reshape(stages, ages)
    ends = np.bincount(stage * ages + last + 1, minlength=stages * ages).reshape(stages, ages)
    at_risk = np.cumsum(starts - ends, axis=1)[:, :-1].astype(float)
    ended = cause >= 0
    flat = (stage[ended] * (stages + 2) + cause[ended]) * ages + last[ended]
    events = np.bincount(flat, minlength=stages * (stages + 2) * ages).reshape(stages, stages + 2, ages)[:, :, :-1]
    return events.astype(float), at_risk


def hazards(events: np.ndarray, at_risk: np.ndarray, *, prior: np.ndarray | None = None) -> Hazards:
    """Daily chances of leaving by age, steadied: ages are joined until each bin holds its share of the events.

    Parameters
    ----------
    events, at_risk
        As `counts` gives them.
    prior
        Chances per stage and cause of a larger whole (the company), worth `PRIOR_EVENTS` closings; by default those of
        all stages together, worth one.

    Notes
    -----
    √n bins of equally many events for n events in a stage: the usual balance of bias and variance for a histogram.
    """
    stages, causes, ages = events.shape
    overall = events.sum(axis=(0, 2)) / max(at_risk.sum(), 1.0)
    usual = np.tile(overall, (stages, 1)) if prior is None else prior
    worth = 1.0 if prior is None else PRIOR_EVENTS
    daily = np.empty((stages, causes, ages + 1))
    for stage in range(stages):
        bins = _bins(events[stage].sum(axis=0), ages)
        seen = np.add.reduceat(at_risk[stage], bins)
        ended = np.add.reduceat(events[stage], bins, axis=1)
        pace = max(usual[stage].sum(), 1e-9)
        share = worth / len(bins)
        rate = (ended + share * usual[stage][:, None] / pace) / (seen + share / pace)
        daily[stage, :, :-1] = np.repeat(rate, np.diff(np.append(bins, ages)), axis=1)
        daily[stage, :, -1] = rate[:, -1]
    total = daily.sum(axis=1, keepdims=True)
    return Hazards(daily / np.maximum(total, 1.0), events, at_risk)


PRIOR_EVENTS = 30.0
"""Closings of its own that outweigh the company's experience."""


def _bins(events: np.ndarray, ages: int) -> np.ndarray:
    """First age of every bin; what lies after the last event is a bin of its own.

    So is an age with a bin's share of the events: a deadline must not be smeared over the ages before it.
    """
    n = events.sum()
    if n < 1:
        return np.array([0])
    wanted = int(np.ceil(np.sqrt(n)))
    edges = np.searchsorted(np.cumsum(events), np.arange(1, wanted) * n / wanted) + 1
    deadlines = np.flatnonzero(events >= n / wanted)
    last = int(np.flatnonzero(events)[-1]) + 1
    edges = np.concatenate([edges, deadlines, deadlines + 1])
    return np.unique(np.concatenate([[0], edges[edges < last], [last] if last < ages else []]).astype(int))


@dataclass(frozen=True)
class Tilt:
    """Multipliers of the chances of winning and losing: coming day × age, and by group."""

    won: np.ndarray
    lost: np.ndarray
    group_won: np.ndarray
    group_lost: np.ndarray

    def on(self, chance: Hazards, day: int, group: object = slice(None)) -> tuple[np.ndarray, np.ndarray]:
        """(chance of winning, of losing) on a coming day: group × stage × age."""
        won = np.minimum((chance.daily[:, -2] * self.won[day])[None] * self.group_won[group, None, None], 1.0)
        lost = (chance.daily[:, -1] * self.lost[day])[None] * self.group_lost[group, None, None]
        return won, np.minimum(lost, 1.0 - won)


def forward(standing: np.ndarray, arriving: np.ndarray, chance: Hazards, tilt: Tilt) -> np.ndarray:
    """What is won on each coming day: group × day, in the unit of ``standing``.

    Parameters
    ----------
    standing
        group × stage × age: deals (or their amount) that stand there now; age is the one they are next at risk at.
    arriving
        group × stage × day: what newly enters.
    """
    mass = standing.copy()
    days = arriving.shape[2]
    moving = chance.daily[:, : len(chance.daily)]
    moves = moving.sum(axis=1)
    out = np.zeros((len(standing), days))
    for day in range(days):
        won, lost = tilt.on(chance, day)
        out[:, day] = np.einsum("gsa,gsa->g", mass, won)
        entering = np.einsum("gsa,sta->gt", mass, moving) + arriving[:, :, day]
        mass = mass * np.maximum(1.0 - won - lost - moves, 0.0)
        mass[:, :, -2] += mass[:, :, -1]
        mass[:, :, 1:] = mass[:, :, :-1].copy()
        mass[:, :, 0] = entering
    return out


def backward(chance: Hazards, tilt: Tilt, period: np.ndarray, group: int) -> np.ndarray:
    """``[stage, age, period]``: the chance that a group's deal standing there now is won in each period of the window.

    ``period`` is the number of each coming day's period.
    """
    stages, ages = chance.daily.shape[0], chance.daily.shape[2]
    periods = np.arange(period.max() + 1)
    value = np.zeros((stages, ages, len(periods)))
    moving = chance.daily[:, :stages]
    for day in range(len(period) - 1, -1, -1):
        won, lost = (q[0] for q in tilt.on(chance, day, slice(group, group + 1)))
        stay = np.maximum(1.0 - won - lost - moving.sum(axis=1), 0.0)
        older = np.concatenate([value[:, 1:], value[:, -1:]], axis=1)
        onward = np.einsum("sta,tp->sap", moving, value[:, 0])
        value = stay[:, :, None] * older + onward + won[:, :, None] * (periods == period[day])
    return value
