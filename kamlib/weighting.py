"""Weights of criteria, and scores made with them: pairwise judgements (AHP), entropy, weighted sum, TOPSIS (decade 1).

A judgement comes from the room, an entropy weight from the data; a score is 0 to 1 and higher is better.
"""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from kamlib.edition import _

MOST_INCONSISTENT = 0.10
"""A consistency ratio above this asks for a second look at the comparisons (Saaty 1980)."""
_RANDOM_INDEX = {3: 0.52, 4: 0.89, 5: 1.11, 6: 1.25, 7: 1.35, 8: 1.40, 9: 1.45, 10: 1.49}
"""Mean consistency index of random reciprocal matrices by size (Saaty, Theory and Applications of the Analytic Network
Process, 2005, p. 31)."""
_EXTREME = 9.0


def comparison_pairs(criteria: list[str]) -> list[tuple[str, str]]:
    """Every pair of criteria that has to be compared, once.

    >>> comparison_pairs(["value", "complexity", "longevity"])
    [('value', 'complexity'), ('value', 'longevity'), ('complexity', 'longevity')]
    """
    return list(combinations(criteria, 2))


def comparison_matrix(criteria: list[str], ratios: Mapping[tuple[str, str], float]) -> pd.DataFrame:
    """The reciprocal matrix of pairwise judgements: how many times as important the row is as the column.

    Parameters
    ----------
    ratios
        Pair -> how many times the first is as important as the second, 1/9 to 9. A pair may be given either way round;
        one that nobody compared counts as equal.

    Raises
    ------
    ValueError
        If a pair names an unknown criterion, or a ratio lies outside 1/9 to 9.
    """
    matrix = pd.DataFrame(1.0, index=list(criteria), columns=list(criteria))
    for (first, second), ratio in ratios.items():
        if first not in matrix or second not in matrix:
            raise ValueError(
                _("{pair}: compare two of {known}.", pair=f"{first} : {second}", known=", ".join(criteria))
            )
        if not 1 / _EXTREME - 1e-9 <= ratio <= _EXTREME + 1e-9:
            raise ValueError(
                _("{first} : {second} is {ratio:g}; say 1/9 to 9.", first=first, second=second, ratio=ratio)
            )
        matrix.loc[first, second], matrix.loc[second, first] = ratio, 1 / ratio
    return matrix


def ahp_weights(matrix: pd.DataFrame) -> pd.Series:
    """The weight of each criterion that pairwise judgements amount to.

    Parameters
    ----------
    matrix
        `comparison_matrix`: positive, reciprocal.

    Returns
    -------
    Series
        Index of the matrix; weights sum to 1.

    Notes
    -----
    Analytic hierarchy process: the principal right eigenvector, A·w = λ·w (Saaty, The Analytic Hierarchy Process,
    1980).

    >>> ahp_weights(comparison_matrix(["a", "b"], {("a", "b"): 3})).to_dict()
    {'a': 0.75, 'b': 0.25}
    """
    _largest, vector = _principal(matrix)
    return pd.Series(vector.round(12), index=matrix.index, name="weight")


def consistency_ratio(matrix: pd.DataFrame) -> float:
    """How much pairwise judgements contradict each other: 0 not at all, 1 as much as dice; above 0.10 look again.

    Notes
    -----
    CR = (λ − n) ÷ (n − 1) ÷ RI(n), λ the principal eigenvalue, RI the mean index of random matrices (Saaty 1980,
    2005). Up to two criteria cannot contradict each other.

    Raises
    ------
    ValueError
        For more than ten criteria: nobody compares so many pairs with care.
    """
    n = len(matrix)
    if n <= 2:
        return 0.0
    if n not in _RANDOM_INDEX:
        raise ValueError(_("{n} criteria are too many to compare in pairs: group them, at most ten.", n=n))
    largest, _vector = _principal(matrix)
    return max(float((largest - n) / (n - 1) / _RANDOM_INDEX[n]), 0.0)


def _principal(matrix: pd.DataFrame) -> tuple[float, np.ndarray]:
    values, vectors = np.linalg.eig(matrix.to_numpy(float))
    place = int(np.argmax(values.real))
    vector = np.abs(vectors[:, place].real)
    return float(values[place].real), vector / vector.sum()


def judged_weights(criteria: list[str], ratios: Mapping[tuple[str, str], float]) -> pd.DataFrame:
    """One row per criterion: its weight by the room's comparisons, and what to look at again.

    Returns
    -------
    DataFrame
        criterion, weight, consistency_ratio (of the whole judgement, the same in every row), look_again (the comparison
        that contradicts the others most, in the first row; blank while the ratio is at most 0.10).
    """
    matrix = comparison_matrix(criteria, ratios)
    weights, ratio = ahp_weights(matrix), consistency_ratio(matrix)
    table = weights.rename_axis("criterion").reset_index()
    again = _worst_pair(matrix, weights) if ratio > MOST_INCONSISTENT else ("", "")
    table["consistency_ratio"] = ratio
    table["look_again"] = [" : ".join(part for part in again if part)] + [""] * (len(table) - 1)
    return table


def _worst_pair(matrix: pd.DataFrame, weights: pd.Series) -> tuple[str, str]:
    """The pair whose judgement is furthest from the ratio of the weights."""
    off = np.abs(np.log(matrix.to_numpy() * weights.to_numpy()[None, :] / weights.to_numpy()[:, None]))
    row, column = np.unravel_index(int(np.triu(off, 1).argmax()), off.shape)
    return matrix.index[row], matrix.columns[column]


