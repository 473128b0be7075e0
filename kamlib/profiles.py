"""What kinds of account there are: features, groups the data knows, profiles, and the ideal customer (decade 1)."""

import numpy as np
import pandas as pd

from kamlib import grouping
from kamlib.stats import matched

FEATURES = ("revenue", "growth", "order_size", "product_count", "tenure_years", "repeat_rate", "price_realisation")
_LOGARITHMIC = ("revenue", "order_size")
FEWEST_TO_GROUP = 20
"""Fewer accounts than this are read one by one, not grouped."""
FEWEST_BEHIND = 5
"""A bootstrap interval needs at least this many accounts."""
STRUCTURE, STABLE = 0.25, 0.75
"""Least silhouette (Kaufman & Rousseeuw 1990) and least stability (Hennig 2007) of groups worth a name."""
_EDGE = 3.0
_MOST_CHECKED = 500


def account_features(
    facts: pd.DataFrame, orders: pd.DataFrame, products: pd.DataFrame, *, as_of: pd.Timestamp, months: int = 12
) -> pd.DataFrame:
    """One row per customer with revenue: what its buying looks like.

    Parameters
    ----------
    facts
        `segmentation.account_facts` for the same ``as_of`` and ``months``.
    orders
        account_id, order_id, order_date, product, quantity, amount (currency).
    products
        product, list_price (currency per unit).

    Returns
    -------
    DataFrame
        account_id, revenue (currency), growth (change ÷ sum of this and the window before: −1 stopped, 0 equal, 1
        new), order_size (currency per order), product_count, tenure_years, repeat_rate, price_realisation (amount ÷
        amount at list price; missing without list prices).
    """
    as_of = pd.Timestamp(as_of)
    window, start = pd.DateOffset(months=months), as_of - pd.DateOffset(months=months)
    sold = orders[(orders["order_date"] <= as_of) & (orders["amount"] > 0)]
    recent = sold[sold["order_date"] > start]
    earlier = orders[(orders["order_date"] <= start) & (orders["order_date"] > start - window)]
    keep = (facts["account_type"] == "customer") & (facts["revenue"] > 0)
    table = facts.loc[keep, ["account_id", "revenue", "product_count", "tenure_years", "repeat_rate"]]
    table = table.reset_index(drop=True)
    before = matched(earlier.groupby("account_id")["amount"].sum(), table["account_id"]).fillna(0).clip(lower=0)
    grouped = recent.groupby("account_id")
    table["growth"] = (table["revenue"] - before) / (table["revenue"] + before)
    table["order_size"] = matched(grouped["amount"].sum() / grouped["order_id"].nunique(), table["account_id"])
    table["price_realisation"] = matched(price_realisation(recent, products), table["account_id"])
    return table[["account_id", *FEATURES]]


def price_realisation(lines: pd.DataFrame, products: pd.DataFrame) -> pd.Series:
    """By account_id: amount ÷ amount at list price, over the lines whose product has one."""
    listed = matched(products.set_index("product")["list_price"], lines["product"]) * lines["quantity"]
    priced = lines.assign(listed=listed)[listed > 0].groupby("account_id")
    return priced["amount"].sum() / priced["listed"].sum()


def scaled_features(features: pd.DataFrame) -> pd.DataFrame:
    """The features made comparable: distance from the median in interquartile ranges, at most 3 either way.

    Revenue and order size enter by their logarithm. A feature most accounts lack, or in which the middle half is alike,
    is left out; a missing cell counts as the median. The index is account_id.
    """
    values = features.set_index("account_id").astype(float)
    values = values.assign(**{name: np.log10(values[name].clip(lower=1)) for name in _LOGARITHMIC if name in values})
    spread = values.quantile(0.75) - values.quantile(0.25)
    kept = [name for name in values if spread[name] > 1e-12 and values[name].notna().mean() > 0.5]
    scaled = (values[kept] - values[kept].median()) / spread[kept]
    return scaled.fillna(0.0).clip(-_EDGE, _EDGE)


# --- groups the data knows by itself ---


