"""Groups in points: k-means, a Gaussian mixture, and the measures that say whether the groups mean anything.

Plain numpy, for the hundreds of accounts of a region; a thousand small fits cost no more than a chart.
"""

import numpy as np

_STARTS = 4
_ROUNDS = 60
_LEAST_VARIANCE = 1e-2


def k_means(points: np.ndarray, k: int, *, seed: int = 0) -> np.ndarray:
    """The centres (k × features) around which the squared distances of the points are least, best of four starts.

    Notes
    -----
    Lloyd (1982) from k-means++ seeds (Arthur & Vassilvitskii 2007). An emptied centre stays where it was.
    """
    random = np.random.default_rng(seed)
    tries = [_lloyd(points, _seeds(points, k, random)) for _start in range(_STARTS)]
    return min(tries, key=lambda centres: _squared(points, centres).min(axis=1).sum())


def nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """For each point the number of its nearest centre."""
    return _squared(points, centres).argmin(axis=1)


def _squared(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    both = (points**2).sum(axis=1)[:, None] - 2 * points @ centres.T + (centres**2).sum(axis=1)
    return np.maximum(both, 0)


def _seeds(points: np.ndarray, k: int, random: np.random.Generator) -> np.ndarray:
    chosen = points[[random.integers(len(points))]]
    while len(chosen) < k:
        far = _squared(points, chosen).min(axis=1)
        share = far / far.sum() if far.sum() > 0 else np.full(len(points), 1 / len(points))
        chosen = np.vstack([chosen, points[random.choice(len(points), p=share)]])
    return chosen


def _lloyd(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    labels = None
    for _round in range(_ROUNDS):
        now = nearest(points, centres)
        if labels is not None and (now == labels).all():
            break
        labels = now
        member = labels[:, None] == np.arange(len(centres))
        size = member.sum(axis=0)[:, None]
        centres = np.where(size > 0, member.T @ points / np.maximum(size, 1), centres)
    return centres


def distances(points: np.ndarray) -> np.ndarray:
    """The Euclidean distance of every pair of points."""
    apart = np.sqrt(_squared(points, points))
    np.fill_diagonal(apart, 0.0)
    return apart


def silhouette(apart: np.ndarray, labels: np.ndarray) -> float:
    """How much nearer points are to their own group than to the next one, −1 to 1; missing for a single group.

    Parameters
    ----------
    apart
        `distances` of the points.

    Notes
    -----
    Mean of (b − a) ÷ max(a, b): a the mean distance within the group, b to the nearest other; 0 for a point alone in
    its group (Rousseeuw 1987).

    >>> silhouette(distances(np.array([[0.0], [0.0], [9.0], [9.0]])), np.array([0, 0, 1, 1]))
    1.0
    """
    names, labels = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        return float("nan")
    member = labels[:, None] == np.arange(len(names))
    size, own = member.sum(axis=0), np.arange(len(labels))
    sums = apart @ member
    within = sums[own, labels] / np.maximum(size[labels] - 1, 1)
    others = np.where(member, np.inf, sums / size).min(axis=1)
    widest = np.maximum(within, others)
    each = np.divide(others - within, widest, out=np.zeros_like(widest), where=widest > 0)
    return float(np.where(size[labels] > 1, each, 0.0).mean())


def adjusted_rand(first: np.ndarray, second: np.ndarray) -> float:
    """How far two groupings of the same points agree: 1 entirely, about 0 as chance would.

    Notes
    -----
    Pairs put together in both groupings, corrected for chance (Hubert & Arabie 1985).

    >>> adjusted_rand(np.array([0, 0, 1, 1]), np.array([5, 5, 2, 2]))
    1.0
    """
    _names, rows = np.unique(first, return_inverse=True)
    _names, columns = np.unique(second, return_inverse=True)
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), 1)
    both = _pairs(table).sum()
    one, other, every = _pairs(table.sum(axis=1)).sum(), _pairs(table.sum(axis=0)).sum(), _pairs(len(first))
    expected, most = one * other / every if every else 0.0, (one + other) / 2
    return float((both - expected) / (most - expected)) if most != expected else 1.0


def _pairs(counts):
    return counts * (np.asarray(counts) - 1) / 2


def mixture(points: np.ndarray, k: int, *, seed: int = 0) -> tuple[np.ndarray, float]:
    """The likeliest component of each point in a mixture of k normal distributions, and the mixture's BIC.

    Notes
    -----
    Expectation–maximisation with diagonal covariances, from the k-means groups (Dempster, Laird & Rubin 1977). BIC =
    parameters · ln n − 2 · log-likelihood (Schwarz 1978); lower is better.
    """
    n, features = points.shape
    belongs = (nearest(points, k_means(points, k, seed=seed))[:, None] == np.arange(k)).astype(float)
    likelihood = -np.inf
    for _round in range(200):
        log = _log_density(points, belongs)
        peak = log.max(axis=1, keepdims=True)
        each = peak[:, 0] + np.log(np.exp(log - peak).sum(axis=1))
        belongs = np.exp(log - each[:, None])
        if each.sum() - likelihood < 1e-3:
            break
        likelihood = each.sum()
    parameters = k - 1 + 2 * k * features
    return belongs.argmax(axis=1), float(parameters * np.log(n) - 2 * each.sum())


def _log_density(points: np.ndarray, belongs: np.ndarray) -> np.ndarray:
    size = belongs.sum(axis=0) + 1e-9
    mean = belongs.T @ points / size[:, None]
    variance = belongs.T @ points**2 / size[:, None] - mean**2
    variance = np.maximum(variance, 0) + _LEAST_VARIANCE
    apart = (points[:, None, :] - mean) ** 2 / variance + np.log(2 * np.pi * variance)
    return np.log(size / len(points)) - apart.sum(axis=2) / 2
