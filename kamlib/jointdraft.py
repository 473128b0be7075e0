"""A first draft of a joint business plan from what the records say; the room completes it."""

import numpy as np
import pandas as pd

from kamlib import edition, jointplan, jointreview
from kamlib.edition import _
from kamlib.jointforms import FORMS, JointPlan, make_plan

_NUMBERS = dict.fromkeys(("baseline", "aim", "actual"), "float64")
BURST = 0.5
"""Share of a year from which one quarter makes it, and below which a later year has faded."""
QUARTERS = 8
"""Quarters of history that a plan shows."""


def draft_plan(
    account: pd.Series,
    initiatives: pd.DataFrame,
    orders: pd.DataFrame,
    satisfaction: pd.DataFrame,
    *,
    currency: str,
    as_of: object,
    **known: float,
) -> JointPlan:
    """The plan of one account, as far as its records go; an account without initiatives gets the blank form.

    Parameters
    ----------
    account
        account_id, account_name, account_manager.
    initiatives, orders, satisfaction
        Tables of the contract; rows of other accounts are left out.
    currency
        Three letters.
    known
        Terms that are known, such as ``rebate_rate``; see `jointplan.measured_terms`.

    Returns
    -------
    JointPlan
        Terms with their basis, goals of both sides from the joint P&L, quarterly history, scorecard to date, and
        cadence, risks and exit as the method proposes them.
    """
    day, own = pd.Timestamp(as_of), account["account_id"]
    actions = initiatives[initiatives["account_id"] == own].reset_index(drop=True)
    bought = orders[(orders["account_id"] == own) & (orders["order_date"] <= day)]
    answers = satisfaction[(satisfaction["account_id"] == own) & (satisfaction["date"] <= day)]
    terms = jointplan.measured_terms(bought, actions, as_of=day, **known)
    start, end = jointplan.plan_window(actions, as_of=day)
    return make_plan(
        own,
        account["account_name"],
        currency=currency,
        as_of=day,
        goals=_goals(actions, terms, answers, end, account["account_manager"]),
        initiatives=actions[[column for column in FORMS["initiatives"] if column in actions]],
        terms=terms,
        history=quarterly_sales(bought, as_of=day),
        scorecard=_scorecard(actions, bought, answers, terms, start, day),
        cadence=edition.reference("jbp_cadence"),
        risks=_risks(actions, terms, day, account["account_manager"]),
    )


def draft_plans(
    accounts: pd.DataFrame,
    initiatives: pd.DataFrame,
    orders: pd.DataFrame,
    satisfaction: pd.DataFrame,
    *,
    first: str = "",
    rebates: pd.DataFrame | None = None,
    currency: str,
    as_of: object,
    **known: float,
) -> list[JointPlan]:
    """The plan of every account with initiatives, largest first; without any, the blank form of the largest customer.

    Parameters
    ----------
    accounts
        account_id, account_name, account_manager.
    first
        Account whose plan (or blank form) comes first; unknown or empty: the largest.
    rebates
        account_id, rebate_rate: what is agreed with dealers.

    Returns
    -------
    list
        `draft_plan` of each; at least one, if there is an account.
    """
    people = accounts.drop_duplicates("account_id").set_index("account_id", drop=False)
    sizes = initiatives.groupby("account_id")["expected_amount"].sum().sort_values(ascending=False, kind="stable")
    bought = orders.groupby("account_id")["amount"].sum().sort_values(ascending=False, kind="stable")
    with_plan = [number for number in [first, *sizes.index] if number in people.index]
    blank = [number for number in [*bought.index, *people.index] if number in people.index][:1]
    agreed = {} if rebates is None else rebates.set_index("account_id")["rebate_rate"].dropna().to_dict()
    return [
        draft_plan(
            people.loc[number],
            initiatives,
            orders,
            satisfaction,
            currency=currency,
            as_of=as_of,
            **known,
            **({"rebate_rate": agreed[number]} if number in agreed else {}),
        )
        for number in dict.fromkeys(with_plan or blank)
    ]


