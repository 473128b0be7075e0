"""Will we make the number, and can you trust the answer: the forecast of what will be signed (decade 3).

What is known is cut at ``as_of`` first (`kamlib.deallog`); several models speak (`kamlib.paces`, `kamlib.baselines`),
each weighed by its own past (`kamlib.blending`); simulated paths carry the answer (`kamlib.simulating`).
"""

from dataclasses import asdict, dataclass, field, replace

import numpy as np
import pandas as pd

from kamlib import blending, scoring, simulating
from kamlib.cautions import cautions, forecast_names
from kamlib.deallog import Log, days_ahead, read_log
from kamlib.onward import Process, pipeline_parts, process
from kamlib.paces import Prior, common
from kamlib.pooling import company_history, prior_of
from kamlib.transitions import Tilt

REACH = 20.0
"""A pipeline that would have to be this many times as large is out of reach."""

__all__ = ["Forecast", "Total", "company_history", "forecast", "forecast_names"]


@dataclass(frozen=True)
class Total:
    """What will be signed from ``as_of`` to ``end``, currency (or deals): ``mean`` = ``open`` + ``new``.

    ``won_to_date`` was signed before, in the month, quarter or year that ``end`` closes; the landing is their sum.
    With a target: ``p_target`` is the chance that the landing reaches it, ``coverage`` the open amount ÷ what is still
    missing, ``coverage_needed`` what that ratio would have to be for a chance of 80 %; infinite where that is more than
    `REACH` times what it is: the paths scatter so much that no pipeline reaches it.
    """

    start: pd.Timestamp
    end: pd.Timestamp
    mean: float
    p10: float
    p20: float
    p50: float
    p90: float
    won_to_date: float
    open: float
    new: float
    open_amount: float
    count: float
    mean_amount: float
    target: float
    p_target: float
    coverage: float
    coverage_needed: float

    def __getitem__(self, name: str) -> object:
        return getattr(self, name)

    def keys(self) -> list[str]:
        """The names of the numbers; ``dict(total)`` works."""
        return list(asdict(self))

    def frame(self) -> pd.DataFrame:
        """The numbers as one row."""
        return pd.DataFrame([asdict(self)])


@dataclass(frozen=True)
class Forecast:
    """The answer of `forecast`."""

    total: Total
    by_period: pd.DataFrame = field(repr=False)
    """period (first day of the month), start, end, mean, p10, p50, p90, open, new, count."""
    by_region: pd.DataFrame = field(repr=False)
    """region, mean, p10, p50, p90, open, new, count; means sum to the total's, and paths to its paths."""
    draws: np.ndarray = field(repr=False)
    """The total on each path."""
    region_draws: pd.DataFrame = field(repr=False)
    """path × region."""
    models: pd.DataFrame = field(repr=False)
    """model, mean, sd, weight, score (past CRPS ÷ mean actual), simple, windows; best first."""
    score: float
    """Past score of the forecast itself, in the unit of ``models['score']``; missing without a past."""
    levers: pd.DataFrame = field(repr=False)
    """lever (conversion, cycle, amount, new_deals), change: what 10 % more of each would add to the mean."""
    deals: pd.DataFrame = field(repr=False)
    """Open deals: opportunity_id, region, stage, amount, days_in_stage, p90_days, hazard (per day), p_won (in the
    window), expected, next_stage, stalled; the most stalled amount first."""
    alerts: tuple[str, ...] = ()


