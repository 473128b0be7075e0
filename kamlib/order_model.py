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
    x = np.asarray(x).astype(np.int64)
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
    """Times as whole numbers of 1/scale, if a scale makes them so; else places in the sorted list of distinct times."""
    recency, age = np.asarray(recency, float), np.asarray(age, float)
    for scale in _SCALES:
        whole = [np.rint(times * scale) for times in (recency, age)]
        if all(np.abs(w - t * scale).max(initial=0) < 1e-6 for w, t in zip(whole, (recency, age), strict=True)):
            return scale, whole[0].astype(np.int64), whole[1].astype(np.int64)
    return 2.0**24, np.rint(recency * 2**24).astype(np.int64), np.rint(age * 2**24).astype(np.int64)


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


def likelihood(seen: Histories):
    """The log-likelihood of log(r, α, a, b), regions × 4, with gradient and Hessian: see `hierarchy.Likelihood`."""

    def of(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        natural = np.exp(theta)
        value, slope, bend = _tables(seen, natural)
        for total, part in zip((value, slope, bend), _left(seen, natural), strict=True):
            total += part
        slope *= natural
        bend *= natural[:, :, None] * natural[:, None, :]
        bend[:, range(4), range(4)] += slope
        return value, slope, bend

    return of


def _tables(seen: Histories, natural: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The part of the likelihood as if nobody had left after the last order: sums over the look-up tables."""
    group, x, n = seen.x_table
    r, alpha, a, b = natural[group].T
    value, slope, bend = np.zeros(seen.groups), np.zeros((seen.groups, 4)), np.zeros((seen.groups, 4, 4))
    fixed = [(gammaln(part)[group], psi(part)[group], _tri(part)[group]) for part in _fixed(natural)]
    (log_r, psi_r, tri_r), (log_b, psi_b, tri_b), (log_ab, psi_ab, tri_ab) = fixed
    logs = gammaln(r + x) - log_r + r * np.log(alpha) + log_ab + gammaln(b + x) - log_b - gammaln(a + b + x)
    value += _sum(group, n, logs, seen)
    both1, both2 = psi_ab - psi(a + b + x), tri_ab - _tri(a + b + x)
    for k, first in enumerate((psi(r + x) - psi_r + np.log(alpha), r / alpha, both1, both1 + psi(b + x) - psi_b)):
        slope[:, k] += _sum(group, n, first, seen)
    seconds = {
        (0, 0): _tri(r + x) - tri_r, (0, 1): 1 / alpha, (1, 1): -r / alpha**2,
        (2, 2): both2, (2, 3): both2, (3, 3): both2 + _tri(b + x) - tri_b,
    }  # fmt: skip
    _fill(bend, {at: _sum(group, n, second, seen) for at, second in seconds.items()})
    return _ages(seen, natural, value, slope, bend)


def _fixed(natural: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """r, b and a + b of every region."""
    return natural[:, 0], natural[:, 3], natural[:, 2] + natural[:, 3]


def _ages(seen: Histories, natural: np.ndarray, value: np.ndarray, slope: np.ndarray, bend: np.ndarray):
    """Subtract (r + x)·ln(α + T)."""
    group, age, n, orders = seen.age_table
    r, alpha = natural[group, 0], natural[group, 1]
    log, inverse, events = np.log(alpha + age), 1 / (alpha + age), n * r + orders
    value -= _sum(group, events, log, seen)
    slope[:, 0] -= _sum(group, n, log, seen)
    slope[:, 1] -= _sum(group, events, inverse, seen)
    _fill(bend, {(0, 1): -_sum(group, n, inverse, seen), (1, 1): _sum(group, events, inverse**2, seen)})
    return value, slope, bend


def _left(seen: Histories, natural: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Add ln(1 + odds of having left after the last order), and its derivatives, over accounts with x > 0."""
    group, x, at_x, at_r, at_t, n = seen.rows
    slope, bend = np.zeros((seen.groups, 4)), np.zeros((seen.groups, 4, 4))
    r, a = natural[:, 0], natural[:, 2]
    tg, age = seen.age_table[:2]
    rg, recency = seen.recency_table
    xg, xs, _n = seen.x_table
    still = natural[xg, 3] + np.maximum(xs, 1) - 1
    after_age, after_last = natural[tg, 1] + age, natural[rg, 1] + recency
    u = np.log(after_age)[at_t] - np.log(after_last)[at_r]
    q = (1 / after_age)[at_t] - (1 / after_last)[at_r]
    c = (-1 / still)[at_x]
    events = r[group] + x
    log_odds = np.log(a)[group] - np.log(still)[at_x] + events * u
    v = events * q
    p = expit(log_odds)
    np_, ns = n * p, n * p * (1 - p)
    value = _sum(group, n, np.logaddexp(0, log_odds), seen)
    slope[:, 0], slope[:, 1] = _sum(group, np_, u, seen), _sum(group, np_, v, seen)
    left, stayed = _sum(group, n, p, seen), _sum(group, np_, 1 - p, seen)
    slope[:, 2], slope[:, 3] = left / a, _sum(group, np_, c, seen)
    change = events * ((1 / after_last**2)[at_r] - (1 / after_age**2)[at_t])
    nsu, nsv, nsc = ns * u, ns * v, ns * c
    _fill(
        bend,
        {
            (0, 0): _sum(group, nsu, u, seen), (0, 1): _sum(group, ns * u, v, seen) + _sum(group, np_, q, seen),
            (0, 2): _sum(group, ns, u, seen) / a, (0, 3): _sum(group, nsu, c, seen),
            (1, 1): _sum(group, nsv, v, seen) + _sum(group, np_, change, seen), (1, 2): _sum(group, ns, v, seen) / a,
            (1, 3): _sum(group, nsv, c, seen), (2, 2): (stayed - left) / a**2,
            (2, 3): _sum(group, ns, c, seen) / a, (3, 3): _sum(group, nsc + np_ * c, c, seen),
        },
    )  # fmt: skip
    return value, slope, bend


def _tri(values: np.ndarray) -> np.ndarray:
    return zeta(2.0, values)  # the trigamma function


def _sum(group: np.ndarray, weight: np.ndarray, values: np.ndarray, seen: Histories) -> np.ndarray:
    """Weighted sums by region."""
    if seen.groups == 1:
        return np.dot(weight, values)[None]
    return np.bincount(group, weight * values, seen.groups)


def _fill(bend: np.ndarray, parts: dict[tuple[int, int], np.ndarray]) -> None:
    for (i, j), part in parts.items():
        bend[:, i, j] += part
        if i != j:
            bend[:, j, i] += part


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
    series = hyp2f1(a + b - 1 - r, a - 1, a + b + x - 1, z)
    ever = (a + b + x - 1) / (a - 1) * (1 - (1 - z) ** (a - 1) * series)
    return np.maximum(ever, 0) * alive(theta, x, recency, age)
