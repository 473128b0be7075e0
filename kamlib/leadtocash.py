"""From lead to cash: the event log of every deal, how long each step takes, where it waits, who hands over to whom.

Frames in, frames out (decade 3). An order belongs to a deal when it bears the deal's number. A step begins on the day
it is entered and lasts until the next one is; the last one ends when all of the order is paid.
"""

import numpy as np
import pandas as pd

from kamlib.edition import _, language
from kamlib.stats import matched

ORDERED, INVOICED, PAID, WON, LOST = "ordered", "invoiced", "paid", "won", "lost"
ENDS = (PAID, LOST)
"""Steps that last no time: nothing is waited for after them."""
_AFTER = {WON: 1001, LOST: 1002, ORDERED: 1003, INVOICED: 1004, PAID: 1005}
"""Positions behind every stage of a dictionary."""
ROLE_COLUMN = {"AR": "account_manager", "SR": "solution_manager", "FR": "delivery_manager"}
"""Which column of accounts names the person of a role."""


def stage_dictionary(stages: pd.DataFrame) -> pd.DataFrame:
    """One row per stage in order: what must be in hand to enter and to leave it, who answers for it, its time limit.

    Returns
    -------
    DataFrame
        stage, name (in the language spoken now), funnel, entry_evidence, exit_evidence (what the next stage asks for),
        owner_role, sla_days.
    """
    ladder = stages.sort_values("order", kind="stable").reset_index(drop=True)
    name = ladder[f"name_{language()}"].fillna(ladder["stage"])
    ladder = ladder.assign(name=name, exit_evidence=ladder["entry_evidence"].shift(-1))
    return ladder[["stage", "name", "funnel", "entry_evidence", "exit_evidence", "owner_role", "sla_days"]]


def step_names(stages: pd.DataFrame) -> pd.Series:
    """The name of every step for people: the stages' own, and the words for order, invoice, payment, win and loss."""
    own = stages[f"name_{language()}"].fillna(stages["stage"])
    words = {ORDERED: _("order"), INVOICED: _("invoice"), PAID: _("paid"), WON: _("won"), LOST: _("lost")}
    return pd.concat([pd.Series(words), pd.Series(own.to_numpy(), index=stages["stage"])])


def event_log(
    opportunities: pd.DataFrame,
    stage_history: pd.DataFrame,
    stages: pd.DataFrame,
    leads: pd.DataFrame,
    orders: pd.DataFrame,
) -> pd.DataFrame:
    """One row per event of a deal, from the lead that found it to the day its order was paid.

    Parameters
    ----------
    opportunities
        opportunity_id, account_id, closed, outcome.
    stage_history
        opportunity_id, stage, entered.
    stages
        stage, order, funnel.
    leads
        opportunity_id, created. May be empty.
    orders
        order_id, order_date, invoice_date, paid_date. May be empty.

    Returns
    -------
    DataFrame
        opportunity_id, account_id, step, order (position), day; by deal, day, position. Steps are the stages; ``lost``;
        ``won`` where neither an order nor a stage of that day or later says so; ``ordered`` and ``invoiced`` only where
        the dictionary has no stage of delivery, which says the same; ``paid`` when every line of the order is.
    """
    parts = [_lead_events(leads, stages), _stage_events(stage_history, stages), _order_events(orders, stages)]
    found = pd.concat(
        [part for part in [*parts, _end_events(opportunities, stage_history, orders)] if len(part)] or parts
    )
    owner = opportunities.set_index("opportunity_id")["account_id"]
    log = found[found["opportunity_id"].isin(owner.index) & found["day"].notna()]
    log = log.assign(account_id=matched(owner, log["opportunity_id"]).to_numpy())
    log = log.sort_values(["opportunity_id", "day", "order"], kind="stable").reset_index(drop=True)
    return log[["opportunity_id", "account_id", "step", "order", "day"]]


def _events(deals: pd.Series, steps: object, order: object, days: pd.Series) -> pd.DataFrame:
    columns = {"opportunity_id": deals.to_numpy(), "step": steps, "order": order, "day": days.to_numpy()}
    return pd.DataFrame(columns).astype({"step": "str", "order": float, "day": "datetime64[us]"})


