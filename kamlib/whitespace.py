"""White space: what each account does not buy from us yet, how much that may be, and where to begin."""

import numpy as np
import pandas as pd

from kamlib.stats import matched, shrunk_rates

STATES = ("have", "open", "rival", "none")
PEERS = 4.0
"""How many accounts the experience of all segments is worth beside a segment's own."""
Z80 = 1.2816
"""Half the width of an 80 % interval, in standard deviations."""


def white_space(
    accounts: pd.DataFrame,
    orders: pd.DataFrame,
    opportunities: pd.DataFrame,
    products: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    months: int = 24,
) -> pd.DataFrame:
    """One row per account and product category: do we have it, is it open, has a rival it, or nobody we know of?

    Parameters
    ----------
    accounts
        account_id, account_name, account_type, account_manager, industry, size_class. Dealers are left out: they do not
        buy for themselves.
    orders
        account_id, order_date, product, amount (currency).
    opportunities
        account_id, product, amount, closed, outcome, competitor. May be empty.
    products
        product, category (a product without one is its own).
    months
        How far back an order or a lost deal counts.

    Returns
    -------
    DataFrame
        account_id, account_name, account_manager, account_type, segment (industry and size), category, state (``have``
        bought in the window; else ``open`` a deal is open; else ``rival`` lost to a named rival; else ``none``), bought
        and open_amount (currency), rival (the last one).
    """
    since = pd.Timestamp(as_of) - pd.DateOffset(months=months)
    buyers = accounts[accounts["account_type"] != "dealer"]
    facts = buyers[["account_id", "account_name", "account_manager", "account_type"]].assign(segment=segment_of(buyers))
    cells = facts.merge(pd.DataFrame({"category": sorted(_categories(products).unique())}), how="cross")
    keys = ["account_id", "category"]
    sold = _with_category(orders[(orders["order_date"] > since) & (orders["amount"] > 0)], products)
    deals = _with_category(opportunities, products)
    lost = deals[(deals["outcome"] == "lost") & (deals["closed"] > since) & deals["competitor"].notna()]
    parts = {
        "bought": sold.groupby(keys)["amount"].sum(),
        "open_amount": deals[deals["outcome"] == "open"].groupby(keys)["amount"].sum(),
        "rival": lost.sort_values("closed", kind="stable").groupby(keys)["competitor"].last(),
    }
    place = pd.MultiIndex.from_frame(cells[keys])
    for name, values in parts.items():
        cells[name] = values.reindex(place).to_numpy()
    cells = cells.fillna({"bought": 0.0, "open_amount": 0.0})
    states = [cells["bought"] > 0, cells["open_amount"] > 0, cells["rival"].notna()]
    cells["state"] = np.select(states, STATES[:3], "none")
    first = [*facts.columns, "category", "state", "bought", "open_amount", "rival"]
    return cells[first]


def segment_of(accounts: pd.DataFrame) -> pd.Series:
    """The accounts that are alike: same industry and size, as far as they are known."""
    return accounts["industry"].fillna("").astype(str) + "/" + accounts["size_class"].fillna("").astype(str)


def _categories(products: pd.DataFrame) -> pd.Series:
    return products.set_index("product")["category"].fillna(products.set_index("product").index.to_series())


