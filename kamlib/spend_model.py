"""What an account's order is worth: the Gamma–Gamma model for all regions at once (decade 2).

Fader, Hardie & Lee (2005), RFM and CLV, Journal of Marketing Research 42(4). An order is worth Gamma(p, ν) with the
account's own ν ~ Gamma(q, γ). Worth and number of orders are independent of each other.
"""

import numpy as np
from scipy.special import gammaln, polygamma, psi

PARAMETERS = ("p", "q", "gamma")
BASIS = np.array([[1.0, -1, 1], [1, 0, 0], [0, 1, 0]])
"""Regions differ independently in: log mean order pγ/(q − 1), log p, log(q − 1)."""
SPREAD = np.array([0.4, 0.2, 0.2])


def natural(theta: np.ndarray) -> np.ndarray:
    """(p, q, γ) of θ = (log p, log(q − 1), log γ): q stays above 1, so that a mean exists."""
    return np.exp(theta) + np.array([0.0, 1, 0])


def likelihood(group: np.ndarray, x: np.ndarray, worth: np.ndarray, groups: int):
    """The log-likelihood of θ, regions × 3, with gradient and Hessian: see `hierarchy.Likelihood`.

    Parameters
    ----------
    x, worth
        Orders (above 0) and their mean worth (above 0), a row per account.
    """
    total = x * worth
    fixed = _sums(group, (x - 1) * 0 - np.log(worth), groups)

    def of(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        p, q, gamma = natural(theta)[group].T
        px, whole = p * x, gamma + total
        log_ratio, shape = np.log(total / whole), px + q
        value = gammaln(shape) - gammaln(px) - gammaln(q) + q * np.log(gamma / whole) + px * log_ratio
        first = (
            x * (psi(shape) - psi(px) + log_ratio),
            psi(shape) - psi(q) + np.log(gamma / whole),
            q / gamma - shape / whole,
        )
        second = {
            (0, 0): x**2 * (polygamma(1, shape) - polygamma(1, px)), (0, 1): x * polygamma(1, shape),
            (0, 2): -x / whole, (1, 1): polygamma(1, shape) - polygamma(1, q), (1, 2): 1 / gamma - 1 / whole,
            (2, 2): -q / gamma**2 + shape / whole**2,
        }  # fmt: skip
        sums = (_sums(group, part, groups) for part in (value, *first, *second.values()))
        return _assembled(theta, fixed, list(sums), list(second))

    return of


def _sums(group: np.ndarray, values: np.ndarray, groups: int) -> np.ndarray:
    return np.bincount(group, np.broadcast_to(values, group.shape), groups)


def _assembled(theta, fixed, sums, places) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums by region into value, gradient and Hessian in θ."""
    inner = np.exp(theta)
    bend = np.zeros((len(theta), 3, 3))
    for (i, j), part in zip(places, sums[4:], strict=True):
        bend[:, i, j] = bend[:, j, i] = part
    slope = np.stack(sums[1:4], axis=1) * inner
    bend = bend * inner[:, :, None] * inner[:, None, :]
    bend[:, range(3), range(3)] += slope
    return fixed + sums[0], slope, bend


def expected_worth(theta: np.ndarray, x: np.ndarray, worth: np.ndarray) -> np.ndarray:
    """Expected worth of an account's next order: its own mean, drawn towards the common one where orders are few."""
    p, q, gamma = natural(theta).T
    return (gamma + np.where(x > 0, x * np.maximum(worth, 0), 0)) * p / (p * x + q - 1)