def group_checks(scaled: pd.DataFrame, *, most: int = 6, runs: int = 20, seed: int = 0) -> pd.DataFrame:
    """One row per number of groups: how separate k-means groups are, and whether they would be found again.

    Parameters
    ----------
    scaled
        `scaled_features`.
    most
        Largest number of groups to try.
    runs
        Resamples, and structureless comparisons, per number of groups.

    Returns
    -------
    DataFrame
        k, silhouette, by_chance (the silhouette that 95 % of structureless data with the same spread stay below),
        stability (mean adjusted Rand index between these groups and those of a bootstrap resample), agreement (the same
        with a Gaussian mixture), bic (of that mixture; lower is better), holds (silhouette at least 0.25 and above
        chance, stability at least 0.75). Empty for fewer than 20 accounts.

    Notes
    -----
    Silhouette: Rousseeuw (1987); adjusted Rand index: Hubert & Arabie (1985); stability by bootstrap: Hennig (2007);
    structureless data: a normal distribution with the same covariance. Of more than 500 accounts 500 are checked.
    """
    columns = ["k", "silhouette", "by_chance", "stability", "agreement", "bic", "holds"]
    random, points = np.random.default_rng(seed), scaled.to_numpy(float)
    if len(points) > _MOST_CHECKED:
        points = points[random.choice(len(points), _MOST_CHECKED, replace=False)]
    distinct = len(np.unique(points, axis=0)) if points.size else 0
    if len(scaled) < FEWEST_TO_GROUP or distinct <= 2:
        return pd.DataFrame(columns=columns)
    flat = [_structureless(points, random) for _run in range(runs)]
    again = [points[random.integers(0, len(points), len(points))] for _run in range(runs)]
    apart, flat_apart = grouping.distances(points), [grouping.distances(each) for each in flat]
    rows = []
    for k in range(2, min(most, distinct - 1) + 1):
        labels = grouping.nearest(points, grouping.k_means(points, k))
        chance = [_separation(each, gaps, k) for each, gaps in zip(flat, flat_apart, strict=True)]
        found = [grouping.adjusted_rand(labels, grouping.nearest(points, grouping.k_means(each, k))) for each in again]
        mixed, bic = grouping.mixture(points, k)
        separate, agreement = grouping.silhouette(apart, labels), grouping.adjusted_rand(labels, mixed)
        rows.append((k, separate, float(np.quantile(chance, 0.95)), float(np.mean(found)), agreement, bic))
    table = pd.DataFrame(rows, columns=columns[:-1])
    separate = (table["silhouette"] >= STRUCTURE) & (table["silhouette"] > table["by_chance"])
    return table.assign(holds=separate & (table["stability"] >= STABLE))


