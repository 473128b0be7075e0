"""How firm a key-account list is: orders and weights might have been a little different (decade 1)."""

import numpy as np
import pandas as pd
from scipy import sparse

from kamlib.edition import _
from kamlib.segmentation import key_account_criteria, quarters_back
from kamlib.weighting import weighted_score

SURE = 0.9
"""From this share of runs on (or up to 1 − it) a verdict is firm; between, the account is for discussion."""
_RUNS_AT_A_TIME = 25


def list_stability(
    facts: pd.DataFrame,
    orders: pd.DataFrame,
    weights: pd.Series,
    *,
    as_of: pd.Timestamp,
    threshold: float,
    months: int = 12,
    runs: int = 200,
    concentration: float = 50,
    seed: int = 0,
) -> pd.DataFrame:
    """One row per customer, best first: in which share of runs it is key, when orders and weights might have differed.

    Parameters
    ----------
    facts
        The frame of `segmentation.account_facts` for the same ``as_of`` and ``months``.
    orders
        account_id, order_id, order_date, product, amount (currency).
    weights
        Weight by criterion.
    threshold
        Score from which a customer is key, 0 to 1.
    concentration
        How firmly the weights are held: a weight w varies with standard deviation √(w(1 − w) ÷ (concentration + 1)).

    Returns
    -------
    DataFrame
        account_id, account_name, account_manager, score, low, high (the middle 90 % of its scores over the runs),
        stay_share (share of runs in which it is key), verdict (``key``, ``discuss`` or ``not_key``; firm from 90 % on).

    Notes
    -----
    In each run every order counts as often as a Poisson(1) draw says (a bootstrap of orders: Efron & Tibshirani, An
    Introduction to the Bootstrap, 1993), and the weights come from a Dirichlet distribution around the given ones. A
    resample misses a third of the orders, so breadth and repeat rate are lower in every run; what counts is therefore
    each trait's deviation from its mean over the runs, added to its observed value.
    """
    random = np.random.default_rng(seed)
    observed = key_account_criteria(facts)
    traits = _resampled_traits(facts, orders, pd.Timestamp(as_of), months, runs, random)
    noisy = _noisy_weights(weights, runs, concentration, random)
    scores = _scores(observed, traits, noisy)
    table = facts[["account_id", "account_name", "account_manager"]].assign(score=weighted_score(observed, weights))
    table["low"], table["high"] = np.quantile(scores, [0.05, 0.95], axis=1) if len(facts) else (0.0, 0.0)
    table["stay_share"] = (scores >= threshold).mean(axis=1)
    table["verdict"] = np.select(
        [table["stay_share"] >= SURE, table["stay_share"] <= 1 - SURE], ["key", "not_key"], "discuss"
    )
    table = table[facts["account_type"] == "customer"]
    return table.sort_values(["score", "account_id"], ascending=[False, True], kind="stable").reset_index(drop=True)


def other_choice(facts: pd.DataFrame, ranking: pd.DataFrame, closeness: pd.Series) -> pd.DataFrame:
    """The customers that another method puts on a list of the same length, and that are not on it; best first.

    Parameters
    ----------
    facts
        account_id, account_name, account_type.
    ranking
        `segmentation.key_accounts`: account_id, key.
    closeness
        The other method's score (`weighting.topsis`), in the order of ``facts``.

    Returns
    -------
    DataFrame
        account_id, account_name, closeness.
    """
    table = facts[["account_id", "account_name"]].assign(closeness=closeness.to_numpy())
    table = table[(facts["account_type"] == "customer").to_numpy()].nlargest(int(ranking["key"].sum()), "closeness")
    on_list = ranking.loc[ranking["key"], "account_id"]
    return table[~table["account_id"].isin(on_list)].reset_index(drop=True)


def to_vote(ranking: pd.DataFrame, firm: pd.DataFrame, others: pd.DataFrame) -> list[str]:
    """The names to vote on when the list is not settled: nobody on it is firm, and another method names others.

    Parameters
    ----------
    ranking, firm, others
        `segmentation.key_accounts`, `list_stability` and `other_choice`.
    """
    on_list = ranking[ranking["key"]]
    sure = firm.loc[firm["verdict"] == "key", "account_id"]
    settled = on_list.empty or others.empty or on_list["account_id"].isin(sure).any()
    return [] if settled else [*on_list["account_name"], *others["account_name"]]


def vote_on(names: list[str]) -> str:
    """What to do about a list that is not settled."""
    return _("The list is not settled: vote on {names} at the review", names=_(", ").join(names))


