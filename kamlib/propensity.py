"""Will this deal be won: a chance per open deal, from what is known while it is open (decade 3)."""

import re

import numpy as np
import pandas as pd
from scipy.special import expit, logit, ndtri

from kamlib.edition import _
from kamlib.stats import shrunk_rates

LEAKS = frozenset(
    {
        "outcome", "closed", "close_date", "closed_amount", "close_value", "lost_reason", "competitor", "won",
        "is_won", "result", "order_id", "invoice_date", "paid_date", "status", "probability", "days_to_close",
    }
)  # fmt: skip
"""Columns that are filled when a deal ends: they tell the answer."""
LEAKING = re.compile(r"elapsed_days|(to|till|until|through)_clos|^ratio_(of_)?days|days_ratio|to_total_days")
"""Parts of the names of columns that grow until a deal ends, or divide by its whole length."""
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
        Probability that the interval holds the deal's true chance.

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
    Gradient-boosted trees (Friedman 2001; scikit-learn), one model for each fold left out; deals with equal features
    stay in one fold. A deal's chance is the mean of the models' words (in log odds), each calibrated on what such
    words of models that had not seen the deal came to: shrunk win rates of ever higher scores, isotonic.

    The interval is for the deal's own chance, not for its outcome: how far the models that miss one fold each differ
    about this deal (jackknife; Quenouille 1956, Tukey 1958), half drawn to deals of the same chance, and how uncertain
    the calibration is, as one standard error in log odds. What no feature tells is not in it.

    With fewer than `FEW` closed deals, or one outcome only, the shrunk win rate of the feature that tells most apart
    stands instead; the interval is then for the rate of deals like it.
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
    leaking = ", ".join(str(name) for name in features if _leaks(str(name)))
    if leaking:
        raise ValueError(_("{name} is known only when a deal has ended: it would tell the answer.", name=leaking))
    for name in features:
        for where, frame in (("closed", closed), ("open_", open_)):
            if name not in frame:
                raise ValueError(_("{where} has no column {name}.", where=where, name=name))
        leak = _("{name} is blank only for deals of one kind, open or ended: that would tell the answer.", name=name)
        if len(closed) and len(open_) and _one_sided(closed[name], open_[name]):
            raise ValueError(leak)


def _leaks(name: str) -> bool:
    """Whether a column's name, however it is spelt, says that it is filled when a deal ends."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return plain in LEAKS or bool(LEAKING.search(plain))


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
    score, said = cross_fitted(x, won, new, words, seed=seed)
    bands = _bands(score, won, level)
    each = logit(np.interp(said, bands["score"], bands["p_won"]))
    middle, width = each.mean(axis=0), ndtri((1 + level) / 2)
    chance = expit(middle)
    low, high = (np.interp(chance, bands["p_won"], bands[name]) for name in ("low", "high"))
    band = (logit(high) - logit(low)) / (2 * width)
    error = np.sqrt(_variance(each, middle) + band**2)
    return pd.DataFrame({"p_won": chance, "low": expit(middle - width * error), "high": expit(middle + width * error)})


def _variance(each: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """How far the answers of models that miss one fold each speak of chance: jackknife, half drawn to deals alike.

    With `FOLDS` answers a deal's own variance is rough, so it is averaged with that of the deals of about its chance.
    """
    own = (len(each) - 1) / len(each) * ((each - middle) ** 2).sum(axis=0)
    alike = np.empty_like(own)
    for part in np.array_split(np.argsort(middle, kind="stable"), min(BINS, len(middle))):
        alike[part] = own[part].mean()
    return (own + alike) / 2


def _chances(x, won, words: list[bool], seed: int, *asked: np.ndarray) -> list[np.ndarray]:
    """A model's chances for each of ``asked``; on one thread, whose answer does not depend on the machine."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    model = HistGradientBoostingClassifier(
        categorical_features=words, learning_rate=0.1, max_leaf_nodes=15, early_stopping=True, random_state=seed
    )
    with threadpool_limits(1):
        model.fit(x, won)
        return [model.predict_proba(rows)[:, 1] if len(rows) else np.empty(0) for rows in asked]


def cross_fitted(
    x: np.ndarray, won: np.ndarray, new: np.ndarray, words: list[bool], *, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """(for every closed deal the chance by the model that has seen neither it nor any deal with the same features,
    model × new deal: the chances by each of the models)."""
    fold = _folds(x, won, seed)
    score, said = np.full(len(won), won.mean()), np.full((FOLDS, len(new)), won.mean())
    for at in range(FOLDS):
        seen, held = fold != at, fold == at
        if won[seen].min(initial=1) < won[seen].max(initial=0):
            score[held], said[at] = _chances(x[seen], won[seen], words, seed, x[held], new)
    return score, said


def _folds(x: np.ndarray, won: np.ndarray, seed: int) -> np.ndarray:
    """The fold of every deal: equal features stay together, wins and sizes are dealt out evenly, else by chance."""
    same = pd.factorize(pd.util.hash_pandas_object(pd.DataFrame(x), index=False).to_numpy())[0]
    size, wins = np.bincount(same), np.bincount(same, won)
    order = np.random.default_rng(seed).permutation(len(size))
    order = order[np.lexsort((wins[order] / size[order], -size[order]))]
    place = np.empty(len(size), int)
    place[order] = np.arange(len(size)) % FOLDS
    return place[same]


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
