"""The second engine of a forecast (decade 3): deals on their way through the stages, and the new ones behind them."""

from dataclasses import dataclass

import numpy as np

from kamlib import seasons
from kamlib.deallog import FAR, Log
from kamlib.paces import Amounts, Common, Guess, Prior, spread
from kamlib.tempo import coming_levels
from kamlib.transitions import Hazards, Tilt, counts, forward, hazards


@dataclass(frozen=True)
class Process:
    """What moves the deals of a log: chances of leaving, and what the coming days and the regions do to them."""

    chance: Hazards
    tilt: Tilt
    arrivals: np.ndarray
    entry: np.ndarray
    size: Amounts
    ratio: np.ndarray


def process(log: Log, days: int, prior: Prior, known: Common, *, since: float = -np.inf) -> Process:
    """Everything the deals' way through the stages needs, learned from the log as it stands."""
    chance = hazards(*counts(log, since=since), prior=_prior_chances(log, prior))
    first = log.stays.drop_duplicates("deal")["stage"].to_numpy()
    entry = np.bincount(first, minlength=len(log.stages)) / max(len(first), 1)
    return Process(chance, _tilt(log, chance, days), known.arrivals, entry, known.size, known.ratio)


def _prior_chances(log: Log, prior: Prior) -> np.ndarray | None:
    """The company's chances per stage and cause, in the order of this log's stages."""
    if not prior.chances:
        return None
    table = np.zeros((len(log.stages), len(log.stages) + 2))
    for row, stage in enumerate(log.stages):
        known = prior.chances.get(stage, {})
        for column, cause in enumerate((*log.stages, "won", "lost")):
            table[row, column] = known.get(cause, 0.0)
    return table if table.sum() > 0 else None


