"""One forecast out of many: each model's word weighed by its own past, the interval stretched to what the past asks."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from kamlib import scoring
from kamlib.baselines import SIMPLE, UNTIMED, baselines
from kamlib.deallog import Log, daily, log_at
from kamlib.onward import pipeline_models
from kamlib.paces import Guess, Prior, calendar_models, common

MOST_WINDOWS = 26
"""Past windows a forecast looks back on."""
ENOUGH = 4.0
"""Independent windows of the length asked for that need no shorter ones beside them: a year of quarters."""
FEWEST_DAYS = 28
"""A log shorter than this cannot be forecast from."""


def guesses(log: Log, days: int, prior: Prior) -> dict[str, Guess]:
    """What every model says at the end of the log's ``now``."""
    known = common(log, prior, days)
    models = calendar_models(log, days, known) | pipeline_models(log, days, prior, known)
    return models | baselines(log, days, known.size)


@dataclass(frozen=True)
class Record:
    """What every model said at each past origin and now (the last row), and what came of it.

    ``mean`` and ``sd`` are origin × model × group, missing where a model had no past; ``actual`` is origin × group, its
    last row missing. The total is the last group.
    """

    names: tuple[str, ...]
    origins: np.ndarray
    days: int
    step: int
    mean: np.ndarray = field(repr=False)
    sd: np.ndarray = field(repr=False)
    actual: np.ndarray = field(repr=False)
    shorter: "Record | None" = field(default=None, repr=False)
    """The same for windows a quarter as long: evidence while few windows of the length asked for have ended."""

    start: int = 0

    def known(self, at: int) -> np.ndarray:
        """The origins whose window had ended by day ``at``."""
        return self.origins + self.days <= at

    def alike(self, at: int) -> np.ndarray:
        """Those of them that knew half of the log known at ``at``: with less, spreads were no measure of today's."""
        return self.known(at) & (2 * (self.origins - self.start) >= at - self.start)

    @property
    def simple(self) -> np.ndarray:
        return np.isin(self.names, SIMPLE)


def step_of(days: int) -> int:
    """Days between past origins: a quarter of the window, at least a week."""
    return max(7, int(np.ceil(days / 4 / 7)) * 7)


def past_origins(log: Log, days: int) -> np.ndarray:
    """Day numbers from which the forecast is tried on its own past: all but the first windows of the log."""
    step = step_of(days)
    first = log.start + max(days, FEWEST_DAYS) - 1
    origins = np.arange(log.now - step * int(np.ceil(days / step)), first, -step)
    return np.sort(origins[:MOST_WINDOWS])


def record(log: Log, days: int, prior: Prior, memory: dict | None = None) -> tuple[Record, dict[str, Guess]]:
    """What all models said in the log's own past, and say now. ``memory`` keeps what was said
    on a day for later calls on the same data."""
    memory = {} if memory is None else memory
    told, now = _record(log, days, prior, memory)
    tried = scoring.independent(len(told.origins) - 1, told.step, days)
    if tried < ENOUGH and step_of(days) < days:
        told = replace(told, shorter=_record(log, step_of(days), prior, memory)[0])
    return told, now


def _record(log: Log, days: int, prior: Prior, memory: dict) -> tuple[Record, dict[str, Guess]]:
    origins = np.append(past_origins(log, days), log.now)
    told = []
    for origin in origins:
        key = (log.as_of + pd.Timedelta(days=int(origin)), days, log.groups)
        if key not in memory:
            memory[key] = guesses(log_at(log, int(origin)), days, prior)
        told.append(memory[key])
    names = tuple(dict.fromkeys(name for said in told for name in said))
    size = (len(origins), len(names), len(log.groups) + 1)
    mean, sd = np.full(size, np.nan), np.full(size, np.nan)
    for row, said in enumerate(told):
        for column, name in enumerate(names):
            if name in said:
                sums = said[name].mean.sum(axis=1)
                mean[row, column] = np.append(sums, sums.sum())
                sd[row, column] = np.append(said[name].sd, said[name].sd_total)
    floor = np.maximum(np.nanmax(mean, axis=(0, 1)), 1e-9) * 1e-6
    sd, actual = np.maximum(sd, floor), _actuals(log, origins, days)
    return Record(names, origins, days, step_of(days), mean, sd, actual, start=log.start), told[-1]


