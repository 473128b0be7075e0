"""Sales targets: who gets how much of the total, by history, potential and capacity, and when, by the learned season.

The division itself, exact to the last fen, is `cascade.decompose_target`; here are its tree and its weights.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kamlib.cascade import decompose_target
from kamlib.edition import _
from kamlib.schema import ALL_REGIONS
from kamlib.stats import matched

POWERS: Mapping[str, float] = {"history": 0.5, "potential": 0.3, "capacity": 0.2}
"""How much each basis counts in an account's weight; the exponents of a product."""
EVEN = 0.1
"""Part of every basis that is shared evenly, so that an account without history still gets something."""
FEWEST_PEERS = 5
POTENTIAL_QUANTILE = 0.8
STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0, 1e9)
"""How many (effective) order lines an account's own season must have to count half; the best is learned."""
USUAL_STRENGTH = 30.0
TRUSTS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""How far a region's own season may count beside the company's; the best is learned."""
USUAL_TRUST = 0.5


def target_base(
    accounts: pd.DataFrame,
    orders: pd.DataFrame,
    interactions: pd.DataFrame,
    *,
    region: str,
    as_of: pd.Timestamp,
    months: int = 12,
    powers: Mapping[str, float] = POWERS,
) -> pd.DataFrame:
    """One row per region and account: on what its part of the target rests, and its weight.

    Parameters
    ----------
    accounts
        account_id, account_name, account_type, region, industry, size_class.
    orders
        account_id, order_date, amount (currency), region (blank = the account's).
    interactions
        account_id, date. Without a row, capacity is the same for all.
    region
        Whose book this is; ``all`` for the company, whose accounts stand under their own regions.
    powers
        Exponents of history, potential and capacity.

    Returns
    -------
    DataFrame
        region, account_id, account_name, history (sales of the last ``months``, currency, not below 0), potential
        (currency: the 80th percentile of accounts alike, at least its own history), capacity (touches in the window,
        or 1), weight.

    Notes
    -----
    weight = Π (0.9·x ÷ mean(x) + 0.1)^power over the bases x. Accounts alike: same industry and size, or else same
    type, as far as there are five. A sketch of potential; notebook 22 does it properly.
    """
    since = pd.Timestamp(as_of) - pd.DateOffset(months=months)
    recent = _placed(orders[orders["order_date"] > since], accounts, region)
    base = _served(recent, accounts, region)
    pair = pd.MultiIndex.from_frame(base[["region", "account_id"]])
    sold = recent.groupby(["region", "account_id"])["amount"].sum()
    base["history"] = sold.reindex(pair).fillna(0.0).clip(lower=0).to_numpy()
    base["potential"] = _potential(base)
    touches = interactions[interactions["date"] > since].groupby("account_id").size()
    base["capacity"] = matched(touches, base["account_id"]).fillna(0.0) if len(touches) else 1.0
    base["weight"] = 1.0
    for basis, power in powers.items():
        mean = base[basis].mean()
        relative = base[basis] / mean if mean > 0 else 1.0
        base["weight"] *= ((1 - EVEN) * relative + EVEN) ** power
    return base[["region", "account_id", "account_name", "history", "potential", "capacity", "weight"]]


def _placed(rows: pd.DataFrame, accounts: pd.DataFrame, region: str) -> pd.DataFrame:
    """The rows with the region they count for."""
    if region != ALL_REGIONS:
        return rows.assign(region=region)
    home = matched(accounts.set_index("account_id")["region"], rows["account_id"])
    return rows.assign(region=rows["region"].fillna(home) if "region" in rows else home)


def _served(recent: pd.DataFrame, accounts: pd.DataFrame, region: str) -> pd.DataFrame:
    """Region × account: every account in its own region, and wherever else it bought."""
    own = accounts.assign(region=accounts["region"] if region == ALL_REGIONS else region)
    own = own.loc[own["region"] != ALL_REGIONS, ["region", "account_id"]]
    pairs = pd.concat([own, recent[["region", "account_id"]]]).drop_duplicates()
    facts = accounts.drop(columns="region")
    return pairs.merge(facts, on="account_id").sort_values(["region", "account_id"], ignore_index=True)


def _potential(base: pd.DataFrame) -> pd.Series:
    """The 80th percentile of history in the narrowest group that has five accounts; never below the account's own."""
    best = pd.Series(base["history"].quantile(POTENTIAL_QUANTILE) if len(base) else 0.0, index=base.index)
    for keys in (["account_type"], ["account_type", "industry", "size_class"]):
        grouped = base.fillna({"industry": "", "size_class": ""}).groupby(keys)["history"]
        high, many = grouped.transform("quantile", POTENTIAL_QUANTILE), grouped.transform("size") >= FEWEST_PEERS
        best = best.mask(many, high)
    return np.maximum(best, base["history"])


def target_people(
    base: pd.DataFrame,
    accounts: pd.DataFrame,
    opportunities: pd.DataFrame,
    *,
    region: str,
    as_of: pd.Timestamp,
    months: int = 24,
) -> pd.DataFrame:
    """One row per region, account and person who sells there: how much of its business went through their hands.

    Parameters
    ----------
    base
        `target_base`.
    accounts
        account_id, account_manager, region.
    opportunities
        account_id, created, outcome, amount, closed_amount, owner, region.

    Returns
    -------
    DataFrame
        region, account_id, owner, weight (currency): the value of the person's won deals of the last ``months``; the
        account manager also gets what was sold without a deal. Where nobody won anything, everyone with a deal counts
        the same; an account nobody works has no row.
    """
    since = pd.Timestamp(as_of) - pd.DateOffset(months=months)
    deals = _placed(opportunities[~(opportunities["created"] <= since)], accounts, region)
    deals = deals.dropna(subset=["account_id", "owner"])
    value = deals["closed_amount"].fillna(deals["amount"]).where(deals["outcome"] == "won", 0.0)
    owners = deals.assign(weight=value).groupby(["region", "account_id", "owner"], as_index=False)["weight"].sum()
    won = owners.groupby(["region", "account_id"])["weight"].sum()
    pair = pd.MultiIndex.from_frame(base[["region", "account_id"]])
    manager = matched(accounts.set_index("account_id")["account_manager"], base["account_id"])
    rest = (base["history"].to_numpy() - won.reindex(pair).fillna(0.0).to_numpy()).clip(min=0.0)
    keepers = base[["region", "account_id"]].assign(owner=manager, weight=rest).dropna(subset=["owner"])
    people = pd.concat([keepers, owners]).groupby(["region", "account_id", "owner"], as_index=False)["weight"].sum()
    return people.merge(base[["region", "account_id"]], on=["region", "account_id"])


def target_tree(base: pd.DataFrame, people: pd.DataFrame, *, region: str) -> pd.DataFrame:
    """One row per node of the target tree: company (for ``all``), region, account, person.

    Returns
    -------
    DataFrame
        node, parent, level (``company``, ``region``, ``account``, ``person``), region, account_id, owner, weight; an
        account nobody works is a leaf.
    """
    accounts = base.assign(node=base["region"] + "/" + base["account_id"], parent=base["region"], level="account")
    leaves = people.assign(parent=people["region"] + "/" + people["account_id"], level="person")
    leaves["node"] = leaves["parent"] + "/" + leaves["owner"]
    tops = base.groupby("region", as_index=False)["weight"].sum()
    tops = tops.assign(node=tops["region"], parent=None, level="region")
    parts = [tops, accounts, leaves]
    if region == ALL_REGIONS:
        tops["parent"] = ALL_REGIONS
        parts.insert(0, pd.DataFrame({"node": [ALL_REGIONS], "level": ["company"], "weight": [1.0]}))
    columns = ["node", "parent", "level", "region", "account_id", "owner", "weight"]
    return pd.concat([part.reindex(columns=columns) for part in parts], ignore_index=True)


def filed_targets(targets: pd.DataFrame, *, period: str) -> pd.Series:
    """The targets on file for a whole region or company, by metric; empty where there is none.

    Parameters
    ----------
    targets
        region, account_id, owner, metric, period, target. Amounts and counts of several regions are summed; of shares
        and satisfaction the middle one counts.
    """
    whole = targets[(targets["period"] == period) & targets["account_id"].isna() & targets["owner"].isna()]
    grouped = whole.groupby("metric", sort=False)["target"]
    middle = grouped.median()
    return grouped.sum().where(~middle.index.isin(["market_share", "satisfaction"]), middle).rename("target")


def agreed_bounds(
    base: pd.DataFrame, targets: pd.DataFrame, *, period: str, least: float, most: float
) -> dict[str, pd.Series]:
    """Locks, floors and caps by node of a `target_tree`: what is on file, and how far others may move.

    Parameters
    ----------
    base
        `target_base`.
    targets
        region, account_id, metric, period, target (currency).
    least, most
        An account without an agreed target gets at least and, where it bought, at most this multiple of its last year.

    Returns
    -------
    dict
        ``locks``, ``floors``, ``caps``: currency, in whole hundredths.
    """
    history = pd.Series(base["history"].to_numpy(), index=base["region"] + "/" + base["account_id"])
    agreed = targets[(targets["metric"] == "sales") & (targets["period"] == period) & targets["account_id"].notna()]
    locks = agreed["target"].groupby(agreed["region"] + "/" + agreed["account_id"]).sum().round(2)
    locks = locks[locks.index.isin(history.index)]
    free = history[~history.index.isin(locks.index)]
    return {"locks": locks, "floors": (least * free).round(2), "caps": (most * free[free > 0]).round(2)}


def target_parts(divided: pd.DataFrame, base: pd.DataFrame, accounts: pd.DataFrame, *, level: str) -> pd.DataFrame:
    """One row per person, account or region: its last year and its target, as charts and tables show them.

    Parameters
    ----------
    divided
        `cascade.decompose_target` of a `target_tree`.
    base
        `target_base`.
    accounts
        account_id, account_name.
    level
        ``region``, ``account`` or ``person``.

    Returns
    -------
    DataFrame
        Largest target first: label (its name), history (currency; a person's is their part of their accounts'), target
        (currency), bound.
    """
    pairs = pd.MultiIndex.from_frame(base[["region", "account_id"]])
    sold = pd.Series(base["history"].to_numpy(), index=pairs)
    rows = divided[divided["level"] == level]
    if level == "region":
        label, history = rows["node"], matched(base.groupby("region")["history"].sum(), rows["node"])
    else:
        history = sold.reindex(pd.MultiIndex.from_frame(rows[["region", "account_id"]])).to_numpy()
        names = matched(accounts.set_index("account_id")["account_name"], rows["account_id"])
        label = names if level == "account" else rows["owner"]
        history = history * (rows["share"] if level == "person" else 1.0)
    table = pd.DataFrame({"label": label, "history": history, "target": rows["target"], "bound": rows["bound"]})
    if level == "person":
        table = table.groupby("label", as_index=False)[["history", "target"]].sum().assign(bound="")
    return table.sort_values("target", ascending=False, kind="stable", ignore_index=True)


# --- when ---


def company_season(orders: pd.DataFrame) -> pd.DataFrame:
    """One row per calendar month: its share of the company's sales in the last whole years. For `Book.pooled`.

    Parameters
    ----------
    orders
        account_id, order_date, amount (currency).

    Returns
    -------
    DataFrame
        month (1–12), share (sums to 1), accounts (different accounts that ordered in that month). Empty with less than
        twelve whole months. A month is whole if an order lies in its last four days, or after it.
    """
    columns = ["month", "share", "accounts"]
    last = (orders["order_date"].max() + pd.Timedelta(days=4)).to_period("M") - 1 if len(orders) else pd.NaT
    span = (last - orders["order_date"].min().to_period("M")).n + 1 if len(orders) else 0
    if span < 12:
        return pd.DataFrame(columns=columns)
    month = orders["order_date"].dt.to_period("M")
    kept = orders[(month <= last) & (month > last - 12 * (span // 12))]
    grouped = kept.groupby(kept["order_date"].dt.month)
    amount = grouped["amount"].sum().clip(lower=0).reindex(range(1, 13)).fillna(0.0)
    people = grouped["account_id"].nunique().reindex(range(1, 13)).fillna(0).astype(int)
    share = amount / amount.sum() if amount.sum() > 0 else amount + 1 / 12
    return pd.DataFrame({"month": range(1, 13), "share": share.to_numpy(), "accounts": people.to_numpy()})


def seasonal_shares(
    orders: pd.DataFrame,
    season: pd.DataFrame | None = None,
    *,
    as_of: pd.Timestamp,
    by: str = "account_id",
    years: int = 3,
    strength: float | None = None,
) -> pd.DataFrame:
    """One row per group and calendar month: the share of a year's sales that falls in it.

    Parameters
    ----------
    orders
        The group's column, order_date, amount (currency).
    season
        month, share: the company's season (`company_season`), towards which the region's is drawn; None = twelfths.
    by
        The column that groups: account_id, or a product's category.
    years
        How far back to look. Only whole months count.
    strength
        Effective order lines at which a group's own season counts half; None learns it.

    Returns
    -------
    DataFrame
        The group, month (1–12), share (sums to 1 over the months), own_share (the group's raw share), weight (how much
        of the share is the group's own, 0 to 1).

    Notes
    -----
    share = w·own + (1 − w)·all, w = n ÷ (n + strength), n the effective number of the group's order lines
    (Σa)² ÷ Σa²; and all = v·(everybody's raw shares) + (1 − v)·season. Strength and v are those that best predict each
    year's months from the other years (leave one year out, squared error); with less than two whole years they are 30
    and ½. A calendar month nobody has seen gets the average.
    """
    recent = _whole_months(orders, as_of, years)
    lines = recent["amount"].clip(lower=0)
    groups = recent[by].drop_duplicates().sort_values().to_list()
    sizes = lines.groupby(recent[by]).sum() ** 2 / (lines**2).groupby(recent[by]).sum().replace(0, np.nan)
    effective = sizes.reindex(groups).fillna(0.0).to_numpy()
    cube, seen = _cube(recent.assign(amount=lines), by, groups)
    prior = _prior(season)
    strength = strength if strength is not None else _learned_strength(cube, seen, effective)
    own, together = _profile(cube, seen), _together(cube, seen, prior, _learned_trust(cube, seen, prior))
    weight = np.where(own.sum(axis=1) > 0, effective / (effective + strength), 0.0)
    share = weight[:, None] * own + (1 - weight[:, None]) * together
    frame = pd.DataFrame({by: np.repeat(groups, 12), "month": np.tile(np.arange(1, 13), len(groups))})
    return frame.assign(share=share.ravel(), own_share=own.ravel(), weight=np.repeat(weight, 12))


def _whole_months(orders: pd.DataFrame, as_of: pd.Timestamp, years: int) -> pd.DataFrame:
    end = (pd.Timestamp(as_of) + pd.Timedelta(days=1)).to_period("M").to_timestamp()
    inside = (orders["order_date"] < end) & (orders["order_date"] >= end - pd.DateOffset(years=years))
    return orders[inside]


def _cube(lines: pd.DataFrame, by: str, groups: list) -> tuple[np.ndarray, np.ndarray]:
    """Amounts by group × year × calendar month, and which year × month were observed at all."""
    month = lines["order_date"].dt.month.to_numpy() - 1
    year = lines["order_date"].dt.year.to_numpy()
    known = np.unique(year)
    cube = np.zeros((len(groups), len(known), 12))
    place = pd.Index(groups).get_indexer(lines[by])
    np.add.at(cube, (place, np.searchsorted(known, year), month), lines["amount"].to_numpy(float))
    seen = np.zeros((len(known), 12), bool)
    if len(lines):
        span = pd.period_range(lines["order_date"].min(), lines["order_date"].max(), freq="M")
        seen[np.searchsorted(known, span.year), span.month - 1] = True
    return cube, seen


def _profile(cube: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Each group's shares of the twelve months: mean of the months seen, the average where none was; rows sum to 1."""
    times = seen.sum(axis=0)
    mean = np.divide(cube.sum(axis=1), times, out=np.zeros((len(cube), 12)), where=times > 0)
    typical = mean[:, times > 0].mean(axis=1, keepdims=True) if (times > 0).any() else np.zeros((len(cube), 1))
    mean = np.where(times > 0, mean, typical)
    total = mean.sum(axis=1, keepdims=True)
    flat = np.full_like(mean, 1 / 12) * (len(cube) == 1)
    return np.divide(mean, total, out=flat, where=total > 0)


def _prior(season: pd.DataFrame | None) -> np.ndarray:
    if season is None or season.empty:
        return np.full(12, 1 / 12)
    share = season.set_index("month")["share"].reindex(range(1, 13)).fillna(0.0).to_numpy(float)
    return share / share.sum() if share.sum() > 0 else np.full(12, 1 / 12)


def _together(cube: np.ndarray, seen: np.ndarray, prior: np.ndarray, trust: float) -> np.ndarray:
    """Everybody's shares, drawn towards the company's."""
    return trust * _profile(cube.sum(axis=0)[None], seen)[0] + (1 - trust) * prior


def _learned_trust(cube: np.ndarray, seen: np.ndarray, prior: np.ndarray) -> float:
    whole = np.flatnonzero(seen.all(axis=1))
    if len(whole) < 2:
        return USUAL_TRUST
    error = dict.fromkeys(TRUSTS, 0.0)
    for year in whole:
        actual = cube[:, year].sum(axis=0)
        rest = np.delete(cube, year, axis=1), np.delete(seen, year, axis=0)
        for trust in TRUSTS:
            error[trust] += ((actual - actual.sum() * _together(*rest, prior, trust)) ** 2).sum()
    return min(error, key=error.get)


def _learned_strength(cube: np.ndarray, seen: np.ndarray, effective: np.ndarray) -> float:
    whole = np.flatnonzero(seen.all(axis=1))
    if len(whole) < 2:
        return USUAL_STRENGTH
    error = dict.fromkeys(STRENGTHS, 0.0)
    for year in whole:
        rest = np.delete(cube, year, axis=1), np.delete(seen, year, axis=0)
        own, together = _profile(*rest), _profile(rest[0].sum(axis=0)[None], rest[1])[0]
        year_total = cube[:, year].sum(axis=1, keepdims=True)
        for strength in STRENGTHS:
            n = effective * (1 - 1 / len(seen))
            weight = np.where(own.sum(axis=1) > 0, n / (n + strength), 0.0)[:, None]
            predicted = year_total * (weight * own + (1 - weight) * together)
            error[strength] += ((cube[:, year] - predicted) ** 2).sum()
    return min(error, key=error.get)


def monthly_targets(
    targets: pd.DataFrame, shares: pd.DataFrame, *, start: pd.Timestamp, unit: float = 0.01
) -> pd.DataFrame:
    """One row per account and month of the year that begins with ``start``; each account's months sum to its target.

    Parameters
    ----------
    targets
        node, account_id, target (currency), one row per account (or region and account).
    shares
        `seasonal_shares` by account_id; an account without a row gets the mean of the others, or twelfths.

    Returns
    -------
    DataFrame
        account_id, node, month_start (first day of the month), target (currency).
    """
    first = pd.Timestamp(start)
    months = pd.date_range(first, periods=12, freq="MS")
    usual = shares.groupby("month")["share"].mean() if len(shares) else pd.Series(1 / 12, index=range(1, 13))
    wide = shares.pivot(index="account_id", columns="month", values="share").reindex(columns=range(1, 13))
    table = wide.reindex(targets["account_id"]).fillna(usual)[list(months.month)].to_numpy(float)
    root = pd.DataFrame({"node": [_("the total")], "parent": [None]})
    heads = targets[["node", "account_id"]].assign(parent=root["node"][0])
    leaves = heads.loc[heads.index.repeat(12)].assign(month_start=np.tile(months, len(heads)))
    leaves = leaves.assign(parent=leaves["node"], node=leaves["node"] + leaves["month_start"].dt.strftime(" %Y-%m"))
    weights = pd.Series(table.ravel(), index=leaves["node"])
    locks = pd.Series(targets["target"].to_numpy(float), index=targets["node"])
    tree = pd.concat([root, heads, leaves], ignore_index=True)
    total = round(locks.sum() / unit) * unit
    divided = decompose_target(tree, weights, total=total, locks=locks, unit=unit)
    leaves = divided[divided["month_start"].notna()]
    return leaves.assign(node=leaves["parent"])[["account_id", "node", "month_start", "target"]].reset_index(drop=True)
