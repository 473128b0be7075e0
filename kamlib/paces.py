"""The first engine of a forecast (decade 3): the pace of signing, and of new deals, by the calendar.

Each model answers with a `Guess`: what is won on each coming day, by group, and how uncertain the sum is.
"""

from dataclasses import dataclass

import numpy as np

from kamlib import seasons
from kamlib.deallog import Log, daily
from kamlib.tempo import coming_levels
from kamlib.transitions import PRIOR_EVENTS

HALF_LIVES = {"calendar": None, "calendar_quarter": 91.0, "calendar_month": 30.0}
"""Days after which a day counts half in the level of the pace: never, a quarter, a month; their past decides."""


@dataclass(frozen=True)
class Guess:
    """What one model expects: ``mean`` is group × day, ``sd`` and ``sd_total`` how uncertain the sums are"""

    mean: np.ndarray
    sd: np.ndarray
    sd_total: float


@dataclass(frozen=True)
class Prior:
    """What the whole company has seen, where one region is forecast."""

    effects: dict[str, np.ndarray] | None = None
    chances: dict[str, np.ndarray] | None = None
    value: float | None = None


@dataclass(frozen=True)
class Amounts:
    """The value of a won deal by group, steadied: ``mean``, and ``lump`` = E[v²] ÷ E[v], what makes sums uncertain."""

    mean: np.ndarray
    lump: np.ndarray
    seen: np.ndarray


def amounts(log: Log, prior: Prior) -> Amounts:
    """The mean value of won deals by group, drawn to all groups' by as much as the groups differ beyond chance.

    Notes
    -----
    Random effects: weight of a group's own mean = τ² ÷ (τ² + σ²/n), τ² by moments (DerSimonian and Laird 1986).
    """
    won = log.deals["won"].to_numpy()
    group, value = log.deals["group"].to_numpy()[won], log.deals["value"].to_numpy()[won]
    n = np.bincount(group, minlength=len(log.groups)).astype(float)
    s1, s2 = (np.bincount(group, value**power, minlength=len(log.groups)).astype(float) for power in (1, 2))
    hoped = float(log.deals["amount"].mean()) if len(log.deals) else 1.0
    overall = s1.sum() / n.sum() if n.sum() else (prior.value or hoped)
    overall = (s1.sum() + PRIOR_EVENTS * prior.value) / (n.sum() + PRIOR_EVENTS) if prior.value else overall
    variance = max(s2.sum() / max(n.sum(), 1) - (s1.sum() / max(n.sum(), 1)) ** 2, 0.0)
    own = np.divide(s1, n, out=np.full_like(s1, overall), where=n > 0)
    scale = max(n.sum() - (n**2).sum() / max(n.sum(), 1), 1e-9)
    between = max(((n * (own - overall) ** 2).sum() - variance * ((n > 0).sum() - 1)) / scale, 0.0)
    weight = between / (between + variance / np.maximum(n, 1e-9)) if between + variance > 0 else np.zeros_like(n)
    mean = overall + weight * (own - overall)
    usual = 1 / max(n.sum(), 1)  # one deal of the company's kind
    lump = (s2 + PRIOR_EVENTS * s2.sum() * usual) / np.maximum(s1 + PRIOR_EVENTS * s1.sum() * usual, 1e-9)
    return Amounts(mean, lump if s1.sum() > 0 else np.full_like(mean, max(overall, 1.0)), s1)


def spread(mean: np.ndarray, size: Amounts, bunch: float) -> tuple[np.ndarray, float]:
    """Standard deviation of sums around ``mean`` (group × day): chance of a compound Poisson, and of the estimate.

    Half a win is added to what is expected, and to what was seen (Jeffreys): where nothing was won, something may be.
    """
    half = size.lump / 2
    total = np.maximum(mean.sum(axis=1), 0) + half
    groups = bunch * total * size.lump * (1 + total / (size.seen + half))
    lump = (total * size.lump).sum() / max(total.sum(), 1e-9)
    whole, seen = mean.clip(0).sum() + lump / 2, size.seen.sum() + lump / 2
    return np.sqrt(groups), float(np.sqrt(bunch * whole * lump * (1 + whole / max(seen, 1e-9))))


def _weights(n: int, half_life: float | None) -> np.ndarray:
    return np.ones(n) if half_life is None else 0.5 ** (np.arange(n)[::-1] / half_life)


def calendar_of(log: Log, what: str, prior: Prior) -> tuple[dict[str, np.ndarray], np.ndarray, float]:
    """(effects of the calendar, group × day of the counts they were learned on, how bunched the counts are)."""
    first = min(log.start, log.now)
    n = daily(log, first, what=what)
    dates = log.dates(first, log.now)
    level = np.full(n.shape[1], n.sum() / n.shape[1])
    effects = seasons.calendar_effects(n.sum(axis=0), level, dates, priors=prior.effects if what == "won" else None)
    level = level * _drift(n.sum(axis=0), level * seasons.pace(effects, dates))
    effects = seasons.calendar_effects(n.sum(axis=0), level, dates, priors=prior.effects if what == "won" else None)
    months = seasons.month_number(dates) - seasons.month_number(dates[:1])
    fitted = level * seasons.pace(effects, dates)
    observed, expected = np.bincount(months, n.sum(axis=0)), np.bincount(months, fitted)
    return effects, n, seasons.bunching(observed, expected, min(4, len(observed) - 1))


