"""Progress of the deals: where value leaks, what slips, which leads must feed the funnel, what the stages promise.

Frames in, frames out (decade 3). A forecast with dates is in `forecast`; what the stages promise here has none.
"""

import numpy as np
import pandas as pd

from kamlib.schema import ALL_REGIONS
from kamlib.stats import matched, shrunk_rates

_NORMAL_90 = 1.645


def leakage(paths: pd.DataFrame, *, since: pd.Timestamp) -> pd.DataFrame:
    """One row per stage in which deals were lost after ``since``: how many, how much, after how long, mostly why.

    Parameters
    ----------
    paths
        `funnel.deal_paths`: stage, order, entered, closed, outcome, value (currency), lost_reason.

    Returns
    -------
    DataFrame
        stage (missing where the deal never entered one), lost_n, lost_amount (currency), share (of all that was lost),
        days (median from entering the stage to the loss), reason (the commonest on record; the first by name where
        several are), reason_share (of the losses with a reason). In the order of the stages; sums to all losses.
    """
    lost = paths[(paths["outcome"] == "lost") & (paths["closed"] > pd.Timestamp(since))]
    lost = lost.assign(days=(lost["closed"] - lost["entered"]).dt.days)
    rows = []
    for (_order, stage), here in lost.groupby(["order", "stage"], sort=True, dropna=False):
        reasons = here["lost_reason"].dropna().value_counts().sort_index().sort_values(ascending=False, kind="stable")
        why = (reasons.index[0], reasons.iloc[0] / reasons.sum()) if len(reasons) else (None, np.nan)
        rows.append((stage, len(here), here["value"].sum(), here["days"].median(), *why))
    table = pd.DataFrame(rows, columns=["stage", "lost_n", "lost_amount", "days", "reason", "reason_share"])
    total = table["lost_amount"].sum()
    table.insert(3, "share", table["lost_amount"] / total if total > 0 else np.nan)
    return table


def slipped(opportunities: pd.DataFrame, *, as_of: pd.Timestamp) -> pd.DataFrame:
    """One row per open deal whose expected day of decision has passed, the largest first.

    Parameters
    ----------
    opportunities
        opportunity_id, account_id, owner, outcome, amount (currency), expected_close.

    Returns
    -------
    DataFrame
        opportunity_id, account_id, owner, amount, expected_close, days_past.
    """
    late = opportunities[(opportunities["outcome"] == "open") & (opportunities["expected_close"] < pd.Timestamp(as_of))]
    late = late.assign(days_past=(pd.Timestamp(as_of) - late["expected_close"]).dt.days)
    late = late.sort_values(["amount", "opportunity_id"], ascending=[False, True], kind="stable")
    columns = ["opportunity_id", "account_id", "owner", "amount", "expected_close", "days_past"]
    return late[columns].reset_index(drop=True)


# --- the lead funnel feeds the deal funnel ---


def lead_counts(leads: pd.DataFrame) -> pd.DataFrame:
    """One row per region: leads settled (a deal, or given up) and converted. For `Book.pooled` and at home.

    Returns
    -------
    DataFrame
        region, settled, converted, accounts (different ones; a lead without an account counts as one).
    """
    settled = leads[leads["status"].isin(["converted", "disqualified"])]
    grouped = settled.groupby("region", sort=True)
    table = pd.DataFrame({"settled": grouped.size(), "converted": (settled["status"] == "converted").groupby(
        settled["region"]).sum()})  # fmt: skip
    who = settled["account_id"].fillna(settled["lead_id"])
    table["accounts"] = who.groupby(settled["region"]).nunique()
    return table.astype(int).rename_axis("region").reset_index()


def lead_feed(
    leads: pd.DataFrame, opportunities: pd.DataFrame, company: pd.DataFrame, *, since: pd.Timestamp, level: float = 0.9
) -> pd.DataFrame:
    """One row: how many leads become deals, and how many deals come from leads.

    Parameters
    ----------
    leads
        lead_id, account_id, status, opportunity_id, with one region throughout: that of this book.
    opportunities
        opportunity_id, created.
    company
        `lead_counts` of all regions, as `Book.pooled` gives them.
    since
        Deals created after this day tell where deals come from.

    Returns
    -------
    DataFrame
        settled, converted, rate (steadied by the other regions), low, high (interval of ``level``), deals, from_leads
        (share of the deals that came from a lead). rate is missing without any settled lead.
    """
    own = lead_counts(leads)
    mine = set(leads["region"])
    others = company.iloc[:0] if ALL_REGIONS in mine else company[~company["region"].isin(mine)]
    k, n = (pd.Series([own[name].sum(), *others[name]], dtype=float) for name in ("converted", "settled"))
    rate = shrunk_rates(k, n, level=level)[["rate", "low", "high"]].iloc[0] if n.iloc[0] else [np.nan] * 3
    fresh = opportunities[opportunities["created"] > pd.Timestamp(since)]
    share = fresh["opportunity_id"].isin(leads["opportunity_id"].dropna()).mean()
    row = (int(n.iloc[0]), int(k.iloc[0]), *rate, len(fresh), share)
    return pd.DataFrame([row], columns=["settled", "converted", "rate", "low", "high", "deals", "from_leads"])


