"""The iron triangle: account, solution and fulfilment responsible (AR, SR, FR) at every account and step (decade 3).

Frames in, frames out. A touch is a row of interactions; it says which role made it. Whoever touched an account is not
thereby known to have worked on a deal: touches count for every deal that stood in the step on that day.
"""

import numpy as np
import pandas as pd

from kamlib.edition import _
from kamlib.schema import TEAM_ROLES
from kamlib.stats import matched, shrunk_rates

ROLES = list(TEAM_ROLES)
PERSON = {"AR": "account_manager", "SR": "solution_manager", "FR": "delivery_manager"}
"""Which column of accounts names the person of a role."""
AMOUNT_CLASSES = ("small", "medium", "large")


def team_effort(
    accounts: pd.DataFrame, interactions: pd.DataFrame, *, as_of: pd.Timestamp, months: int = 12
) -> pd.DataFrame:
    """One row per account: the three sides of its triangle, and how even they are.

    Parameters
    ----------
    accounts
        account_id, account_name, account_manager, solution_manager, delivery_manager.
    interactions
        account_id, date, role.
    as_of, months
        The window of the touches.

    Returns
    -------
    DataFrame
        In the order of ``accounts``: account_id, account_name, AR, SR, FR (touches), touches, coverage (share of the
        three roles with a touch), side_balance (least ÷ mean of the three; 0 to 1, missing without a touch), weakest
        (the role furthest below its usual part of all touches here; missing without a touch), owner (the person of
        that role, else the account manager).
    """
    recent = interactions[interactions["date"] > pd.Timestamp(as_of) - pd.DateOffset(months=months)]
    counts = recent.groupby(["account_id", "role"], observed=True).size().unstack(fill_value=0)
    counts = counts.reindex(columns=ROLES, fill_value=0).reindex(accounts["account_id"], fill_value=0)
    touches = counts.sum(axis=1)
    table = accounts[["account_id", "account_name"]].reset_index(drop=True)
    table[ROLES] = counts.to_numpy()
    table["touches"] = touches.to_numpy()
    table["coverage"] = ((counts > 0).sum(axis=1) / len(ROLES)).to_numpy()
    table["side_balance"] = (counts.min(axis=1) / (touches / len(ROLES)).where(touches > 0)).to_numpy()
    usual = counts.sum() / max(touches.sum(), 1)
    pull = (counts.div(touches.where(touches > 0), axis=0) / usual.where(usual > 0)).fillna(1.0)
    table["weakest"] = pull.idxmin(axis=1).where(touches > 0).to_numpy()
    table["owner"] = _person(table["weakest"], accounts).to_numpy()
    return table


def _person(roles: pd.Series, accounts: pd.DataFrame) -> pd.Series:
    """Row by row, who holds the role at the account; the account manager where nobody does."""
    team = accounts.reset_index(drop=True)
    found = pd.Series(None, index=team.index, dtype="str")
    for role, column in PERSON.items():
        found = found.mask((roles == role).to_numpy(), team[column])
    return found.fillna(team["account_manager"])


def effort_by_step(stays: pd.DataFrame, interactions: pd.DataFrame, *, as_of: pd.Timestamp) -> pd.DataFrame:
    """One row per step in order: the touches of each role that a deal in it gets, and whether the answering role came.

    Parameters
    ----------
    stays
        opportunity_id, account_id, step, order, day, until (missing while it lasts), owner_role (``leadtocash.stays``).
    interactions
        account_id, date, role.

    Returns
    -------
    DataFrame
        step, owner_role, stays, AR, SR, FR (touches in 30 days of a deal there), coverage (share of stays with a
        touch of the role that answers for the step; missing without such a role), answer_days (median days from
        entering the step to that role's first touch, of the stays that had one).
    """
    met = _touches_in(stays, interactions, as_of)
    answer = first_answer(stays, met)
    facts = stays[["step", "order", "owner_role"]].assign(answer_days=answer)
    facts["coverage"] = answer.notna().astype(float).where(stays["owner_role"].notna())
    facts["lasted"] = (stays["until"].fillna(pd.Timestamp(as_of)) - stays["day"]).dt.days
    for role in ROLES:
        facts[role] = met[met["role"] == role].groupby("stay").size().reindex(stays.index, fill_value=0)
    grouped = facts.groupby(["order", "step"], sort=True)
    table = grouped[ROLES].sum().div(grouped["lasted"].sum().clip(lower=1), axis=0) * 30
    table = table.assign(owner_role=grouped["owner_role"].first(), stays=grouped.size())
    table = table.assign(coverage=grouped["coverage"].mean(), answer_days=grouped["answer_days"].median())
    return table.reset_index()[["step", "owner_role", "stays", *ROLES, "coverage", "answer_days"]]