def _actuals(log: Log, origins: np.ndarray, days: int) -> np.ndarray:
    first = int(min(origins.min(), log.now))
    won = np.cumsum(np.pad(daily(log, first + 1, value=True), ((0, 0), (1, 0))), axis=1)
    begin = (origins - first).astype(int)
    ends = np.minimum(begin + days, won.shape[1] - 1)
    sums = (won[:, ends] - won[:, begin]).T
    sums = np.column_stack([sums, sums.sum(axis=1)])
    return np.where((origins + days <= log.now)[:, None], sums, np.nan)


@dataclass(frozen=True)
class Blend:
    """The models' joint word at each origin, for the groups judged together (the regions, or the total)."""

    mean: np.ndarray
    sd: np.ndarray
    weights: np.ndarray
    scores: np.ndarray
    score: float
    simple: str
    simple_score: float
    windows: int
    lost: bool
    own_score: float
    stretch: float


@dataclass(frozen=True)
class Trial:
    """How every model did on a record: origin × model scores; origin × model × group errors, and what was expected."""

    record: Record
    crps: np.ndarray
    errors: np.ndarray
    sd: np.ndarray

    def windows(self, at: int) -> tuple[np.ndarray, float]:
        """(which windows had ended by day ``at``, how many independent ones they are worth)."""
        return _counted(self.record, self.record.known(at))

    def alike(self, at: int) -> tuple[np.ndarray, float]:
        """The same for the windows whose spread is a measure of today's."""
        return _counted(self.record, self.record.alike(at))


def _counted(record: Record, rows: np.ndarray) -> tuple[np.ndarray, float]:
    return rows, scoring.independent(int(rows.sum()), record.step, record.days)


def _trial(record: Record, groups: slice) -> tuple[Trial, np.ndarray]:
    m, s, y = record.mean[:, :, groups], record.sd[:, :, groups], record.actual[:, groups]
    shorter = _trial(record.shorter, groups)[0] if record.shorter else None
    trial = Trial(record, np.empty(0), y[:, None] - m, s)
    stretched = np.stack([s[row] * _stretches(trial, shorter, record.origins[row])[:, None] for row in range(len(m))])
    crps = scoring.crps_normal(m, stretched, y[:, None]).mean(axis=2)
    return replace(trial, crps=crps), stretched


def blend(record: Record, groups: slice) -> Blend:
    """Weights, mean and interval at every origin, each from the windows that had ended by then; the last row is now."""
    m, y = record.mean[:, :, groups], record.actual[:, groups]
    trial, stretched = _trial(record, groups)
    shorter = _trial(record.shorter, groups)[0] if record.shorter else None
    crps = trial.crps
    mean, sd = np.full((2, *y.shape), np.nan), np.full((2, *y.shape), np.nan)
    own = np.full((2, len(m)), np.nan)  # of the models' blend, and of the headline
    for row in range(len(m)):
        weights = _weights(trial, shorter, row)
        headline, lost = _headline(trial, own[0], weights, row)
        for kind, used in enumerate((weights, headline)):
            mean[kind, row], sd[kind, row] = _mixed(used, m[row]), _mixed(used, stretched[row])
            stretch = _conformal(record, y - mean[kind], sd[kind], own[kind], row)
            if record.known(record.origins[row]).any():  # the first ones had no past to weigh by
                score = scoring.crps_normal(mean[kind, row], sd[kind, row] * stretch, y[row])
                own[kind, row] = score.mean()
    known = record.known(record.origins[-1])
    scores = _scores(crps[known]) if known.any() else np.full(len(record.names), np.nan)
    best = _best_simple(record, scores)
    scale = np.nanmean(y[known]) if known.any() and np.nanmean(y[known]) > 0 else np.nan
    simple = record.names[best] if best >= 0 else ""
    simple_score = scores[best] / scale if best >= 0 else np.nan
    ours, said = _mean(own[1, known]) / scale, _mean(own[0, known]) / scale
    counted = int(known.sum())
    return Blend(mean[1], sd[1], headline, scores / scale, ours, simple, simple_score, counted, lost, said, stretch)


def _mean(values: np.ndarray) -> float:
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else float("nan")


def _stretches(trial: Trial, shorter: Trial | None, at: int) -> np.ndarray:
    """By how much each model's spread must be stretched; shorter windows speak while few long ones have ended."""
    own = np.ones(len(trial.record.names))
    if shorter is not None:
        short = dict(zip(shorter.record.names, _asked(shorter, at, np.ones(len(shorter.record.names))), strict=True))
        own = np.array([short.get(name, 1.0) for name in trial.record.names])
    return own * _asked(trial, at, own)