def _structureless(points: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """As many points from a normal distribution with the same means and covariance."""
    spread = np.cov(points.T).reshape(points.shape[1], -1)
    return random.multivariate_normal(points.mean(axis=0), spread, len(points))


def _separation(points: np.ndarray, apart: np.ndarray, k: int) -> float:
    return grouping.silhouette(apart, grouping.nearest(points, grouping.k_means(points, k)))


def best_groups(checks: pd.DataFrame) -> int:
    """The number of groups to believe in: the most separate one that holds; 0 where there is no structure to find."""
    holding = checks[checks["holds"].astype(bool)]
    return int(holding.loc[holding["silhouette"].astype(float).idxmax(), "k"]) if len(holding) else 0


def groups(scaled: pd.DataFrame, k: int) -> pd.Series:
    """The k-means group of each account, ``1`` the largest; all in ``1`` where k is less than 2. Index: account_id."""
    if k < 2 or len(scaled) < k:
        return pd.Series("1", index=scaled.index, name="group", dtype="str")
    points = scaled.to_numpy(float)
    labels = pd.Series(grouping.nearest(points, grouping.k_means(points, k)), index=scaled.index)
    order = labels.value_counts(sort=True).index
    names = {label: str(place) for place, label in enumerate(order, start=1)}
    return labels.map(names).astype("str").rename("group")


# --- profiles ---


def profile(
    features: pd.DataFrame, groups: pd.Series, *, level: float = 0.9, runs: int = 500, seed: int = 0
) -> pd.DataFrame:
    """One row per group and feature: how far the group's median lies from the median of all, with an interval.

    Parameters
    ----------
    features
        `account_features`.
    groups
        Group by account_id; accounts without one are left out of the groups, not of the median of all.
    level
        Probability of the interval.

    Returns
    -------
    DataFrame
        group, feature, n (accounts), median, overall (the median of all), difference, low, high (of the difference, in
        interquartile ranges of all; revenue and order size by their logarithm). The interval is missing for fewer than
        five accounts. Groups in the order of their names, features in that of `FEATURES`.
    """
    random = np.random.default_rng(seed)
    scaled, raw = scaled_features(features), features.set_index("account_id")
    member = matched(groups, pd.Series(scaled.index)).to_numpy()
    rows = []
    for name in sorted(pd.unique(pd.Series(member).dropna()), key=str):
        mine = scaled.to_numpy()[member == name]
        low, high = _median_interval(mine, level, runs, random)
        for at, feature in enumerate(scaled):
            median, overall = raw.loc[member == name, feature].median(), raw[feature].median()
            rows.append((name, feature, len(mine), median, overall, float(np.median(mine[:, at])), low[at], high[at]))
    columns = ["group", "feature", "n", "median", "overall", "difference", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def _median_interval(
    values: np.ndarray, level: float, runs: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    if len(values) < FEWEST_BEHIND:
        blank = np.full(values.shape[1], np.nan)
        return blank, blank
    drawn = random.integers(0, len(values), (runs, len(values)))
    medians = np.median(values[drawn], axis=1)
    return np.quantile(medians, (1 - level) / 2, axis=0), np.quantile(medians, (1 + level) / 2, axis=0)


# --- the ideal customer ---


def trait_lift(
    cases: pd.DataFrame, traits: list[str], *, level: float = 0.9, runs: int = 500, seed: int = 0
) -> pd.DataFrame:
    """One row per trait and value: how many times as often it goes with success as the average case does.

    Parameters
    ----------
    cases
        account_id, success (bool), and the traits, as text. Several cases of an account (its deals) hang together.
    traits
        Columns to compare.

    Returns
    -------
    DataFrame
        trait, trait_value, n (cases), accounts, rate (share of successes), base_rate (of all cases), lift, low, high,
        verdict (``look_for`` where the whole interval lies above 1, ``avoid`` below, else ``unclear``). Values with
        fewer than five cases are left out; fewer than five accounts have no interval. Highest lift first.

    Notes
    -----
    Lift = P(success | trait) ÷ P(success), each rate drawn to the average by one imagined case. Intervals: Poisson
    bootstrap of accounts, since cases of one account are not independent (Cameron, Gelbach & Miller 2008).
    """
    columns = ["trait", "trait_value", "n", "accounts", "rate", "base_rate", "lift", "low", "high", "verdict"]
    success = cases["success"].astype(float)
    base = success.mean()
    if not len(cases) or not 0 < base < 1:
        return pd.DataFrame(columns=columns)
    account, names = pd.factorize(cases["account_id"], sort=True)
    draws = np.random.default_rng(seed).poisson(1.0, (len(names), runs))[account]
    drawn = draws.sum(axis=0)
    base_runs = np.divide(success.to_numpy() @ draws, drawn, out=np.full(runs, base), where=drawn > 0)
    rows = []
    for trait in traits:
        for value, places in sorted(cases.groupby(trait, sort=True).indices.items()):
            if len(places) >= FEWEST_BEHIND:
                won, n = success.to_numpy()[places], len(places)
                runs_rate = (won @ draws[places] + base) / (draws[places].sum(axis=0) + 1)
                lifts = runs_rate / np.where(base_runs > 0, base_runs, np.nan)
                owners = len(np.unique(account[places]))
                lift = (won.sum() + base) / (n + 1) / base
                rows.append((trait, value, n, owners, won.mean(), base, lift, *_interval(lifts, owners, level)))
    table = pd.DataFrame(rows, columns=columns[:-1])
    table["verdict"] = np.select([table["low"] > 1, table["high"] < 1], ["look_for", "avoid"], "unclear")
    return table.sort_values(["lift", "trait"], ascending=[False, True], kind="stable").reset_index(drop=True)


def _interval(values: np.ndarray, accounts: int, level: float) -> tuple[float, float]:
    if accounts < FEWEST_BEHIND:
        return float("nan"), float("nan")
    low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def fit(accounts: pd.DataFrame, lift: pd.DataFrame) -> pd.DataFrame:
    """One row per account, best first: how well its traits match the ideal customer's.

    Parameters
    ----------
    accounts
        account_id and the traits.
    lift
        `trait_lift`.

    Returns
    -------
    DataFrame
        account_id, fit (geometric mean of the lifts of its traits: 1 like the average), looked_for and avoided (the
        number of its traits with that verdict), known (traits with a lift).
    """
    table = pd.DataFrame({"account_id": accounts["account_id"].to_numpy()})
    logs, hits = np.full((len(table), 0), np.nan), {"look_for": 0, "avoid": 0}
    for trait in dict.fromkeys(lift["trait"]):
        mine = lift[lift["trait"] == trait].set_index("trait_value")
        logs = np.column_stack([logs, np.log(matched(mine["lift"].astype(float), accounts[trait]).clip(lower=0.01))])
        verdict = matched(mine["verdict"], accounts[trait]).to_numpy()
        hits = {name: count + (verdict == name) for name, count in hits.items()}
    known = (~np.isnan(logs)).sum(axis=1)
    table["fit"] = np.exp(np.nansum(logs, axis=1) / np.where(known > 0, known, 1))
    table["looked_for"], table["avoided"], table["known"] = hits["look_for"], hits["avoid"], known
    return table.sort_values(["fit", "account_id"], ascending=[False, True], kind="stable").reset_index(drop=True)


def traits_of(accounts: pd.DataFrame, size: pd.Series) -> pd.DataFrame:
    """The traits of accounts that can be seen before they buy: account_id, industry, size, part_of_group (yes, no).

    Parameters
    ----------
    accounts
        account_id, industry, parent_account_id.
    size
        large, medium or small, in the order of ``accounts``.
    """
    group = accounts["parent_account_id"].notna() | accounts["account_id"].isin(accounts["parent_account_id"])
    table = accounts[["account_id", "industry"]].reset_index(drop=True).assign(size=size.to_numpy())
    return table.assign(part_of_group=np.where(group, "yes", "no"))


TRAITS = ("industry", "size", "part_of_group")
