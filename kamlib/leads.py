"""Leads: which of the eight sources pays, who is hot, and where the next quarter's effort goes (decade 3).

Frames in, frames out. A lead is *settled* when it became a deal or was given up; one that is still open has not failed,
so rates are taken over settled leads, and over closed deals.
"""

import numpy as np
import pandas as pd

from kamlib.edition import _
from kamlib.schema import ALL_REGIONS, LEAD_SOURCES
from kamlib.stats import matched, shrunk_rates

TIERS = ("hot", "warm", "cold")
STALE_QUANTILE = 0.9
"""A lead older than nine of ten were when they became a deal is cold, whatever its score."""


def lead_outcomes(leads: pd.DataFrame, opportunities: pd.DataFrame) -> pd.DataFrame:
    """One row per lead: what became of it.

    Parameters
    ----------
    leads
        lead_id, source, created, status, closed, cost (currency), opportunity_id.
    opportunities
        opportunity_id, closed, outcome, amount, closed_amount (currency).

    Returns
    -------
    DataFrame
        ``leads`` with outcome (of its deal; missing without one), won_amount (currency; 0 unless won), days_to_convert
        (from found to deal), days_to_win (from found to signed).
    """
    deals = opportunities.set_index("opportunity_id")
    known = leads.reset_index(drop=True)
    key = known["opportunity_id"]
    known["outcome"] = matched(deals["outcome"], key)
    signed = matched(deals["closed_amount"].fillna(deals["amount"]), key)
    known["won_amount"] = signed.where(known["outcome"] == "won", 0.0).fillna(0.0)
    converted = known["status"] == "converted"
    known["days_to_convert"] = (known["closed"] - known["created"]).dt.days.where(converted)
    ended = matched(deals["closed"], key)
    known["days_to_win"] = (ended - known["created"]).dt.days.where(known["outcome"] == "won")
    return known


def source_counts(leads: pd.DataFrame, opportunities: pd.DataFrame) -> pd.DataFrame:
    """One row per region and source: leads, deals, cost and won amount. For `Book.pooled` and at home.

    Parameters
    ----------
    leads
        As in `lead_outcomes`, and account_id, region.
    opportunities
        As in `lead_outcomes`.

    Returns
    -------
    DataFrame
        region, source, leads, settled (became a deal or given up), converted, closed_deals, won, cost, won_amount,
        won_squares (sum of the squared won amounts), accounts (different accounts; a lead without one counts as one).
    """
    known = lead_outcomes(leads, opportunities)
    who = known["account_id"].fillna(known["lead_id"])
    facts = pd.DataFrame(
        {
            "region": known["region"],
            "source": known["source"].astype("str"),
            "leads": 1,
            "settled": known["status"].isin(["converted", "disqualified"]).astype(int),
            "converted": (known["status"] == "converted").astype(int),
            "closed_deals": known["outcome"].isin(["won", "lost"]).astype(int),
            "won": (known["outcome"] == "won").astype(int),
            "cost": known["cost"].fillna(0.0),
            "won_amount": known["won_amount"],
            "won_squares": known["won_amount"] ** 2,
        }
    )
    sums = facts.groupby(["region", "source"], sort=True).sum()
    sums["accounts"] = who.groupby([facts["region"], facts["source"]]).nunique()
    return sums.reset_index()


def _of_source(frame: pd.DataFrame, source: str) -> pd.DataFrame:
    return frame[frame["source"] == source]


def _steadied(own: pd.DataFrame, company: pd.DataFrame, part: str, whole: str, level: float) -> pd.DataFrame:
    """Per source: the own rate drawn towards the other regions', its interval, and the company's rate."""
    others = company[~company["region"].isin(set(own["region"]) | {ALL_REGIONS})]
    others = others.iloc[:0] if ALL_REGIONS in set(own["region"]) else others
    rows = []
    for source in LEAD_SOURCES:
        sums = [_of_source(own, source)[[part, whole]].sum(), *_rows(_of_source(others, source)[[part, whole]])]
        k, n = (pd.Series([row[name] for row in sums], dtype=float) for name in (part, whole))
        overall = k.sum() / n.sum() if n.sum() else np.nan
        rows.append((*shrunk_rates(k, n, level=level).iloc[0][["rate", "low", "high", "own"]], overall))
    return pd.DataFrame(rows, columns=["rate", "low", "high", "own_rate", "company_rate"], index=list(LEAD_SOURCES))


def _rows(frame: pd.DataFrame) -> list[pd.Series]:
    return [row for _index, row in frame.iterrows()]


