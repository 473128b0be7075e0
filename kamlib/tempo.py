"""How fast a pace forgets its past, and whether it goes on growing: learned from how each idea of it did before."""

import numpy as np
from scipy.signal import lfilter

from kamlib.scoring import evidence_weights, independent

HALF_LIVES = 7.0 * 2.0 ** np.arange(7)
"""Days after which a day counts half: a week, doubled up to more than a year; beside them, never."""
MOST_TRIES = 52
"""Past windows that the ideas are tried on."""
_LARGEST = 3.0


def coming_levels(n: np.ndarray, speed: np.ndarray, days: int, *, unit: int = 1) -> np.ndarray:
    """Group × coming day: events per usual day, in the mixture of half-lives and growths that foretold best so far.

    Parameters
    ----------
    n
        Group × past day: events.
    speed
        Past day: what would be usual (the calendar's pace, or how many events were expected).
    days
        Length of the window ahead, which is also that of the past windows the ideas are tried on.
    unit
        Days that one column of ``n`` and ``speed`` stands for; the answer has days all the same.

    Notes
    -----
    An idea is an exponentially weighted level of one half-life, or the line (in logarithms) through the levels of it
    and of its double (Brown 1959), whose growth fades: half the pace after as long as was seen. Ideas are weighed by
    score^(−windows) on windows of the same total that had ended (`kamlib.scoring.evidence_weights`).
    """
    window = int(np.ceil(days / unit))
    weights = _weights(n.sum(axis=0), speed, window, unit)
    level, growth = _ideas(n, speed, np.array([n.shape[1] - 1]), unit)
    ahead = _grown(level[:, :, 0], growth[:, :, 0], _faded(window, n.shape[1]))
    return np.repeat(np.einsum("i,igd->gd", weights, ahead), unit, axis=1)[:, :days]


def _faded(size: int, seen: int) -> np.ndarray:
    """The steps ahead, as growth that slows counts them."""
    return seen * np.log1p(np.arange(1, size + 1) / max(seen, 1))


def _grown(level: np.ndarray, growth: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    return level[..., None] * np.exp(np.clip(growth[..., None] * ahead, -_LARGEST, _LARGEST))


def _ideas(n: np.ndarray, speed: np.ndarray, at: np.ndarray, unit: int) -> tuple[np.ndarray, np.ndarray]:
    """(level, growth per unit) of idea × group × column ``at``: plain ideas, then the same with their growth."""
    lives = np.append(HALF_LIVES, np.inf) / unit
    levels, ages = zip(*(_smoothed(n, speed, life, at) for life in lives), strict=True)
    level, age = np.array(levels), np.array(ages)[:, None, :]
    apart = np.maximum(age[1:] - age[:-1], 1e-9)
    whole = level.sum(axis=1, keepdims=True)  # groups grow together: one growth, learned from all their events
    near, far = whole[:-1], whole[1:]
    growth = np.log(np.divide(near, far, out=np.ones_like(near), where=(near > 0) & (far > 0))) / apart
    growth = np.where(age[1:] - age[:-1] > 0.5, growth, 0.0)
    now = level[:-1] * np.exp(np.clip(growth * age[:-1], -_LARGEST, _LARGEST))
    growth = np.broadcast_to(growth, now.shape)
    return np.concatenate([level, now]), np.concatenate([np.zeros_like(level), growth])


def _smoothed(n: np.ndarray, speed: np.ndarray, life: float, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(group × column: level, column: mean age of the evidence in it)."""
    day = np.arange(len(speed), dtype=float)
    sums = lfilter([1.0], [1.0, -(0.5 ** (1 / life))], np.vstack([n, speed, speed * day]), axis=1)[:, at]
    weight = np.maximum(sums[-2], 1e-9)
    return sums[:-2] / weight, at - sums[-1] / weight


def _weights(total: np.ndarray, speed: np.ndarray, size: int, unit: int) -> np.ndarray:
    """The ideas' weights by their past windows; before any has ended, all that see no growth share alike."""
    step = max(7 // unit, size // 4, 1)
    at = np.arange(len(total) - 1 - size, size - 2, -step)[:MOST_TRIES]
    count = len(HALF_LIVES)
    if not len(at):
        return np.append(np.full(count + 1, 1 / (count + 1)), np.zeros(count))
    level, growth = (part[:, 0] for part in _ideas(total[None], speed, at, unit))
    ahead = np.stack([_faded(size, int(day) + 1) for day in at])
    window = at[:, None] + np.arange(1, size + 1)
    said = (_grown(level, growth, ahead) * speed[window]).sum(axis=2)
    missed = np.abs(said - total[window].sum(axis=1)).mean(axis=1)
    return evidence_weights(missed, independent(len(at), step, size))
