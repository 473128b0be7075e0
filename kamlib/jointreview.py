"""Is a joint plan complete, and how does it go: gaps, plan against actual, what came on top of the baseline, warnings.

Frames in, frames out. Orders do not say which initiative they came from: actual is the account's sales, compared with
what it bought before and with accounts that have no plan.
"""

import numpy as np
import pandas as pd

from kamlib.edition import _, sentences

ON_TRACK, AT_RISK = 0.95, 0.8
"""Attainment from which a plan is green, and from which amber."""
AGREED = ("our_owner", "their_owner", "start", "end", "our_cost", "their_cost")
"""Cells of an initiative that two people must have agreed to."""
SOON = 30
"""Days before its last day in which an initiative is watched."""
HALF_WAY = 0.5
"""Share of a plan's time from which its sales must show."""
ONE_SIDED = 0.2
"""The least share of the cost that either side carries in a plan of both."""


def plan_overview(initiatives: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    """One row per account with a plan, largest first: how many initiatives, how much is expected, how much is blank.

    Parameters
    ----------
    initiatives
        account_id, initiative_id, expected_amount, and the cells somebody must agree to: owners, dates, costs.
    accounts
        account_id, account_name, account_manager.

    Returns
    -------
    DataFrame
        account_id, account_name, account_manager, initiatives (number), expected_amount (currency), blank (share of the
        cells to agree to, 0 to 1).
    """
    table = initiatives.assign(blank=initiatives[list(AGREED)].isna().mean(axis=1)).groupby("account_id", sort=False)
    sizes = table.agg(
        initiatives=("initiative_id", "size"), expected_amount=("expected_amount", "sum"), blank=("blank", "mean")
    )
    names = accounts[["account_id", "account_name", "account_manager"]]
    found = names.merge(sizes.reset_index(), on="account_id")
    return found.sort_values("expected_amount", ascending=False, kind="stable").reset_index(drop=True)


def check_initiatives(initiatives: pd.DataFrame, *, as_of: object | None = None) -> pd.DataFrame:
    """One row per gap: no initiative without a goal, an owner on each side, dates, cost on each side, expected sales.

    Parameters
    ----------
    initiatives
        initiative_id, goal, our_owner, their_owner, start, end, our_cost, their_cost, expected_amount, status; optional
        low_amount, high_amount.
    as_of
        When given, dates are compared with it as well.

    Returns
    -------
    DataFrame
        initiative_id, goal, gap (what is missing), write (what to write down). Empty when the plan is complete. Stopped
        initiatives need nothing any more.
    """
    live = initiatives[initiatives["status"] != "stopped"]
    found = [
        (at, row, gap, advice)
        for at, (wrong, gap, advice) in enumerate(_rules(live, as_of))
        for row in live.index[wrong.to_numpy(dtype=bool)]
    ]
    order = {row: place for place, row in enumerate(live.index)}
    found.sort(key=lambda item: (order[item[1]], item[0]))
    rows = [(live.at[row, "initiative_id"], live.at[row, "goal"], gap, advice) for _at, row, gap, advice in found]
    return pd.DataFrame(rows, columns=["initiative_id", "goal", "gap", "write"])


def _rules(live: pd.DataFrame, as_of: object | None) -> list[tuple[pd.Series, str, str]]:
    """Which rows break a rule, what is missing, what to write."""
    wrong = [
        *(live[column].isna() for column in ("goal", "our_owner", "their_owner", "start", "end")),
        live["end"] < live["start"],
        *(live[column].isna() for column in ("our_cost", "their_cost")),
        ~(live["expected_amount"] > 0),
        _out_of_order(live),
        live["status"].isna(),
    ]
    rules = [(mask, *words) for mask, words in zip(wrong, _gaps(), strict=True)]
    if as_of is None:
        return rules
    late, idle = _overdue(live, pd.Timestamp(as_of))
    rules.append((late, _("past its last day, not done"), _("the result, or a new last day that both sides confirm")))
    return [*rules, (idle, _("should have started"), _("that it has begun, or a new first day"))]


def _gaps() -> list[tuple[str, str]]:
    """Every gap with what to write, in the order of the rules."""
    return [
        (_("no goal"), _("what will be different, in one sentence")),
        (_("no owner on our side"), _("one name, not a department")),
        (_("no owner on the customer's side"), _("one name the customer has confirmed")),
        (_("no first day"), _("the day work begins")),
        (_("no last day"), _("the day on which the result is checked")),
        (_("ends before it starts"), _("which of the two dates is right")),
        (_("no budget on our side"), _("an amount; 0 if it really costs nothing")),
        (_("no budget on the customer's side"), _("an amount; 0 if it really costs nothing")),
        (_("no expected sales"), _("sales over its whole life, with low and high")),
        (_("range out of order"), _("low ≤ expected ≤ high")),
        (_("no status"), _("planned, active, done or stopped")),
    ]


def gap_names() -> list[str]:
    """What an initiative may lack, whatever the day, in the order in which `check_initiatives` names it."""
    return [gap for gap, _write in _gaps()]


def _out_of_order(live: pd.DataFrame) -> pd.Series:
    low, high = (live[name] if name in live else live["expected_amount"] for name in ("low_amount", "high_amount"))
    return (low > live["expected_amount"]) | (high < live["expected_amount"])


def _overdue(live: pd.DataFrame, day: pd.Timestamp) -> tuple[pd.Series, pd.Series]:
    """Open after the last day; still only planned after the first."""
    late = (live["end"] < day) & ~live["status"].isin(["done", "stopped"])
    return late, (live["start"] <= day) & (live["status"] == "planned") & ~late


def initiative_status(initiatives: pd.DataFrame, *, as_of: object) -> pd.DataFrame:
    """One row per initiative: how much of its time is over, and its light.

    Returns
    -------
    DataFrame
        initiative_id, goal, our_owner, their_owner, start, end, status, elapsed (share of its days that are over, 0 to
        1), light (finished; red: past its last day or not begun in time; amber: ends within 30 days, or lacks an owner,
        date or budget; green; grey: stopped).
    """
    day = pd.Timestamp(as_of)
    length = (initiatives["end"] - initiatives["start"]).dt.days.clip(lower=1)
    elapsed = ((day - initiatives["start"]).dt.days / length).clip(0, 1)
    late, idle = _overdue(initiatives, day)
    soon = (initiatives["end"] - day).dt.days <= SOON
    lights = [
        (initiatives["status"] == "stopped", "grey"),
        (initiatives["status"] == "done", "finished"),
        (late | idle, "red"),
        (soon | initiatives[list(AGREED)].isna().any(axis=1), "amber"),
    ]
    wrong, names = zip(*((mask.to_numpy(dtype=bool), name) for mask, name in lights), strict=True)
    columns = ["initiative_id", "goal", "our_owner", "their_owner", "start", "end", "status"]
    table = initiatives[columns].reset_index(drop=True)
    return table.assign(elapsed=elapsed.to_numpy(dtype="float64"), light=np.select(wrong, names, "green"))


# --- plan against actual ---


def burn_up(
    initiatives: pd.DataFrame, orders: pd.DataFrame, *, monthly: float, kept: float, start: object, as_of: object
) -> pd.DataFrame:
    """One row per month of the plan, and one for ``as_of``: baseline, plan and actual sales, added up from the start.

    Parameters
    ----------
    initiatives
        start, end, expected_amount, status. What one is to bring is spread evenly over its days.
    orders
        The account's: order_date, amount (currency).
    monthly
        Baseline sales per month (`jointplan.monthly_before`).
    kept
        Share of what is expected that is incremental: 1 − pull-forward − cannibalised.
    start
        First day of the plan; months are counted from there.
    as_of
        Last day that counts; actual is missing for months that end later. Once a month is over, this day is a row of
        its own, its baseline a part of its month's.

    Returns
    -------
    DataFrame
        month (its last day, or ``as_of``), baseline, planned, actual (currency, cumulative). The last month
        is that in which the last initiative ends, or the one of ``as_of``.
    """
    start, day = pd.Timestamp(start), pd.Timestamp(as_of)
    live = initiatives[(initiatives["status"] != "stopped") & initiatives["start"].notna() & initiatives["end"].notna()]
    last = max(day, live["end"].max()) if len(live) else day
    count = max(int(np.ceil((last - start).days / (365.25 / 12))), 1)
    ends = pd.DatetimeIndex([start + pd.DateOffset(months=n) - pd.Timedelta(days=1) for n in range(1, count + 1)])
    ends, elapsed = _with_day(ends, day)
    brought = sum((_spread_evenly(row, ends) for row in live.itertuples()), np.zeros(len(ends)))
    baseline = monthly * elapsed
    since = orders[orders["order_date"] >= start].sort_values("order_date")
    known = np.concatenate([[0.0], since["amount"].cumsum()])
    actual = known[since["order_date"].searchsorted(ends, side="right")]
    actual = np.where(ends <= day, actual, np.nan)
    return pd.DataFrame({"month": ends, "baseline": baseline, "planned": baseline + brought * kept, "actual": actual})


def _with_day(ends: pd.DatetimeIndex, day: pd.Timestamp) -> tuple[pd.DatetimeIndex, np.ndarray]:
    """The ends of months with ``day`` among them, once the first is over; and how many months are over at each."""
    elapsed, at = np.arange(1.0, len(ends) + 1), ends.searchsorted(day)
    if at == 0 or at == len(ends) or ends[at] == day:
        return ends, elapsed
    part = (day - ends[at - 1]).days / (ends[at] - ends[at - 1]).days
    return ends.insert(at, day), np.insert(elapsed, at, at + part)


def _spread_evenly(row, ends: pd.DatetimeIndex) -> np.ndarray:
    """What an initiative has brought by each day, if every one of its days brings the same."""
    days = max((row.end - row.start).days + 1, 1)
    share = ((ends - row.start).days.to_numpy() + 1) / days
    amount = row.expected_amount if row.expected_amount == row.expected_amount else 0.0
    return np.clip(share, 0, 1) * amount


def attainment(curve: pd.DataFrame) -> pd.DataFrame:
    """One row: where the plan stands at the last day that is known.

    Parameters
    ----------
    curve
        The frame of `burn_up`.

    Returns
    -------
    DataFrame
        month, baseline, planned, actual, incremental (actual − baseline), attainment (actual ÷ planned), light (green
        from 95 %, amber from 80 %, else red). Without a whole month: one row of missing values, light grey.
    """
    known = curve[curve["actual"].notna()]
    if known.empty:
        blank = dict.fromkeys(("baseline", "planned", "actual", "incremental", "attainment"), np.nan)
        return pd.DataFrame([{"month": pd.NaT, **blank, "light": "grey"}])
    row = known.iloc[[-1]].reset_index(drop=True)
    row["incremental"] = row["actual"] - row["baseline"]
    row["attainment"] = row["actual"] / row["planned"].where(row["planned"] > 0)
    return row.assign(light=[light(share) for share in row["attainment"]])


def light(share: float) -> str:
    """The light of an attainment: green from 95 %, amber from 80 %, red below, grey when it is unknown.

    >>> [light(x) for x in (1.1, 0.9, 0.5, float("nan"))]
    ['green', 'amber', 'red', 'grey']
    """
    if share != share:
        return "grey"
    return "green" if share >= ON_TRACK else "amber" if share >= AT_RISK else "red"


def uplift_ledger(
    orders: pd.DataFrame, plans: pd.DataFrame, *, as_of: object, months: int = 12, draws: int = 400, seed: int = 1
) -> pd.DataFrame:
    """One row per account with a plan: what it bought above its own past, and above what others would have led to.

    Parameters
    ----------
    orders
        All accounts' of the book: account_id, order_date, amount (currency).
    plans
        account_id, start: the accounts with a plan, and its first day.
    as_of
        Last day that counts.
    months
        Longest time compared, before and after.
    draws
        Resamples of the accounts without a plan, for the interval.

    Returns
    -------
    DataFrame
        account_id, days (since the plan's first day, at most ``months``), before (sales in as many days before),
        actual (since), incremental (actual − before), control_growth (after ÷ before of all accounts without a plan),
        versus_control (actual − before × control_growth), low, high (90 % interval of versus_control, from resampling
        those accounts), in the order of ``plans``. What cannot be compared is missing; so is versus_control of an
        account that bought nothing before.

    Notes
    -----
    A ratio-of-ratios difference-in-differences: it assumes that without a plan the account would have moved as the
    others did. Accounts get a plan because they are promising, so read it as an upper bound, not as proof.
    """
    control = orders[~orders["account_id"].isin(plans["account_id"])]
    rows = [_uplift(orders, control, plan, pd.Timestamp(as_of), months, draws, seed) for plan in plans.itertuples()]
    names = ["account_id", "days", "before", "actual", "incremental", "control_growth", "versus_control", "low", "high"]
    return pd.DataFrame(rows, columns=names)


def _uplift(orders, control, plan, day: pd.Timestamp, months: int, draws: int, seed: int) -> tuple:
    days = min((day - plan.start).days + 1, round(months * 365.25 / 12))
    if pd.isna(plan.start) or days < 1:
        return (plan.account_id, 0, *[np.nan] * 7)
    own = _two_windows(orders[orders["account_id"] == plan.account_id], plan.start, days)
    before, actual = (float(own[name].sum()) for name in ("before", "after"))
    growths = _control_growth(_two_windows(control, plan.start, days), draws, seed)
    versus = actual - (before if before > 0 else np.nan) * growths
    low, high = np.quantile(versus[1:], [0.05, 0.95]) if np.isfinite(versus).all() else (np.nan, np.nan)
    return plan.account_id, days, before, actual, actual - before, growths[0], versus[0], low, high


def _two_windows(orders: pd.DataFrame, start: pd.Timestamp, days: int) -> pd.DataFrame:
    """Sales per account in ``days`` before and from ``start`` on."""
    away = (orders["order_date"] - start).dt.days
    after = (away >= 0) & (away < days)
    before = (away < 0) & (away >= -days)
    parts = {"before": orders["amount"].where(before, 0.0), "after": orders["amount"].where(after, 0.0)}
    return pd.DataFrame(parts).groupby(orders["account_id"]).sum()


def _control_growth(sales: pd.DataFrame, draws: int, seed: int) -> np.ndarray:
    """After ÷ before of all accounts together, then of resampled ones; missing where nothing was bought."""
    if not len(sales) or sales["before"].sum() <= 0:
        return np.full(draws + 1, np.nan)
    picked = np.random.default_rng(seed).integers(0, len(sales), (draws, len(sales)))
    before, after = (
        np.append(sales[name].sum(), sales[name].to_numpy()[picked].sum(axis=1)) for name in ("before", "after")
    )
    return np.divide(after, before, out=np.full(draws + 1, np.nan), where=before > 0)


def verdicts(ledger: pd.DataFrame) -> pd.Series:
    """What an account's line of the `uplift_ledger` says to do: hold a review, go on and copy, go on, or change.

    Parameters
    ----------
    ledger
        low, high; and, where they are known (`jointdraft.standings`), elapsed and attainment (shares), their_owner,
        by_when (date).

    Notes
    -----
    Sales come first: past half of the plan's time with sales below 80 % of the plan there is a review, whatever others
    did.
    """
    behind = pd.Series(False, ledger.index)
    review = [""] * len(ledger)
    if "attainment" in ledger:
        behind = (ledger["elapsed"] > HALF_WAY) & (ledger["attainment"] < AT_RISK)
        named = ledger.assign(their_owner=ledger["their_owner"].fillna(_("(name to be found)")))
        review = sentences(
            "Red: hold the review with the customer's owner, {their_owner}, by {by_when:date}; decide line by line: "
            "continue, change or stop",
            named,
        )
    clear = [behind, ledger["low"] > 0, ledger["high"] < 0]
    words = [review, _("Go on; ask what can be copied"), _("Change the plan or end it, by its exit rule")]
    return pd.Series(np.select(clear, words, _("Go on; too early to tell")), ledger.index, dtype="str")


# --- warnings ---


def warning_signs(initiatives: pd.DataFrame, balance: pd.DataFrame, *, baseline: float, as_of: object) -> pd.DataFrame:
    """One row per way in which joint plans fail: the sign of it in this plan, and whether it shows.

    Parameters
    ----------
    initiatives
        As for `check_initiatives`.
    balance
        The frame of `jointplan.swap_balance`; its last row is the whole plan.
    baseline
        Sales without the plan (currency).

    Returns
    -------
    DataFrame
        risk (peters_out, form_only, one_sided, habit), measure (share, 0 to 1), seen (bool): past their last day and
        not done; with a gap; the smaller side's share of cost below 20 %; all expectations below 2 % of the baseline.

    Notes
    -----
    虎头蛇尾, 形式主义, 一厢情愿, 惯性守旧: the four ways practitioners of joint plans in China name.
    """
    live = initiatives[initiatives["status"] != "stopped"]
    started = live[live["start"] <= pd.Timestamp(as_of)]
    late, idle = _overdue(started, pd.Timestamp(as_of))
    gaps = check_initiatives(live)["initiative_id"].nunique(dropna=False)
    share = balance["give_share"].iloc[-1] if len(balance) else np.nan
    expected = live["expected_amount"].sum()
    measures = {
        "peters_out": float((late | idle).mean()) if len(started) else 0.0,
        "form_only": min(gaps / len(live), 1.0) if len(live) else 0.0,
        "one_sided": min(share, 1 - share) if share == share else np.nan,
        "habit": float(expected / baseline) if baseline > 0 else np.nan,
    }
    seen = {
        "peters_out": measures["peters_out"] > 0.25,
        "form_only": measures["form_only"] > 0.25,
        "one_sided": measures["one_sided"] < ONE_SIDED,
        "habit": measures["habit"] < 0.02,
    }
    return pd.DataFrame(
        [(name, measures[name], bool(seen[name])) for name in measures], columns=["risk", "measure", "seen"]
    )