def _slope(n: np.ndarray, fitted: np.ndarray) -> float:
    """Growth per day (log), drawn to none by as much as it may be chance (positive-part James–Stein)."""
    total = fitted.sum()
    if len(n) < 2 or total <= 0:
        return 0.0
    t = np.arange(len(n)) - (fitted @ np.arange(len(n))) / total
    information = fitted @ t**2
    if information <= 0:
        return 0.0
    slope = 0.0
    for _step in range(8):
        rate = fitted * np.exp(np.clip(slope * t, -5, 5))
        rate = rate * n.sum() / max(rate.sum(), 1e-9)
        centre = t - (rate @ t) / max(rate.sum(), 1e-9)
        slope += np.clip((n - rate) @ centre / max(rate @ centre**2, 1e-9), -0.02, 0.02)
    blocks = np.arange(len(n)) // 28
    bunch = seasons.bunching(np.bincount(blocks, n), np.bincount(blocks, rate), 2)
    chance = bunch / max(rate @ centre**2, 1e-9)
    return float(slope * max(0.0, 1 - chance / slope**2)) if slope else 0.0


def _drift(n: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    """The factor by which drift moves each day's level, 1 on average over the events."""
    t = np.arange(len(n)) - (len(n) - 1) / 2
    factor = np.exp(np.clip(_slope(n, fitted) * t, -5, 5))
    return factor * fitted.sum() / max((factor * fitted).sum(), 1e-9)


def levels(n: np.ndarray, speed: np.ndarray, half_life: float | None) -> np.ndarray:
    """Events per usual day and group now: recent days count more."""
    weight = _weights(n.shape[1], half_life)
    return (n @ weight) / max(weight @ speed, 1e-9)


def _trended(n: np.ndarray, speed: np.ndarray, days: int) -> np.ndarray | None:
    """Group × day: levels that go on growing as they grew, ever more slowly (half the pace after as long as was seen).

    None where the past shows no growth beyond chance: the level that never forgets says the same.
    """
    total, seen = n.sum(axis=0), n.shape[1]
    slope = _slope(total, speed * total.sum() / max(speed.sum(), 1e-9))
    if slope == 0:
        return None
    past = np.exp(np.clip(slope * np.arange(1 - seen, 1), -8, 8))
    level = n.sum(axis=1) / max(speed @ past, 1e-9)
    damped = seen * np.log1p(np.arange(1, days + 1) / seen)
    return level[:, None] * np.exp(np.clip(slope * damped, -3, 3))


def pace_levels(n: np.ndarray, speed: np.ndarray, days: int) -> dict[str, np.ndarray]:
    """Group × coming day: the level of the pace under each idea of how it moves."""
    flat = {name: np.repeat(levels(n, speed, life)[:, None], days, axis=1) for name, life in HALF_LIVES.items()}
    trended = _trended(n, speed, days)
    return flat if trended is None else flat | {"calendar_trend": trended}


@dataclass(frozen=True)
class Common:
    """What several models need of a log: the calendar of wins and of new deals, amounts, discounts, and new deals."""

    won: tuple[dict[str, np.ndarray], np.ndarray, float]
    created: tuple[dict[str, np.ndarray], np.ndarray, float]
    size: Amounts
    ratio: np.ndarray
    arrivals: np.ndarray
    """Group × coming day: new deals."""


def common(log: Log, prior: Prior, days: int) -> Common:
    """Learn it once."""
    won, created = calendar_of(log, "won", prior), calendar_of(log, "created", Prior())
    return Common(won, created, amounts(log, prior), _ratios(log), _arriving(log, days, created))


def calendar_models(log: Log, days: int, known: Common) -> dict[str, Guess]:
    """Deals signed per day × what the calendar does to it × mean value, at three ideas of how the level moves."""
    effects, n, bunch = known.won
    past = seasons.pace(effects, log.dates(log.now - n.shape[1] + 1, log.now))
    coming = seasons.pace(effects, log.dates(log.now + 1, log.now + days))
    size = known.size
    own = _own_pace(log, n, past, effects, days)
    guesses = {}
    levels_of = pace_levels(n, past, days) | {"calendar_learned": coming_levels(n, past, days)}
    for name, level in levels_of.items():
        mean = level * coming * own * size.mean[:, None]
        guesses[name] = Guess(mean, *spread(mean, size, bunch))
    return guesses


def _own_pace(log: Log, n: np.ndarray, past: np.ndarray, effects: dict, days: int) -> np.ndarray:
    """Group × coming day: how a region's months of the quarter differ from the company's, shrunk to not at all."""
    if len(log.groups) == 1:
        return np.ones((1, days))
    before, after = (
        seasons.cells(log.dates(*span))["quarter_month"]
        for span in ((log.now - n.shape[1] + 1, log.now), (log.now + 1, log.now + days))
    )
    share = n.sum(axis=1) / max(n.sum(), 1e-9)
    observed = np.stack([np.bincount(before, row, minlength=3) for row in n])
    expected = share[:, None] * observed.sum(axis=0)
    effect = seasons.shrunk_effects(observed.ravel(), expected.ravel()).reshape(observed.shape)
    level = effect @ np.bincount(before, past, minlength=3) / max(past.sum(), 1e-9)
    return effect[:, after] / level[:, None]


def _arriving(log: Log, days: int, created: tuple) -> np.ndarray:
    """Group × coming day: new deals, by the level that foretold best and the calendar."""
    effects, n, _bunch = created
    past = seasons.pace(effects, log.dates(log.now - n.shape[1] + 1, log.now))
    coming = seasons.pace(effects, log.dates(log.now + 1, log.now + days))
    return coming_levels(n, past, days) * coming


def _ratios(log: Log) -> np.ndarray:
    """Group: what won deals were signed at ÷ what all deals that ended were expected at; few wins draw it to 1."""
    deals = log.deals[log.deals["closed"] <= log.now]
    won = deals[deals["won"]]
    usual = deals["amount"].mean() if len(deals) else 1.0
    overall = (won["value"].sum() + usual) / (len(won) * usual + usual) if len(won) and usual > 0 else 1.0
    return np.full(len(log.groups), overall)