def ratio_of_weights(weights: pd.Series) -> dict[tuple[str, str], float]:
    """The pairwise judgements that given weights stand for, rounded to Saaty's scale 1/9, …, 1/2, 1, 2, …, 9.

    >>> ratio_of_weights(pd.Series({"a": 0.6, "b": 0.3, "c": 0.1}))
    {('a', 'b'): 2.0, ('a', 'c'): 6.0, ('b', 'c'): 3.0}
    """
    return {
        (first, second): _on_scale(weights[first], weights[second])
        for first, second in comparison_pairs(list(weights.index))
    }


def _on_scale(first: float, second: float) -> float:
    low, high = sorted((max(first, 1e-9), max(second, 1e-9)))
    times = float(np.clip(round(high / low), 1, _EXTREME))
    return times if first >= second else 1 / times


def entropy_weights(criteria: pd.DataFrame) -> pd.Series:
    """The weight of each criterion by how much it tells accounts apart.

    Parameters
    ----------
    criteria
        One row per account; every numeric column is a criterion.

    Notes
    -----
    Entropy method: with p the column divided by its sum and E = −Σ p·ln p ÷ ln n, weights are (1 − E) ÷ Σ(1 − E)
    (Hwang & Yoon, Multiple Attribute Decision Making, 1981, ch. 3). A criterion without data, or equal for all, gets 0;
    if that is so for every criterion, all weigh the same.

    >>> entropy_weights(pd.DataFrame({"value": [0.0, 0.0, 1.0], "complexity": [0.5, 0.5, 0.5]})).round(2).to_dict()
    {'value': 1.0, 'complexity': 0.0}
    """
    values = criteria.select_dtypes("number").fillna(0).clip(lower=0)
    sums = values.sum()
    parts = values / sums.where(sums > 0)
    entropy = -(parts * np.log(parts.where(parts > 0))).sum() / np.log(max(len(values), 2))
    spread = (1 - entropy).where(sums > 0, 0.0).clip(lower=0)
    spread[spread < 1e-12] = 0.0
    weights = spread / spread.sum() if spread.sum() > 0 else pd.Series(1 / len(spread), index=spread.index)
    return weights.rename("weight")


def weighted_score(criteria: pd.DataFrame, weights: pd.Series) -> pd.Series:
    """Each account's weighted mean of its traits, 0 to 1; a trait without data leaves its weight to the others.

    Raises
    ------
    ValueError
        If a weight is negative, all are zero, or a weighted criterion is not a column.
    """
    _refuse_impossible(criteria, weights)
    values = criteria[list(weights.index)]
    shares = (values.notna() * weights).sum(axis=1)
    score = (values.fillna(0) * weights).sum(axis=1) / shares.where(shares > 0)
    return score.fillna(0.0).rename("score")


def topsis(criteria: pd.DataFrame, weights: pd.Series) -> pd.Series:
    """Each account's closeness to the best imaginable account: 1 is best in every trait, 0 worst in every trait.

    Parameters
    ----------
    criteria
        One column per weighted criterion, 0 or more, higher is better. A criterion without any data is left out.
    weights
        Weight by criterion.

    Returns
    -------
    Series
        closeness, in the order of ``criteria``; 0.5 where all accounts are alike.

    Notes
    -----
    TOPSIS: columns divided by their Euclidean length, times the weights; distances d⁺ and d⁻ to the best and the worst
    value of each column; closeness d⁻ ÷ (d⁺ + d⁻) (Hwang & Yoon 1981, ch. 3).

    >>> topsis(pd.DataFrame({"a": [3.0, 0.0], "b": [4.0, 4.0]}), pd.Series({"a": 0.5, "b": 0.5})).tolist()
    [1.0, 0.0]
    """
    _refuse_impossible(criteria, weights)
    values = criteria[list(weights.index)].dropna(axis=1, how="all").fillna(0).to_numpy(float)
    shares = weights[criteria[list(weights.index)].notna().any()].to_numpy(float)
    length = np.sqrt((values**2).sum(axis=0))
    scaled = values / np.where(length > 0, length, 1) * shares / max(shares.sum(), 1e-12)
    if not scaled.size:
        return pd.Series(0.5, index=criteria.index, name="closeness")
    to_best = np.sqrt(((scaled - scaled.max(axis=0)) ** 2).sum(axis=1))
    to_worst = np.sqrt(((scaled - scaled.min(axis=0)) ** 2).sum(axis=1))
    both = to_best + to_worst
    closeness = np.divide(to_worst, both, out=np.full_like(both, 0.5), where=both > 1e-15)
    return pd.Series(closeness, index=criteria.index, name="closeness")


def _refuse_impossible(criteria: pd.DataFrame, weights: pd.Series) -> None:
    unknown = [name for name in weights.index if name not in criteria]
    if unknown:
        known = ", ".join(criteria.select_dtypes("number"))
        raise ValueError(
            _("No such criterion: {unknown}; there are: {known}.", unknown=", ".join(unknown), known=known)
        )
    if (weights < 0).any() or not weights.sum() > 0:
        raise ValueError(_("Weights must be 0 or more, and at least one above 0."))