def forecast(
    opportunities: pd.DataFrame,
    stage_history: pd.DataFrame | None = None,
    *,
    as_of: object,
    horizon: object,
    company: object = None,
    target: float | None = None,
    paths: int = 2000,
    seed: int = 0,
    measure: str = "amount",
) -> Forecast:
    """What will be signed after ``as_of``, with the odds, and how far the forecast could be trusted so far.

    Parameters
    ----------
    opportunities
        opportunity_id, created, closed, outcome (won, lost, open), amount (currency); where known closed_amount
        (currency), region, owner, product. Several regions are forecast together and add up.
    stage_history
        opportunity_id, stage, entered. None: deals are told apart by age only, and an alert says so.
    as_of
        Nothing dated later is used.
    horizon
        A Timedelta or number of days, or the last day of the window.
    company
        What the other regions know, where this is one: `company_history` of the company (through ``book.pooled``), or
        the company's opportunities, or (opportunities, stage_history).
    target
        What should be signed in the period that the window closes, currency.
    measure
        ``amount``, or ``count`` of deals.

    Raises
    ------
    ValueError
        If a column is missing, the horizon does not lie ahead, or ``measure`` is unknown.

    Notes
    -----
    Competing risks by stage and time in stage (Aalen and Johansen 1978) with the calendar's effects, new deals, and the
    pace of signing by the calendar; all effects shrunk (empirical Bayes). Models are weighed by past CRPS, the 80 %
    interval is stretched to what its own past errors ask (conformal prediction). Where a simple forecast had the better
    past, it is the headline, and an alert says so.
    """
    log = read_log(opportunities, stage_history, as_of=as_of, measure=measure)
    days = days_ahead(log.as_of, horizon)
    prior = prior_of(company, as_of=log.as_of, measure=measure)
    return _forecast(log, days, prior, target=target, paths=paths, seed=seed, memory={})


@dataclass(frozen=True)
class Word:
    """What the blend says now: group × day, and the spread of sums."""

    daily: np.ndarray
    sd: np.ndarray
    sd_total: float
    total: blending.Blend
    groups: blending.Blend
    record: blending.Record


def joint_word(log: Log, days: int, prior: Prior, memory: dict) -> Word:
    """What the models say together at the end of the log's ``now``; ``memory`` as in `kamlib.blending.record`."""
    record, said = blending.record(log, days, prior, memory)
    total, groups = blending.blend(record, slice(-1, None)), blending.blend(record, slice(0, -1))
    by_group = _daily(record.names, groups.weights, said)
    whole = _daily(record.names, total.weights, said).sum(axis=0)
    shape = by_group.sum(axis=0)
    daily = by_group * np.divide(whole, shape, out=np.zeros_like(whole), where=shape > 0)
    rest = np.where(shape > 0, 0.0, whole) / len(by_group)
    sd = groups.sd[-1] * groups.stretch
    return Word(daily + rest, sd, float(total.sd[-1, 0] * total.stretch), total, groups, record)


def _daily(names, weights: np.ndarray, said: dict) -> np.ndarray:
    return sum(weight * said[name].mean for name, weight in zip(names, weights, strict=True) if weight > 0)


def _forecast(log: Log, days: int, prior: Prior, *, target, paths: int, seed: int, memory: dict) -> Forecast:
    word = joint_word(log, days, prior, memory)
    known = common(log, prior, days)
    way = process(log, days, prior, known)
    dates = log.dates(1, days)
    period = dates.astype("datetime64[M]").astype(int)
    period = period - period[0]
    mean = np.stack([word.daily[:, period == at].sum(axis=1) for at in range(period.max() + 1)], axis=1)
    raw = simulating.simulate(log, way, period, paths=paths, seed=seed)
    value, count = simulating.settle(raw, mean, word.sd, word.sd_total, seed=seed)
    opened = _open_share(raw) * mean
    total = _total(log, days, value, count, mean, opened, target)
    by_region = _summary(
        {"region": log.groups}, value.sum(axis=2).T, mean.sum(axis=1), opened.sum(axis=1), count.sum(2).T
    )
    return Forecast(
        total=total,
        by_period=_periods(dates, period, value, count, mean, opened),
        by_region=by_region,
        draws=value.sum(axis=(0, 2)),
        region_draws=pd.DataFrame(value.sum(axis=2).T, columns=list(log.groups)),
        models=_models(word),
        score=word.total.score,
        levers=_levers(log, way, mean),
        deals=_deals(log, way, period),
        alerts=cautions(log, word.total, way, prior, days),
    )


