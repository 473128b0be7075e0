"""Chance: every distribution made of uniform numbers, so that the bytes do not depend on a library's version."""

import zlib

import numpy as np

SEED = 38


def stream(name: str) -> np.random.Generator:
    """A stream of its own for every mechanism, so that a change to one leaves the others as they were."""
    return np.random.Generator(np.random.PCG64([SEED, zlib.crc32(name.encode())]))


def normals(rng: np.random.Generator, size) -> np.ndarray:
    """Standard normal numbers (Box and Muller)."""
    return np.sqrt(-2 * np.log1p(-rng.random(size))) * np.cos(2 * np.pi * rng.random(size))


def gammas(rng: np.random.Generator, shape, size) -> np.ndarray:
    """Gamma numbers of scale 1 (Marsaglia and Tsang, twelve rounds; shapes below one by the power of a uniform)."""
    k = np.broadcast_to(np.asarray(shape, float), size)
    d = np.where(k < 1, k + 1, k) - 1 / 3
    out = np.array(d)
    waiting = np.ones(np.shape(out), bool)
    for _round in range(12):
        x, u = normals(rng, out.shape), rng.random(out.shape)
        v = (1 + x / np.sqrt(9 * d)) ** 3
        good = waiting & (v > 0)
        good &= np.log1p(-u) < 0.5 * x**2 + d - d * v + d * np.log(np.where(v > 0, v, 1))
        out = np.where(good, d * v, out)
        waiting &= ~good
    return out * np.where(k < 1, (1 - rng.random(out.shape)) ** (1 / np.minimum(k, 1)), 1)


def poissons(rng: np.random.Generator, mean) -> np.ndarray:
    """Poisson numbers by inversion; for means up to about 50."""
    mean = np.asarray(mean, float)
    u, term = rng.random(mean.shape), np.exp(-mean)
    count, total = np.zeros(mean.shape, int), term.copy()
    for k in range(1, 120):
        below = u > total
        if not below.any():
            break
        count += below
        term = term * mean / k
        total += term
    return count


def pick(rng: np.random.Generator, weights: np.ndarray) -> np.ndarray:
    """One column per row, with chances proportional to the row's weights."""
    ladder = np.cumsum(weights, axis=1)
    return (rng.random((len(weights), 1)) * ladder[:, -1:] >= ladder).sum(axis=1).clip(0, weights.shape[1] - 1)


def best(rng: np.random.Generator, weights: np.ndarray, n: np.ndarray) -> np.ndarray:
    """For each row ``n`` different columns, chances proportional to the weights: True where chosen."""
    noise = -np.log(-np.log1p(-rng.random(weights.shape)))
    score = np.where(weights > 0, np.log(np.where(weights > 0, weights, 1)) + noise, -np.inf)
    rank = np.argsort(np.argsort(-score, axis=1, kind="stable"), axis=1, kind="stable")
    return (rank < np.asarray(n)[:, None]) & (weights > 0)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Log-odds to probability."""
    return 1 / (1 + np.exp(-x))
