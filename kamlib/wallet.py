"""Customer potential: what an account could spend with us in a year, and how much of it we have (decade 2).

Frames in, frames out. The wallet is a high percentile of what comparable accounts spend: the mean would say what an
average supplier gets, and potential is what a good one gets. `wallet_models`, `wallet_check` and `peer_quantiles` are
made for `Book.pooled`: a region of eight accounts borrows from the company, and sees coefficients, never accounts.
"""

import zlib

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from kamlib.edition import _
from kamlib.stats import matched

QUANTILES = (0.5, 0.75, 0.8, 0.9, 0.95)
"""Percentiles for which models are fitted."""
RANGE = (0.8, 0.95)
"""Percentiles between which a reasonable person may put the wallet."""
SIZES = ("beds", "employees", "annual_revenue")
KINDS = ("industry", "size_class")
FOLDS = 5
LEAST_FIT = 25
"""Buying accounts below which no model is fitted, and peers speak instead."""
LEAST_LEVEL = 8
"""Accounts of a kind below which it gets no coefficient of its own."""
PENALTY = 1.0
PEER_STRENGTH = 10
"""As many peers as the wider group weighs."""
TERMS = ["scope", "quantile", "fold", "term", "coefficient", "centre", "spread", "accounts"]


def yearly_spend(orders: pd.DataFrame, *, as_of: pd.Timestamp | None = None) -> pd.Series:
    """What each account spent in the twelve months up to ``as_of`` (else the last order), currency, by account_id."""
    end = orders["order_date"].max() if as_of is None else pd.Timestamp(as_of)
    recent = orders[(orders["order_date"] > end - pd.DateOffset(years=1)) & (orders["order_date"] <= end)]
    return recent.groupby("account_id")["amount"].sum()


def folds(accounts: pd.Series) -> pd.Series:
    """The fold (0–4) of every account_id: fixed by its name, the same in every region and every run."""
    return accounts.map(lambda name: zlib.crc32(str(name).encode()) % FOLDS).astype(int)


def quantile_regression(design: np.ndarray, y: np.ndarray, *, quantile: float, penalty: float = 0.0) -> np.ndarray:
    """The coefficients of the linear quantile regression of ``y`` on ``design`` (its first column is the constant).

    Notes
    -----
    Koenker & Bassett (1978) as a linear programme: minimise q·Σu + (1 − q)·Σv subject to Xβ + u − v = y, u, v ≥ 0.
    ``penalty`` adds that much times |β| of every coefficient but the constant (Belloni & Chernozhukov 2011), which
    draws effects that few accounts speak for to zero. Solved is its dual, whose multipliers are the coefficients:
    maximise y'd subject to q − 1 ≤ d ≤ q, 1'd = 0 and |x'd| ≤ penalty for every other column x.

    >>> quantile_regression(np.ones((5, 1)), np.array([1.0, 2, 3, 4, 50]), quantile=0.5).tolist()
    [3.0]
    """
    free, tolled = design[:, :1], design[:, 1:]
    sides = np.hstack([tolled, -tolled]).T if tolled.size else None
    solved = linprog(
        -y,
        A_ub=sides,
        b_ub=None if sides is None else np.full(len(sides), penalty),
        A_eq=free.T,
        b_eq=np.zeros(1),
        bounds=(quantile - 1, quantile),
        method="highs",
    )
    if not solved.success:
        raise ValueError(_("The quantile regression has no solution: {message}", message=solved.message))
    up, down = np.split(-solved.ineqlin.marginals, 2) if sides is not None else (np.empty(0), np.empty(0))
    return np.concatenate([-solved.eqlin.marginals, up - down])


def pinball(y: np.ndarray, predicted: np.ndarray, quantile: float) -> float:
    """Mean pinball loss: how far a predicted percentile misses, each side weighed as the percentile asks.

    >>> pinball(np.array([0.0, 10.0]), np.array([5.0, 5.0]), 0.9)
    2.5
    """
    miss = np.asarray(y, float) - np.asarray(predicted, float)
    return float(np.maximum(quantile * miss, (quantile - 1) * miss).mean())


