"""How the forecast did: made again on days of the past, as it would have been made then, beside every model of it."""

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from kamlib import scoring, simulating
from kamlib.deallog import Log, day_of, days_ahead, moments, read_log
from kamlib.forecast import joint_word
from kamlib.onward import process
from kamlib.paces import Prior, common
from kamlib.pooling import prior_of


def backtest(
    opportunities: pd.DataFrame,
    stage_history: pd.DataFrame | None = None,
    *,
    as_ofs: object,
    horizon: object,
    company: object = None,
    paths: int = 1000,
    seed: int = 0,
    measure: str = "amount",
) -> pd.DataFrame:
    """One row per day of forecast, region and model: what was said then, and what came.

    Every forecast is made as `forecast` would have made it on its day; only windows that have ended by the last closing
    in the data are returned.

    Parameters
    ----------
    as_ofs
        The days to forecast from.
    horizon
        As in `forecast`; an offset such as ``pd.offsets.MonthEnd(1)`` counts from each day.

    Returns
    -------
    DataFrame
        as_of, end, region (``all`` for the sum), model (``forecast`` is ours), simple (a baseline), actual, mean, p10,
        p90, crps (unit of the measure), pit (0–1), lost (whether a simple forecast was the headline).
        `kamlib.scoring.accuracy` turns it into a table of scores.
    """
    stamps = sorted(day_of(stamp) for stamp in as_ofs)
    full = read_log(opportunities, stage_history, as_of=_last_moment(opportunities, stamps), measure=measure)
    memory: dict = {}
    rows = []
    for stamp in stamps:
        days = days_ahead(stamp, horizon)
        if stamp + pd.Timedelta(days=days) > full.as_of:
            continue
        log = read_log(opportunities, stage_history, as_of=stamp, measure=measure)
        prior = prior_of(company, as_of=stamp, measure=measure)
        rows.append(_told(log, days, prior, full, paths, seed, memory if company is None else {}))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=BACKTEST_COLUMNS)


BACKTEST_COLUMNS = [
    "as_of", "end", "region", "model", "simple", "actual", "mean", "p10", "p90", "crps", "pit", "lost",
]  # fmt: skip


def _last_moment(opportunities: pd.DataFrame, stamps: list) -> pd.Timestamp:
    last = moments(opportunities["closed"]).max()
    return max([*stamps[:1], last.normalize() + (stamps[0] - stamps[0].normalize())]) if stamps else pd.Timestamp(0)


def _told(log: Log, days: int, prior: Prior, full: Log, paths: int, seed: int, memory: dict) -> pd.DataFrame:
    word = joint_word(log, days, prior, memory)
    way = process(log, days, prior, common(log, prior, days))
    period = np.zeros(days, int)
    raw = simulating.simulate(log, way, period, paths=paths, seed=seed)
    value, _count = simulating.settle(raw, word.daily.sum(axis=1, keepdims=True), word.sd, word.sd_total, seed=seed)
    sums = value.sum(axis=2)
    names = [*log.groups, "all"] if log.groups != ("",) else ["all"]
    actual = _actual(full, log, days)
    draws = np.vstack([sums, sums.sum(axis=0)]) if len(names) > 1 else sums.sum(axis=0, keepdims=True)
    rows = [
        _row(name, "forecast", False, actual[name], *_ours(d, actual[name]))
        for name, d in zip(names, draws, strict=True)
    ]
    for column, name in enumerate(names):
        for row, model in enumerate(word.record.names):
            at = column if len(names) > 1 else -1
            said = (word.record.mean[-1, row, at], word.record.sd[-1, row, at])
            if np.isfinite(said[0]):
                rows.append(_row(name, model, word.record.simple[row], actual[name], *_theirs(*said, actual[name])))
    end = log.as_of + pd.Timedelta(days=days)
    table = pd.DataFrame(rows, columns=BACKTEST_COLUMNS[2:-1])
    return table.assign(as_of=log.as_of, end=end, lost=word.total.lost)[BACKTEST_COLUMNS]


def _actual(full: Log, log: Log, days: int) -> dict[str, float]:
    """What was signed in the window, by region and ``all``."""
    shift = round((log.as_of - full.as_of) / pd.Timedelta(days=1))
    won = full.deals[full.deals["won"] & (full.deals["closed"] > shift) & (full.deals["closed"] <= shift + days)]
    sums = won.groupby("group")["value"].sum()
    return {name: float(sums.get(at, 0.0)) for at, name in enumerate(full.groups)} | {"all": float(won["value"].sum())}


def _row(region: str, model: str, simple: bool, actual: float, *scores: float) -> tuple:
    return (region, model, bool(simple), actual, *scores)


def _ours(draws: np.ndarray, actual: float) -> tuple[float, ...]:
    low, high = np.quantile(draws, [0.1, 0.9])
    return draws.mean(), low, high, scoring.crps_draws(draws, actual), scoring.pit(draws, actual)


def _theirs(mean: float, sd: float, actual: float) -> tuple[float, ...]:
    width = ndtri(0.9) * sd
    crps = float(scoring.crps_normal(mean, sd, actual))
    return mean, max(mean - width, 0.0), mean + width, crps, float(ndtr((actual - mean) / sd))