def _open_share(raw: simulating.Paths) -> np.ndarray:
    """Group × period: the part of what is won that stands in the pipeline today."""
    opened, new = raw.opened.mean(axis=1), raw.new.mean(axis=1)
    return np.divide(opened, opened + new, out=np.zeros_like(opened), where=opened + new > 0)


def _summary(names: dict, draws: np.ndarray, mean, opened, counts) -> pd.DataFrame:
    """One row per column of ``draws`` (path × what)."""
    low, middle, high = np.quantile(draws, [0.1, 0.5, 0.9], axis=0)
    table = dict(names) | {"mean": mean, "p10": low, "p50": middle, "p90": high}
    return pd.DataFrame(table | {"open": opened, "new": mean - opened, "count": counts.mean(axis=0)})


def _periods(dates, period, value, count, mean, opened) -> pd.DataFrame:
    first = np.flatnonzero(np.diff(period, prepend=-1))
    last = np.append(first[1:], len(period)) - 1
    names = {
        "period": dates[first].astype("datetime64[M]").astype("datetime64[s]"),
        "start": dates[first].astype("datetime64[s]"),
        "end": dates[last].astype("datetime64[s]"),
    }
    return _summary(names, value.sum(axis=0), mean.sum(axis=0), opened.sum(axis=0), count.sum(axis=0))


def _total(log: Log, days: int, value, count, mean, opened, target) -> Total:
    draws = value.sum(axis=(0, 2))
    p10, p20, p50, p90 = (float(q) for q in np.quantile(draws, [0.1, 0.2, 0.5, 0.9]))
    end = log.as_of.normalize() + pd.Timedelta(days=days)
    start = period_start(log.as_of, end)
    won = log.deals[log.deals["won"] & (log.deals["closed"] > (start - log.as_of.normalize()).days - 1)]
    to_date = float(won["value"].sum()) if start <= log.as_of.normalize() else 0.0
    standing = float(log.deals.loc[log.deals["closed"] > 0, "amount"].sum())
    expected, counted = float(mean.sum()), float(count.sum(axis=(0, 2)).mean())
    gap = np.nan if target is None else target - to_date
    share = float(opened.sum()) / expected if expected > 0 else 0.0
    return Total(
        start=start,
        end=end,
        mean=expected,
        p10=p10,
        p20=p20,
        p50=p50,
        p90=p90,
        won_to_date=to_date,
        open=float(opened.sum()),
        new=expected - float(opened.sum()),
        open_amount=standing,
        count=counted,
        mean_amount=expected / counted if counted > 0 else np.nan,
        target=np.nan if target is None else float(target),
        p_target=np.nan if target is None else float((draws >= gap).mean()),
        coverage=standing / gap if gap > 0 else np.nan,
        coverage_needed=_coverage_needed(draws, share, standing, gap),
    )


def _coverage_needed(draws: np.ndarray, share: float, standing: float, gap: float) -> float:
    """The open amount ÷ what is missing at which four paths of five reach it, new business as simulated.

    On each path the open deals bring a part; the pipeline grows by one factor on all of them. Where a fifth of the
    paths win nothing of it no factor is large enough: infinite, as beyond `REACH`.
    """
    if not gap > 0 or standing <= 0 or share <= 0:
        return np.nan
    asked, brought = gap - (1 - share) * draws, share * draws
    grown = np.where(asked > 0, np.inf, 0.0)
    np.divide(asked, brought, out=grown, where=brought > 0)
    factor = max(0.0, float(np.quantile(grown, scoring.LEVEL, method="inverted_cdf")))
    return factor * standing / gap if factor <= REACH else np.inf


def period_start(as_of: pd.Timestamp, end: pd.Timestamp) -> pd.Timestamp:
    """First day of the shortest month, quarter or year that ends with ``end`` and holds the day after ``as_of``.

    Where there is none, that day itself.

    >>> period_start(pd.Timestamp("2024-05-15"), pd.Timestamp("2024-06-30"))
    Timestamp('2024-04-01 00:00:00')
    """
    tomorrow = as_of.normalize() + pd.Timedelta(days=1)
    for frequency in ("M", "Q", "Y"):
        span = end.to_period(frequency)
        if span.end_time.normalize() == end and span.start_time <= tomorrow:
            return span.start_time
    return tomorrow


