"""What is likely to happen without a new plan: the sales outlook; what share and satisfaction targets ask for."""

import numpy as np
import pandas as pd
from scipy.stats import norm, poisson

from kamlib.edition import _
from kamlib.stats import matched

LEVEL_MONTHS = 24
DRAWS = 400
SCALE_POINTS = (1.0, 5.0)
"""The ends of the satisfaction scale."""


def sales_outlook(
    orders: pd.DataFrame,
    shares: pd.DataFrame | None = None,
    *,
    start: pd.Timestamp,
    end: pd.Timestamp,
    as_of: pd.Timestamp,
    by: str | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """One row per group: its sales from ``start`` to ``end`` if things go on as they did, with how sure that is.

    Parameters
    ----------
    orders
        order_date, amount (currency), and the column ``by``.
    shares
        month (1–12), share: the season (`targets.seasonal_shares`, its mean over groups is used); None = twelfths.
    start, end
        First and last day of the period; days up to ``as_of`` count as they were.
    by
        Column that groups; None = one row for all.

    Returns
    -------
    DataFrame
        The group (``all`` without ``by``), sold (in the period so far, currency), p20, p50, p80 (what the period will
        reach at most with probability 20, 50, 80 %), mean.

    Notes
    -----
    A plain seasonal bootstrap: each month's sales ÷ its season is one observation of the level; the coming year's level
    is the mean of twelve drawn from the last 24, each coming month another draw around it. No trend, no pipeline.
    """
    day = pd.Timestamp(as_of)
    keys = orders[by] if by else pd.Series("all", index=orders.index)
    groups = sorted(keys.dropna().unique())
    season = _season(shares)
    levels = _levels(orders, keys, groups, season, day)
    months = _coming(pd.Timestamp(start), pd.Timestamp(end), day)
    share = np.array([season[month.month - 1] * part for month, part in months])
    total = _drawn(levels, share, draws, np.random.default_rng(seed))
    inside = (orders["order_date"] >= pd.Timestamp(start)) & (orders["order_date"] <= min(day, pd.Timestamp(end)))
    sold = orders[inside].groupby(keys)["amount"].sum().reindex(groups).fillna(0.0).to_numpy()
    quantiles = np.quantile(total, [0.2, 0.5, 0.8], axis=1) + sold
    frame = pd.DataFrame({by or "group": groups, "sold": sold})
    return frame.assign(p20=quantiles[0], p50=quantiles[1], p80=quantiles[2], mean=total.mean(axis=1) + sold)


def _season(shares: pd.DataFrame | None) -> np.ndarray:
    """Twelve factors with mean 1; a month in which nothing is sold counts a hundredth."""
    if shares is None or shares.empty:
        return np.ones(12)
    share = shares.groupby("month")["share"].mean().reindex(range(1, 13)).fillna(1 / 12).to_numpy(float)
    return np.maximum(share / share.sum() * 12, 0.01)


def _levels(orders, keys, groups, season, day: pd.Timestamp) -> np.ndarray:
    """Groups × whole months: sales ÷ season; the months since the company's first, 24 at most."""
    last = (day + pd.Timedelta(days=1)).to_period("M") - 1
    if orders.empty or orders["order_date"].min().to_period("M") > last:
        return np.zeros((len(groups), 1))
    first = max(orders["order_date"].min().to_period("M"), last - LEVEL_MONTHS + 1)
    span = pd.period_range(first, last, freq="M")
    month = orders["order_date"].dt.to_period("M")
    inside = month.isin(span) & keys.notna()
    cube = np.zeros((len(groups), len(span)))
    rows, columns = pd.Index(groups).get_indexer(keys[inside]), span.get_indexer(pd.PeriodIndex(month[inside]))
    np.add.at(cube, (rows, columns), orders.loc[inside, "amount"].to_numpy(float))
    return cube / season[span.month - 1]


def _coming(start: pd.Timestamp, end: pd.Timestamp, day: pd.Timestamp) -> list[tuple[pd.Timestamp, float]]:
    """The months of the period after ``day``, each with the part of it that is still to come."""
    rows = []
    for month in pd.period_range(start, end, freq="M"):
        first, last = max(month.start_time, start, day + pd.Timedelta(days=1)), min(month.end_time, end)
        days = (last.normalize() - first).days + 1
        if days > 0:
            rows.append((month.start_time, days / month.days_in_month))
    return rows


def _drawn(levels: np.ndarray, share: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Groups × draws: sums of the coming months. All groups draw the same months, so that groups move together."""
    n = levels.shape[1]
    level = levels[:, rng.integers(0, n, (draws, 12))].mean(axis=2)
    centre = levels.mean(axis=1, keepdims=True)
    noise = levels[:, rng.integers(0, n, (draws, max(len(share), 1)))] - centre[:, :, None]
    return level * share.sum() + (noise * (share if len(share) else 0.0)).sum(axis=2)


def target_bridge(
    orders: pd.DataFrame,
    opportunities: pd.DataFrame,
    *,
    start: pd.Timestamp,
    end: pd.Timestamp,
    as_of: pd.Timestamp,
    target: float,
) -> pd.DataFrame:
    """One row per step from what is sold to the target; the steps add up exactly.

    Parameters
    ----------
    orders
        order_date, amount (currency).
    opportunities
        closed, outcome, amount, closed_amount (currency). May be empty.

    Returns
    -------
    DataFrame
        step, amount (currency): ``sold`` (in the period so far), ``flow`` (business without deals: the last twelve
        months' sales less their won deals, for the days that remain), ``open_deals`` (open amount × the win rate by
        value), ``new_deals`` (deals still to be found: what a year's wins would bring in the days that remain, less the
        open ones), ``gap`` (missing to the target; below 0 = more than asked), ``target``.

    Notes
    -----
    Nothing here grows by itself: the gap is what the year's plan must bring. 32 forecasts the funnel properly.
    """
    day, start, end = pd.Timestamp(as_of), pd.Timestamp(start), pd.Timestamp(end)
    year_ago = day - pd.DateOffset(months=12)
    left = max((end - max(day, start - pd.Timedelta(days=1))).days, 0) / 365
    inside = (orders["order_date"] >= start) & (orders["order_date"] <= day)
    closed = opportunities[(opportunities["closed"] > year_ago) & opportunities["outcome"].isin(["won", "lost"])]
    value = closed["closed_amount"].where(closed["outcome"] == "won").fillna(closed["amount"])
    won = value[closed["outcome"] == "won"].sum()
    rate = won / value.sum() if value.sum() > 0 else 0.0
    standing = opportunities.loc[opportunities["outcome"] == "open", "amount"].sum()
    sold = orders.loc[inside, "amount"].sum()
    flow = max(orders.loc[orders["order_date"] > year_ago, "amount"].sum() - won, 0.0) * left
    open_deals = standing * rate if left > 0 else 0.0
    new_deals = max(won * left - open_deals, 0.0)
    gap = target - sold - flow - open_deals - new_deals
    steps = ("sold", "flow", "open_deals", "new_deals", "gap", "target")
    return pd.DataFrame({"step": steps, "amount": [sold, flow, open_deals, new_deals, gap, float(target)]})


def share_scenarios(market: pd.DataFrame, *, sales: float, share: float) -> pd.DataFrame:
    """One row per scenario of market growth: the sales that a share of the market asks for.

    Parameters
    ----------
    market
        industry, year, market_size (currency a year), growth_rate; one region or several.
    sales
        Our sales of the last twelve months in this market (currency).
    share
        The share aimed at, 0 to 1.

    Returns
    -------
    DataFrame
        scenario (``shrinking``, ``low``, ``usual``, ``high``), growth, market_size (next year), share_now (of the
        latest year), needed_sales (currency), needed_growth (over ``sales``). Empty without a market.

    Notes
    -----
    needed sales = share × market × (1 + growth). ``low``, ``usual`` and ``high`` are the 10, 50 and 90 % points of the
    growth rates by industry and year, weighted by size; ``shrinking`` is their negative usual.

    >>> market = pd.DataFrame({"industry": ["x"], "year": [2025], "market_size": [1000.0], "growth_rate": [0.1]})
    >>> share_scenarios(market, sales=80.0, share=0.1).query("scenario == 'usual'")["needed_sales"].round(2).item()
    110.0
    """
    columns = ["scenario", "growth", "market_size", "share_now", "needed_sales", "needed_growth"]
    known = market.dropna(subset=["market_size"])
    size = known.loc[known["year"] == known["year"].max(), "market_size"].sum()
    if not size > 0:
        return pd.DataFrame(columns=columns)
    low, usual, high = _weighted_quantiles(known.dropna(subset=["growth_rate"]), (0.1, 0.5, 0.9))
    growth = np.array([-abs(usual), low, usual, high])
    table = pd.DataFrame({"scenario": ["shrinking", "low", "usual", "high"], "growth": growth})
    table["market_size"] = size * (1 + growth)
    table["share_now"] = sales / size
    table["needed_sales"] = share * table["market_size"]
    table["needed_growth"] = table["needed_sales"] / sales - 1 if sales > 0 else np.nan
    return table[columns]


def _weighted_quantiles(market: pd.DataFrame, points: tuple[float, ...]) -> np.ndarray:
    if market.empty:
        return np.zeros(len(points))
    ordered = market.sort_values("growth_rate")
    middle = ordered["market_size"].cumsum() - ordered["market_size"] / 2
    return np.interp(points, middle / ordered["market_size"].sum(), ordered["growth_rate"])


def satisfaction_targets(
    satisfaction: pd.DataFrame,
    accounts: pd.DataFrame,
    contacts: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    target: float,
    margin: float = 0.3,
    level: float = 0.9,
    months: int = 12,
) -> pd.DataFrame:
    """One row per surveyed account: how satisfied it is, how sure that is, its target, and how many must be asked.

    Parameters
    ----------
    satisfaction
        account_id, date, csat (1–5).
    accounts
        account_id, account_name, account_manager.
    contacts
        contact_id, account_id.
    target
        Mean aimed at over the accounts, 1–5.
    margin
        Half the width of the interval wanted, in points.
    level
        Probability that the interval holds the true mean.

    Returns
    -------
    DataFrame
        Least satisfied first: account_id, account_name, account_manager, n, csat (own mean), estimate (drawn towards
        the others by as much as its answers are few), low, high, people (contacts known), required_n (answers needed
        for ``margin``), enough_people (bool), target (the estimate and the step that brings the mean to ``target``).

    Notes
    -----
    estimate = (n·own + k·mean) ÷ (n + k), k = variance within ÷ variance between accounts (Robinson 1991, Statistical
    Science 6(1)). required n₀ = (z·s ÷ margin)², with the N people of an account n₀ ÷ (1 + (n₀ − 1) ÷ N) (Cochran 1977,
    Sampling Techniques, §4.4).
    """
    since = pd.Timestamp(as_of) - pd.DateOffset(months=months)
    answers = satisfaction[(satisfaction["date"] > since) & satisfaction["csat"].notna()]
    grouped = answers.groupby("account_id")["csat"].agg(["size", "mean"]).reset_index()
    table = accounts[["account_id", "account_name", "account_manager"]].merge(grouped, on="account_id")
    table = table.rename(columns={"size": "n", "mean": "csat"})
    spread, k = _spread(answers)
    overall = answers["csat"].mean()
    table["estimate"] = (table["n"] * table["csat"] + k * overall) / (table["n"] + k)
    z = norm.ppf((1 + level) / 2)
    half = z * spread / np.sqrt(table["n"] + k)
    table["low"], table["high"] = (table["estimate"] - half).clip(*SCALE_POINTS), table["estimate"] + half
    table["high"] = table["high"].clip(*SCALE_POINTS)
    table["people"] = matched(contacts.groupby("account_id").size(), table["account_id"]).fillna(0.0)
    endless = (z * spread / margin) ** 2
    some = table["people"] > 0
    required = np.where(some, endless / (1 + (endless - 1) / table["people"].where(some, 1.0)), endless)
    table["required_n"] = np.ceil(np.maximum(required - 1e-9, 1.0))
    table["enough_people"] = table["required_n"] <= table["people"]
    table["target"] = (table["estimate"] + max(target - overall, 0.0)).clip(upper=SCALE_POINTS[1])
    return table.sort_values(["estimate", "account_id"], ignore_index=True)


def _spread(answers: pd.DataFrame) -> tuple[float, float]:
    """Standard deviation of an answer within an account, and how many answers the others' experience is worth."""
    groups = answers.groupby("account_id")["csat"]
    n, mean = groups.size(), groups.mean()
    inner = ((answers["csat"] - groups.transform("mean")) ** 2).sum()
    freedom = len(answers) - len(n)
    within = inner / freedom if freedom > 0 and inner > 0 else answers["csat"].var() if len(answers) > 1 else 1.0
    within = within if within and within > 0 else 0.25
    between = mean.var() - within * (1 / n).mean() if len(n) > 1 else 0.0
    return float(np.sqrt(within)), float(min(within / between, 100.0) if between > 0 else 100.0)


def count_outlook(dates: pd.Series, *, as_of: pd.Timestamp, days: int = 365) -> tuple[float, float, float]:
    """Last year's count of events, and the median and 80th percentile of as many days to come at the same rate.

    >>> count_outlook(pd.Series(pd.to_datetime(["2025-03-01", "2025-04-01"])), as_of="2025-12-31")
    (2.0, 2.0, 3.0)
    """
    day = pd.Timestamp(as_of)
    past = float(((dates > day - pd.Timedelta(days=365)) & (dates <= day)).sum())
    rate = past * days / 365
    return past, float(poisson.median(rate)), float(poisson.ppf(0.8, rate))


def period_bounds(period: str, *, fiscal_year_start: int = 1) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day of a year ``2026``, a quarter ``2026-Q1`` or a month ``2026-01``.

    Raises
    ------
    ValueError
        For anything else.

    >>> [f"{day:%Y-%m-%d}" for day in period_bounds("2026-Q1")]
    ['2026-01-01', '2026-03-31']
    """
    text = str(period).strip()
    year, _dash, rest = text.partition("-")
    if not (len(year) == 4 and year.isdigit()):
        raise ValueError(_("{period!r} is no period; write 2026, 2026-Q1 or 2026-01.", period=text))
    whole = pd.Timestamp(int(year), fiscal_year_start, 1)
    if not rest and not _dash:
        first, months = whole, 12
    elif rest in ("Q1", "Q2", "Q3", "Q4"):
        first, months = whole + pd.DateOffset(months=3 * (int(rest[1]) - 1)), 3
    elif rest.isdigit() and len(rest) == 2 and 1 <= int(rest) <= 12:
        first, months = pd.Timestamp(int(year), int(rest), 1), 1
    else:
        raise ValueError(_("{period!r} is no period; write 2026, 2026-Q1 or 2026-01.", period=text))
    return first, first + pd.DateOffset(months=months) - pd.Timedelta(days=1)


def plan_year(as_of: pd.Timestamp, *, fiscal_year_start: int = 1) -> tuple[str, pd.Timestamp, pd.Timestamp]:
    """The business year that tomorrow lies in: its name as in ``targets``, first and last day.

    >>> plan_year(pd.Timestamp("2025-12-31"))[0], plan_year(pd.Timestamp("2025-12-30"))[0]
    ('2026', '2025')
    """
    tomorrow = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    name = str(tomorrow.year - (tomorrow.month < fiscal_year_start))
    return name, *period_bounds(name, fiscal_year_start=fiscal_year_start)


# --- evidence for the SMART check ---


def metric_outlook(
    orders: pd.DataFrame,
    accounts: pd.DataFrame,
    interactions: pd.DataFrame,
    satisfaction: pd.DataFrame,
    market: pd.DataFrame,
    *,
    sales: pd.Series,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    """One row per metric a region has data for: its last value, and what a year like the last would bring.

    Parameters
    ----------
    orders
        order_date, amount, cost (currency).
    accounts
        since.
    interactions
        date.
    satisfaction
        date, csat (1–5).
    market
        industry, year, market_size, growth_rate.
    sales
        p50, p80 of `sales_outlook` for the region.

    Returns
    -------
    DataFrame
        metric, baseline, p50, p80, in the metric's unit. Gross profit: the outlook × last year's margin; share: the
        outlook ÷ next year's usual market; satisfaction: the mean and its upper 80 %; counts: as last year (Poisson).
    """
    day = pd.Timestamp(as_of)
    year_ago = day - pd.DateOffset(months=12)
    recent = orders[orders["order_date"] > year_ago]
    sold = recent["amount"].sum()
    rows = [("sales", sold, sales["p50"], sales["p80"])]
    priced = recent.dropna(subset=["cost"])
    if priced["amount"].sum() > 0:
        rate = 1 - priced["cost"].sum() / priced["amount"].sum()
        rows.append(("gross_profit", sold * rate, sales["p50"] * rate, sales["p80"] * rate))
    scenarios = share_scenarios(market, sales=sold, share=0.0).set_index("scenario")
    if len(scenarios):
        size = scenarios.at["usual", "market_size"]
        rows.append(("market_share", scenarios.at["usual", "share_now"], sales["p50"] / size, sales["p80"] / size))
    answers = satisfaction.loc[(satisfaction["date"] > year_ago), "csat"].dropna()
    if len(answers) > 1:
        upper = answers.mean() + norm.ppf(0.8) * answers.std() / np.sqrt(len(answers))
        rows.append(("satisfaction", answers.mean(), answers.mean(), min(upper, SCALE_POINTS[1])))
    for metric, dates in (("new_accounts", accounts["since"]), ("visits", interactions["date"])):
        if dates.notna().any():
            rows.append((metric, *count_outlook(dates, as_of=day)))
    return pd.DataFrame(rows, columns=["metric", "baseline", "p50", "p80"])


def proposed_targets(
    divided: pd.DataFrame, base: pd.DataFrame, outlook: pd.DataFrame, total: pd.Series, *, period: str
) -> pd.DataFrame:
    """One row per target that a division proposes, with the evidence the SMART check asks for.

    Parameters
    ----------
    divided
        `cascade.decompose_target` of a `targets.target_tree`.
    base
        `targets.target_base`: account_id, history.
    outlook
        `sales_outlook` by account_id.
    total
        baseline, p50, p80 of the whole.

    Returns
    -------
    DataFrame
        region, account_id, owner, metric, period, target, baseline, p50, p80: the whole, then every person (all their
        accounts together), then every account (its owner is the person with the largest part).
    """
    rows = divided[divided["level"].isin(["account", "person"])]
    known = base.merge(outlook, on="account_id", how="left").fillna({"p50": 0.0, "p80": 0.0})
    known = known.groupby("account_id", as_index=False)[["history", "p50", "p80"]].max()
    table = rows.merge(known.rename(columns={"history": "baseline"}), on="account_id", how="left")
    person = table[table["level"] == "person"].copy()
    for column in ("baseline", "p50"):
        person[column] *= person["share"]
    person["spread"] = ((person["p80"] * person["share"] - person["p50"]).clip(lower=0)) ** 2
    people = person.groupby("owner", as_index=False)[["target", "baseline", "p50", "spread"]].sum()
    people["p80"] = people["p50"] + np.sqrt(people["spread"])
    leading = person.sort_values("target", kind="stable").drop_duplicates("parent", keep="last")
    heads = matched(leading.set_index("parent")["owner"], table["node"])
    accounts = table[table["level"] == "account"].assign(owner=heads[table["level"] == "account"])
    whole = pd.DataFrame([{"target": divided["target"].max(), **total}])
    whole = whole.astype(float) if len(divided) else whole.iloc[:0]
    columns = ["region", "account_id", "owner", "metric", "period", "target", "baseline", "p50", "p80"]
    parts = [frame.assign(metric="sales", period=period) for frame in (whole, people, accounts)]
    return pd.concat([part.reindex(columns=columns).astype(object) for part in parts], ignore_index=True).assign(
        region=None
    )