def conversion_by_source(own: pd.DataFrame, company: pd.DataFrame, *, level: float = 0.9) -> pd.DataFrame:
    """One row per source: the share of settled leads that became a deal, steadied by the other regions' experience.

    Parameters
    ----------
    own
        `source_counts` of one region; of the whole company with region ``all``.
    company
        `source_counts` of all regions, as `Book.pooled` gives them.

    Returns
    -------
    DataFrame
        In the order of `schema.LEAD_SOURCES`: source, leads, rate, low, high (interval of ``level``), own_rate,
        company_rate.
    """
    rates = _steadied(own, company, "converted", "settled", level)
    leads = own.groupby("source")["leads"].sum().reindex(rates.index).fillna(0).astype(int)
    return rates.assign(leads=leads).rename_axis("source").reset_index()[_RATE_COLUMNS]


_RATE_COLUMNS = ["source", "leads", "rate", "low", "high", "own_rate", "company_rate"]


def wins_by_source(own: pd.DataFrame, company: pd.DataFrame, *, level: float = 0.9) -> pd.DataFrame:
    """One row per source: the share of its closed deals that were won, steadied like `conversion_by_source`.

    Returns
    -------
    DataFrame
        source, leads, rate, low, high, own_rate, company_rate.
    """
    rates = _steadied(own, company, "won", "closed_deals", level)
    leads = own.groupby("source")["leads"].sum().reindex(rates.index).fillna(0).astype(int)
    return rates.assign(leads=leads).rename_axis("source").reset_index()[_RATE_COLUMNS]


def credible_means(n: pd.Series, sums: pd.Series, squares: pd.Series) -> pd.Series:
    """Per group: its mean drawn towards the mean of all groups by as much as its few values deserve.

    Parameters
    ----------
    n, sums, squares
        Per group: number of values, their sum, the sum of their squares (same index).

    Returns
    -------
    Series
        Index of ``n``; missing when no group has a value.

    Notes
    -----
    Bühlmann–Straub credibility: weight n ÷ (n + s² ÷ a), s² the variance within groups, a that between them, both
    estimated without distribution; where groups differ no more than chance makes them, a = 0 and all get the mean of
    all (Bühlmann & Straub 1970).

    >>> credible_means(pd.Series([1, 0]), pd.Series([10.0, 0.0]), pd.Series([100.0, 0.0])).tolist()
    [10.0, 10.0]
    """
    n, sums, squares = (series.astype(float) for series in (n, sums, squares))
    total, filled = n.sum(), n > 0
    if not total:
        return pd.Series(np.nan, index=n.index)
    means = (sums / n.where(filled)).fillna(0.0)
    overall, groups = sums.sum() / total, int(filled.sum())
    inside = (squares - n * means**2).sum() / max(total - groups, 1)
    spread = total - (n**2).sum() / total
    between = ((n * (means - overall) ** 2).sum() - (groups - 1) * inside) / spread if spread > 0 else 0.0
    weight = n / (n + inside / between) if between > 0 else n * 0.0
    centre = (weight * means).sum() / weight.sum() if weight.sum() else overall
    return weight * means + (1 - weight) * centre


def source_yield(own: pd.DataFrame, conversion: pd.DataFrame, wins: pd.DataFrame) -> pd.DataFrame:
    """One row per source: what a lead costs and what it may be expected to bring.

    Parameters
    ----------
    own
        `source_counts` of the region.
    conversion, wins
        `conversion_by_source` and `wins_by_source` of the region.

    Returns
    -------
    DataFrame
        source, leads, cost, won_amount (currency, so far), cost_per_lead, conversion, win_rate (both steadied),
        mean_won (currency, steadied by `credible_means`), expected (currency per lead), expected_low, expected_high,
        return_on_cost (expected ÷ cost_per_lead).

    Notes
    -----
    expected = conversion × win rate × mean won amount. Amounts won so far ÷ leads would punish slow sources, whose
    deals are still open. The interval combines those of the two rates on the logarithmic scale, as if independent, and
    takes the mean amount as known: it is an interval of the odds, not of the size of the next deal.
    """
    steps = [step.set_index("source") for step in (conversion, wins)]
    sums = own.groupby("source")[["leads", "won", "cost", "won_amount", "won_squares"]].sum()
    sums = sums.reindex(list(LEAD_SOURCES)).fillna(0.0)
    table = sums[["leads", "cost", "won_amount"]].astype({"leads": int})
    table["cost_per_lead"] = (sums["cost"] / sums["leads"].where(sums["leads"] > 0)).where(sums["cost"] > 0)
    table["conversion"], table["win_rate"] = (step["rate"] for step in steps)
    table["mean_won"] = credible_means(sums["won"], sums["won_amount"], sums["won_squares"])
    table["expected"] = table["conversion"] * table["win_rate"] * table["mean_won"]
    for side, way in (("low", -1), ("high", 1)):
        off = np.sqrt(sum(np.log(step[side].clip(lower=1e-9) / step["rate"]) ** 2 for step in steps))
        table[f"expected_{side}"] = table["expected"] * np.exp(way * off)
    table["return_on_cost"] = table["expected"] / table["cost_per_lead"]
    return table.rename_axis("source").reset_index()