def _resampled_traits(
    facts: pd.DataFrame, orders: pd.DataFrame, as_of: pd.Timestamp, months: int, runs: int, random: np.random.Generator
) -> dict[str, np.ndarray]:
    """Criterion -> accounts × runs: the traits that depend on orders, computed anew from each resample."""
    place = pd.Series(np.arange(len(facts)), index=facts["account_id"])
    orders = orders[(orders["order_date"] <= as_of) & orders["account_id"].isin(facts["account_id"])]
    recent = orders["order_date"] > as_of - pd.DateOffset(months=months)
    quarter = quarters_back(orders, as_of)
    account, order = place[orders["account_id"]].to_numpy(), pd.factorize(orders["order_id"], sort=True)[0]
    lines = pd.DataFrame({"account": account, "order": order, "amount": orders["amount"].to_numpy()})
    lines = lines.assign(product=orders["product"].to_numpy(), quarter=quarter.to_numpy(), recent=recent.to_numpy())
    bought = lines[lines["amount"] > 0]
    shape = (len(facts), int(order.max()) + 1 if len(order) else 0)
    revenue = _incidence(lines[lines["recent"]], "account", shape, lines.loc[lines["recent"], "amount"])
    breadth = _Distinct(bought[bought["recent"]], "product", shape)
    rhythm = _Distinct(bought[bought["quarter"] < 8], "quarter", shape)
    parts = []
    for start in range(0, runs, _RUNS_AT_A_TIME):
        draws = random.poisson(1.0, (shape[1], min(_RUNS_AT_A_TIME, runs - start))).astype(np.float32)
        parts.append((revenue @ draws, breadth.counts(draws), rhythm.counts(draws) / 8))
    money, products, repeat = (np.hstack(part) for part in zip(*parts, strict=True))
    tenure = facts["tenure_years"].to_numpy()[:, None] + np.zeros((1, runs))
    return {
        "value": _scaled_runs(np.clip(money, 0, None)),
        "complexity": _scaled_runs(products),
        "longevity": (_scaled_runs(tenure) + repeat) / 2,
    }


def _incidence(lines: pd.DataFrame, row: str, shape: tuple[int, int], values: pd.Series | float) -> sparse.csr_matrix:
    data = np.broadcast_to(np.asarray(values, dtype=np.float32), len(lines))
    return sparse.csr_matrix((data, (lines[row].to_numpy(), lines["order"].to_numpy())), shape=shape)


class _Distinct:
    """Counts, for every account and run, how many different products (or quarters) its drawn orders touch."""

    def __init__(self, lines: pd.DataFrame, what: str, shape: tuple[int, int]):
        pairs = lines.groupby(["account", what], sort=True).ngroup().to_numpy()
        n = int(pairs.max()) + 1 if len(pairs) else 0
        self._touched = _incidence(lines.assign(pair=pairs), "pair", (n, shape[1]), 1.0)
        owner = lines["account"].groupby(pairs).first().to_numpy(int) if n else np.zeros(0, int)
        self._owned = sparse.csr_matrix((np.ones(n, np.float32), (owner, np.arange(n))), shape=(shape[0], n))

    def counts(self, draws: np.ndarray) -> np.ndarray:
        """Accounts × runs."""
        return self._owned @ (self._touched @ draws > 0).astype(np.float32)


def _scaled_runs(values: np.ndarray) -> np.ndarray:
    """Each run (column) as a fraction of its own 95th percentile, like `segmentation.key_account_criteria`."""
    if not len(values):
        return values
    full = np.quantile(values, 0.95, axis=0)
    full = np.where(full > 0, full, values.max(axis=0))
    return np.clip(values / np.where(full > 0, full, 1), 0, 1)


def _noisy_weights(weights: pd.Series, runs: int, concentration: float, random: np.random.Generator) -> pd.DataFrame:
    """One column per run: weights drawn from a Dirichlet distribution whose mean is ``weights``."""
    shape = (weights / weights.sum() * concentration).to_numpy(float)
    drawn = random.standard_gamma(shape[:, None], (len(shape), runs))
    return pd.DataFrame(drawn / drawn.sum(axis=0), index=weights.index)


def _scores(observed: pd.DataFrame, traits: dict[str, np.ndarray], weights: pd.DataFrame) -> np.ndarray:
    """Accounts × runs."""
    total, share = 0.0, 0.0
    for name in weights.index:
        seen = observed[name].to_numpy(float)[:, None]
        drawn = traits.get(name, seen + np.zeros((1, weights.shape[1])))
        moved = np.clip(seen + drawn - drawn.mean(axis=1, keepdims=True), 0, 1)
        known = ~np.isnan(moved)
        total = total + np.where(known, moved, 0.0) * weights.loc[name].to_numpy()
        share = share + known * weights.loc[name].to_numpy()
    return total / np.where(share > 0, share, 1)
