"""Decision roles: who decides at an account, whom we know, who trusts us, and whom to meet next (decade 2).

Frames in, frames out. Four roles (economic, user and technical buyer, coach); a role nobody of us has met for a while
is uncovered, and an account that hangs on one person is one transfer away from starting again.
"""

import numpy as np
import pandas as pd

from kamlib.edition import _
from kamlib.stats import matched

ROLES = ("EB", "UB", "TB", "coach")
TRUST_ITEMS = ("competence", "reliability", "openness", "goodwill")
RECENT_DAYS = 90
MOST_LEVELS = 12


def people(
    contacts: pd.DataFrame, interactions: pd.DataFrame, *, as_of: pd.Timestamp, days: int = RECENT_DAYS
) -> pd.DataFrame:
    """One row per contact: level in the organisation, power in the decision, and how well we look after the person.

    Parameters
    ----------
    contacts
        contact_id, account_id, name, title, decision_role, influence (1–5), stance (−2…+2), reports_to, owner.
    interactions
        contact_id, date, role (AR, SR, FR).
    days
        A contact met within so many days is covered.

    Returns
    -------
    DataFrame
        In the order of ``contacts``: its columns, level (0 = nobody above), power (0–1: share in the decision of the
        account), touches (in the last twelve months), our_roles (of ours that met the person), last_contact,
        days_since (missing when never met), covered (bool).

    Notes
    -----
    Power is PageRank on the reporting lines (Page et al. 1999), started from influence: part of a person's weight goes
    up to the superior, who can overrule. It needs no circle to be free of circles.
    """
    as_of = pd.Timestamp(as_of)
    known = interactions[interactions["contact_id"].notna() & (interactions["date"] <= as_of)]
    recent = known[known["date"] > as_of - pd.DateOffset(months=12)]
    table = contacts.reset_index(drop=True)
    key = table["contact_id"]
    table["level"] = _levels(table)
    table["power"] = _power(table)
    table["touches"] = matched(recent.groupby("contact_id").size(), key).fillna(0).astype(int)
    table["our_roles"] = matched(recent.groupby("contact_id")["role"].nunique(), key).fillna(0).astype(int)
    table["last_contact"] = matched(known.groupby("contact_id")["date"].max(), key)
    table["days_since"] = (as_of - pd.to_datetime(table["last_contact"])).dt.days
    table["covered"] = (table["days_since"] <= days).fillna(False).astype(bool)
    return table


def _levels(table: pd.DataFrame) -> pd.Series:
    """How many superiors stand above each person; a circle counts as no superior."""
    above = dict(zip(table["contact_id"], table["reports_to"], strict=True))
    found = []
    for person in table["contact_id"]:
        seen, here = {person}, above.get(person)
        while isinstance(here, str) and here in above and here not in seen and len(seen) <= MOST_LEVELS:
            seen.add(here)
            here = above[here]
        found.append(len(seen) - 1)
    return pd.Series(found, index=table.index, dtype="int64")


def _power(table: pd.DataFrame) -> pd.Series:
    """Each person's share in the decision of the account; the shares of an account sum to 1."""
    import networkx as nx

    power = pd.Series(np.nan, index=table.index)
    for _account, mine in table.groupby("account_id"):
        graph = nx.DiGraph()
        graph.add_nodes_from(mine["contact_id"])
        lines = mine[mine["reports_to"].isin(mine["contact_id"])]
        graph.add_edges_from(zip(lines["contact_id"], lines["reports_to"], strict=True))
        start = dict(zip(mine["contact_id"], mine["influence"].fillna(1.0).astype(float), strict=True))
        rank = nx.pagerank(graph, alpha=0.5, personalization=start, dangling=start)
        power[mine.index] = mine["contact_id"].map(rank).astype(float)
    return power