def plan_curve(plan: JointPlan, orders: pd.DataFrame) -> pd.DataFrame:
    """The plan's burn-up, on the plan's own terms; see `jointreview.burn_up`. ``orders`` may hold other accounts."""
    own = orders[orders["account_id"] == plan.account_id]
    return _curve(plan.initiatives, own, jointplan.settled(plan.terms), plan.as_of)


def _curve(actions: pd.DataFrame, bought: pd.DataFrame, t: dict[str, float], day: pd.Timestamp) -> pd.DataFrame:
    start, _end = jointplan.plan_window(actions, as_of=day)
    kept, monthly = 1 - t["pull_forward"] - t["cannibalised"], jointplan.monthly_before(bought, start)
    return jointreview.burn_up(actions, bought, monthly=monthly, kept=kept, start=start, as_of=day)


def standings(plans: list[JointPlan], orders: pd.DataFrame) -> pd.DataFrame:
    """One row per plan: how much of its time is over, and its sales to date against the plan.

    Returns
    -------
    DataFrame
        account_id, their_owner (who answers for most initiatives), elapsed (share of the plan's days, 0 to 1), planned,
        attainment (missing before the first whole month).
    """
    rows = []
    for plan in plans:
        start, end = jointplan.plan_window(plan.initiatives, as_of=plan.as_of)
        now = jointreview.attainment(plan_curve(plan, orders)).iloc[0]
        owner = plan.initiatives["their_owner"].mode().get(0)
        elapsed = float(np.clip((plan.as_of - start) / (end - start), 0, 1))
        rows.append((plan.account_id, owner, elapsed, now["planned"], now["attainment"]))
    return pd.DataFrame(rows, columns=["account_id", "their_owner", "elapsed", "planned", "attainment"])


def baseline_basis(orders: pd.DataFrame, start: pd.Timestamp, *, as_of: object) -> pd.Series:
    """What the baseline rests on: the year before the plan, the largest of its quarters, and the last four quarters.

    Parameters
    ----------
    orders
        The account's: order_date, amount (currency).
    start
        First day of the plan.

    Returns
    -------
    Series
        year (sales in the twelve months before ``start``), largest, period (2024-Q3) and share of its largest calendar
        quarter, recent (sales in the twelve months up to ``as_of``), burst (that quarter is more than half of the
        year), faded (recent is less than half of the year).
    """
    day = pd.Timestamp(as_of)
    before = orders[(orders["order_date"] < start) & (orders["order_date"] >= start - pd.DateOffset(years=1))]
    sums = before.groupby(before["order_date"].dt.to_period("Q"))["amount"].sum()
    year, largest = float(before["amount"].sum()), float(sums.max()) if len(sums) else 0.0
    recent = orders[(orders["order_date"] > day - pd.DateOffset(years=1)) & (orders["order_date"] <= day)][
        "amount"
    ].sum()
    period = f"{sums.idxmax().year}-Q{sums.idxmax().quarter}" if len(sums) else ""
    share = largest / year if year > 0 else np.nan
    flags = {"burst": share > BURST, "faded": year > 0 and recent < BURST * year}
    return pd.Series({"year": year, "largest": largest, "period": period, "share": share, "recent": recent, **flags})


def baseline_warning(plan: JointPlan, orders: pd.DataFrame) -> str:
    """What `baseline_basis` says of the plan's baseline, in a sentence. ``orders`` may hold other accounts."""
    own = orders[orders["account_id"] == plan.account_id]
    start, _end = jointplan.plan_window(plan.initiatives, as_of=plan.as_of)
    basis = baseline_basis(own, start, as_of=plan.as_of)
    parts = []
    if basis["burst"]:
        parts.append(_("{share:percent} of the baseline's year came in one quarter, {period}", **basis))
    if basis["faded"]:
        parts.append(_("the last four quarters brought {recent:money}, the baseline's year {year:money}", **basis))
    if not parts:
        return _("The baseline rests on {year:money} of the year before the plan; no quarter stands out.", **basis)
    return _("Agree the baseline with the customer first: {why}.", why=_("; ").join(parts))


