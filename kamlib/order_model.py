"""How often accounts order, and whether they still do: the BG/NBD model for all regions at once (decade 2).

Fader, Hardie & Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2). While alive an account
orders at random at its own rate λ ~ Gamma(r, α); after every order it leaves for good with its own probability
p ~ Beta(a, b). Times are in any one unit; α is in it too.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln, hyp2f1, psi, zeta

PARAMETERS = ("r", "alpha", "a", "b")
BASIS = np.array([[1.0, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, -1], [0, 0, 0.5, 0.5]])
"""Regions differ independently in: log mean rate r/α, log r, log odds of leaving a/b, log √(ab)."""
SPREAD = np.array([0.6, 0.3, 0.6, 0.3])
_SCALES = (7.0, 1.0, 100.0)
"""Times are whole numbers after one of these factors: weeks of days, days, weeks rounded to two digits."""
_SMALLEST = 1e-6
_FALLS_FAST = 0.25
"""Ratio of one term of the series to the last."""
_COUNTABLE = 100_000
"""Up to this many different values are counted instead of sorted."""


@dataclass(frozen=True)
class Histories:
    """Distinct (region, x, t_x, T) with their number; sums over the look-up tables are done once, here."""

    groups: int
    x_table: tuple[np.ndarray, np.ndarray, np.ndarray]
    """group, x, accounts: one row per distinct (group, x)."""
    age_table: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
    """group, T, accounts, orders."""
    recency_table: tuple[np.ndarray, np.ndarray]
    """group, t_x."""
    rows: tuple[np.ndarray, ...]
    """Of those with x > 0: group, x, place in x_table, in recency_table, in age_table, accounts."""


def histories(group: np.ndarray, x: np.ndarray, recency: np.ndarray, age: np.ndarray, groups: int) -> Histories:
    """Collapse accounts to distinct histories."""
    x = np.asarray(x).astype(np.int64, copy=False)
    scale, recency, age = _whole(recency, age)
    group, x, recency, age, n = _distinct(group, x, recency, age)
    gx, at_x = _pairs(group, x)
    gt, at_t = _pairs(group, age)
    bought = x > 0
    gr, at_r = _pairs(group[bought], recency[bought])
    return Histories(
        groups,
        (*gx, np.bincount(at_x, n, len(gx[0]))),
        (gt[0], gt[1] / scale, np.bincount(at_t, n, len(gt[0])), np.bincount(at_t, n * x, len(gt[0]))),
        (gr[0], gr[1] / scale),
        (group[bought], x[bought].astype(float), at_x[bought], at_r, at_t[bought], n[bought]),
    )


def _whole(recency: np.ndarray, age: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Times as whole numbers of 1/scale: a usual unit if there is one that fits, else a very small one."""
    recency, age = np.asarray(recency, float), np.asarray(age, float)
    for scale in _SCALES:
        if (since := _counted(recency, scale)) is not None and (whole := _counted(age, scale)) is not None:
            return scale, since, whole
    return 2.0**24, np.rint(recency * 2**24).astype(np.int64), np.rint(age * 2**24).astype(np.int64)


def _counted(times: np.ndarray, scale: float) -> np.ndarray | None:
    """Times in units of 1/scale, if they are whole numbers of them."""
    scaled = times * scale
    whole = np.rint(scaled).astype(np.int64)
    return whole if np.abs(np.subtract(scaled, whole, out=scaled), out=scaled).max(initial=0) < 1e-6 else None


def _distinct(*columns: np.ndarray) -> tuple[np.ndarray, ...]:
    """Distinct rows of whole numbers, in order, and how often each occurs."""
    sizes = [int(column.max(initial=0)) + 1 for column in columns]
    if np.prod([float(size) for size in sizes]) < 2**62:
        key, count = np.unique(_packed(columns, sizes), return_counts=True)
        parts = []
        for size in reversed(sizes):
            key, part = np.divmod(key, size)
            parts.append(part)
        return (*reversed(parts), count.astype(float))
    rows, count = np.unique(np.stack(columns), axis=1, return_counts=True)
    return (*rows, count.astype(float))


def _packed(columns: tuple[np.ndarray, ...], sizes: list[int]) -> np.ndarray:
    key = np.array(columns[0], np.int64)
    for column, size in zip(columns[1:], sizes[1:], strict=True):
        key *= size
        key += column
    return key


