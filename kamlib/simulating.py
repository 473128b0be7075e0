"""Paths of the coming window: which open deals are won when, what new ones bring, and the whole in one distribution."""

from dataclasses import dataclass

import numpy as np

from kamlib.deallog import Log
from kamlib.onward import Process, open_places
from kamlib.transitions import backward, forward

_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Paths:
    """Simulated wins, group × path × period: in value and in number, from deals open now and from new ones."""

    opened: np.ndarray
    new: np.ndarray
    open_count: np.ndarray
    new_count: np.ndarray


def deal_odds(log: Log, way: Process, period: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(row of every open deal, its chance of being won in each period of the window)."""
    ages = way.chance.daily.shape[2]
    deal, group, stage, age = open_places(log, ages)
    odds = np.zeros((len(deal), period.max() + 1))
    for at in np.unique(group):
        here = group == at
        odds[here] = backward(way.chance, way.tilt, period, int(at))[stage[here], age[here]]
    return deal, odds


def simulate(log: Log, way: Process, period: np.ndarray, *, paths: int, seed: int) -> Paths:
    """Draw ``paths`` futures: each open deal by its own odds, new deals as a compound Poisson, values of past wins."""
    rng = np.random.default_rng(seed)
    deal, odds = deal_odds(log, way, period)
    group = log.deals["group"].to_numpy()[deal]
    amount, discount = log.deals["amount"].to_numpy()[deal], _discounts(log)
    arriving = _new_wins(log, way, period)
    values = log.deals["value"].to_numpy()[log.deals["won"].to_numpy()]
    shape = (len(log.groups), paths, period.max() + 1)
    opened, new, open_count, new_count = (np.zeros(shape) for _part in range(4))
    for at in range(len(log.groups)):
        here = (group == at) & (odds[:, -1:].sum(axis=1) + odds.sum(axis=1) > 0)
        opened[at], open_count[at] = _open_paths(odds[here], amount[here] * way.ratio[at], discount, paths, rng)
        usual = values / values.mean() if len(values) and values.mean() > 0 else np.ones(1)
        new[at], new_count[at] = _new_paths(arriving[at], usual * way.size.mean[at], paths, rng)
    return Paths(opened, new, open_count, new_count)


def _discounts(log: Log) -> np.ndarray:
    """What each past win was signed at ÷ expected at, 1 on average."""
    won = log.deals[log.deals["won"] & (log.deals["amount"] > 0)]
    ratio = (won["value"] / won["amount"]).to_numpy()
    return ratio / ratio.mean() if len(ratio) and ratio.mean() > 0 else np.ones(1)


def _open_paths(odds, amount, discount, paths: int, rng) -> tuple[np.ndarray, np.ndarray]:
    deals, periods = odds.shape
    until = np.cumsum(odds, axis=1).astype(np.float32)
    value, count = np.zeros((paths, periods)), np.zeros((paths, periods))
    chunk = max(1, _AT_ONCE // max(deals, 1))
    for first in range(0, paths if deals else 0, chunk):
        size = min(chunk, paths - first)
        luck = rng.random((size, deals), dtype=np.float32)
        path, deal = np.nonzero(luck < until[:, -1])
        when = (luck[path, deal][:, None] >= until[deal]).sum(axis=1)
        paid = amount[deal] * discount[rng.integers(len(discount), size=len(deal))]
        flat = path * periods + when
        value[first : first + size] = np.bincount(flat, paid, minlength=size * periods).reshape(size, periods)
        count[first : first + size] = np.bincount(flat, minlength=size * periods).reshape(size, periods)
    return value, count


def _new_wins(log: Log, way: Process, period: np.ndarray) -> np.ndarray:
    """Group × period: how many deals not yet created are expected to be won."""
    ages = way.chance.daily.shape[2]
    nobody = np.zeros((len(log.groups), len(log.stages), ages))
    coming = way.arrivals[:, None, :] * way.entry[None, :, None]
    won = forward(nobody, coming, way.chance, way.tilt)
    return np.stack([won[:, period == at].sum(axis=1) for at in range(period.max() + 1)], axis=1)


def _new_paths(expected, values, paths: int, rng) -> tuple[np.ndarray, np.ndarray]:
    periods = len(expected)
    count = rng.poisson(expected, (paths, periods))
    which = np.repeat(np.arange(count.size), count.ravel())
    paid = values[rng.integers(len(values), size=len(which))]
    return np.bincount(which, paid, minlength=count.size).reshape(paths, periods), count.astype(float)


def settle(
    paths: Paths, mean: np.ndarray, sd: np.ndarray, sd_total: float, *, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Bring simulated paths to the forecast's own mean and spread; groups sum to the total on every path.

    Parameters
    ----------
    mean
        group × period: what the forecast expects.
    sd, sd_total
        What each group's, and the total's, sum over all periods may deviate.

    Returns
    -------
    tuple
        (value, count), each group × path × period. The mean value of a win on a path stays what it was.
    """
    raw = paths.opened + paths.new
    count = paths.open_count + paths.new_count
    usual = raw.mean(axis=1)
    blank = (usual <= 0) & (mean > 0)
    if blank.any():  # nothing was simulated where something is expected: chance alone
        luck = np.random.default_rng(seed + 1).gamma(1.0, 1.0, raw.shape)
        raw = np.where(blank[:, None, :], luck, raw)
        count = np.where(blank[:, None, :], luck, count)
        usual = raw.mean(axis=1)
    factor = np.divide(mean, usual, out=np.zeros_like(mean), where=usual > 0)[:, None, :]
    value, count = raw * factor, count * factor
    sums = value.sum(axis=2)
    total = _spread_to(sums.sum(axis=0)[None], np.array([sd_total]))[0]
    parts = _spread_to(sums, sd)
    whole = parts.sum(axis=0)
    parts = parts * np.divide(total, whole, out=np.ones_like(total), where=whole > 0)
    stretch = np.divide(parts, sums, out=np.zeros_like(parts), where=sums > 0)[:, :, None]
    return value * stretch, count * stretch


def _spread_to(sums: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Rows of paths with the same mean and another standard deviation; nothing below zero."""
    centre, now = sums.mean(axis=1, keepdims=True), sums.std(axis=1, keepdims=True)
    wider = centre + (sums - centre) * np.divide(sd[:, None], now, out=np.ones_like(now), where=now > 0)
    wider = np.maximum(wider, 0.0)
    again = wider.mean(axis=1, keepdims=True)
    return wider * np.divide(centre, again, out=np.ones_like(again), where=again > 0)