def _touches_in(stays: pd.DataFrame, interactions: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Every touch of a stay's account from its first day to the day before the next step: stay, role, after (days)."""
    spans = stays[["account_id", "day"]].assign(stay=stays.index, end=stays["until"].fillna(pd.Timestamp(as_of)))
    pairs = spans.merge(interactions[["account_id", "date", "role"]], on="account_id")
    open_end = matched(stays["until"].isna(), pairs["stay"]) & (pairs["date"] <= pairs["end"])
    inside = pairs[(pairs["date"] >= pairs["day"]) & ((pairs["date"] < pairs["end"]) | open_end)]
    return inside.assign(after=(inside["date"] - inside["day"]).dt.days)[["stay", "role", "after"]]


def first_answer(stays: pd.DataFrame, touches: pd.DataFrame) -> pd.Series:
    """Per stay: days until the role that answers for the step first touched the account; missing if it never did."""
    answering = matched(stays["owner_role"], touches["stay"])
    right = touches[(touches["role"] == answering).to_numpy()]
    return right.groupby("stay")["after"].min().reindex(stays.index).astype(float)


def response_times(
    stays: pd.DataFrame, interactions: pd.DataFrame, *, as_of: pd.Timestamp, limit: float
) -> pd.DataFrame:
    """One row per hand-off between roles: how soon the role that takes over is at the account.

    Parameters
    ----------
    stays
        As in `effort_by_step`.
    limit
        Days within which it should be.

    Returns
    -------
    DataFrame
        from_role, to_role, n (hand-offs), reached (share with a touch of the new role during the step), answer_days
        (median, of those), in_time (share answered within ``limit`` days, of the hand-offs that had the time). Ordered
        by roles.
    """
    answer = first_answer(stays, _touches_in(stays, interactions, as_of))
    before = stays.groupby("opportunity_id", sort=False)["owner_role"].shift(1)
    taken = before.notna() & stays["owner_role"].notna() & (before != stays["owner_role"])
    lasted = (stays["until"].fillna(pd.Timestamp(as_of)) - stays["day"]).dt.days
    facts = pd.DataFrame({"from_role": before, "to_role": stays["owner_role"], "answer_days": answer})
    had_time = (answer <= limit) | (lasted >= limit)
    facts = facts.assign(reached=answer.notna().astype(float), in_time=(answer <= limit).astype(float).where(had_time))
    grouped = facts[taken].groupby(["from_role", "to_role"], sort=True)
    table = grouped[["reached", "in_time"]].mean().assign(n=grouped.size(), answer_days=grouped["answer_days"].median())
    return table.reset_index()[["from_role", "to_role", "n", "reached", "answer_days", "in_time"]]


def raci(stages: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    """One row per stage in order: who is responsible, accountable, consulted, informed.

    Parameters
    ----------
    stages
        stage, order, owner_role.
    rules
        The reference table ``raci``: stage, AR, SR, FR and one column for every other department.

    Returns
    -------
    DataFrame
        stage, the columns of ``rules``, agrees (whether the role the dictionary names is the accountable one). A stage
        the rules do not know gets A/R for the role the dictionary names and I for the other two.
    """
    ladder = stages.sort_values("order", kind="stable").reset_index(drop=True)
    table = ladder[["stage"]].merge(rules, on="stage", how="left")
    unknown = table[ROLES].isna().all(axis=1)
    for role in ROLES:
        own = np.where(ladder["owner_role"] == role, "A/R", "I")
        table[role] = table[role].mask(unknown & ladder["owner_role"].notna(), pd.Series(own))
    table = table.fillna("")
    said = [row.get(role, "") for role, row in zip(ladder["owner_role"], table.to_dict("records"), strict=True)]
    return table.assign(agrees=["A" in value.split("/") for value in said])


# --- solo or team ---


def teams(opportunities: pd.DataFrame, interactions: pd.DataFrame, *, landmark: int = 30) -> pd.DataFrame:
    """One row per closed deal that outlived its first days: how many of the three roles were there in those days.

    Parameters
    ----------
    opportunities
        opportunity_id, account_id, created, closed, outcome, amount (currency).
    interactions
        account_id, date, role.
    landmark
        Days after creation in which touches count. Deals that closed sooner are left out: a deal that lives longer
        meets more roles, and counting them to the end would make winners look like teams (immortal time).

    Returns
    -------
    DataFrame
        opportunity_id, roles (0 to 3), team (2 or more roles), won, amount_class (thirds of the amounts: small, medium,
        large).

    Notes
    -----
    Landmark analysis: Anderson, Cain & Gelber (1983).
    """
    last = opportunities["created"] + pd.Timedelta(days=landmark)
    deals = opportunities[opportunities["outcome"].isin(["won", "lost"]) & (opportunities["closed"] > last)]
    deals = deals[["opportunity_id", "account_id", "created", "outcome", "amount"]].reset_index(drop=True)
    pairs = deals.merge(interactions[["account_id", "date", "role"]], on="account_id")
    days = (pairs["date"] - pairs["created"]).dt.days
    met = pairs[(days >= 0) & (days <= landmark)].groupby("opportunity_id")["role"].nunique()
    roles = deals["opportunity_id"].map(met).fillna(0).astype(int)
    rank = deals["amount"].rank(method="first", pct=True)
    third = np.ceil((rank * 3).fillna(1) - 1e-9).clip(1, 3).astype(int) - 1
    classes = np.array(AMOUNT_CLASSES, dtype=object)[third]
    won = deals["outcome"] == "won"
    return pd.DataFrame({"opportunity_id": deals["opportunity_id"], "roles": roles, "team": roles >= 2, "won": won,
                         "amount_class": classes})  # fmt: skip


def team_selling(deals: pd.DataFrame, *, level: float = 0.9) -> pd.DataFrame:
    """One row per class of amount, solo and team: how many of the deals were won.

    Parameters
    ----------
    deals
        `teams`.

    Returns
    -------
    DataFrame
        amount_class, team, deals, won, rate, low, high (steadied by the other five; interval of ``level``). Six rows;
        empty without a deal.
    """
    columns = ["amount_class", "team", "deals", "won", "rate", "low", "high"]
    if deals.empty:
        return pd.DataFrame(columns=columns)
    grid = pd.MultiIndex.from_product([AMOUNT_CLASSES, [False, True]], names=["amount_class", "team"])
    grouped = deals.groupby(["amount_class", "team"])["won"]
    table = pd.DataFrame({"deals": grouped.size(), "won": grouped.sum()}).reindex(grid, fill_value=0).reset_index()
    rates = shrunk_rates(table["won"], table["deals"], level=level)
    return table.assign(**rates[["rate", "low", "high"]])[columns]


def team_behind(selling: pd.DataFrame) -> str:
    """The classes of amount in which teams do not win more often than soloists, as one text; may be empty.

    Parameters
    ----------
    selling
        `team_selling`: amount_class, team, deals, rate. A class in which a side has no deal is left out.
    """
    names = {"small": _("small deals"), "medium": _("medium deals"), "large": _("large deals")}
    known = selling[selling["deals"] > 0].astype({"team": bool})
    solo, team = (known[known["team"] == side].set_index("amount_class")["rate"] for side in (False, True))
    return _(", ").join(
        text for name, text in names.items() if name in solo and name in team and team[name] <= solo[name]
    )


def team_difference(deals: pd.DataFrame) -> pd.DataFrame:
    """One row: by how much teams win more often than soloists, as counted and within classes of amount.

    Parameters
    ----------
    deals
        `teams`.

    Returns
    -------
    DataFrame
        solo, team (numbers of deals), crude (difference of the win rates), adjusted (within classes, averaged), low,
        high (90 % interval of ``adjusted``). Missing where a side has no deal, or no class has both.

    Notes
    -----
    Mantel–Haenszel risk difference: weights n₁n₀ ÷ n per class; variance of Greenland & Robins (1985). It removes what
    the amount explains, and nothing else.
    """
    solo, team = (deals.loc[deals["team"] == side, "won"] for side in (False, True))
    crude = team.mean() - solo.mean() if len(solo) and len(team) else np.nan
    sums = deals.groupby("amount_class")["won"]
    parts = [_stratum(deals[deals["amount_class"] == name]) for name in sums.groups]
    w, difference, variance = np.array(parts, dtype=float).reshape(-1, 3).T
    adjusted = (w @ difference) / w.sum() if w.sum() > 0 else np.nan
    error = np.sqrt(variance.sum()) / w.sum() if w.sum() > 0 else np.nan
    row = {"solo": len(solo), "team": len(team), "crude": crude, "adjusted": adjusted}
    return pd.DataFrame([row | {"low": adjusted - 1.645 * error, "high": adjusted + 1.645 * error}])


def _stratum(deals: pd.DataFrame) -> tuple[float, float, float]:
    """Weight, difference of the win rates, and part of the variance (Greenland & Robins) of one class."""
    one, zero = deals.loc[deals["team"], "won"], deals.loc[~deals["team"], "won"]
    a, n1, c, n0 = one.sum(), len(one), zero.sum(), len(zero)
    if not n1 or not n0:
        return 0.0, 0.0, 0.0
    n = n1 + n0
    variance = (a * (n1 - a) * n0**3 + c * (n0 - c) * n1**3) / (n1 * n0 * n**2)
    return n1 * n0 / n, a / n1 - c / n0, variance


# --- people ---


def role_load(
    accounts: pd.DataFrame, interactions: pd.DataFrame, *, as_of: pd.Timestamp, months: int, capacity: float
) -> pd.DataFrame:
    """One row per role and person: the accounts they hold, the touches they make a month, against what one can make.

    Parameters
    ----------
    accounts
        account_id, account_manager, solution_manager, delivery_manager.
    interactions
        account_id, date, role. A touch counts for the person who holds its role at the account today.
    capacity
        Touches one person can make in a month, above 0.

    Returns
    -------
    DataFrame
        role, person, accounts, monthly (touches), load (monthly ÷ capacity), untouched (share of the accounts
        without a touch of this role in the window); by role, then load.
    """
    recent = interactions[interactions["date"] > pd.Timestamp(as_of) - pd.DateOffset(months=months)]
    frames = []
    for role, column in PERSON.items():
        counts = recent[recent["role"] == role].groupby("account_id").size()
        held = accounts[accounts[column].notna()]
        touches = matched(counts, held["account_id"]).astype(float).fillna(0)
        grouped = touches.groupby(held[column].astype("str"))
        table = pd.DataFrame({"accounts": grouped.size(), "monthly": grouped.sum() / months})
        table["untouched"] = (touches == 0).groupby(held[column].astype("str")).mean()
        table = table.assign(load=table["monthly"] / capacity, role=role).rename_axis("person").reset_index()
        frames.append(table.sort_values("load", ascending=False, kind="stable"))
    table = pd.concat(frames, ignore_index=True)
    return table[["role", "person", "accounts", "monthly", "load", "untouched"]]


def capacity_gap(effort: pd.DataFrame, load: pd.DataFrame, *, months: int, capacity: float) -> pd.DataFrame:
    """One row per role: the people there are, and how many it would take to bring every account up to the usual effort.

    Parameters
    ----------
    effort
        `team_effort`.
    load
        `role_load` with the same ``months`` and ``capacity``.

    Returns
    -------
    DataFrame
        role, headcount, monthly (touches now), needed_monthly (every account at least at the median of the accounts
        this role touches), needed_people (÷ capacity), headcount_gap (needed_people − headcount; positive = too few).
    """
    rows = []
    for role in ROLES:
        touched = effort[role][effort[role] > 0]
        usual = touched.median() if len(touched) else 0.0
        needed = effort[role].clip(lower=usual)[effort["touches"] > 0].sum() / months
        rows.append((role, int((load["role"] == role).sum()), effort[role].sum() / months, needed, needed / capacity))
    table = pd.DataFrame(rows, columns=["role", "headcount", "monthly", "needed_monthly", "needed_people"])
    return table.assign(headcount_gap=table["needed_people"] - table["headcount"])