def with_leads(required: pd.DataFrame, feed: pd.DataFrame, *, stage: str) -> pd.DataFrame:
    """The required funnel with the leads on top: as many as feed the first stage, at the present share from leads.

    Parameters
    ----------
    required
        `funnel.required_funnel`.
    feed
        `lead_feed`.
    stage
        What the row of the leads is called.

    Returns
    -------
    DataFrame
        ``required`` with one row before it; unchanged where the feed has no rate, or ``required`` no row.

    >>> steps = pd.DataFrame({"stage": ["a"], "rate": [0.5], "required": [40.0], "required_high": [50.0]})
    >>> feed = pd.DataFrame({"rate": [0.4], "low": [0.25], "from_leads": [0.8]})
    >>> with_leads(steps, feed, stage="lead")["required"].round(6).tolist()
    [80.0, 40.0]
    """
    one = feed.iloc[0]
    if required.empty or not one["rate"] > 0 or not one["from_leads"] > 0:
        return required
    first = required.iloc[0]
    top = {"stage": stage, "rate": one["rate"], "required": first["required"] * one["from_leads"] / one["rate"]}
    top["required_high"] = first["required_high"] * one["from_leads"] / max(one["low"], 1e-9)
    return pd.concat([pd.DataFrame([top]), required], ignore_index=True)


# --- what the stages promise ---


def stage_promise(paths: pd.DataFrame, conversion: pd.DataFrame) -> pd.DataFrame:
    """One row per stage: the open deals there, the chance that one of them is won, and what that promises.

    Parameters
    ----------
    paths
        `funnel.deal_paths`: stage, outcome, value (currency).
    conversion
        `funnel.stage_conversion` in the order of the stages: stage, rate.

    Returns
    -------
    DataFrame
        stage, open_n, open_amount (currency), chance (product of the rates from here on), promised_n, promised_amount.

    Notes
    -----
    The stage-weighted pipeline. It says nothing of when.
    """
    standing = paths[paths["outcome"] == "open"].groupby("stage")["value"]
    table = conversion[["stage"]].reset_index(drop=True)
    table["open_n"] = matched(standing.size(), table["stage"]).fillna(0).astype(int)
    table["open_amount"] = matched(standing.sum(), table["stage"]).fillna(0.0)
    table["chance"] = conversion["rate"][::-1].cumprod()[::-1].to_numpy()
    return table.assign(
        promised_n=table["open_n"] * table["chance"], promised_amount=table["open_amount"] * table["chance"]
    )


def promise_band(
    paths: pd.DataFrame, conversion: pd.DataFrame, *, target: float, draws: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """One row: how far the promise of the stages may be off, and whether it reaches the target.

    Parameters
    ----------
    paths, conversion
        As in `stage_promise`; ``conversion`` also low, high (its 90 % interval).
    target
        Currency.

    Returns
    -------
    DataFrame
        mean, p10, p50, p90 (currency), p_target (share of the draws that reach ``target``).

    Notes
    -----
    Monte Carlo: in every draw the rates are drawn from Beta distributions with their mean and interval, then every open
    deal is won or not at its own amount. Deals are taken as independent given the rates.
    """
    rng = np.random.default_rng(seed)
    standing = paths[(paths["outcome"] == "open") & paths["stage"].isin(conversion["stage"])]
    place = pd.Index(conversion["stage"]).get_indexer(standing["stage"])
    rates = _rate_draws(conversion, draws, rng)
    chance = np.cumprod(rates[:, ::-1], axis=1)[:, ::-1]
    won = rng.random((draws, len(standing))) < chance[:, place]
    total = won @ standing["value"].to_numpy(float)
    p10, p50, p90 = np.quantile(total, [0.1, 0.5, 0.9])
    row = (total.mean(), p10, p50, p90, (total >= target).mean())
    return pd.DataFrame([row], columns=["mean", "p10", "p50", "p90", "p_target"])


def _rate_draws(conversion: pd.DataFrame, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Draws × stages: rates from the Beta with the mean of the rate and the spread of its interval."""
    mean = conversion["rate"].to_numpy(float).clip(1e-6, 1 - 1e-6)
    spread = (conversion["high"] - conversion["low"]).to_numpy(float) / (2 * _NORMAL_90)
    strength = (mean * (1 - mean) / np.maximum(spread, 1e-6) ** 2 - 1).clip(1.0, None)
    return rng.beta(mean * strength, (1 - mean) * strength, (draws, len(conversion)))
