"""How good a forecast was, and what its past says about the next: scores, weights, honest intervals (decade 3).

Actuals and forecasts are sums over windows in the same unit; a level is the probability an interval promises.
"""

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtrit

LEVEL = 0.8


def wape(actual: np.ndarray, forecast: np.ndarray) -> float:
    """Sum of absolute errors ÷ sum of actuals; missing when nothing happened.

    >>> wape([100, 50], [90, 60]).round(3)
    np.float64(0.133)
    """
    y, f = np.asarray(actual, float), np.asarray(forecast, float)
    return np.abs(y - f).sum() / y.sum() if y.sum() > 0 else np.float64(np.nan)


def bias(actual: np.ndarray, forecast: np.ndarray) -> float:
    """Sum of errors ÷ sum of actuals; above 0 the forecast was too high.

    >>> bias([100, 50], [90, 75])
    np.float64(0.1)
    """
    y, f = np.asarray(actual, float), np.asarray(forecast, float)
    return (f - y).sum() / y.sum() if y.sum() > 0 else np.float64(np.nan)


def crps_normal(mean: np.ndarray, sd: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score of a normal forecast, in the unit of the actual; smaller is better.

    Notes
    -----
    Gneiting and Raftery (2007), eq. 21: σ (z (2Φ(z) − 1) + 2φ(z) − 1/√π). With σ = 0 it is the absolute error.

    >>> float(crps_normal(0.0, 1.0, 0.0).round(4))
    0.2337
    """
    mean, sd, y = (np.asarray(x, float) for x in (mean, sd, actual))
    z = np.divide(y - mean, sd, out=np.zeros(np.broadcast(y, mean, sd).shape), where=sd > 0)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    score = sd * (z * (2 * ndtr(z) - 1) + 2 * density - 1 / np.sqrt(np.pi))
    return np.where(sd > 0, score, np.abs(y - mean))


def crps_draws(draws: np.ndarray, actual: float) -> float:
    """The same score for a forecast given as equally likely paths: E|X − y| − E|X − X′| ÷ 2.

    >>> crps_draws([1.0, 3.0], 2.0)
    0.5
    """
    x = np.sort(np.asarray(draws, float))
    n = len(x)
    between = (2 * np.arange(1, n + 1) - n - 1) @ x / n**2
    return float(np.abs(x - actual).mean() - between)


def coverage(actual: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    """Share of actuals inside their interval.

    >>> float(coverage([1, 5, 9], [0, 6, 8], [2, 7, 9]).round(2))
    0.67
    """
    y = np.asarray(actual, float)
    return ((y >= low) & (y <= high)).mean() if len(y) else np.float64(np.nan)


def winkler(actual: np.ndarray, low: np.ndarray, high: np.ndarray, *, level: float = LEVEL) -> np.ndarray:
    """Width of the interval, plus 2 ÷ (1 − level) times what the actual lies outside it (Winkler 1972).

    >>> winkler([10.0, 14.0], [8.0, 8.0], [12.0, 12.0]).tolist()
    [4.0, 24.0]
    """
    y, low, high = (np.asarray(x, float) for x in (actual, low, high))
    outside = np.maximum(low - y, 0) + np.maximum(y - high, 0)
    return np.round(high - low + 2 / (1 - level) * outside, 10)


def pit(draws: np.ndarray, actual: float) -> float:
    """Where the actual fell among the paths, 0–1; over many forecasts these should be spread evenly.

    >>> pit([1.0, 2.0, 3.0, 4.0], 2.5)
    0.5
    """
    x = np.asarray(draws, float)
    return float(((x < actual).mean() + (x <= actual).mean()) / 2)


def independent(windows: int, step: int, days: int) -> float:
    """How many windows that do not overlap ``windows`` windows of ``days`` days, ``step`` days apart, are worth.

    >>> independent(9, 7, 28)
    3.0
    """
    return 0.0 if windows == 0 else 1.0 + (windows - 1) * min(step / days, 1.0)


OWN_WORD = 4.0
"""Windows that a model's own spread is worth against what its past asks for.

A spread that comes from the chance of the deals themselves is off by a third or so, which is as much as 4 windows tell
(the relative error of a standard deviation of n values is 1 ÷ √(2n)).
"""


def past_scale(errors: np.ndarray, sd: np.ndarray, n: float) -> float:
    """By how much a model's own standard deviation must be stretched, going by its ``n`` past windows.

    The sum of squared errors ÷ the sum of the variances that were expected, beside the model's own word (`OWN_WORD`):
    a ratio of sums, so that in a growing business the small windows of the beginning do not speak for today's.

    >>> float(round(past_scale(np.array([2.0, -2.0]), np.array([1.0, 1.0]), 2.0), 3))
    1.414
    """
    known = np.isfinite(errors) & np.isfinite(sd)
    expected = (sd[known] ** 2).sum()
    if n <= 0 or not expected > 0:
        return 1.0
    reached = (errors[known] ** 2).sum() / expected
    return float(np.sqrt((OWN_WORD + n * reached) / (OWN_WORD + n)))


def conformal_scale(z: np.ndarray, n: float, *, worth: np.ndarray | None = None, level: float = LEVEL) -> float:
    """By how much the interval must be stretched for ``level`` of its own past standardised errors to lie inside.

    Notes
    -----
    Conformal prediction (Vovk et al. 2005; Lei et al. 2018) on |z|: its quantile against what a normal promises. With
    few windows that quantile is the largest error, and the interval too wide for years; so it stands beside the
    forecast's own word (`OWN_WORD`), n counting only independent windows, and what it then says is widened from the
    normal to Student's t, because it is an estimate. ``worth`` weighs the errors (Barber et al. 2023), equally by
    default.

    >>> float(round(conformal_scale(np.array([3.0] * 9), 9.0), 2))
    2.03
    """
    known = np.isfinite(z)
    size = np.abs(z[known])
    if not len(size) or n <= 0:
        return 1.0
    usual = ndtri((1 + level) / 2)
    reached = _quantile(size, np.ones(len(size)) if worth is None else worth[known], level) / usual
    unsure = stdtrit(n + OWN_WORD, (1 + level) / 2) / usual
    return unsure * (n * reached + OWN_WORD) / (n + OWN_WORD)


def _quantile(values: np.ndarray, weights: np.ndarray, level: float) -> float:
    """The quantile of weighted values; with equal weights that of numpy."""
    order = np.argsort(values)
    values, weights = values[order], weights[order]
    if len(values) == 1:
        return float(values[0])
    place = np.cumsum(weights) - (weights + weights[0]) / 2
    return float(np.interp(level * place[-1], place, values))


def evidence_weights(scores: np.ndarray, n: float) -> np.ndarray:
    """Weights of models by their past mean scores (smaller is better) over ``n`` independent windows; they sum to 1.

    A model without a score (missing) gets none; without any window all that have a score share alike.

    Notes
    -----
    w ∝ score^(−n): the likelihood of n errors of exponential size whose scale is each model's own mean score
    (Bayesian model averaging with the scale profiled out).

    >>> evidence_weights(np.array([1.0, 2.0, np.nan]), 2.0)
    array([0.8, 0.2, 0. ])
    """
    known = np.isfinite(scores)
    if not known.any():
        return np.full(len(scores), 1 / max(len(scores), 1))
    best = np.nanmin(scores)
    ratio = np.where(known, scores, np.inf) / best if best > 0 else np.where(scores == best, 1.0, np.inf)
    weight = np.where(known, np.maximum(ratio, 1.0) ** -max(n, 0.0), 0.0)
    return weight / weight.sum()


def accuracy(rows: pd.DataFrame, *, by: list[str]) -> pd.DataFrame:
    """One row per group of past forecasts: how good they were.

    Parameters
    ----------
    rows
        actual, mean, p10, p90, crps (all in one unit), and the columns of ``by``.

    Returns
    -------
    DataFrame
        The columns of ``by``, then windows, wape, bias, ncrps (mean crps ÷ mean actual), cov80 (share inside p10–p90),
        winkler (mean, ÷ mean actual).
    """
    answer = []
    for key, part in rows.groupby(by, sort=False, dropna=False):
        y, scale = part["actual"].to_numpy(), part["actual"].mean()
        scale = scale if scale > 0 else np.nan
        measured = (
            len(part),
            wape(y, part["mean"]),
            bias(y, part["mean"]),
            part["crps"].mean() / scale,
            coverage(y, part["p10"].to_numpy(), part["p90"].to_numpy()),
            winkler(y, part["p10"], part["p90"]).mean() / scale,
        )
        answer.append((*key, *measured))
    return pd.DataFrame(answer, columns=[*by, "windows", "wape", "bias", "ncrps", "cov80", "winkler"])


def reliability(pits: pd.Series, *, levels: tuple[float, ...] = tuple(np.arange(1, 10) / 10)) -> pd.DataFrame:
    """One row per promised chance: in what share of past windows the actual did not pass that quantile.

    Parameters
    ----------
    pits
        Where each actual fell among its paths (`pit`), 0–1.

    Returns
    -------
    DataFrame
        promised, happened (0–1; missing without a window).

    >>> reliability(pd.Series([0.2, 0.7]), levels=(0.5, 0.9))
       promised  happened
    0       0.5       0.5
    1       0.9       1.0
    """
    happened = [float((pits <= level).mean()) if len(pits) else np.nan for level in levels]
    return pd.DataFrame({"promised": list(levels), "happened": happened}, dtype=float)