def all_returns(plans: list[JointPlan]) -> dict[str, float]:
    """What all plans together cost us and add for us: spend, p50_margin (currency), roi (missing without spend)."""
    each = [jointplan.joint_returns(jointplan.joint_pnl(plan.initiatives, plan.terms)).iloc[0] for plan in plans]
    spend, margin = (float(sum(row[name] for row in each)) for name in ("spend", "p50_margin"))
    return {"spend": spend, "p50_margin": margin, "roi": (margin - spend) / spend if spend > 0 else np.nan}


def _goals(actions, terms, answers, end: pd.Timestamp, owner: object) -> pd.DataFrame:
    pnl = jointplan.joint_pnl(actions, terms).set_index(["side", "line"])
    csat = answers["csat"].mean() if len(answers) else np.nan
    rows = [
        ("us", _("More business with this customer"), "net_sales", *pnl.loc[("us", "net_sales"), ["without", "p50"]]),
        (
            "us",
            _("Business that earns its goods and the plan"),
            "plan_margin",
            *pnl.loc[("us", "plan_margin"), ["without", "p50"]],
        ),
        ("us", _("A customer that would choose us again"), "csat", csat, np.nan),
        ("them", _("More benefit from working with us"), "benefit", *pnl.loc[("them", "benefit"), ["without", "p50"]]),
        ("them", _("The customer's own goal, in its words (ask)"), None, np.nan, np.nan),
    ]
    table = pd.DataFrame(rows, columns=["side", "goal", "metric", "baseline", "aim"]).round(2)
    return table.assign(due=end, owner=[owner if side == "us" else None for side in table["side"]])


def quarterly_sales(orders: pd.DataFrame, *, as_of: object) -> pd.DataFrame:
    """One row per quarter, the last eight whole or begun ones: period (2025-Q4), amount (currency)."""
    quarters = pd.period_range(end=pd.Timestamp(as_of).to_period("Q"), periods=QUARTERS, freq="Q")
    sums = orders.groupby(orders["order_date"].dt.to_period("Q"))["amount"].sum().reindex(quarters, fill_value=0.0)
    return pd.DataFrame({"period": [f"{q.year}-Q{q.quarter}" for q in quarters], "amount": sums.to_numpy(dtype=float)})


def _scorecard(actions, bought, answers, terms, start: pd.Timestamp, day: pd.Timestamp) -> pd.DataFrame:
    t = jointplan.settled(terms)
    curve = _curve(actions, bought, t, day)
    now = jointreview.attainment(curve).iloc[0]
    live = actions[actions["status"] != "stopped"]
    due, done = (live["end"] <= day).sum(), (live["status"] == "done").sum()
    whole = len(live) - jointreview.check_initiatives(live)["initiative_id"].nunique(dropna=False)
    recent = answers.loc[answers["date"] > day - pd.DateOffset(years=1), "csat"].mean() if len(answers) else np.nan
    before = answers.loc[answers["date"] < start, "csat"].mean() if len(answers) else np.nan
    rows = [
        ("sales_to_date", now["baseline"], now["planned"], now["actual"]),
        ("initiatives_done", 0, due, done),
        ("initiatives_complete", 0, len(live), whole),
        ("csat", before, np.nan, recent),
    ]
    return pd.DataFrame(rows, columns=["measure", "baseline", "aim", "actual"]).astype(_NUMBERS).round(2)


def _risks(actions, terms, day: pd.Timestamp, owner: object) -> pd.DataFrame:
    t = jointplan.settled(terms)
    balance = jointplan.swap_balance(actions, t)
    signs = jointreview.warning_signs(actions, balance, baseline=t["baseline_amount"], as_of=day)
    table = edition.reference("jbp_risks").merge(signs, on="risk", how="left")
    table["sign"] = [_sign(row) for row in table.itertuples()]
    return pd.DataFrame({"risk": table["name"], "sign": table["sign"], "answer": table["answer"], "owner": owner})


def _sign(row) -> str:
    if row.measure != row.measure:
        return row.sign
    shows = _("shows now") if row.seen else _("not now")
    return _("{sign}: {measure:percent}, {shows}", sign=row.sign, measure=row.measure, shows=shows)
