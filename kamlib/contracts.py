"""Lifetime value where orders are contracts: an end is seen, so survival is fitted instead of guessed (decade 2).

The shifted beta–geometric model (Fader & Hardie 2007, Journal of Interactive Marketing 21(1)): at the end of every term
an account leaves with its own probability θ ~ Beta(α, β). Those who stay are ever more those with a small θ, so the
retention rate rises with age although no account changes.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
from scipy.special import betaln, polygamma, psi

from kamlib import hierarchy
from kamlib.lifetime import Model, by_key, fitted, rows_of

_KIND = SimpleNamespace(
    PARAMETERS=("alpha", "beta"), BASIS=np.array([[1.0, -1], [0.5, 0.5]]), SPREAD=np.array([0.6, 0.3])
)


def contract_summary(orders: pd.DataFrame, *, as_of: pd.Timestamp, term_months: int = 12) -> pd.DataFrame:
    """One row per account that ever ordered: how often it renewed, and whether it ended.

    Parameters
    ----------
    orders
        account_id, order_date, amount (currency; negative = return); region if there are several.
    as_of
        Last day that counts.
    term_months
        Length of a contract. Terms run from the account's first order; a term without an order ends the contract, once
        the term is over.

    Returns
    -------
    DataFrame
        Sorted by account: account_id, region (if given), renewals, ended (bool), term_worth (net amount per term held).

    >>> lines = pd.DataFrame({"account_id": ["a", "a", "b"], "amount": [12.0, 10.0, 5.0]})
    >>> lines["order_date"] = pd.to_datetime(["2022-01-10", "2023-03-01", "2022-05-01"])
    >>> contract_summary(lines, as_of=pd.Timestamp("2024-12-31")).to_dict("list")
    {'account_id': ['a', 'b'], 'renewals': [1, 0], 'ended': [False, True], 'term_worth': [11.0, 5.0]}
    """
    as_of = pd.Timestamp(as_of)
    known = orders[orders["order_date"] <= as_of]
    keys = ["account_id", *(["region"] if "region" in known else [])]
    bought = known[known["amount"] >= 0]
    table = bought.groupby(keys)["order_date"].min().rename("first").reset_index()
    lines = bought.merge(table, on=keys)
    terms = lines[keys].assign(term=_months_between(lines["first"], lines["order_date"]) // term_months)
    held = terms.drop_duplicates().sort_values([*keys, "term"])
    unbroken = held["term"] == held.groupby(keys).cumcount()
    count = held[unbroken].groupby(keys).size().rename("held").reset_index()
    table = table.merge(count, on=keys).sort_values(keys, ignore_index=True)
    running = _months_between(table["first"], pd.Series(as_of, index=table.index)) // term_months
    net = known.groupby(keys)["amount"].sum().rename("net").reset_index()
    worth = table.merge(net, on=keys)["net"] / table["held"]
    return table[keys].assign(renewals=table["held"] - 1, ended=running > table["held"], term_worth=worth)


def _months_between(start: pd.Series, end: pd.Series) -> pd.Series:
    """Whole months."""
    months = (end.dt.year - start.dt.year) * 12 + end.dt.month - start.dt.month
    return months - (end.dt.day < start.dt.day)


def fit_contract_model(summary: pd.DataFrame, *, prior: pd.DataFrame | None = None) -> Model:
    """How readily accounts end at a renewal (shifted beta–geometric), for all or for every region.

    Parameters
    ----------
    summary
        `contract_summary`: renewals, ended; region if there are several.

    Returns
    -------
    Model
        Parameters alpha, beta; the mean probability to end at the first renewal is α ÷ (α + β).
    """
    renewals, ended = summary["renewals"].to_numpy(float), summary["ended"].to_numpy(bool)

    def of(group: np.ndarray, groups: int) -> hierarchy.Likelihood:
        return _likelihood(group, renewals, ended, groups)

    return fitted(summary, of, _KIND, np.array([-0.7, 0.7]), prior, len(summary), np.exp)


def _likelihood(group: np.ndarray, renewals: np.ndarray, ended: np.ndarray, groups: int) -> hierarchy.Likelihood:
    """ln B(α + ended, β + renewals) − ln B(α, β), in logs of α and β."""
    rows, n = np.unique(np.stack([group, renewals.astype(int), ended]), axis=1, return_counts=True)
    group, kept, left = rows

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(group, n * values, groups)

    def of(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        natural = np.exp(theta)
        alpha, beta = natural[group].T
        both, after = alpha + beta, alpha + beta + left + kept
        value = total(betaln(alpha + left, beta + kept) - betaln(alpha, beta))
        shared1, shared2 = psi(both) - psi(after), polygamma(1, both) - polygamma(1, after)
        first = np.stack([total(psi(c + k) - psi(c) + shared1) for c, k in ((alpha, left), (beta, kept))], axis=1)
        bend = np.empty((groups, 2, 2))
        bend[:, 0, 1] = bend[:, 1, 0] = total(shared2)
        for i, (c, k) in enumerate(((alpha, left), (beta, kept))):
            bend[:, i, i] = total(polygamma(1, c + k) - polygamma(1, c) + shared2)
        slope = first * natural
        bend = bend * natural[:, :, None] * natural[:, None, :]
        bend[:, range(2), range(2)] += slope
        return value, slope, bend

    return of


def renewal_curve(model: Model, *, terms: int = 12) -> pd.DataFrame:
    """One row per region and term: the share of contracts that still run, and the share of renewals that come.

    Returns
    -------
    DataFrame
        region, term (0 = signed), survival, retention (missing for term 0).
    """
    rows = []
    for region, (alpha, beta) in model.parameters.iterrows():
        term = np.arange(terms + 1)
        survival = np.exp(betaln(alpha, beta + term) - betaln(alpha, beta))
        retention = np.append(np.nan, survival[1:] / survival[:-1])
        rows.append(pd.DataFrame({"region": region, "term": term, "survival": survival, "retention": retention}))
    return pd.concat(rows, ignore_index=True)


def contract_value(
    summary: pd.DataFrame,
    model: Model,
    *,
    discount_rate: float | pd.Series,
    terms: int = 3,
    margin: float | pd.Series = 1.0,
    term_months: int = 12,
) -> pd.DataFrame:
    """One row per account: what its coming renewals are worth, in today's money.

    Parameters
    ----------
    summary
        `contract_summary`.
    discount_rate, margin
        As in `lifetime.lifetime_value`.
    terms
        How many renewals ahead.

    Returns
    -------
    DataFrame
        In the order of ``summary``: account_id, region (if given), renewals, p_renew (at the next renewal; 0 if ended),
        lifetime_value (currency).

    Notes
    -----
    Σₖ margin · worth · S(n + k)/S(n) ÷ (1 + rate)^(k · term): Fader & Hardie (2010), Marketing Science 29(1).
    """
    theta, _covariance = rows_of(summary, model)
    alpha, beta = np.exp(theta).T
    rate = by_key(discount_rate, summary.get("region"), "discount rate")
    n, value = summary["renewals"].to_numpy(float), np.zeros(len(summary))
    for k in range(1, terms + 1):
        kept = np.exp(betaln(alpha, beta + n + k) - betaln(alpha, beta + n))
        value += kept / (1 + rate) ** (k * term_months / 12)
    runs = ~summary["ended"].to_numpy(bool)
    keys = [name for name in ("account_id", "region", "renewals") if name in summary]
    worth = summary["term_worth"].to_numpy(float) * by_key(margin, summary["account_id"], "margin")
    answer = summary[keys].reset_index(drop=True)
    return answer.assign(p_renew=runs * (beta + n) / (alpha + beta + n), lifetime_value=runs * worth * value)
