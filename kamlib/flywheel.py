"""The sales flywheel (SAF): need, solution, delivery, satisfaction, new need — where it drags; what each role adds.

Frames in, frames out (decade 3). The source of the method names the flywheel and its three roles without defining them;
here speed is the days of a turn, friction the share lost at every hand-over, mass the active accounts.
"""

import numpy as np
import pandas as pd

from kamlib.edition import _
from kamlib.stats import matched, shrunk_rates

SEGMENTS = ("need", "solution", "delivery", "satisfaction", "renewal")
SATISFIED_CSAT, SATISFIED_NPS = 4, 9
"""An answer counts as satisfied from this csat on; where it has none, from this nps on."""
YEAR = pd.Timedelta(days=365)


def segment_names() -> dict[str, str]:
    """The name of every segment for people, in the language spoken now."""
    return {
        "need": _("need → solution"),
        "solution": _("solution → contract"),
        "delivery": _("contract → accepted"),
        "satisfaction": _("accepted → satisfied"),
        "renewal": _("signed → new need"),
    }


def milestones(opportunities: pd.DataFrame, stage_history: pd.DataFrame, stages: pd.DataFrame) -> pd.DataFrame:
    """One row per deal: the days on which it passed from one role to the next.

    Parameters
    ----------
    opportunities
        opportunity_id, account_id, created, closed, outcome; region where it is pooled.
    stage_history
        opportunity_id, stage, entered.
    stages
        stage, order, funnel, owner_role, sla_days.

    Returns
    -------
    DataFrame
        ``opportunities`` with solution (first day in a selling stage that SR answers for), on_site (first day in a
        stage of delivery that FR answers for), accepted (first day in a later stage), limit (SLA of those FR stages,
        days).
    """
    selling = stages[(stages["owner_role"] == "SR") & (stages["funnel"] != "delivery")]
    delivery = stages[(stages["owner_role"] == "FR") & (stages["funnel"] == "delivery")]
    later = stages[stages["order"] > delivery["order"].max()]
    deals = opportunities.reset_index(drop=True)
    for name, chosen in (("solution", selling), ("on_site", delivery), ("accepted", later)):
        first = stage_history[stage_history["stage"].isin(chosen["stage"])].groupby("opportunity_id")["entered"].min()
        deals[name] = matched(first, deals["opportunity_id"])
    return deals.assign(limit=delivery["sla_days"].sum(min_count=1))


def flywheel_facts(
    opportunities: pd.DataFrame, stage_history: pd.DataFrame, stages: pd.DataFrame, satisfaction: pd.DataFrame
) -> pd.DataFrame:
    """One row per region and segment of the ring: how many went on well, and how long it took. For `Book.pooled`.

    Parameters
    ----------
    opportunities, stage_history, stages
        As in `milestones`; ``opportunities`` with a region.
    satisfaction
        account_id, date, csat, nps; with a region. May be empty.

    Returns
    -------
    DataFrame
        region, segment, decided, passed, median_days, accounts (different ones behind it). ``need``: deals that reached
        the solution manager, of those that did or were lost before. ``solution``: deals won, of those decided after.
        ``delivery``: deliveries accepted within the limit of their stage, of those accepted or beyond it (where there
        is no limit, all accepted ones count as passed); days from signing. ``satisfaction``: satisfied answers; days
        from acceptance (signing where it is unknown) to the next answer. ``renewal``: wins whose account opened another
        deal within a year, of those that did or had the year.
    """
    deals = milestones(opportunities, stage_history, stages)
    now = max(stage_history["entered"].max(), deals["closed"].max(), deals["created"].max())
    rows = []
    for region, mine in deals.groupby("region", sort=True):
        answers = satisfaction[satisfaction["region"] == region]
        parts = (_need(mine), _solution(mine), _delivery(mine, now), _content(mine, answers), _renewal(mine, now))
        rows += [(region, name, *_counts(part)) for name, part in zip(SEGMENTS, parts, strict=True)]
    return pd.DataFrame(rows, columns=["region", "segment", "decided", "passed", "median_days", "accounts"])


def _counts(part: pd.DataFrame) -> tuple[int, int, float, int]:
    """decided, passed, median days, accounts of a part: account_id, passed, days."""
    return len(part), int(part["passed"].sum()), float(part["days"].median()), part["account_id"].nunique()


def _part(deals: pd.DataFrame, passed: pd.Series, days: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"account_id": deals["account_id"], "passed": passed.astype(bool), "days": days.dt.days})


def _need(deals: pd.DataFrame) -> pd.DataFrame:
    reached = deals["solution"].notna()
    part = _part(deals, reached, deals["solution"] - deals["created"])
    return part[reached | (deals["outcome"] == "lost")]


