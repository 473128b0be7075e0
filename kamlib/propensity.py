"""Will this deal be won: a chance per open deal, from what is known while it is open (decade 3)."""

import numpy as np
import pandas as pd

from kamlib.edition import _
from kamlib.stats import shrunk_rates

LEAKS = frozenset(
    {
        "outcome", "closed", "close_date", "closed_amount", "close_value", "lost_reason", "competitor", "won",
        "is_won", "result", "order_id", "invoice_date", "paid_date", "status", "probability", "days_to_close",
    }
)  # fmt: skip
"""Columns that are filled when a deal ends: they tell the answer."""
FEW = 500
"""Closed deals below which no model is fitted."""
FOLDS = 5
BINS = 20


def win_propensity(
    closed: pd.DataFrame, open_: pd.DataFrame, *, features: list[str], seed: int = 0, level: float = 0.8
) -> pd.DataFrame:
    """One row per open deal: the chance that it is won some day, with an interval.

    Parameters
    ----------
    closed
        opportunity_id, outcome (won, lost) and the features as they stood while the deal was open.
    open_
        opportunity_id and the features.
    features
        Columns known while a deal is open; numbers or words.
    level
        Probability that the interval holds the true rate of deals like it.

    Returns
    -------
    DataFrame
        opportunity_id, p_won, low, high (0–1), in the order of ``open_``.

    Raises
    ------
    ValueError
        If a feature is missing, is filled only when a deal ends, or is blank for open deals only or for closed
        ones only (it would tell the answer).

    Notes
    -----
    Gradient-boosted trees (Friedman 2001; scikit-learn). Chances are those of other folds: deals with equal features
    stay in one fold. They are calibrated by shrunk win rates of ever higher scores, isotonic. With fewer than `FEW`
    closed deals, or one outcome only, the shrunk win rate of the feature that tells most apart stands instead.
    """
    _refuse(closed, open_, features)
    ended = closed[closed["outcome"].astype("object").isin(["won", "lost"])].reset_index(drop=True)
    won = (ended["outcome"].astype("object") == "won").to_numpy(float)
    if not len(ended):
        chance = pd.DataFrame({"p_won": 0.5, "low": 0.0, "high": 1.0}, index=range(len(open_)))
    elif len(ended) < FEW or won.min() == won.max():
        chance = _base_rates(ended, open_, features, won, level)
    else:
        chance = _boosted(ended, open_, features, won, seed, level)
    chance.insert(0, "opportunity_id", open_["opportunity_id"].to_numpy())
    return chance.reset_index(drop=True)


def _refuse(closed: pd.DataFrame, open_: pd.DataFrame, features: list[str]) -> None:
    for name in features:
        if name.lower() in LEAKS:
            raise ValueError(_("{name} is known only when a deal has ended: it would tell the answer.", name=name))
        for where, frame in (("closed", closed), ("open_", open_)):
            if name not in frame:
                raise ValueError(_("{where} has no column {name}.", where=where, name=name))
        leak = _("{name} is blank only for deals of one kind, open or ended: that would tell the answer.", name=name)
        if len(closed) and len(open_) and _one_sided(closed[name], open_[name]):
            raise ValueError(leak)


def _one_sided(ended: pd.Series, standing: pd.Series) -> bool:
    """Whether blanks stand in one of the two only, and too many for chance."""
    blanks = (int(ended.isna().sum()), int(standing.isna().sum()))
    if min(blanks) > 0 or max(blanks) == 0:
        return False
    total = len(ended) + len(standing)
    share = (len(standing) if blanks[0] else len(ended)) / total
    return (1 - share) ** max(blanks) < 1e-6