def _lead_events(leads: pd.DataFrame, stages: pd.DataFrame) -> pd.DataFrame:
    """The first stage of the lead funnel begins when the lead was found."""
    first = stages[stages["funnel"] == "lead"].sort_values("order").head(1)
    known = leads[leads["opportunity_id"].notna()] if len(first) else leads.iloc[:0]
    stage, order = (first["stage"].iloc[0], first["order"].iloc[0]) if len(first) else ("", 0)
    return _events(known["opportunity_id"], stage, order, known["created"])


def _stage_events(stage_history: pd.DataFrame, stages: pd.DataFrame) -> pd.DataFrame:
    order = matched(stages.set_index("stage")["order"], stage_history["stage"])
    return _events(stage_history["opportunity_id"], stage_history["stage"].to_numpy(), order.to_numpy(),
                   stage_history["entered"])  # fmt: skip


def _order_events(orders: pd.DataFrame, stages: pd.DataFrame) -> pd.DataFrame:
    """Order, invoice and payment of whole orders: a day stands only when it stands on every line."""
    delivered = (stages["funnel"] == "delivery").any()
    wanted = {"paid_date": PAID} if delivered else {"order_date": ORDERED, "invoice_date": INVOICED, "paid_date": PAID}
    whole = orders.groupby("order_id")[list(wanted)].agg(lambda days: days.max(skipna=False)) if len(orders) else None
    if whole is None:
        return _events(orders["order_id"], "", 0.0, orders["order_date"])
    keys = pd.Series(whole.index)
    return pd.concat([_events(keys, step, _AFTER[step], whole[column]) for column, step in wanted.items()])