def role_coverage(accounts: pd.DataFrame, who: pd.DataFrame) -> pd.DataFrame:
    """One row per account and decision role: whom we know in it, and whether anybody was met lately.

    Parameters
    ----------
    accounts
        account_id, account_name.
    who
        The frame of `people`.

    Returns
    -------
    DataFrame
        In the order of ``accounts`` and EB, UB, TB, coach: account_id, account_name, decision_role, known (people),
        met (of them, lately), days_since (of the one met last), stance (mean, weighted by power), state (``covered``;
        ``stale`` = known but not met lately; ``unknown`` = nobody known in the role).
    """
    pairs = accounts[["account_id", "account_name"]].merge(pd.DataFrame({"decision_role": ROLES}), how="cross")
    weight = who["power"].where(who["stance"].notna(), 0.0)
    sums = who.assign(above=weight * who["stance"].fillna(0.0), below=weight)
    keys = ["account_id", "decision_role"]
    found = sums.groupby(keys).agg(
        known=("contact_id", "size"),
        met=("covered", "sum"),
        days_since=("days_since", "min"),
        above=("above", "sum"),
        below=("below", "sum"),
    )
    table = pairs.merge(found.reset_index(), on=keys, how="left")
    table[["known", "met"]] = table[["known", "met"]].fillna(0).astype(int)
    table["stance"] = table["above"] / table["below"].where(table["below"] > 0)
    table["state"] = np.select([table["met"] > 0, table["known"] > 0], ["covered", "stale"], "unknown")
    return table.drop(columns=["above", "below"])


def threading(accounts: pd.DataFrame, who: pd.DataFrame) -> pd.DataFrame:
    """One row per account: on how many people the relationship hangs, and how well the decision is covered.

    Returns
    -------
    DataFrame
        In the order of ``accounts``: account_id, account_name, account_manager, contacts (known), touched (met in the
        last twelve months), threads (effective number of people met: 1 ÷ Σ share², 0 when nobody was), index (threads ÷
        contacts, 0–1), power_covered (share of the power met lately), support (power-weighted stance, −2…+2),
        roles_open (decision roles that are not covered).

    Notes
    -----
    The effective number is the inverse Herfindahl index of touches over people (Hirschman 1945; Laakso & Taagepera
    1979): five people met of whom one had nine touches in ten are little more than one thread.
    """
    table = accounts[["account_id", "account_name", "account_manager"]].reset_index(drop=True)
    key = table["account_id"]
    total = who.groupby("account_id")["touches"].transform("sum")
    share = who["touches"] / total.where(total > 0)
    weight = who["power"].where(who["stance"].notna(), 0.0)
    sums = who.assign(
        square=share**2,
        met=who["touches"] > 0,
        held=who["power"] * who["covered"],
        above=weight * who["stance"].fillna(0.0),
        below=weight,
    )
    found = sums.groupby("account_id")[["square", "met", "held", "above", "below"]].sum()
    table["contacts"] = matched(who.groupby("account_id").size(), key).fillna(0).astype(int)
    table["touched"] = matched(found["met"], key).fillna(0).astype(int)
    square = matched(found["square"], key)
    table["threads"] = (1 / square.where(square > 0)).fillna(0.0)
    table["index"] = (table["threads"] / table["contacts"].where(table["contacts"] > 0)).fillna(0.0)
    table["power_covered"] = matched(found["held"], key).fillna(0.0)
    table["support"] = matched(found["above"] / found["below"].where(found["below"] > 0), key)
    open_roles = role_coverage(accounts, who).query("state != 'covered'").groupby("account_id").size()
    table["roles_open"] = matched(open_roles, key).fillna(0).astype(int)
    return table


def next_contacts(who: pd.DataFrame, *, days: int = RECENT_DAYS) -> pd.DataFrame:
    """One row per contact, most urgent first within each account: whom to meet next, and why.

    Returns
    -------
    DataFrame
        account_id, contact_id, name, title, decision_role, power, stance, days_since, owner, urgency (0–1), why
        (``never``, ``role`` = nobody of the role met lately, ``stale``, ``against`` = met, but against us, ``keep``).

    Notes
    -----
    urgency = power ÷ highest power of the account × gap × movable: gap is days ÷ (days + ``days``), 1 if never met, and
    half as much again where nobody of the role is covered (at most 1); movable is 1 for a neutral person, ½ for a firm
    friend or foe: 1 − |stance| ÷ 4. Rules of this workbook, not estimates.
    """
    top = who.groupby("account_id")["power"].transform("max")
    role_met = who.groupby(["account_id", "decision_role"], dropna=False)["covered"].transform("any")
    since = who["days_since"].astype("float64")
    gap = (since / (since + days)).fillna(1.0)
    gap = gap.where(role_met, gap * 1.5).clip(upper=1.0)
    movable = 1 - who["stance"].fillna(0.0).abs() / 4
    columns = ["account_id", "contact_id", "name", "title", "decision_role", "power", "stance", "days_since", "owner"]
    table = who[columns].assign(urgency=who["power"] / top.where(top > 0) * gap * movable)
    reasons = [since.isna(), ~role_met, since > days, who["stance"] < 0]
    table["why"] = np.select(reasons, ["never", "role", "stale", "against"], "keep")
    order = table.sort_values(["account_id", "urgency", "contact_id"], ascending=[True, False, True], kind="stable")
    return order.reset_index(drop=True)