def source_days(outcomes: pd.DataFrame) -> pd.DataFrame:
    """One row per source: how long its leads took to become a deal and to be signed.

    Returns
    -------
    DataFrame
        source, days_to_convert (median), wins, days_to_win (median), fast_days, slow_days (the middle half of wins).
        Missing where nothing was won.
    """
    grouped = outcomes.groupby(outcomes["source"].astype("str"))
    won = grouped["days_to_win"]
    table = pd.DataFrame({"days_to_convert": grouped["days_to_convert"].median(), "wins": won.count()})
    table = table.assign(days_to_win=won.median(), fast_days=won.quantile(0.25), slow_days=won.quantile(0.75))
    table = table.reindex(list(LEAD_SOURCES)).rename_axis("source").reset_index()
    return table.assign(wins=table["wins"].fillna(0).astype(int))


def score_bands(leads: pd.DataFrame, *, width: int = 10, level: float = 0.9) -> pd.DataFrame:
    """One row per band of the lead score: how many of its settled leads became a deal.

    Parameters
    ----------
    leads
        score (0 to 100), status.
    width
        Points per band.

    Returns
    -------
    DataFrame
        band (its lowest score), settled, converted, rate, low, high (bands steadied by each other); from the lowest to
        the highest score seen. Empty without settled, scored leads.
    """
    settled = leads[leads["status"].isin(["converted", "disqualified"]) & leads["score"].notna()]
    band = (settled["score"].clip(0, 100 - 1e-9) // width * width).astype(int)
    grouped = (settled["status"] == "converted").groupby(band)
    table = pd.DataFrame({"settled": grouped.size(), "converted": grouped.sum().astype(int)})
    if table.empty:
        return pd.DataFrame(columns=["band", "settled", "converted", "rate", "low", "high"])
    rates = shrunk_rates(table["converted"], table["settled"], level=level)
    return table.assign(**rates[["rate", "low", "high"]]).rename_axis("band").reset_index()


def stale_after(outcomes: pd.DataFrame) -> float:
    """The age in days that nine of ten leads had not yet reached when they became a deal; missing if none did."""
    return float(outcomes["days_to_convert"].quantile(STALE_QUANTILE))


def lead_tiers(
    leads: pd.DataFrame, *, as_of: pd.Timestamp, hot: float, warm: float, stale_days: float = np.nan
) -> pd.DataFrame:
    """One row per open lead, the ones to call first on top: hot, warm or cold.

    Parameters
    ----------
    leads
        lead_id, account_id, source, owner, created, score, status, cost.
    hot, warm
        Lowest score of a hot and of a warm lead; ``warm <= hot``. A lead without a score is cold.
    stale_days
        A lead older than this is cold; missing = age does not count (`stale_after`).

    Returns
    -------
    DataFrame
        lead_id, account_id, source, owner, status, score, age_days, tier; by tier, then score, then age.

    Raises
    ------
    ValueError
        If ``warm`` is above ``hot``.
    """
    if warm > hot:
        raise ValueError(_("A warm lead's score ({warm}) must not be above a hot one's ({hot}).", warm=warm, hot=hot))
    still = leads[leads["status"].isin(["new", "qualified"])]
    age = (pd.Timestamp(as_of) - still["created"]).dt.days
    stale = age > stale_days
    rank = np.select([stale | still["score"].isna(), still["score"] >= hot, still["score"] >= warm], [2, 0, 1], 2)
    table = still.assign(age_days=age, rank=rank, tier=np.array(TIERS)[rank])
    table = table.sort_values(["rank", "score", "age_days", "lead_id"], ascending=[True, False, False, True])
    columns = ["lead_id", "account_id", "source", "owner", "status", "score", "age_days", "tier"]
    return table[columns].reset_index(drop=True)


def owner_load(tiers: pd.DataFrame, *, capacity: float) -> pd.DataFrame:
    """One row per owner of open leads, the fullest first: how many of each tier, against what one person can follow up.

    Parameters
    ----------
    tiers
        `lead_tiers`.
    capacity
        Hot and warm leads one person can follow up at the same time, above 0.

    Returns
    -------
    DataFrame
        owner (missing = nobody), hot, warm, cold, oldest_days (of the hot and warm ones), load (hot and warm ÷
        capacity; missing for the leads nobody owns).
    """
    if not capacity > 0:
        raise ValueError(_("The capacity must be above 0."))
    counts = {tier: tiers["tier"] == tier for tier in TIERS}
    facts = tiers.assign(**counts, oldest_days=tiers["age_days"].where(tiers["tier"] != "cold"))
    grouped = facts.groupby("owner", dropna=False, sort=True)
    table = grouped[list(TIERS)].sum().astype(int).assign(oldest_days=grouped["oldest_days"].max())
    table = table.reset_index()
    table["load"] = ((table["hot"] + table["warm"]) / capacity).where(table["owner"].notna())
    order = (table["hot"] + table["warm"]).sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def effort_mix(yields: pd.DataFrame, *, budget: float, shift: float) -> pd.DataFrame:
    """One row per source: what to spend on it next, from the same budget, so that leads may be expected to bring most.

    Parameters
    ----------
    yields
        `source_yield` of the window whose mix is the present one: source, cost, cost_per_lead, expected,
        return_on_cost.
    budget
        What there is to spend, currency, 0 or more.
    shift
        How far a source's share of the budget may move, as a fraction of its present share (0 to 1): yields hold only
        near the effort they were seen at.

    Returns
    -------
    DataFrame
        source, return_on_cost, spend_now, spend_next (currency; both sum to ``budget``), leads_next, expected_now,
        expected_next (currency). Sources without a cost or a yield are left out; empty when none is left.

    Notes
    -----
    A fractional knapsack: every source keeps at least 1 − ``shift`` of its share; the rest goes to the best return
    first, up to 1 + ``shift`` (Dantzig 1957).
    """
    if not 0 <= shift <= 1 or budget < 0:
        raise ValueError(_("The shift must lie between 0 and 1, and the budget must not be negative."))
    known = yields[(yields["cost"] > 0) & yields["return_on_cost"].notna()].reset_index(drop=True)
    now = budget * known["cost"] / known["cost"].sum()
    order = known["return_on_cost"].sort_values(ascending=False, kind="stable").index
    room = (2 * shift * now).loc[order]
    before = room.cumsum().shift(fill_value=0.0)
    extra = (shift * now.sum() - before).clip(lower=0).clip(upper=room)
    following = now * (1 - shift) + extra.reindex(known.index)
    table = known[["source", "return_on_cost"]].assign(spend_now=now, spend_next=following)
    table["leads_next"] = following / known["cost_per_lead"]
    table["expected_now"], table["expected_next"] = (spend * known["return_on_cost"] for spend in (now, following))
    return table


SMALL_SPEND = 0.01
"""Where all sources together cost less than this part of what was signed, the mix of money hardly matters."""


def material_moves(mix: pd.DataFrame, *, share: float = 0.05) -> pd.DataFrame:
    """The moves of `effort_mix` that are worth a word: at least ``share`` of all that is spent; best return first.

    >>> mix = pd.DataFrame({"return_on_cost": [2.0, 9.0], "spend_now": [99.0, 1.0], "spend_next": [98.7, 1.3]})
    >>> len(material_moves(mix))
    0
    """
    moved = mix.assign(change=mix["spend_next"] - mix["spend_now"])
    moved = moved[(moved["change"].abs() >= share * mix["spend_now"].sum()) & (moved["change"] != 0)]
    return moved.sort_values("return_on_cost", ascending=False, kind="stable").reset_index(drop=True)


def spend_share(spend: float, opportunities: pd.DataFrame, *, as_of: pd.Timestamp, months: int = 3) -> float:
    """What was spent ÷ what was signed in the last ``months``; missing where nothing was signed.

    Parameters
    ----------
    opportunities
        outcome, closed, amount (currency); closed_amount where known.
    """
    won = opportunities[opportunities["outcome"].eq("won")]
    won = won[won["closed"] > pd.Timestamp(as_of) - pd.DateOffset(months=months)]
    signed = won["closed_amount"].fillna(won["amount"]).sum()
    return spend / signed if signed > 0 else np.nan