def _codes(ended: pd.DataFrame, standing: pd.DataFrame, features: list[str]) -> tuple[np.ndarray, list[bool]]:
    """All features as numbers, ended deals first; words as codes by how often they occur, rare ones together."""
    both = pd.concat([ended[features], standing[features]], ignore_index=True)
    columns, words = [], []
    for name in features:
        values = both[name]
        wordy = not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values))
        wordy = wordy or isinstance(values.dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(values)
        columns.append(_as_words(values, len(ended)) if wordy else _as_numbers(values))
        words.append(bool(wordy))
    return np.column_stack(columns), words


def _as_numbers(values: pd.Series) -> np.ndarray:
    if pd.api.types.is_datetime64_any_dtype(values):
        values = values.dt.year * 12.0 + values.dt.month
    return values.to_numpy(float, na_value=np.nan)


def _as_words(values: pd.Series, known: int, most: int = 250) -> np.ndarray:
    texts = values.astype("object").fillna("").astype(str)
    usual = texts.iloc[:known].value_counts().index[:most]
    return pd.Series(np.arange(len(usual), dtype=float), index=usual).reindex(texts).to_numpy(float)


def _boosted(ended, open_, features, won, seed: int, level: float) -> pd.DataFrame:
    table, words = _codes(ended, open_, features)
    x, new = table[: len(ended)], table[len(ended) :]
    if not len(new):
        return pd.DataFrame({"p_won": [], "low": [], "high": []}, dtype=float)
    bands = _bands(out_of_fold(x, won, words, seed=seed), won, level)
    raw = _chances(x, won, new, words, seed)
    return pd.DataFrame({name: np.interp(raw, bands["score"], bands[name]) for name in ("p_won", "low", "high")})


def _chances(x, won, new, words: list[bool], seed: int) -> np.ndarray:
    """A model's chances for ``new``; on one thread, whose answer does not depend on the machine."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    model = HistGradientBoostingClassifier(
        categorical_features=words, learning_rate=0.1, max_leaf_nodes=15, early_stopping=True, random_state=seed
    )
    with threadpool_limits(1):
        return model.fit(x, won).predict_proba(new)[:, 1]


def out_of_fold(x: np.ndarray, won: np.ndarray, words: list[bool], *, seed: int = 0) -> np.ndarray:
    """For every closed deal the chance a model gives it that has not seen it, nor any deal with the same features."""
    from sklearn.model_selection import StratifiedGroupKFold

    same = np.unique(np.nan_to_num(x, nan=-9e9), axis=0, return_inverse=True)[1].ravel()
    score = np.full(len(won), won.mean())
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for seen, held in folds.split(x, won, same):
        if won[seen].min() < won[seen].max():
            score[held] = _chances(x[seen], won[seen], x[held], words, seed)
    return score


def _bands(score: np.ndarray, won: np.ndarray, level: float) -> pd.DataFrame:
    """Calibration: the win rate of deals of ever higher scores, never falling, with intervals."""
    order = np.argsort(score, kind="stable")
    parts = np.array_split(order, BINS)
    middle = np.array([score[part].mean() for part in parts])
    wins = pd.Series([won[part].sum() for part in parts])
    rates = shrunk_rates(wins, pd.Series([len(part) for part in parts]), level=level)
    table = rates[["rate", "low", "high"]].rename(columns={"rate": "p_won"})
    for name in ("p_won", "low", "high"):
        table[name] = _rising(table[name].to_numpy())
    table.insert(0, "score", np.maximum.accumulate(middle + np.arange(BINS) * 1e-12))
    return table


def _rising(values: np.ndarray) -> np.ndarray:
    """The nearest sequence that never falls (pool adjacent violators, equal weights)."""
    from scipy.optimize import isotonic_regression

    return isotonic_regression(values).x


def _base_rates(ended, open_, features, won, level: float) -> pd.DataFrame:
    """Shrunk win rate by the feature whose groups differ most in what they would have foretold."""
    best = max(features, key=lambda name: _told_apart(_groups(ended[name]), won), default=None)
    if best is None:
        groups, asked = pd.Series("", index=ended.index), pd.Series("", index=range(len(open_)))
    else:
        both = _groups(pd.concat([ended[best], open_[best]], ignore_index=True))
        groups, asked = both.iloc[: len(ended)], both.iloc[len(ended) :].reset_index(drop=True)
    names = pd.Index(pd.concat([groups, asked]).unique())
    wins = pd.Series(won).groupby(groups.to_numpy()).sum().reindex(names, fill_value=0.0)
    tries = groups.value_counts().reindex(names, fill_value=0)
    rates = shrunk_rates(wins, tries, level=level).reindex(asked)
    return rates[["rate", "low", "high"]].rename(columns={"rate": "p_won"}).reset_index(drop=True)


def _groups(values: pd.Series) -> pd.Series:
    """A feature as few groups: words as they are, numbers by quarter."""
    if pd.api.types.is_numeric_dtype(values) and values.nunique() > 8 and not pd.api.types.is_bool_dtype(values):
        values = pd.qcut(values, 4, duplicates="drop")
    return values.astype("object").astype(str).fillna("")


def _told_apart(groups: pd.Series, won: np.ndarray) -> float:
    """How much the groups' win rates say beyond the overall one: leave-one-out log score of shrunk rates."""
    n = groups.map(groups.value_counts()).to_numpy(float)
    k = pd.Series(won).groupby(groups.to_numpy()).transform("sum").to_numpy()
    mean = (won.sum() + 1) / (len(won) + 2)
    rate = (k - won + 4 * mean) / (n - 1 + 4)
    return float(np.log(np.where(won > 0, rate, 1 - rate)).sum())
