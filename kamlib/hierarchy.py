"""Parameters that differ between regions but resemble each other: own evidence where there is much, else the others'.

A model hands over its log-likelihood with gradient and curvature for all regions at once; here they are maximised
together, and the spread between regions is learnt from the regions themselves (decade 2).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

Likelihood = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
"""Parameters (regions × k) -> log-likelihood (regions), gradient (regions × k), Hessian (regions × k × k)."""

_BOUND = 14.0
_LONGEST_STEP = 1.5
_MOST_STEPS = 80
_SMALL_GAIN = 1e-8
"""Near the top a Newton step leaves about the square of what it gained: after this one nothing is left."""
_ROUNDS = 30
_PRIOR_REGIONS = 2.0
"""The first guess of the spread between regions counts as much as this many regions."""


@dataclass(frozen=True)
class Prior:
    """What the company says about a region's parameters before its own data speak: a normal distribution."""

    mean: np.ndarray
    covariance: np.ndarray
    accounts: int

    def frame(self, names: tuple[str, ...]) -> pd.DataFrame:
        """One row per parameter: parameter, mean, one column of the covariance for each parameter, accounts."""
        covariance = pd.DataFrame(self.covariance, columns=[f"with_{name}" for name in names])
        return pd.DataFrame({"parameter": names, "mean": self.mean}).join(covariance).assign(accounts=self.accounts)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> "Prior":
        """The prior that `frame` wrote."""
        covariance = frame[[f"with_{name}" for name in frame["parameter"]]].to_numpy(float)
        return cls(frame["mean"].to_numpy(float), covariance, int(frame["accounts"].iloc[0]))


def maximum(
    likelihood: Likelihood, start: np.ndarray, *, mean: np.ndarray, precision: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each region's most probable parameters, the covariance around them, and the log-likelihood there.

    Parameters
    ----------
    likelihood
        See `Likelihood`.
    start, mean
        Regions × k, or k for all regions alike.
    precision
        Inverse covariance of the prior, k × k.

    Notes
    -----
    Newton steps with Levenberg–Marquardt damping, all regions at once; a step that does not gain is taken back, so the
    answer is never worse than the start and the call never fails.
    """
    theta = np.array(start, float)
    damping = np.full(len(theta), 1e-4)
    value, slope, bend = _penalised(likelihood, theta, mean, precision)
    for _step in range(_MOST_STEPS):
        move = _newton(slope, bend, damping)
        trial = np.clip(theta + move, -_BOUND, _BOUND)
        new_value, new_slope, new_bend = _penalised(likelihood, trial, mean, precision)
        better = new_value >= value - 1e-12 * np.abs(value)
        expected = np.abs((slope * (trial - theta)).sum(axis=1))
        theta[better], value[better] = trial[better], new_value[better]
        slope[better], bend[better] = new_slope[better], new_bend[better]
        damping = np.clip(np.where(better, damping / 10, damping * 10), 1e-9, 1e9)
        if (expected < _SMALL_GAIN * (1 + np.abs(value))).all():
            break
    return (
        theta,
        np.linalg.inv(_positive(bend)),
        value + 0.5 * ((theta - mean) @ precision * (theta - mean)).sum(axis=1),
    )


def _penalised(likelihood, theta, mean, precision) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-posterior, its gradient, and minus its Hessian."""
    value, slope, bend = likelihood(theta)
    away = theta - mean
    pull = away @ precision
    return value - 0.5 * (away * pull).sum(axis=1), slope - pull, precision - bend


def _newton(slope: np.ndarray, bend: np.ndarray, damping: np.ndarray) -> np.ndarray:
    solid = _positive(bend)
    ridge = damping[:, None] * np.einsum("gkk->gk", solid)
    solid = solid + ridge[:, :, None] * np.eye(slope.shape[1])
    move = np.linalg.solve(solid, slope[:, :, None])[:, :, 0]
    longest = np.abs(move).max(axis=1, keepdims=True)
    return move * np.minimum(1, _LONGEST_STEP / np.maximum(longest, 1e-300))


def _positive(matrix: np.ndarray) -> np.ndarray:
    """The matrices, with every eigenvalue turned positive where one is not: downhill stays downhill."""
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return _turned_positive(matrix)
    return matrix


def _turned_positive(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    floor = 1e-6 + 1e-9 * np.abs(values).max(axis=1, keepdims=True)
    return np.einsum("gik,gk,gjk->gij", vectors, np.maximum(np.abs(values), floor), vectors)


@dataclass(frozen=True)
class Fit:
    """Parameters of every region, their covariance, and what a further region would be expected to have."""

    theta: np.ndarray
    covariance: np.ndarray
    log_likelihood: np.ndarray
    prior: Prior


def shrunk(likelihood: Likelihood, start: np.ndarray, *, basis: np.ndarray, spread: np.ndarray, accounts: int) -> Fit:
    """Every region's parameters, drawn towards the common mean by as much as its evidence is thin.

    Parameters
    ----------
    start
        The whole company's parameters, for every region (regions × k).
    basis
        k × k; the rows are the combinations of parameters in which regions differ independently.
    spread
        First guess of the standard deviation between regions in each of them; counts as much as two regions.
    accounts
        Number of accounts behind the fit.

    Notes
    -----
    Empirical Bayes by EM with a normal (Laplace) approximation in each region: regions are N(μ, Σ), Σ diagonal in
    ``basis``. The error of μ is added to the regions' covariance (Kass & Steffey, JASA 84, 1989).
    """
    theta, groups = np.array(start, float), len(start)
    mean, variance = theta.mean(axis=0), np.asarray(spread, float) ** 2
    first = variance
    for _round in range(_ROUNDS):
        precision = basis.T @ (basis / variance[:, None])
        theta, covariance, value = maximum(likelihood, theta, mean=mean, precision=precision)
        between = np.einsum("ki,gij,kj->gk", basis, covariance, basis)
        previous, mean = mean, theta.mean(axis=0)
        away = (theta - mean) @ basis.T
        variance = ((away**2 + between).sum(axis=0) + _PRIOR_REGIONS * first) / (groups + _PRIOR_REGIONS)
        if np.abs(mean - previous).max() < 1e-3:
            break
    return _with_errors_of_the_mean((theta, covariance, value), mean, np.linalg.inv(basis), variance, accounts)


def _with_errors_of_the_mean(found, mean, back, variance, accounts) -> Fit:
    """Add what is unknown about the common mean to each region's covariance, and to the next region's."""
    theta, covariance, value = found
    sigma = back @ np.diag(variance) @ back.T
    precision = np.linalg.inv(sigma)
    weight = covariance @ precision  # how much of the region is the common mean's
    informed = precision - precision @ covariance @ precision
    error = np.linalg.inv(_positive(informed.sum(axis=0)[None])[0])
    whole = covariance + np.einsum("gij,jk,glk->gil", weight, error, weight)
    return Fit(theta, whole, value, Prior(mean, sigma + error, accounts))