def _models(word: Word) -> pd.DataFrame:
    record, now = word.record, word.total
    table = pd.DataFrame(
        {
            "model": list(record.names),
            "mean": record.mean[-1, :, -1],
            "sd": record.sd[-1, :, -1],
            "weight": now.weights,
            "score": now.scores,
            "simple": record.simple,
            "windows": now.windows,
        }
    )
    return table.sort_values(["weight", "score"], ascending=[False, True], kind="stable").reset_index(drop=True)


def _levers(log: Log, way: Process, mean: np.ndarray) -> pd.DataFrame:
    """What a tenth more of each lever adds to the mean, on the engine of deals on their way."""
    ages = np.minimum((np.arange(way.chance.daily.shape[2]) * 1.1).astype(int), way.chance.daily.shape[2] - 1)
    faster = replace(way.chance, daily=np.minimum(way.chance.daily[:, :, ages] * 1.1, 1.0))
    tilt = way.tilt
    more_wins = Tilt(tilt.won * 1.1, tilt.lost, tilt.group_won, tilt.group_lost)
    base = _engine(log, way)
    changed = {
        "conversion": _engine(log, replace(way, tilt=more_wins)),
        "cycle": _engine(log, replace(way, chance=faster)),
        "amount": base * 1.1,
        "new_deals": _engine(log, replace(way, arrivals=way.arrivals * 1.1)),
    }
    scale = mean.sum() / base if base > 0 else 0.0
    rows = [(name, (value - base) * scale) for name, value in changed.items()]
    table = pd.DataFrame(rows, columns=["lever", "change"])
    return table.sort_values("change", ascending=False, kind="stable").reset_index(drop=True)


def _engine(log: Log, way: Process) -> float:
    opened, new = pipeline_parts(log, way)
    return float(opened.sum() + new.sum())


def _deals(log: Log, way: Process, period: np.ndarray) -> pd.DataFrame:
    """Open deals with their odds; a deal is stalled when it has stood longer than nine of ten finished stays."""
    deal, odds = simulating.deal_odds(log, way, period)
    here = log.stays[log.stays["left"] > log.now]
    stage, age = here["stage"].to_numpy(), (log.now - here["entered"]).to_numpy(int)
    slow = _slow(log)
    at = np.minimum(age, way.chance.daily.shape[2] - 1)
    p_won = odds.sum(axis=1)
    deals = log.deals.iloc[deal]
    onward = way.chance.daily[stage, :, at].copy()
    onward[:, -1] = 0.0
    names = np.array([*log.stages, "won"], dtype=object)
    table = pd.DataFrame(
        {
            "opportunity_id": deals["opportunity_id"].to_numpy(),
            "account_id": deals["account_id"].to_numpy(),
            "owner": deals["owner"].to_numpy(),
            "region": np.array(log.groups, dtype=object)[deals["group"].to_numpy()],
            "stage": np.array(log.stages, dtype=object)[stage],
            "amount": deals["amount"].to_numpy(),
            "days_in_stage": age,
            "p90_days": slow[stage],
            "hazard": way.chance.daily[stage, :, at].sum(axis=1),
            "p_won": p_won,
            "expected": p_won * deals["amount"].to_numpy() * way.ratio[deals["group"].to_numpy()],
            "next_stage": names[onward[:, :-1].argmax(axis=1)] if len(deal) else np.empty(0, object),
            "stalled": age > slow[stage],
        }
    )
    return table.sort_values(["stalled", "amount"], ascending=False, kind="stable").reset_index(drop=True)


def _slow(log: Log) -> np.ndarray:
    """The age that nine of ten finished stays in each stage did not exceed; endless where none has finished."""
    done = log.stays[log.stays["cause"] >= 0]
    days = (done["left"] - done["entered"]).groupby(done["stage"]).quantile(0.9)
    return days.reindex(range(len(log.stages))).fillna(np.inf).to_numpy()