def _solution(deals: pd.DataFrame) -> pd.DataFrame:
    known = deals[deals["solution"].notna() & deals["outcome"].isin(["won", "lost"])]
    won = known["outcome"] == "won"
    return _part(known, won, (known["closed"] - known["solution"]).where(won))


def _delivery(deals: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    there = deals[deals["on_site"].notna()]
    lasted = (there["accepted"].fillna(now) - there["on_site"]).dt.days
    within = ~(lasted > there["limit"])
    part = _part(there, within & there["accepted"].notna(), there["accepted"] - there["closed"])
    return part[there["accepted"].notna() | ~within]


def _content(deals: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Every answer; its days since the last acceptance (or signing) at the account in the year before."""
    happy = (answers["csat"] >= SATISFIED_CSAT).where(answers["csat"].notna(), answers["nps"] >= SATISFIED_NPS)
    told = answers.assign(happy=happy)[["account_id", "date", "happy"]].sort_values("date", kind="stable")
    done = deals["accepted"].fillna(deals["closed"].where(deals["outcome"] == "won"))
    ends = pd.DataFrame({"account_id": deals["account_id"], "done": done}).dropna().sort_values("done", kind="stable")
    found = pd.merge_asof(told, ends, left_on="date", right_on="done", by="account_id", tolerance=YEAR)
    return _part(found, found["happy"], found["date"] - found["done"])


def _renewal(deals: pd.DataFrame, now: pd.Timestamp) -> pd.DataFrame:
    won = deals[(deals["outcome"] == "won") & deals["account_id"].notna()].sort_values("closed", kind="stable")
    opened = deals[["account_id", "created"]].dropna().sort_values("created", kind="stable")
    found = pd.merge_asof(
        won[["account_id", "closed"]], opened, left_on="closed", right_on="created", by="account_id",
        direction="forward", allow_exact_matches=False, tolerance=YEAR,
    )  # fmt: skip
    again = found["created"].notna()
    return _part(found, again, found["created"] - found["closed"])[again | (found["closed"] + YEAR <= now)]


def flywheel(own: pd.DataFrame, company: pd.DataFrame, *, level: float = 0.9) -> pd.DataFrame:
    """One row per segment of the ring: what is kept at its hand-over, how long it takes, how much it drags.

    Parameters
    ----------
    own
        `flywheel_facts` of one region; of the whole company with region ``all``.
    company
        `flywheel_facts` of all regions, as `Book.pooled` gives them.

    Returns
    -------
    DataFrame
        segment, decided, kept (share that went on, steadied by the other regions), low, high (interval of ``level``),
        own_kept, company_kept, median_days, company_days (median of the regions'), drag (part of the whole turn's loss,
        by the logarithms of ``kept``; sums to 1).
    """
    regions = set(own["region"])
    others = company.iloc[:0] if "all" in regions else company[~company["region"].isin(regions)]
    rows = []
    for segment in SEGMENTS:
        mine, theirs = (side[side["segment"] == segment] for side in (own, others))
        n, k = (pd.Series([mine[name].sum(), *theirs[name]], dtype=float) for name in ("decided", "passed"))
        rate = shrunk_rates(k, n, level=level).iloc[0]
        everywhere = company[company["segment"] == segment]
        overall = everywhere["passed"].sum() / everywhere["decided"].sum() if everywhere["decided"].sum() else np.nan
        days = mine["median_days"].mean(), everywhere["median_days"].median()
        seen = n.sum() > 0
        kept = [rate[name] if seen else np.nan for name in ("rate", "low", "high")]
        rows.append((segment, int(n.iloc[0]), *kept, rate["own"], overall, *days))
    table = pd.DataFrame(rows, columns=_RING)
    loss = -np.log(table["kept"].clip(lower=1e-9))
    return table.assign(drag=loss / loss.sum() if loss.sum() > 0 else np.nan)


_RING = ["segment", "decided", "kept", "low", "high", "own_kept", "company_kept", "median_days", "company_days"]


def active_accounts(
    orders: pd.DataFrame, interactions: pd.DataFrame, opportunities: pd.DataFrame, *, as_of: pd.Timestamp, months: int
) -> int:
    """How many accounts ordered, were met, or opened a deal in the last ``months``: the mass of the wheel."""
    since = pd.Timestamp(as_of) - pd.DateOffset(months=months)
    seen = ((orders, "order_date"), (interactions, "date"), (opportunities, "created"))
    return pd.concat([table.loc[table[day] > since, "account_id"] for table, day in seen]).nunique()


# --- what each role adds ---


def account_work(
    accounts: pd.DataFrame,
    interactions: pd.DataFrame,
    opportunities: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    months: int = 12,
) -> pd.DataFrame:
    """One row per account manager (AR): visits made, accounts covered, needs found.

    Returns
    -------
    DataFrame
        person, accounts, visits (touches of AR), coverage (share of the accounts with one), needs (deals opened), in
        the last ``months``; by name.
    """
    since = pd.Timestamp(as_of) - pd.DateOffset(months=months)
    held = accounts[accounts["account_manager"].notna()]
    mine = interactions[(interactions["date"] > since) & (interactions["role"] == "AR")].groupby("account_id").size()
    found = opportunities[opportunities["created"] > since].groupby("account_id").size()
    visits, needs = (matched(counts, held["account_id"]).astype(float).fillna(0) for counts in (mine, found))
    facts = pd.DataFrame({"accounts": 1, "visits_made": visits, "coverage": visits > 0, "needs": needs})
    grouped = facts.groupby(held["account_manager"].astype("str").rename("person"), sort=True)
    table = grouped.agg({"accounts": "sum", "visits_made": "sum", "coverage": "mean", "needs": "sum"})
    return table.astype({"visits_made": int, "needs": int}).reset_index()


def solution_work(
    accounts: pd.DataFrame, interactions: pd.DataFrame, deals: pd.DataFrame, *, as_of: pd.Timestamp, months: int = 12
) -> pd.DataFrame:
    """One row per solution manager (SR): proposals made, deals decided after reaching them, how many won, how fast.

    Parameters
    ----------
    deals
        `milestones`.

    Returns
    -------
    DataFrame
        person, proposals (touches of SR of the kind ``proposal``), decided (deals closed that had reached SR), hit_rate
        (won of them, steadied by the other persons'), low, high (90 %), turnaround_days (median from reaching SR to the
        decision), in the last ``months``; by name.
    """
    since = pd.Timestamp(as_of) - pd.DateOffset(months=months)
    who = accounts.set_index("account_id")["solution_manager"]
    offers = interactions[(interactions["date"] > since) & (interactions["kind"] == "proposal")]
    offers = offers[offers["role"] == "SR"]
    closed = deals[deals["solution"].notna() & (deals["closed"] > since)]
    person = matched(who, closed["account_id"]).astype("str")
    facts = pd.DataFrame({"won": closed["outcome"] == "won", "days": (closed["closed"] - closed["solution"]).dt.days})
    grouped = facts.groupby(person)
    names = pd.Index(sorted(who.dropna().unique()), name="person", dtype="str")
    table = pd.DataFrame({"proposals": matched(who, offers["account_id"]).astype("str").value_counts()}).reindex(names)
    table["decided"], won = grouped.size().reindex(names), grouped["won"].sum().reindex(names).fillna(0)
    table = table.fillna(0).astype(int)
    if len(table):
        rates = shrunk_rates(won, table["decided"], level=0.9)
        table = table.assign(hit_rate=rates["rate"], low=rates["low"], high=rates["high"])
    columns = ["proposals", "decided", "hit_rate", "low", "high", "turnaround_days"]
    table["turnaround_days"] = grouped["days"].median().reindex(names)
    return table.reindex(columns=columns).reset_index()


def delivery_work(
    accounts: pd.DataFrame,
    deals: pd.DataFrame,
    satisfaction: pd.DataFrame,
    orders: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    months: int = 12,
) -> pd.DataFrame:
    """One row per delivery manager (FR): deliveries accepted, in time, sent back, and how content their customers are.

    Parameters
    ----------
    deals
        `milestones`.
    satisfaction
        account_id, date, csat. May be empty.
    orders
        account_id, order_date, quantity. May be empty.

    Returns
    -------
    DataFrame
        person, deliveries (accepted), on_time (share within the limit of the stage; missing without one), defects
        (lines returned ÷ lines sold), csat (mean, points), in the last ``months``; by name.
    """
    since = pd.Timestamp(as_of) - pd.DateOffset(months=months)
    who = accounts.set_index("account_id")["delivery_manager"]
    names = pd.Index(sorted(who.dropna().unique()), name="person", dtype="str")
    done = deals[deals["accepted"] > since]
    lasted = (done["accepted"] - done["on_site"]).dt.days
    in_time = (lasted <= done["limit"]).astype(float).where(done["limit"].notna() & lasted.notna())
    lines = orders[orders["order_date"] > since]
    told = satisfaction[satisfaction["date"] > since]
    people = [matched(who, frame["account_id"]).astype("str") for frame in (done, lines, told)]
    back = (lines["quantity"] < 0).groupby(people[1]).sum() / (lines["quantity"] > 0).groupby(people[1]).sum()
    columns = {
        "deliveries": in_time.groupby(people[0]).size(),
        "on_time": in_time.groupby(people[0]).mean(),
        "defects": back,
        "csat": told["csat"].groupby(people[2]).mean(),
    }
    table = pd.DataFrame({name: values.reindex(names) for name, values in columns.items()}, index=names)
    return table.assign(deliveries=table["deliveries"].fillna(0).astype(int)).reset_index()