def _pairs(group: np.ndarray, values: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Distinct (group, value) and every row's place among them."""
    size = int(values.max(initial=0)) + 1
    key = group * size + values
    if key.max(initial=0) < _COUNTABLE + 8 * len(key):
        there = np.bincount(key) > 0
        found = np.flatnonzero(there)
        return (found // size, found % size), (np.cumsum(there) - 1)[key]
    found, place = np.unique(key, return_inverse=True)
    return (found // size, found % size), place


Derivatives = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Value (regions), gradient (regions × 4) and Hessian (regions × 4 × 4)."""


def likelihood(seen: Histories):
    """The log-likelihood of log(r, α, a, b), regions × 4, with gradient and Hessian: see `hierarchy.Likelihood`."""

    def of(theta: np.ndarray) -> Derivatives:
        natural = np.exp(theta)
        parts = zip(_orders(seen, natural), _ages(seen, natural), _left(seen, natural), strict=True)
        value, slope, bend = (sum(part) for part in parts)
        slope *= natural
        bend *= natural[:, :, None] * natural[:, None, :]
        bend[:, range(4), range(4)] += slope
        return value, slope, bend

    return of


def _orders(seen: Histories, natural: np.ndarray) -> Derivatives:
    """ln of αʳ · Γ(r + x)/Γ(r) · B(a, b + x)/B(a, b): looked up by x."""
    group, x, n = seen.x_table
    r, alpha, a, b = natural.T
    before = np.stack([r, b, a + b])
    after = before[:, group] + x
    (log_r, log_b, log_ab), (r1, b1, ab1), (r2, b2, ab2) = (
        _sums(group, n * (of(after) - of(before)[:, group]), seen) for of in (gammaln, psi, _trigamma)
    )
    accounts, log = _sums(group, n, seen), np.log(alpha)
    value = log_r + log_b - log_ab + accounts * r * log
    slope = np.stack([r1 + accounts * log, accounts * r / alpha, -ab1, b1 - ab1], axis=1)
    bend = _matrix(seen, {(0, 0): r2, (0, 1): accounts / alpha, (1, 1): -accounts * r / alpha**2})
    return value, slope, bend + _matrix(seen, {(2, 2): -ab2, (2, 3): -ab2, (3, 3): b2 - ab2})


def _ages(seen: Histories, natural: np.ndarray) -> Derivatives:
    """−(r + x)·ln(α + T): looked up by T."""
    group, age, n, orders = seen.age_table
    r, whole = natural[group, 0], natural[group, 1] + age
    events, log = n * r + orders, np.log(whole)
    parts = np.stack([events * log, n * log, events / whole, n / whole, -events / whole**2])
    value, by_r, by_alpha, both, twice = -_sums(group, parts, seen)
    slope = np.stack([by_r, by_alpha, 0 * by_r, 0 * by_r], axis=1)
    return value, slope, _matrix(seen, {(0, 1): both, (1, 1): twice})


def _left(seen: Histories, natural: np.ndarray) -> Derivatives:
    """ln(1 + odds of having left after the last order), over accounts with x > 0."""
    group, n = seen.rows[0], seen.rows[-1]
    log_odds, slopes, bend_rows = _odds_of_having_left(seen, natural)
    left = expit(log_odds)
    weight = n * left
    value = _sums(group, n * np.logaddexp(0, log_odds), seen)
    slope = _sums(group, weight * slopes, seen).T
    bend = _products(group, weight * (1 - left), slopes, seen)
    bend += _matrix(seen, {at: _sums(group, weight * row, seen) for at, row in bend_rows.items()})
    return value, slope, bend


def _odds_of_having_left(seen: Histories, natural: np.ndarray):
    """Logarithm of a/(b + x − 1) · ((α + T)/(α + t_x))^(r + x), its four slopes, and its second derivatives ≠ 0."""
    group, x, at_x, at_r, at_t, _n = seen.rows
    r, alpha, a, b = natural.T
    stays = b[seen.x_table[0]] + np.maximum(seen.x_table[1], 1) - 1
    until_now, until_last = (
        alpha[seen.age_table[0]] + seen.age_table[1],
        alpha[seen.recency_table[0]] + seen.recency_table[1],
    )
    events = r[group] + x
    ratio = np.log(until_now)[at_t] - np.log(until_last)[at_r]
    change = (1 / until_now)[at_t] - (1 / until_last)[at_r]
    curve = (1 / until_last**2)[at_r] - (1 / until_now**2)[at_t]
    by_a, by_b = (1 / a)[group], (-1 / stays)[at_x]
    log_odds = np.log(a)[group] - np.log(stays)[at_x] + events * ratio
    seconds = {(0, 1): change, (1, 1): events * curve, (2, 2): -(by_a**2), (3, 3): by_b**2}
    return log_odds, np.stack([ratio, events * change, by_a, by_b]), seconds


def _trigamma(values: np.ndarray) -> np.ndarray:
    return zeta(2.0, values)


def _sums(group: np.ndarray, values: np.ndarray, seen: Histories) -> np.ndarray:
    """Sums by region over the last axis."""
    if seen.groups == 1:
        return values.sum(axis=-1, keepdims=True)
    if values.ndim == 1:
        return np.bincount(group, values, seen.groups)
    return np.stack([np.bincount(group, row, seen.groups) for row in values])


def _products(group: np.ndarray, weight: np.ndarray, rows: np.ndarray, seen: Histories) -> np.ndarray:
    """Σ weight · row · rowᵀ by region."""
    if seen.groups == 1:
        return ((weight * rows) @ rows.T)[None]
    pairs = [(i, j) for i in range(len(rows)) for j in range(i + 1)]
    return _matrix(seen, {(i, j): _sums(group, weight * rows[i] * rows[j], seen) for i, j in pairs})


def _matrix(seen: Histories, parts: dict[tuple[int, int], np.ndarray]) -> np.ndarray:
    """Symmetric matrices by region, of the entries given."""
    bend = np.zeros((seen.groups, 4, 4))
    for (i, j), part in parts.items():
        bend[:, i, j] = bend[:, j, i] = part
    return bend


def alive(theta: np.ndarray, x: np.ndarray, recency: np.ndarray, age: np.ndarray) -> np.ndarray:
    """Probability of still being a customer; ``theta`` is log(r, α, a, b), a row per account or one for all."""
    r, alpha, a, b = np.exp(theta).T
    odds = np.log(a) - np.log(b + np.maximum(x, 1) - 1) + (r + x) * np.log((alpha + age) / (alpha + recency))
    return np.where(x > 0, expit(-odds), 1.0)


def orders_to_come(
    theta: np.ndarray, x: np.ndarray, recency: np.ndarray, age: np.ndarray, periods: np.ndarray | float
) -> np.ndarray:
    """Expected orders in the next ``periods``, given the history (0, 0, 0: of a new account after its first order).

    Notes
    -----
    Equation 10 of Fader, Hardie & Lee (2005) after Euler's transformation of the hypergeometric function, whose
    arguments then stay small however many orders there are.
    """
    r, alpha, a, b = np.exp(theta).T
    a = np.where(np.abs(a - 1) < _SMALLEST, 1 + _SMALLEST, a)  # the limit at a = 1 is smooth
    z = periods / (alpha + age + periods)
    series = _hypergeometric(a + b - 1 - r, a - 1, a + b + x - 1, z)
    ever = (a + b + x - 1) / (a - 1) * (1 - (1 - z) ** (a - 1) * series)
    return np.maximum(ever, 0) * alive(theta, x, recency, age)


def _hypergeometric(a: np.ndarray, b: np.ndarray, c: np.ndarray, z: np.ndarray) -> np.ndarray:
    """₂F₁: by its own series where that falls fast, since scipy's way is slow for the large r of steady accounts."""
    if np.max(np.abs(z) * np.maximum(np.abs(a / c), 1) * np.maximum(np.abs(b), 1), initial=0) > _FALLS_FAST:
        return hyp2f1(a, b, c, z)
    term = np.ones(np.broadcast(a, b, c, z).shape)
    total, k = term.copy(), 0
    while np.abs(term).max(initial=0) > 1e-17:
        term = term * (a + k) * (b + k) / ((c + k) * (k + 1)) * z
        total, k = total + term, k + 1
    return total