def _asked(trial: Trial, at: int, own: np.ndarray) -> list[float]:
    """What the past of each model asks for beyond the stretch ``own``."""
    known, n = trial.alike(at)
    return [scoring.past_scale(trial.errors[known, k], trial.sd[known, k] * own[k], n) for k in range(len(own))]


def _conformal(record: Record, errors: np.ndarray, sd: np.ndarray, own: np.ndarray, row: int) -> float:
    """The stretch that the blend's own past asks for; what was said before there was a past to weigh by is left out.

    Windows weigh by the variance expected of them: those of a tiny beginning say little of a business that has grown.
    """
    known, n = _counted(record, record.alike(record.origins[row]) & np.isfinite(own))
    if not known.any():
        return 1.0
    worth = sd[known] ** 2 / (sd[known] ** 2).mean(axis=0)
    z = errors[known] / sd[known]
    return scoring.conformal_scale(z.ravel(), n * z.shape[1], worth=worth.ravel())


def _scores(crps: np.ndarray) -> np.ndarray:
    """Mean past score of every model, made comparable by the reference where a model missed the early windows."""
    ended = np.isfinite(crps)
    shared = ended.sum(axis=0)
    reference = crps[:, :1]
    sums = np.where(ended, crps, 0).sum(axis=0)
    base = np.where(ended, reference, 0).sum(axis=0)
    enough = (shared > 0) & (2 * shared >= len(crps))
    ratio = np.divide(sums, base, out=np.full(len(sums), np.nan), where=enough & (base > 0))
    return ratio * reference.mean()


def _best_simple(record: Record, scores: np.ndarray) -> int:
    simple = np.where(record.simple & np.isfinite(scores), scores, np.inf)
    return int(simple.argmin()) if np.isfinite(simple).any() else -1


def _weights(trial: Trial, shorter: Trial | None, row: int) -> np.ndarray:
    """The models' weights at an origin."""
    record = trial.record
    at = record.origins[row]
    known, n = trial.windows(at)
    there = np.isfinite(record.mean[row]).all(axis=1)
    prior = _prior_weights(record, shorter, at, n) * there
    if known.any():
        weights = scoring.evidence_weights(np.where(there, _scores(trial.crps[known]), np.nan), n) * prior
        prior = weights if weights.sum() > 0 else prior
    return prior / prior.sum()


def _headline(trial: Trial, own: np.ndarray, weights: np.ndarray, row: int) -> tuple[np.ndarray, bool]:
    """(the weights that make the headline at an origin, whether the best simple forecast had beaten every
    model and their blend by then)."""
    record = trial.record
    known = record.known(record.origins[row])
    there = np.isfinite(record.mean[row]).all(axis=1)
    scores = np.where(there, _scores(trial.crps[known]), np.nan) if known.any() else np.full(len(weights), np.nan)
    best = _best_simple(record, scores)
    models = scores[~record.simple & np.isfinite(scores)]
    beats_each = best >= 0 and scores[best] < models.min(initial=np.inf)
    if beats_each and _lost(own[known], trial.crps[known, best]):
        return np.eye(len(scores))[best], True
    return weights, False


def _prior_weights(record: Record, shorter: Trial | None, at: int, n: float) -> np.ndarray:
    """What speaks for each model before long windows do: the three ideas alike, or the weights by shorter windows."""
    known, m = shorter.windows(at) if shorter is not None else (np.zeros(0, bool), 0.0)
    share = _shares(record)
    if not known.any():
        return share if n > 0 else np.where(record.simple, 0.0, share)
    short = dict(
        zip(shorter.record.names, scoring.evidence_weights(_scores(shorter.crps[known]), m / (1 + n)), strict=True)
    )
    return share * np.array([short.get(name, 0.0) for name in record.names])


def _shares(record: Record) -> np.ndarray:
    """Signing pace, deals on their way, and simple forecasts count alike: near copies of one do not outvote another.

    What knows no window has no part in the blend; where it did best all the same, it is the headline (`_headline`).
    """
    idea = np.where(record.simple, 2, [int(name.startswith("pipeline")) for name in record.names])
    share = 1.0 / np.bincount(idea, minlength=3)[idea]
    return np.where(np.isin(record.names, UNTIMED), 0.0, share)


def _lost(own: np.ndarray, simple: np.ndarray) -> bool:
    """Whether the simple forecast scored better over the windows both have."""
    both = np.isfinite(own) & np.isfinite(simple)
    return bool(both.any() and simple[both].mean() < own[both].mean())


def _mixed(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    used = weights > 0
    return weights[used] @ values[used]