def _end_events(opportunities: pd.DataFrame, stage_history: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Losses, and wins that neither an order nor a stage entered on that day or later tells of."""
    last = matched(stage_history.groupby("opportunity_id")["entered"].max(), opportunities["opportunity_id"])
    told = (last >= opportunities["closed"]) | opportunities["opportunity_id"].isin(orders["order_id"])
    lost = opportunities["outcome"] == LOST
    won = (opportunities["outcome"] == WON) & ~told
    ended = opportunities[lost | won]
    steps = np.where(lost[lost | won], LOST, WON)
    return _events(ended["opportunity_id"], steps, [_AFTER[step] for step in steps], ended["closed"])


def stays(log: pd.DataFrame, stages: pd.DataFrame, *, as_of: pd.Timestamp) -> pd.DataFrame:
    """One row per stay of a deal in a step: how long it lasted, or has lasted so far.

    Parameters
    ----------
    log
        `event_log`.
    stages
        stage, owner_role, sla_days.
    as_of
        Last day that counts.

    Returns
    -------
    DataFrame
        opportunity_id, account_id, step, order, day (entered), until (missing while it lasts), days, running, visit
        (1 = first time in this step), back (entered from a later step), owner_role, next_role (of the step that
        followed), sla_days, over_days (beyond the SLA, 0 within it, missing without one). The ends of the way (paid,
        lost) are no stays; nor is a last step after the win whose end was never once recorded.
    """
    moves = log.sort_values(["opportunity_id", "day", "order"], kind="stable").reset_index(drop=True)
    by_deal = moves.groupby("opportunity_id", sort=False)
    rules = stages.set_index("stage")
    table = moves.assign(
        until=by_deal["day"].shift(-1),
        visit=moves.groupby(["opportunity_id", "step"], sort=False).cumcount() + 1,
        back=by_deal["order"].shift(1) > moves["order"],
        owner_role=matched(rules["owner_role"], moves["step"]),
        sla_days=matched(rules["sla_days"], moves["step"]).astype(float),
    )
    table["next_role"] = table.groupby("opportunity_id", sort=False)["owner_role"].shift(-1)
    table["running"] = table["until"].isna()
    table["days"] = (table["until"].fillna(pd.Timestamp(as_of)) - table["day"]).dt.days
    table["over_days"] = (table["days"] - table["sla_days"]).clip(lower=0)
    silent = table["running"] & table["step"].isin(_unended(moves, stages))
    table = table[~table["step"].isin(ENDS) & ~silent]
    return table[_STAY_COLUMNS].reset_index(drop=True)


def _unended(moves: pd.DataFrame, stages: pd.DataFrame) -> list[str]:
    """Steps after the win whose end this company has not recorded once: nothing says that they still run."""
    last = stages[stages["funnel"] == "delivery"].sort_values("order")["stage"].tail(1)
    follows = {WON: ORDERED, ORDERED: INVOICED, INVOICED: PAID, **dict.fromkeys(last, PAID)}
    return [step for step, then in follows.items() if not (moves["step"] == then).any()]


_STAY_COLUMNS = [
    "opportunity_id", "account_id", "step", "order", "day", "until", "days", "running", "visit", "back", "owner_role",
    "next_role", "sla_days", "over_days",
]  # fmt: skip


def duration_quantile(days: pd.Series, running: pd.Series, q: float) -> float:
    """The number of days within which a share ``q`` of the stays ends; those still running count as lasting longer.

    Missing when too many are still running to tell.

    Notes
    -----
    Kaplan & Meier (1958): leaving running stays out would make every step look faster than it is.

    >>> duration_quantile(pd.Series([10, 20, 30, 40]), pd.Series([False, False, True, True]), 0.5)
    20.0
    """
    ends = days[~running].value_counts().sort_index()
    at_risk = np.array([(days >= day).sum() for day in ends.index])
    survival = np.cumprod(1 - ends.to_numpy() / at_risk) if len(ends) else np.empty(0)
    reached = np.flatnonzero(survival <= 1 - q + 1e-12)
    return float(ends.index[reached[0]]) if len(reached) else float("nan")


def step_table(stays: pd.DataFrame) -> pd.DataFrame:
    """One row per step in order: how long it takes, how often it is done again, how often it breaks its limit.

    Parameters
    ----------
    stays
        `stays`.

    Returns
    -------
    DataFrame
        step, owner_role, sla_days, stays, running, median_days, p75_days (`duration_quantile`), rework (share of stays
        that are not the first of their deal there), breaches (share longer than the SLA, of those that ended or have
        already broken it; missing without SLA), over_days (beyond the SLA, all stays together), total_days.
    """
    rows = []
    for (_order, step), here in stays.groupby(["order", "step"], sort=True):
        judged = here[(~here["running"]) | (here["over_days"] > 0)]
        late = (judged["over_days"] > 0).mean() if here["sla_days"].notna().any() and len(judged) else np.nan
        typical = [duration_quantile(here["days"], here["running"], q) for q in (0.5, 0.75)]
        sums = here["over_days"].sum(min_count=1), here["days"].sum()
        first = here[["owner_role", "sla_days"]].iloc[0]
        rows.append((step, *first, len(here), here["running"].sum(), *typical, (here["visit"] > 1).mean(), late, *sums))
    return pd.DataFrame(rows, columns=_STEP_COLUMNS)


_STEP_COLUMNS = [
    "step", "owner_role", "sla_days", "stays", "running", "median_days", "p75_days", "rework", "breaches", "over_days",
    "total_days",
]  # fmt: skip


def step_benchmark(
    opportunities: pd.DataFrame,
    stage_history: pd.DataFrame,
    stages: pd.DataFrame,
    leads: pd.DataFrame,
    orders: pd.DataFrame,
) -> pd.DataFrame:
    """One row per step: how long it takes in the whole company. For `Book.pooled`.

    Returns
    -------
    DataFrame
        step, company_days (median, as of the last day on record), accounts (different ones behind it).
    """
    log = event_log(opportunities, stage_history, stages, leads, orders)
    steps = stays(log, stages, as_of=log["day"].max())
    rows = []
    for step, here in steps.groupby("step", sort=True):
        who = here["account_id"].fillna(here["opportunity_id"]).nunique()
        rows.append((step, duration_quantile(here["days"], here["running"], 0.5), who))
    return pd.DataFrame(rows, columns=["step", "company_days", "accounts"])


def cash_step(stages: pd.DataFrame) -> str | None:
    """The step in which money is waited for: the last one of delivery; None where the dictionary has no delivery."""
    delivery = stages[stages["funnel"] == "delivery"].sort_values("order")["stage"]
    return delivery.iloc[-1] if len(delivery) else None


def bottleneck(steps: pd.DataFrame) -> pd.DataFrame:
    """One row: the step that costs most days beyond its limit; where no step has a limit, most days of all.

    Parameters
    ----------
    steps
        `step_table`.

    Returns
    -------
    DataFrame
        step, owner_role, over_days, share (of all steps' days over; of all days where there is no limit). Empty without
        a step.
    """
    by = "over_days" if steps["over_days"].sum() > 0 else "total_days"
    worst = steps.sort_values(by, ascending=False, kind="stable").head(1)
    share = worst[by] / steps[by].sum() if steps[by].sum() > 0 else np.nan
    return worst[["step", "owner_role", "over_days"]].assign(share=share).reset_index(drop=True)


def handoffs(stays: pd.DataFrame) -> pd.DataFrame:
    """One row per pair of roles between which a deal was handed over: how often, how late, how often it came back.

    Returns
    -------
    DataFrame
        from_role, to_role, n (moves from a step of the one to a step of the other), late (share that came later than
        the SLA of the step before; missing without SLA), returned (share that led back to an earlier step). Ordered by
        roles.
    """
    passed = stays[
        stays["next_role"].notna() & (stays["owner_role"] != stays["next_role"]) & stays["owner_role"].notna()
    ]
    following = stays.groupby("opportunity_id", sort=False)["back"].shift(-1).eq(True)
    late = (passed["over_days"] > 0).astype(float).where(passed["sla_days"].notna())
    facts = passed.assign(late=late, returned=following[passed.index].astype(float))
    grouped = facts.groupby([facts["owner_role"].astype("str"), facts["next_role"].astype("str")])
    table = pd.DataFrame({"n": grouped.size(), "late": grouped["late"].mean(), "returned": grouped["returned"].mean()})
    return table.rename_axis(["from_role", "to_role"]).reset_index()


def running_late(stays: pd.DataFrame, opportunities: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    """One row per deal that stands in a step beyond its limit now, the costliest wait first.

    Parameters
    ----------
    stays
        `stays`.
    opportunities
        opportunity_id, amount, closed_amount (currency), owner.
    accounts
        account_id, account_name, account_manager, solution_manager, delivery_manager.

    Returns
    -------
    DataFrame
        opportunity_id, account_id, account_name, step, days, sla_days, over_days, value (currency), owner (the
        account's person of the role that answers for the step; the deal's owner where there is none); by value ×
        over_days.
    """
    late = stays[stays["running"] & (stays["over_days"] > 0)].reset_index(drop=True)
    deals = opportunities.set_index("opportunity_id")
    key = late["opportunity_id"]
    late["value"] = matched(deals["closed_amount"].fillna(deals["amount"]), key)
    late["account_name"] = matched(accounts.set_index("account_id")["account_name"], late["account_id"])
    late["owner"] = person(late, accounts).fillna(matched(deals["owner"], key))
    order = (late["value"] * late["over_days"]).sort_values(ascending=False, kind="stable").index
    columns = [
        "opportunity_id",
        "account_id",
        "account_name",
        "step",
        "days",
        "sla_days",
        "over_days",
        "value",
        "owner",
    ]
    return late.loc[order, columns].reset_index(drop=True)


def person(rows: pd.DataFrame, accounts: pd.DataFrame) -> pd.Series:
    """For every row its account's person of the role ``owner_role``; missing where nobody is named.

    >>> team = pd.DataFrame({"account_id": ["a"], "account_manager": ["Li"], "solution_manager": [None],
    ...                      "delivery_manager": ["He"]})
    >>> person(pd.DataFrame({"account_id": ["a", "a"], "owner_role": ["FR", "SR"]}), team).isna().tolist()
    [False, True]
    """
    team = accounts.set_index("account_id")
    found = pd.Series(None, index=rows.index, dtype="str")
    for role, column in ROLE_COLUMN.items():
        mine = rows["owner_role"] == role
        found[mine] = matched(team[column], rows.loc[mine, "account_id"])
    return found