def wallet_models(accounts: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """One row per scope, percentile, fold and term: the coefficients of yearly spend on firmographics. For pooling.

    Parameters
    ----------
    accounts
        account_id, industry, size_class, beds, employees, annual_revenue (currency a year).
    orders
        account_id, region, order_date, amount (currency).

    Returns
    -------
    DataFrame
        scope (``region``: spend of an account with one region; ``all``: with the company), quantile, fold (0–4: fitted
        without the accounts of that fold; −1: with all), term, coefficient (of log spend), centre, spread (of the log
        of a size; 0 and 1 for the others), accounts (behind the term). Empty with fewer than 25 buying accounts.
    """
    return _by_scope(_fits, accounts, orders, columns=TERMS)


def _by_scope(compute, accounts: pd.DataFrame, orders: pd.DataFrame, *, columns: list[str]) -> pd.DataFrame:
    """What ``compute`` makes of the spend per account and region, and per account; once where these are the same."""
    samples = {name: sample for name, sample in _samples(accounts, orders).items() if len(sample) >= LEAST_FIT}
    same = len(samples) == 2 and samples["region"].equals(samples["all"])
    found = {name: compute(sample) for name, sample in samples.items() if not (same and name == "all")}
    if same:
        found["all"] = found["region"]
    parts = [frame.assign(scope=name)[columns] for name, frame in found.items()]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _fits(sample: pd.DataFrame) -> pd.DataFrame:
    every = [_fit(sample, quantile, fold) for quantile in QUANTILES for fold in range(-1, FOLDS)]
    return pd.concat(every, ignore_index=True)


def _samples(accounts: pd.DataFrame, orders: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Buying accounts with their firmographics, log spend and fold: per account and region, and per account."""
    known = accounts.drop_duplicates("account_id")[["account_id", *KINDS, *SIZES]]
    found = {}
    for scope, keys in (("region", ["account_id", "region"]), ("all", ["account_id"])):
        recent = orders[orders["order_date"] > orders["order_date"].max() - pd.DateOffset(years=1)]
        spend = recent.groupby(keys)["amount"].sum()
        spend = spend[spend > 0].reset_index()[["account_id", "amount"]]
        sample = spend.merge(known, on="account_id").sort_values(["account_id", "amount"], ignore_index=True)
        sample = sample[sample[list(SIZES)].gt(0).any(axis=1)].reset_index(drop=True)
        found[scope] = sample.assign(y=np.log(sample["amount"]), fold=folds(sample["account_id"]))
    return found


def _fit(sample: pd.DataFrame, quantile: float, fold: int) -> pd.DataFrame:
    train = sample[sample["fold"] != fold]
    terms = _terms(train)
    beta = quantile_regression(design(train, terms), train["y"].to_numpy(float), quantile=quantile, penalty=PENALTY)
    return terms.assign(coefficient=beta, quantile=quantile, fold=fold)


def _terms(train: pd.DataFrame) -> pd.DataFrame:
    """The terms this sample can speak for: the constant, sizes somebody states, kinds of at least eight accounts."""
    rows = [("constant", 0.0, 1.0, len(train))]
    for name in SIZES:
        logs = np.log(train[name].astype("float64").where(train[name] > 0)).dropna()
        if len(logs) >= LEAST_LEVEL and logs.std() > 1e-9:
            rows.append((name, logs.mean(), logs.std(), len(logs)))
    for name in KINDS:
        counts = train[name].value_counts().sort_index()
        counts = counts[(counts >= LEAST_LEVEL) & (counts < len(train))]
        rows += [(f"{name}={level}", 0.0, 1.0, int(n)) for level, n in counts.items()]
    return pd.DataFrame(rows, columns=["term", "centre", "spread", "accounts"])


def design(accounts: pd.DataFrame, terms: pd.DataFrame) -> np.ndarray:
    """The values of ``terms`` for every account: 1, standardised log sizes, kinds as 0 or 1.

    A size that is blank is stood in for by the mean of the account's other standardised sizes, and by 0 without any.
    """
    sizes = terms[terms["term"].isin(SIZES)]
    logs = {
        row.term: np.log(accounts[row.term].astype("float64").where(accounts[row.term] > 0))
        for row in sizes.itertuples()
    }
    scores = pd.DataFrame(
        {row.term: (logs[row.term] - row.centre) / row.spread for row in sizes.itertuples()}, index=accounts.index
    )
    scores = scores.T.fillna(scores.mean(axis=1)).T.fillna(0.0)
    columns = []
    for term in terms["term"]:
        name, _equals, level = term.partition("=")
        if term in scores:
            columns.append(scores[term].to_numpy(float))
        else:
            columns.append(np.ones(len(accounts)) if not level else (accounts[name] == level).to_numpy(float))
    return np.column_stack(columns)


def predicted(accounts: pd.DataFrame, models: pd.DataFrame, *, scope: str, quantile: float) -> pd.Series:
    """The percentile of yearly spend for every account (currency), each from the model that has not seen it.

    Missing where there is no model, or no size is known of the account.
    """
    mine = models[(models["scope"] == scope) & np.isclose(models["quantile"].astype("float64"), quantile)]
    answer = pd.Series(np.nan, index=accounts.index, name="predicted")
    fold = folds(accounts["account_id"])
    for number, terms in mine.groupby("fold"):
        rows = accounts[fold == number]
        if len(rows):
            answer[rows.index] = np.exp(design(rows, terms) @ terms["coefficient"].to_numpy(float))
    return answer.where(accounts[list(SIZES)].gt(0).any(axis=1))


def peer_quantiles(accounts: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """One row per scope, percentile and group of peers: the percentile of their log yearly spend. For pooling.

    Returns
    -------
    DataFrame
        scope, quantile, industry, size_class (blank = any), log_spend, accounts.
    """
    known = accounts.drop_duplicates("account_id").set_index("account_id")
    recent = orders[orders["order_date"] > orders["order_date"].max() - pd.DateOffset(years=1)]
    rows = []
    for scope, keys in (("region", ["account_id", "region"]), ("all", ["account_id"])):
        spend = recent.groupby(keys)["amount"].sum().reset_index()
        spend = spend[spend["amount"] > 0]
        kinds = {name: matched(known[name], spend["account_id"]).fillna("").astype("str") for name in KINDS}
        spend = pd.DataFrame({"y": np.log(spend["amount"])} | kinds)
        rows += [(scope, *row) for wide in ((), ("size_class",), KINDS) for row in _percentiles(spend, wide)]
    return pd.DataFrame(rows, columns=["scope", "quantile", *KINDS, "log_spend", "accounts"])


def _percentiles(spend: pd.DataFrame, blank: tuple[str, ...]) -> list[tuple]:
    """Percentiles of every group of kinds, the ``blank`` ones ignored; an account of unknown kind counts only there."""
    told = spend[(spend[[name for name in KINDS if name not in blank]] != "").all(axis=1)]
    groups = told.assign(**dict.fromkeys(blank, "")).groupby(list(KINDS))["y"]
    return [(q, *kind, y.quantile(q), len(y)) for kind, y in groups for q in QUANTILES]


def peers_say(accounts: pd.DataFrame, peers: pd.DataFrame, *, scope: str, quantile: float) -> pd.Series:
    """What an account's peers spend at a percentile (currency): its kind and size, drawn towards its kind, towards all.

    Notes
    -----
    Each step is w·own + (1 − w)·wider with w = n ÷ (n + 10), on the log of spend; a group that is not in ``peers`` has
    n = 0. Missing where there are no peers at all.
    """
    mine = peers[(peers["scope"] == scope) & np.isclose(peers["quantile"].astype("float64"), quantile)]
    table = mine.set_index(list(KINDS))[["log_spend", "accounts"]]
    if ("", "") not in table.index:
        return pd.Series(np.nan, index=accounts.index)
    industry, size = (accounts[name].fillna("") for name in KINDS)
    value = pd.Series(float(table.at[("", ""), "log_spend"]), index=accounts.index)
    for group in (zip(industry, [""] * len(accounts), strict=True), zip(industry, size, strict=True)):
        own = table.reindex(pd.MultiIndex.from_tuples(list(group), names=KINDS)) if len(accounts) else table.iloc[:0]
        n = own["accounts"].fillna(0).to_numpy(float)
        weight = n / (n + PEER_STRENGTH)
        value = (1 - weight) * value + weight * own["log_spend"].fillna(0).to_numpy(float)
    return np.exp(value)


def wallet_check(accounts: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """One row per scope, percentile and method: how well it foretells accounts it has not seen. For pooling.

    Returns
    -------
    DataFrame
        scope, quantile, method (model; flat = the same percentile for everyone), pinball (mean loss on log spend; less
        is better), coverage (share of accounts that spend no more than foretold; ideally the percentile), accounts.
    """
    columns = ["scope", "quantile", "method", "pinball", "coverage", "accounts"]
    return _by_scope(_checks, accounts, orders, columns=columns)


def _checks(sample: pd.DataFrame) -> pd.DataFrame:
    y, rows = sample["y"].to_numpy(float), []
    for quantile in QUANTILES:
        guess = {"model": np.empty(len(y)), "flat": np.empty(len(y))}
        for fold in range(FOLDS):
            out = (sample["fold"] == fold).to_numpy()
            terms = _fit(sample, quantile, fold)
            guess["model"][out] = design(sample[out], terms) @ terms["coefficient"].to_numpy(float)
            guess["flat"][out] = sample.loc[~out, "y"].quantile(quantile)
        rows += [
            (quantile, name, pinball(y, said, quantile), (y <= said).mean(), len(y)) for name, said in guess.items()
        ]
    return pd.DataFrame(rows, columns=["quantile", "method", "pinball", "coverage", "accounts"])


def wallets(
    accounts: pd.DataFrame,
    spend: pd.Series,
    models: pd.DataFrame,
    peers: pd.DataFrame,
    judged: pd.DataFrame,
    *,
    scope: str,
    quantile: float = 0.9,
) -> pd.DataFrame:
    """One row per account: its wallet, what that rests on, our share of it, and what is left to win.

    Parameters
    ----------
    accounts
        account_id, account_name, account_type, account_manager, industry, size_class, beds, employees, annual_revenue.
    spend
        `yearly_spend`.
    models, peers
        The frames of `wallet_models` and `peer_quantiles`.
    judged
        The judgement table ``wallets``: account_id, wallet (currency a year), reason.
    scope
        ``region`` for a region's book, ``all`` for the company's.
    quantile
        One of `QUANTILES`.

    Returns
    -------
    DataFrame
        In the order of ``accounts``: its first four columns, revenue (spend, currency a year), estimate (before the
        floor), wallet (never below revenue), wallet_low, wallet_high (at the 80th and 95th percentile, around the
        room's word ± as much), basis (model, peers, room or own = nothing but the account's own spend), share_of_wallet
        (missing without wallet), headroom (wallet − revenue), reason (the room's).

    Raises
    ------
    ValueError
        If ``quantile`` is none of `QUANTILES`.

    Notes
    -----
    Quantile regression for wallets: Perlich, Rosset, Lawrence & Zadrozny (2007); IBM's use: Lawrence et al. (2010).
    """
    if not np.isclose(QUANTILES, quantile).any():
        known = ", ".join(f"{q:g}" for q in QUANTILES)
        raise ValueError(_("No model for the percentile {q}; there are: {known}.", q=quantile, known=known))
    table = accounts[["account_id", "account_name", "account_type", "account_manager"]].reset_index(drop=True)
    accounts = accounts.reset_index(drop=True)
    table["revenue"] = matched(spend, table["account_id"]).fillna(0.0)
    said = {q: _said(accounts, models, peers, scope, q) for q in {quantile, *RANGE}}
    room = matched(
        judged.drop_duplicates("account_id", keep="last").set_index("account_id")["wallet"], table["account_id"]
    )
    centre = said[quantile][0]
    table["estimate"] = room.astype("float64").fillna(centre)
    floor = table["revenue"].clip(lower=0)
    table["wallet"] = table["estimate"].fillna(floor).clip(lower=floor)
    for column, q in zip(("wallet_low", "wallet_high"), RANGE, strict=True):
        scaled = table["estimate"] * (said[q][0] / centre).fillna(1.0)
        table[column] = scaled.fillna(floor).clip(lower=floor)
    table["wallet_low"] = table[["wallet_low", "wallet"]].min(axis=1)
    table["wallet_high"] = table[["wallet_high", "wallet"]].max(axis=1)
    table["basis"] = said[quantile][1].mask(room.notna(), "room")
    table["share_of_wallet"] = floor / table["wallet"].where(table["wallet"] > 0)
    table["headroom"] = table["wallet"] - floor
    reasons = judged.drop_duplicates("account_id", keep="last").set_index("account_id")["reason"]
    table["reason"] = matched(reasons, table["account_id"])
    return table


def _said(accounts, models, peers, scope: str, quantile: float) -> tuple[pd.Series, pd.Series]:
    """The estimate of every account at a percentile, and on what it rests."""
    model = predicted(accounts, models, scope=scope, quantile=quantile)
    others = peers_say(accounts, peers, scope=scope, quantile=quantile)
    basis = pd.Series("own", index=accounts.index).mask(others.notna(), "peers").mask(model.notna(), "model")
    return model.fillna(others), basis
