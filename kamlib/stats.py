"""Statistics that several pillars share. Pure numpy and scipy; imports nothing of ours."""

import numpy as np
import pandas as pd
from scipy.special import betaln

_MEAN_POINTS = 48
_STRENGTH_POINTS = 32
_RATE_POINTS = 512
_STRENGTHS = (0.5, 3000.0)
_NEGLIGIBLE = 1e-7


def matched(values: pd.Series, keys: pd.Series) -> pd.Series:
    """For every key its value, missing where there is none; unlike ``keys.map`` it keeps the type also when empty.

    >>> matched(pd.Series([10, 20], index=["a", "b"]), pd.Series(["b", "c"], index=[7, 8])).to_dict()
    {7: 20.0, 8: nan}
    """
    return values.reindex(pd.Index(keys)).set_axis(keys.index).rename(None)


def shrunk_rates(successes: pd.Series, trials: pd.Series, *, level: float = 0.9) -> pd.DataFrame:
    """One row per group: its success rate, drawn towards the other groups' by as much as its few trials deserve.

    Parameters
    ----------
    successes, trials
        Counts per group (same index, ``0 <= successes <= trials``).
    level
        Probability that the interval holds the true rate.

    Returns
    -------
    DataFrame
        Index of ``trials``; ``rate`` (posterior mean), ``low``, ``high`` (equal-tailed interval), ``own`` (the group's
        raw rate, missing without trials), ``weight`` (how much of the rate is the group's own evidence, 0 to 1).

    Raises
    ------
    ValueError
        If a count is negative or there are more successes than trials.

    Notes
    -----
    Empirical-Bayes beta–binomial: rates of groups are Beta(m·s, (1−m)·s). A plug-in estimate of (m, s) ignores its own
    error and its intervals cover too little with few groups, so mean m and strength s are integrated over a grid, m
    uniform and s with density ∝ (1 + s)^(−3/2) (Gelman et al., Bayesian Data Analysis, 3rd ed. 2013, §5.3).

    >>> shrunk_rates(pd.Series([0, 5, 40]), pd.Series([2, 10, 100])).round(2)
       rate   low  high  own  weight
    0  0.33  0.03  0.57  0.0    0.17
    1  0.44  0.27  0.64  0.5    0.39
    2  0.40  0.32  0.48  0.4    0.73
    """
    k, n = np.asarray(successes, float), np.asarray(trials, float)
    if (k < 0).any() or (k > n).any():
        raise ValueError("successes must be between 0 and trials in every group.")
    mean, strength, weight = _hyperposterior(k, n)
    a, b = mean * strength, (1 - mean) * strength
    rates = _rate_grid()
    density = np.stack([_mixture_density(rates, a, b, weight, k_i, n_i) for k_i, n_i in zip(k, n, strict=True)])
    low, high = (_quantiles(rates, density, q) for q in ((1 - level) / 2, (1 + level) / 2))
    rate = ((a[:, None] + k) / (strength[:, None] + n) * weight[:, None]).sum(axis=0)
    own = np.divide(k, n, out=np.full_like(n, np.nan), where=n > 0)
    share = (n / (n + strength[:, None]) * weight[:, None]).sum(axis=0)
    index = trials.index if isinstance(trials, pd.Series) else None
    low, high = np.minimum(low, rate), np.maximum(high, rate)  # the grid of rates ends just short of 0 and 1
    return pd.DataFrame({"rate": rate, "low": low, "high": high, "own": own, "weight": share}, index=index)


def _hyperposterior(k: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Grid points (mean, strength) with their posterior weights; negligible ones left out."""
    means = (np.arange(_MEAN_POINTS) + 0.5) / _MEAN_POINTS
    low, high = k.sum() + 0.5, (n - k).sum() + 0.5
    centre, width = low / (low + high), np.sqrt(low * high / (low + high) ** 3)
    near = centre + 6 * max(width, 0.002) * np.linspace(-1, 1, _MEAN_POINTS)
    means = np.unique(np.concatenate([means, near[(near > 1e-4) & (near < 1 - 1e-4)]]))
    spacing = np.gradient(means)
    strengths = np.geomspace(*_STRENGTHS, _STRENGTH_POINTS)
    mean, strength = (x.ravel() for x in np.meshgrid(means, strengths, indexing="ij"))
    prior = np.log(np.repeat(spacing, len(strengths))) + np.log(strength) - 1.5 * np.log1p(strength)
    a, b = mean * strength, (1 - mean) * strength
    pairs, counts = np.unique(np.stack([k, n]), axis=1, return_counts=True)
    likelihood = sum(c * (betaln(a + x, b + m - x) - betaln(a, b)) for x, m, c in zip(*pairs, counts, strict=True))
    weight = np.exp(prior + likelihood - (prior + likelihood).max())
    weight /= weight.sum()
    kept = weight > _NEGLIGIBLE
    return mean[kept], strength[kept], weight[kept] / weight[kept].sum()


def _rate_grid() -> np.ndarray:
    """Rates from 0 to 1, denser near the ends."""
    return np.sin((np.arange(_RATE_POINTS) + 0.5) / _RATE_POINTS * np.pi / 2) ** 2


def _mixture_density(
    rates: np.ndarray, a: np.ndarray, b: np.ndarray, weight: np.ndarray, k: float, n: float
) -> np.ndarray:
    """Posterior probability of each grid rate for a group with ``k`` of ``n``: a mixture of Betas."""
    a, b = a + k, b + n - k
    log = np.outer(a - 1, np.log(rates)) + np.outer(b - 1, np.log1p(-rates)) - betaln(a, b)[:, None]
    cell = np.sqrt(rates * (1 - rates))  # width of a grid cell, up to a constant
    mass = weight @ np.exp(log) * cell
    return mass / mass.sum()


def _quantiles(rates: np.ndarray, mass: np.ndarray, q: float) -> np.ndarray:
    edges = np.cumsum(mass, axis=1)
    return np.array([np.interp(q, row - m / 2, rates) for row, m in zip(edges, mass, strict=True)])


def gini(values: pd.Series) -> float:
    """Concentration of a non-negative quantity over its holders: 0 all equal, towards 1 one holds all.

    Missing when nothing is held. Negative values (accounts that returned more than they bought) count as 0.

    >>> gini(pd.Series([1.0, 1.0, 1.0, 1.0])), round(gini(pd.Series([0.0, 0.0, 0.0, 8.0])), 2)
    (0.0, 0.75)
    """
    x = np.sort(np.clip(np.asarray(values, float), 0, None))
    total = x.sum()
    if not total > 0:
        return float("nan")
    ranks = np.arange(1, len(x) + 1)
    return float((2 * ranks - len(x) - 1) @ x / (len(x) * total))


def herfindahl(values: pd.Series) -> float:
    """Sum of squared shares (HHI): 1 ÷ HHI is the number of equal holders that would be as concentrated.

    >>> herfindahl(pd.Series([1.0, 1.0, 2.0]))
    0.375
    """
    x = np.clip(np.asarray(values, float), 0, None)
    return float(((x / x.sum()) ** 2).sum()) if x.sum() > 0 else float("nan")