def _with_category(rows: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """The rows whose product is known, with its category."""
    known = rows.assign(category=rows["product"].map(_categories(products)).astype(object))
    return known[known["category"].notna() & known["account_id"].notna()]


def peer_spend(accounts: pd.DataFrame, orders: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """One row per segment and category: how many customers buy it, and how much in a year. For `Book.pooled`.

    Parameters
    ----------
    accounts
        account_id, account_type, industry, size_class.
    orders
        account_id, order_date, product, amount (currency); the twelve months up to the last order count.
    products
        product, category.

    Returns
    -------
    DataFrame
        segment (``all`` for every customer together), category, accounts (buyers), customers, log_mean, log_sd (of the
        natural logarithm of a buyer's spend in currency).
    """
    customers = accounts[accounts["account_type"] == "customer"]
    customers = customers[["account_id"]].assign(segment=segment_of(customers))
    recent = orders[orders["order_date"] > orders["order_date"].max() - pd.DateOffset(months=12)]
    sold = _with_category(recent, products).merge(customers, on="account_id")
    spend = sold.groupby(["segment", "account_id", "category"], as_index=False)["amount"].sum()
    spend = spend[spend["amount"] > 0]
    both = pd.concat([spend, spend.assign(segment="all")], ignore_index=True)
    both["log"] = np.log(both["amount"].astype(float))
    grouped = both.groupby(["segment", "category"])["log"]
    table = grouped.agg(accounts="size", log_mean="mean", log_sd="std").reset_index()
    many = pd.concat([customers["segment"], pd.Series("all", index=customers.index)]).value_counts()
    table["customers"] = matched(many, table["segment"]).astype(float)
    return table[["segment", "category", "accounts", "customers", "log_mean", "log_sd"]].fillna({"log_sd": 1.0})


def cell_odds(
    orders: pd.DataFrame, opportunities: pd.DataFrame, products: pd.DataFrame, *, level: float = 0.9
) -> pd.DataFrame:
    """One row per state of a white cell: how often a deal that opened it was won.

    Parameters
    ----------
    orders
        account_id, order_date, product, amount.
    opportunities
        account_id, product, created, closed, outcome, competitor.

    Returns
    -------
    DataFrame
        Index ``none`` (nobody we knew of when the deal began), ``rival`` (an earlier deal was lost to a named rival),
        ``open`` (any white cell); deals, won, rate (shrunk), low, high.
    """
    keys = ["account_id", "category"]
    deals = _with_category(opportunities, products)
    sold = _with_category(orders[orders["amount"] > 0], products)
    first = sold.groupby(keys)["order_date"].min().rename("first_bought")
    lost = deals[(deals["outcome"] == "lost") & deals["competitor"].notna()]
    first_lost = lost.groupby(keys)["closed"].min().rename("first_lost")
    closed = deals[deals["outcome"].isin(["won", "lost"])].join(first, on=keys).join(first_lost, on=keys)
    white = closed[~(closed["first_bought"] < closed["created"])]
    state = np.where(white["first_lost"] < white["created"], "rival", "none")
    won = (white["outcome"] == "won").groupby(state).agg(["size", "sum"]).reindex(["none", "rival"]).fillna(0)
    table = won.set_axis(["deals", "won"], axis=1)
    table.loc["open"] = table.sum()
    rates = shrunk_rates(table["won"], table["deals"], level=level)
    return table.join(rates[["rate", "low", "high"]])


def growth_cells(cells: pd.DataFrame, peers: pd.DataFrame, odds: pd.DataFrame) -> pd.DataFrame:
    """One row per white cell that peers can size, the most promising first.

    Parameters
    ----------
    cells
        `white_space`.
    peers
        `peer_spend`.
    odds
        `cell_odds`.

    Returns
    -------
    DataFrame
        rank, account_id, account_name, account_manager, segment, category, state, rival, peers (buyers of the segment),
        year_size (a year's sales if it buys like its peers, or the open amount; currency), size_low, size_high (80 %
        interval for one account), fit (share of the segment's customers that buy the category; 1 for an open deal),
        ease (win rate of such cells), expected (year_size × fit × ease, currency).

    Notes
    -----
    Log spend of the segment and of all segments, and their shares of buyers, are averaged as if the latter were four
    accounts (a normal prior; Gelman et al. 2013, §5.4); the interval is for one new buyer: exp(mean ± 1.28·s·√(1 + 1 ÷
    (n + 4))).
    """
    white = cells[cells["state"] != "have"]
    alike = peers.rename(columns={"accounts": "peers"})
    every = alike[alike["segment"] == "all"].drop(columns="segment")
    table = white.merge(alike, on=["segment", "category"], how="left")
    table = table.merge(every, on="category", how="left", suffixes=("", "_all"))
    own = table[["peers", "customers", "log_mean"]].fillna(0.0)
    n = own["peers"]
    middle = (n * own["log_mean"] + PEERS * table["log_mean_all"]) / (n + PEERS)
    spread = Z80 * table["log_sd_all"] * np.sqrt(1 + 1 / (n + PEERS))
    share = table["peers_all"] / table["customers_all"]
    opened = table["state"] == "open"
    table["peers"] = n.astype(int)
    table["year_size"] = np.exp(middle).mask(opened, table["open_amount"])
    table["size_low"] = np.exp(middle - spread).mask(opened, table["open_amount"])
    table["size_high"] = np.exp(middle + spread).mask(opened, table["open_amount"])
    table["fit"] = ((n + PEERS * share) / (own["customers"] + PEERS)).mask(opened, 1.0)
    table["ease"] = matched(odds["rate"], table["state"]).astype(float)
    table["expected"] = table["year_size"] * table["fit"] * table["ease"]
    table = table[table["year_size"].notna()]
    table = table.sort_values(["expected", "account_id", "category"], ascending=[False, True, True], ignore_index=True)
    table["rank"] = table.index + 1
    first = ["rank", "account_id", "account_name", "account_manager", "segment", "category", "state", "rival", "peers"]
    return table[[*first, "year_size", "size_low", "size_high", "fit", "ease", "expected"]]


def next_offers(growth: pd.DataFrame, orders: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """One row per account: its most promising cell, and the product of that category most accounts buy.

    Parameters
    ----------
    growth
        `growth_cells`.
    orders
        account_id, product, amount.
    products
        product, category.

    Returns
    -------
    DataFrame
        The columns of ``growth`` and product; best first.
    """
    sold = _with_category(orders[orders["amount"] > 0], products)
    buyers = sold.groupby(["category", "product"])["account_id"].nunique().reset_index(name="n")
    usual = buyers.sort_values(["n", "product"], ascending=[False, True]).drop_duplicates("category")
    best = growth.drop_duplicates("account_id").reset_index(drop=True)
    return best.assign(product=best["category"].map(usual.set_index("category")["product"]))


def new_products(
    products: pd.DataFrame, orders: pd.DataFrame, *, as_of: pd.Timestamp, months: int = 24
) -> pd.DataFrame:
    """One row per product launched in the window: who has bought it, and who buys the category without it.

    Returns
    -------
    DataFrame
        product, category, launched, buyers (accounts), candidates (accounts that bought the category in the window but
        not this product), amount (sold so far, currency).
    """
    since = pd.Timestamp(as_of) - pd.DateOffset(months=months)
    sold = _with_category(orders[(orders["amount"] > 0) & (orders["order_date"] > since)], products)
    fresh = products[products["launched"] > since].copy()
    fresh["category"] = fresh["product"].map(_categories(products)).astype(object)
    rows = []
    for product in fresh.itertuples():
        mine = sold[sold["product"] == product.product]
        alike = set(sold.loc[sold["category"] == product.category, "account_id"]) - set(mine["account_id"])
        told = (mine["account_id"].nunique(), len(alike), mine["amount"].sum())
        rows.append((product.product, product.category, product.launched, *told))
    return pd.DataFrame(rows, columns=["product", "category", "launched", "buyers", "candidates", "amount"])


def industry_room(
    accounts: pd.DataFrame, orders: pd.DataFrame, market: pd.DataFrame, *, as_of: pd.Timestamp
) -> pd.DataFrame:
    """One row per industry of the latest market year: our share, and what the share of all industries would add.

    Parameters
    ----------
    accounts
        account_id, industry.
    orders
        account_id, order_date, amount (currency); the last twelve months count.
    market
        industry, year, market_size (currency a year).

    Returns
    -------
    DataFrame
        industry, market_size, revenue, share, room (currency; what is missing to our mean share, 0 where we are above),
        widest first. Empty without a market.
    """
    latest = market[market["year"] == market["year"].max()].groupby("industry", as_index=False)["market_size"].sum()
    recent = orders[orders["order_date"] > pd.Timestamp(as_of) - pd.DateOffset(months=12)]
    industry = recent["account_id"].map(accounts.set_index("account_id")["industry"])
    latest["revenue"] = latest["industry"].map(recent.groupby(industry)["amount"].sum()).fillna(0.0).astype(float)
    latest["share"] = latest["revenue"] / latest["market_size"].where(latest["market_size"] > 0)
    mean = latest["revenue"].sum() / latest["market_size"].sum() if latest["market_size"].sum() > 0 else 0.0
    latest["room"] = ((mean - latest["share"]).clip(lower=0) * latest["market_size"]).fillna(0.0)
    return latest.sort_values("room", ascending=False, kind="stable", ignore_index=True)