def steps() -> dict[str, str]:
    """What to do for each reason of `next_contacts`, for the table of decisions."""
    return {
        "never": _("Get an introduction: never met (the stance is the team's guess)"),
        "role": _("Meet: nobody in this role was met lately"),
        "stale": _("Meet again: too long ago"),
        "against": _("Ask what stands against us, and answer it"),
        "keep": _("Keep the rhythm"),
    }


def trust_scores(trust: pd.DataFrame, who: pd.DataFrame, satisfaction: pd.DataFrame) -> pd.DataFrame:
    """One row per contact and day it was judged: how far the person trusts us, 0 to 1, and what that rests on.

    Parameters
    ----------
    trust
        The judgement table: contact_id, account_id, asked_on, competence, reliability, openness, goodwill (1–5).
    who
        The frame of `people`; its stance is a stand-in.
    satisfaction
        contact_id, account_id, date, csat (1–5).

    Returns
    -------
    DataFrame
        contact_id, account_id, day, trust (0–1), basis (``judged``: mean of the items answered; ``survey``: the
        person's satisfaction; ``stance``: only how he stands to us, on the last day we met). A person who was judged is
        not stood in for. By person and day.

    Notes
    -----
    Items after Mayer, Davis & Schoorman (1995): ability, integrity, benevolence, and openness as its sign.
    """
    items = trust[list(TRUST_ITEMS)].astype("float64")
    judged = trust[["contact_id", "account_id"]].assign(
        day=trust["asked_on"], trust=(items.mean(axis=1) - 1) / 4, basis="judged"
    )
    asked = satisfaction[satisfaction["contact_id"].notna() & satisfaction["csat"].notna()]
    survey = asked[["contact_id", "account_id"]].assign(
        day=asked["date"], trust=(asked["csat"] - 1) / 4, basis="survey"
    )
    survey = survey[~survey["contact_id"].isin(judged["contact_id"])]
    known = set(judged["contact_id"]) | set(survey["contact_id"])
    rest = who[~who["contact_id"].isin(known) & who["stance"].notna()]
    stance = rest[["contact_id", "account_id"]].assign(
        day=pd.to_datetime(rest["last_contact"]), trust=(rest["stance"] + 2) / 4, basis="stance"
    )
    parts = [part for part in (judged, survey, stance) if len(part)]
    made = pd.concat(parts, ignore_index=True) if parts else judged
    return made.dropna(subset=["trust"]).sort_values(
        ["account_id", "contact_id", "day"], kind="stable", ignore_index=True
    )


def trust_over_time(scores: pd.DataFrame, *, as_of: pd.Timestamp, years: int = 3) -> pd.DataFrame:
    """One row per half-year: mean trust of the people judged or asked in it, with its range over people.

    Returns
    -------
    DataFrame
        half (first day), people, trust (mean of each person's mean), low, high (mean ∓ 1.645 standard errors, within
        0–1; missing for fewer than three people). Stand-ins by stance have no history and are left out.
    """
    dated = scores[scores["basis"].isin(["judged", "survey"]) & scores["day"].notna()]
    dated = dated[dated["day"] > pd.Timestamp(as_of) - pd.DateOffset(years=years)]
    if dated.empty:
        return pd.DataFrame(columns=["half", "people", "trust", "low", "high"])
    month = 1 + 6 * (dated["day"].dt.month > 6)
    half = pd.to_datetime({"year": dated["day"].dt.year, "month": month, "day": 1})
    each = dated.assign(half=half).groupby(["half", "contact_id"])["trust"].mean()
    made = each.groupby("half").agg(["size", "mean", "std"]).reset_index()
    error = 1.645 * made["std"] / np.sqrt(made["size"])
    error = error.where(made["size"] >= 3)
    made = made.assign(low=(made["mean"] - error).clip(lower=0), high=(made["mean"] + error).clip(upper=1))
    return made.rename(columns={"size": "people", "mean": "trust"})[["half", "people", "trust", "low", "high"]]