def expected_events(log: Log, chance: Hazards, edges: np.ndarray, bands: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(observed, expected) of cause × group × band × span.

    Causes are the win and the loss, spans lie between the day numbers ``edges``, ``bands`` names the band of every age.
    """
    stays = log.stays
    stays = stays[(stays["left"].to_numpy() > edges[0]) & (stays["entered"].to_numpy() < edges[-1])]
    stage, entered, left = (stays[name].to_numpy() for name in ("stage", "entered", "left"))
    group = log.deals["group"].to_numpy()[stays["deal"].to_numpy()]
    shape = (len(log.groups), int(bands.max()) + 1, len(edges) - 1)
    expected = _expected(log, chance, edges, bands, (stage, group, entered, left))
    span = np.searchsorted(edges, left, "left") - 1
    band = bands[np.clip(left - entered - 1, 0, len(bands) - 1).astype(int)]
    observed = np.zeros((2, *shape))
    for row, cause in enumerate((len(log.stages), len(log.stages) + 1)):
        ended = (stays["cause"].to_numpy() == cause) & (span >= 0) & (span < shape[2])
        flat = np.ravel_multi_index((group[ended], band[ended], span[ended]), shape)
        observed[row] = np.bincount(flat, minlength=np.prod(shape)).reshape(shape)
    return observed, expected


def _expected(log: Log, chance: Hazards, edges: np.ndarray, bands: np.ndarray, stays: tuple) -> np.ndarray:
    """Cause × group × band × span: the summed chances of the days that the stays were under watch."""
    stage, group, entered, left = stays
    low = np.maximum(entered, max(log.start - 1, edges[0]))
    high = np.minimum(np.minimum(left, log.now), edges[-1])
    first, last = np.searchsorted(edges, low, "right") - 1, np.searchsorted(edges, high, "left") - 1
    pieces = np.where(high > low, last - first + 1, 0)  # one for every span that a stay reaches into
    row = np.repeat(np.arange(len(stage)), pieces)
    span = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    young, old = (
        np.clip(day - entered[row], 0, len(bands)).astype(int)
        for day in (np.maximum(low[row], edges[span]), np.minimum(high[row], edges[span + 1]))
    )
    summed = _summed(chance, bands)
    hazard = summed[:, stage[row], old] - summed[:, stage[row], young]
    spans, count, groups = len(edges) - 1, int(bands.max()) + 1, len(log.groups)
    flat = group[row] * spans + span
    sums = [np.bincount(flat, part, groups * spans).reshape(groups, spans) for part in hazard]
    return np.array(sums).reshape(2, count, groups, spans).swapaxes(1, 2)


def _summed(chance: Hazards, bands: np.ndarray) -> np.ndarray:
    """(cause and band) × stage × age: the chances of all younger ages, for the win and the loss."""
    within = bands[None, :] == np.arange(int(bands.max()) + 1)[:, None]
    daily = chance.daily[:, -2:].swapaxes(0, 1)[:, None] * within[None, :, None]
    summed = np.cumsum(daily, axis=3).reshape(-1, *daily.shape[2:])
    return np.concatenate([np.zeros((*summed.shape[:2], 1)), summed], axis=2)


BANDS = 3
"""Young, middle-aged and old deals, by equally many closings: the calendar need not do the same to all."""


def _bands(chance: Hazards) -> np.ndarray:
    """The band of every age in a stage."""
    closings = np.cumsum(chance.events[:, -2:].sum(axis=(0, 1)))
    cuts = np.searchsorted(closings, np.arange(1, BANDS) * closings[-1] / BANDS) + 1
    return np.searchsorted(np.unique(cuts), np.arange(chance.daily.shape[2]), "right")


def _tilt(log: Log, chance: Hazards, days: int) -> Tilt:
    """What the month, the age, the region and the drift do to the chances of winning and losing on the coming days."""
    first = max(log.start, log.now - 3 * 365)
    dates = log.dates(first, log.now)
    starts = np.flatnonzero(np.append(True, np.diff(seasons.month_number(dates)) > 0)) if len(dates) else np.array([0])
    edges = np.append(first + starts - 1, log.now).astype(float)
    bands = _bands(chance)
    observed, expected = expected_events(log, chance, edges, bands)
    coming = log.dates(log.now + 1, log.now + days)
    parts, won = [], None
    for seen, thought in zip(observed, np.maximum(expected, 1e-9), strict=True):
        effects = _monthly(seen.sum(axis=(0, 1)), thought.sum(axis=(0, 1)), dates[starts], coming)
        by_band = [
            _monthly(seen[:, band].sum(axis=0), thought[:, band].sum(axis=0), dates[starts], coming, effects[0])[1]
            for band in range(seen.shape[1])
        ]
        parts.append((np.array(by_band).T[:, bands], seasons.shrunk_effects(*_sums(seen, thought))))
        won = won or effects[0]
    drift = _drifted(log, chance, won, days)
    return Tilt(parts[0][0] * drift[:, None], parts[1][0], parts[0][1], parts[1][1])


def _drifted(log: Log, chance: Hazards, calendar: dict[str, np.ndarray], days: int) -> np.ndarray:
    """Coming day: how much likelier deals are won now than over all of the past, by the weeks' wins.

    Each week's wins against what the ages of its deals and the calendar ask for; one win of the usual kind a week
    steadies weeks with few.
    """
    weeks = int((log.now - max(log.start - 1, log.now - 3 * 365)) // 7)
    if weeks < 1:
        return np.ones(days)
    edges = log.now - 7.0 * np.arange(weeks, -1, -1)
    seen, thought = (part[0].sum(axis=(0, 1)) for part in expected_events(log, chance, edges, _one_band(chance)))
    pace = seasons.pace(calendar, log.dates(int(edges[0]) + 1, log.now)).reshape(-1, 7).mean(axis=1)
    usual = seen.sum() / max(thought.sum(), 1e-9)
    return coming_levels(seen[None] + usual, thought * pace + 1.0, days, unit=7)[0]


def _one_band(chance: Hazards) -> np.ndarray:
    return np.zeros(chance.daily.shape[2], int)


def _sums(seen: np.ndarray, thought: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return seen.sum(axis=(1, 2)), thought.sum(axis=(1, 2))


def _monthly(seen, thought, months, coming, priors=None) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """(effects of the calendar's months, their product on each coming day)."""
    effects = seasons.calendar_effects(seen, thought, months, only=("quarter_month", "month"), priors=priors)
    return effects, seasons.pace(effects, coming)


def standing(log: Log, weight: np.ndarray, ages: int) -> np.ndarray:
    """Group × stage × age of the open deals, each counted by its ``weight``; age is what they are next at risk at."""
    place, group, stage, age = open_places(log, ages)
    flat = (group * len(log.stages) + stage) * ages + age
    size = len(log.groups) * len(log.stages) * ages
    return np.bincount(flat, weight[place], minlength=size).reshape(len(log.groups), len(log.stages), ages)


def open_places(log: Log, ages: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(row of the deal, group, stage, age in the stage) of every open deal that has a day."""
    here = log.stays["left"].to_numpy() >= FAR
    deal, stage = log.stays["deal"].to_numpy()[here], log.stays["stage"].to_numpy()[here]
    age = np.clip(log.now - log.stays["entered"].to_numpy()[here], 0, ages - 1).astype(int)
    return deal, log.deals["group"].to_numpy()[deal], stage, age


def pipeline_parts(log: Log, way: Process) -> tuple[np.ndarray, np.ndarray]:
    """(open, new): group × day of what is won of the deals that stand there, and of those not yet created."""
    ages = way.chance.daily.shape[2]
    there = standing(log, log.deals["amount"].to_numpy(), ages) * way.ratio[:, None, None]
    nobody = np.zeros((*there.shape[:2], way.arrivals.shape[1]))
    coming = way.arrivals[:, None, :] * way.entry[None, :, None] * way.size.mean[:, None, None]
    opened = forward(there, nobody, way.chance, way.tilt)
    return opened, forward(np.zeros_like(there), coming, way.chance, way.tilt)


def pipeline_models(log: Log, days: int, prior: Prior, known: Common) -> dict[str, Guess]:
    """Deals on their way: all of the past, and its newer half (by closings), as two models."""
    closed = log.deals["closed"].to_numpy()
    closed = closed[closed <= log.now]
    half = float(np.median(closed)) if len(closed) else -np.inf
    guesses = {}
    for name, since in (("pipeline", -np.inf), ("pipeline_recent", half)):
        way = process(log, days, prior, known, since=since)
        mean = sum(pipeline_parts(log, way))
        guesses[name] = Guess(mean, *spread(mean, way.size, 1.0))
    return guesses
