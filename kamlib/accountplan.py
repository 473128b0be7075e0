"""From the value matrix to the management table: relationship stage, policy of the box, capacity (decade 2).

Frames in, frames out; one row is an account. The method's source asks for a table of accounts by box; a table whose
sums nobody can deliver is a wish, so it is checked against the team's capacity.
"""

import numpy as np
import pandas as pd

from kamlib.edition import _, reference, sentences
from kamlib.stats import matched

STAGES = ("exploratory", "basic", "cooperative", "interdependent", "integrated")
LIVE = ("active", "done")
PLANS_EACH = 4
"""Joint business plans that one account manager can run at a time."""


def policies() -> pd.DataFrame:
    """One row per box, best first, from ``kamlib/reference/boxes.csv``: what it asks of us.

    Returns
    -------
    DataFrame
        box, name, strategy (in the language spoken now), tier, visits (a quarter), investment_share (0–1), plan
        (yes/no), capture (share of the headroom to win in a year, 0–1).
    """
    return reference("boxes").astype(dict.fromkeys(("visits", "investment_share", "capture"), "float64"))


def relationship_stages(
    accounts: pd.DataFrame,
    orders: pd.DataFrame,
    contacts: pd.DataFrame,
    interactions: pd.DataFrame,
    initiatives: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    """One row per account: how far the relationship has come, 1 to 5, by what the records prove.

    Parameters
    ----------
    accounts
        account_id.
    orders
        account_id, order_date, amount.
    contacts
        contact_id, account_id, decision_role.
    interactions
        account_id, contact_id, date, role (AR, SR, FR).
    initiatives
        account_id, status, their_owner.

    Returns
    -------
    DataFrame
        In the order of ``accounts``: account_id, stage_number (1–5), stage, and what it rests on: ordered (in the last
        twelve months), steady (in four of the last eight quarters), people_met, roles_met (decision roles), our_roles
        (all in the last twelve months), joint (an active or finished joint initiative with an owner on their side).

    Notes
    -----
    Stages of McDonald & Woodburn (2007), Key Account Management, read as a ladder: basic = ordered; cooperative =
    steady and two people met; interdependent = three decision roles met by two of our roles; integrated = a joint
    initiative. Each rung needs those below. Without interactions nobody can be proven beyond basic.
    """
    as_of = pd.Timestamp(as_of)
    since = as_of - pd.DateOffset(months=12)
    table = accounts[["account_id"]].reset_index(drop=True)
    key = table["account_id"]
    bought = orders[orders["amount"] > 0]
    table["ordered"] = key.isin(bought.loc[bought["order_date"] > since, "account_id"])
    quarter = ((as_of - bought["order_date"]).dt.days / (365.25 / 4)).astype(int)
    recent = bought.assign(quarter=quarter)[quarter < 8]
    table["steady"] = matched(recent.groupby("account_id")["quarter"].nunique(), key).fillna(0) >= 4
    met = interactions[interactions["date"] > since]
    roles = matched(contacts.drop_duplicates("contact_id").set_index("contact_id")["decision_role"], met["contact_id"])
    met = met.assign(decision_role=roles)
    named = {"people_met": "contact_id", "roles_met": "decision_role", "our_roles": "role"}
    for column, counted in named.items():
        table[column] = matched(met.groupby("account_id")[counted].nunique(), key).fillna(0).astype(int)
    live = initiatives[initiatives["status"].isin(LIVE) & initiatives["their_owner"].notna()]
    table["joint"] = key.isin(live["account_id"])
    rungs = [
        table["ordered"],
        table["steady"] & (table["people_met"] >= 2),
        (table["roles_met"] >= 3) & (table["our_roles"] >= 2),
        table["joint"],
    ]
    table["stage_number"] = 1 + np.logical_and.accumulate([rung.to_numpy(bool) for rung in rungs], axis=0).sum(axis=0)
    table["stage"] = [STAGES[number - 1] for number in table["stage_number"]]
    return table


def management_table(placed: pd.DataFrame, policies: pd.DataFrame, *, margin_rate: float) -> pd.DataFrame:
    """One row per account, best box first: what its box asks of us.

    Parameters
    ----------
    placed
        account_id, account_name, account_manager, revenue, contribution, headroom, box, value, potential.
    policies
        box, tier, visits (a quarter), investment_share, plan (yes/no), capture (share of headroom to win in a year).
    margin_rate
        Margin on what is won, a fraction.

    Returns
    -------
    DataFrame
        account_id, account_name, box, tier, owner, visits, investment_cap (share of contribution and of the margin on
        what is to be won; never negative), plan (bool), target (currency, revenue of the next twelve months), gain.
    """
    wanted = ["box", "tier", "visits", "investment_share", "plan", "capture"]
    table = placed.merge(policies[wanted], on="box", how="left")
    order = {box: place for place, box in enumerate(policies["box"])}
    table["order"] = table["box"].map(order)
    table = table.sort_values(["order", "revenue"], ascending=[True, False], kind="stable").reset_index(drop=True)
    table["gain"] = table["capture"] * table["headroom"].fillna(0.0)
    base = table["contribution"].clip(lower=0) + table["gain"] * margin_rate
    table["investment_cap"] = table["investment_share"] * base
    table["target"] = table["revenue"].clip(lower=0) + table["gain"]
    table["plan"], table["owner"] = table["plan"] == "yes", table["account_manager"]
    columns = [
        "account_id",
        "account_name",
        "box",
        "tier",
        "owner",
        "visits",
        "investment_cap",
        "plan",
        "target",
        "gain",
    ]
    return table[columns]


def capacity_check(
    table: pd.DataFrame, *, visits_each: float, budget: float, plans_each: float = PLANS_EACH
) -> pd.DataFrame:
    """One row per limit: what the table needs, what there is, and whether it binds; the tightest first.

    Parameters
    ----------
    table
        The frame of `management_table`.
    visits_each, plans_each
        What one account manager can do: visits a quarter, joint plans at a time.
    budget
        Currency a year for investments.

    Returns
    -------
    DataFrame
        limit (visits, plans, budget), owner (blank for the budget; accounts without an owner are one nobody with no
        time at all), needed, available, load (needed ÷ available, missing when nothing is there), binds (bool).
    """
    who = table["owner"].fillna("")
    sums = table.assign(plan=table["plan"].astype(float)).groupby(who)[["visits", "plan"]].sum()
    rows = [("budget", "", table["investment_cap"].sum(), float(budget))]
    for owner, need in sums.iterrows():
        there = 1.0 if owner else 0.0
        rows += [
            ("visits", owner, need["visits"], visits_each * there),
            ("plans", owner, need["plan"], plans_each * there),
        ]
    made = pd.DataFrame(rows, columns=["limit", "owner", "needed", "available"])
    made["load"] = made["needed"] / made["available"].where(made["available"] > 0)
    made["binds"] = made["needed"] > made["available"] + 1e-9
    tight = made["load"].where(made["available"] > 0, np.where(made["needed"] > 0, np.inf, 0.0))
    return made.iloc[(-tight).argsort(kind="stable")].reset_index(drop=True)


def verdict(check: pd.DataFrame) -> str:
    """In one sentence: whether the table can be done, and if not, which limit binds first.

    Parameters
    ----------
    check
        The frame of `capacity_check`.
    """
    names = {"visits": _("visits"), "plans": _("joint plans"), "budget": _("budget")}
    tight, broken = check.iloc[0], int(check["binds"].sum())
    whose = _("the whole book") if tight["limit"] == "budget" else tight["owner"] or _("without an owner")
    told = {"limit": names[tight["limit"]], "whose": whose, "needed": tight["needed"], "available": tight["available"]}
    if broken:
        return _(
            "Not feasible: {n} limits bind. Tightest: {limit} ({whose}), {needed:money} needed of {available:money}.",
            n=broken,
            **told,
        )
    return _("Feasible. The tightest limit is {limit} ({whose}): {needed:money} of {available:money}.", **told)


def budget_decision(table: pd.DataFrame, budget: float) -> pd.DataFrame:
    """The account with the largest investment cap, once all caps together exceed the budget; else no row.

    Parameters
    ----------
    table
        The frame of `management_table`: account_name, owner, investment_cap (currency).
    budget
        Currency a year.

    Returns
    -------
    DataFrame
        account_name, owner, evidence, action: at most one row.
    """
    needed = float(table["investment_cap"].sum())
    row = table.nlargest(1 if needed > budget else 0, "investment_cap")[["account_name", "owner", "investment_cap"]]
    told = row.assign(needed=needed, budget=budget, over=needed - budget)
    evidence = sentences("investment caps need {needed:money}, the budget has {budget:money}", told)
    action = sentences("Lower the cap of {investment_cap:money} here, or ask for {over:money} more budget", told)
    return row.assign(evidence=evidence, action=action)[["account_name", "owner", "evidence", "action"]]


def within_capacity(table: pd.DataFrame, *, visits_each: float) -> pd.DataFrame:
    """The table with every owner's visits scaled down to the time there is: in whole visits.

    Notes
    -----
    Each owner's visits are multiplied by the same factor and rounded down; what is left over goes one by one to the
    accounts with the largest gain. Adds ``visits_cut`` (visits taken away). Owners with time to spare keep theirs.
    """
    parts = [_fitted(mine, visits_each if owner else 0.0) for owner, mine in table.groupby(table["owner"].fillna(""))]
    return pd.concat(parts).reindex(table.index) if parts else table.assign(visits_cut=0.0)


def _fitted(mine: pd.DataFrame, available: float) -> pd.DataFrame:
    need = mine["visits"].sum()
    if need <= available:
        return mine.assign(visits_cut=0.0)
    visits = np.floor(mine["visits"] * available / need)
    left = int(available - visits.sum())
    first = mine["gain"].sort_values(ascending=False, kind="stable").index[:left]
    visits.loc[first] += 1
    return mine.assign(visits=visits, visits_cut=mine["visits"] - visits)
