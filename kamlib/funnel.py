"""The double funnel: what stands at every stage, in numbers and amounts, and how it moves (decade 3).

Frames in, frames out. A deal is at the last stage it entered. The source of the method names the double funnel without
defining it; here it is (a) a funnel of counts beside a funnel of amounts over the same stages, and (b) the lead funnel
that feeds the deal funnel.
"""

import numpy as np
import pandas as pd

from kamlib.backtesting import backtest as backtest
from kamlib.commitment import deals_to_chase as deals_to_chase
from kamlib.commitment import forecast_decisions as forecast_decisions
from kamlib.edition import _, language
from kamlib.forecast import company_history as company_history
from kamlib.forecast import forecast as forecast
from kamlib.forecast import forecast_names as forecast_names
from kamlib.propensity import win_propensity as win_propensity
from kamlib.schema import ALL_REGIONS
from kamlib.stats import matched, shrunk_rates

WON = "won"
"""The name of the last row of a deal funnel whose stage dictionary ends before the win."""


def deal_stages(stages: pd.DataFrame, stage_history: pd.DataFrame) -> pd.DataFrame:
    """The stages a deal can stand in, in order: the deal funnel's, and lead stages that deals have entered."""
    entered = stages["stage"].isin(stage_history["stage"]) & (stages["funnel"] == "lead")
    return stages[(stages["funnel"] == "deal") | entered].sort_values("order")


def deal_paths(opportunities: pd.DataFrame, stage_history: pd.DataFrame, stages: pd.DataFrame) -> pd.DataFrame:
    """One row per deal: the stage it stands in or ended in, since when, and how it stands.

    Parameters
    ----------
    opportunities
        opportunity_id, account_id, amount (currency), created, closed, outcome; closed_amount where known.
    stage_history
        opportunity_id, stage, entered.
    stages
        stage, order, funnel. Stages after the win (``delivery``) are left out (`deal_stages`).

    Returns
    -------
    DataFrame
        In the order of ``opportunities``: its columns, ``value`` (the signed amount of a won deal, else the expected
        one), ``stage``, ``order`` (missing when the deal never entered a stage) and ``entered``.
    """
    known = deal_stages(stages, stage_history)[["stage", "order"]]
    moves = stage_history.merge(known, on="stage").sort_values(["entered", "order"], kind="stable", na_position="first")
    last = moves.drop_duplicates("opportunity_id", keep="last").set_index("opportunity_id")
    furthest = moves.groupby("opportunity_id")["order"].max()
    key = opportunities["opportunity_id"]
    paths = opportunities.reset_index(drop=True)
    paths["value"] = _signed(opportunities).reset_index(drop=True)
    for column in ("stage", "order", "entered"):
        paths[column] = matched(last[column], key).reset_index(drop=True)
    paths["furthest"] = matched(furthest, key).reset_index(drop=True)
    return paths


def _signed(opportunities: pd.DataFrame) -> pd.Series:
    won = (opportunities["outcome"] == "won") & opportunities["closed_amount"].notna()
    return opportunities["amount"].mask(won, opportunities["closed_amount"])


def stage_names(stages: pd.DataFrame) -> pd.Series:
    """The name of every stage for people, in the language spoken now; its short name where it has none."""
    own = stages[f"name_{language()}"].fillna(stages["stage"])
    return pd.concat([pd.Series({WON: _("won")}), pd.Series(own.to_numpy(), index=stages["stage"])])


def double_funnel(
    leads: pd.DataFrame,
    opportunities: pd.DataFrame,
    stage_history: pd.DataFrame,
    stages: pd.DataFrame,
    *,
    since: pd.Timestamp,
) -> pd.DataFrame:
    """One row per stage of the lead funnel, then of the deal funnel: how many and how much reached it, and stand there.

    Parameters
    ----------
    leads
        lead_id, account_id, created, status. May be empty.
    opportunities, stage_history, stages
        As in `deal_paths`; ``stages`` also name_en and name_zh.
    since
        Leads and deals created after this day are counted as having reached a stage; those without a day are not.

    Returns
    -------
    DataFrame
        funnel, stage, n (reached it, of those created since), amount (their value, currency; missing for leads, which
        have none), open_n, open_amount (standing in the stage now, whenever created), open_accounts.
    """
    parts = [
        _lead_rows(leads, stages, since),
        _deal_rows(deal_paths(opportunities, stage_history, stages), deal_stages(stages, stage_history), since),
    ]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


_FUNNEL_COLUMNS = ("funnel", "stage", "n", "amount", "open_n", "open_amount", "open_accounts")


def _lead_rows(leads: pd.DataFrame, stages: pd.DataFrame, since: pd.Timestamp) -> pd.DataFrame:
    """Every lead reached the first lead stage; qualified and converted ones the later ones too."""
    names = list(stages[stages["funnel"] == "lead"].sort_values("order")["stage"])
    fresh = leads["created"] > since
    qualified = leads["status"].isin(["qualified", "converted"])
    rows = []
    for place, stage in enumerate(names):
        reached = fresh & (qualified if place else True)
        standing = leads["status"] == ("qualified" if place else "new")
        rows.append(
            ("lead", stage, reached.sum(), np.nan, standing.sum(), np.nan, leads[standing]["account_id"].nunique())
        )
    return pd.DataFrame(rows if len(leads) else [], columns=_FUNNEL_COLUMNS)


def _deal_rows(paths: pd.DataFrame, ladder: pd.DataFrame, since: pd.Timestamp) -> pd.DataFrame:
    fresh = paths[paths["created"] > since]
    standing = paths[paths["outcome"] == "open"]
    rows = []
    for stage in ladder.itertuples():
        reached = fresh[fresh["furthest"] >= stage.order]
        here = standing[standing["stage"] == stage.stage]
        sums = (len(here), here["value"].sum(), here["account_id"].nunique())
        rows.append(("deal", stage.stage, len(reached), reached["value"].sum(), *sums))
    won = fresh[fresh["outcome"] == "won"]
    if rows and len(won) != rows[-1][2]:
        rows.append(("deal", WON, len(won), won["value"].sum(), 0, 0.0, 0))
    return pd.DataFrame(rows, columns=_FUNNEL_COLUMNS)


def stage_counts(opportunities: pd.DataFrame, stage_history: pd.DataFrame, stages: pd.DataFrame) -> pd.DataFrame:
    """One row per region and deal stage: of the deals that left it, how many went on. For `Book.pooled` and at home.

    Parameters
    ----------
    opportunities, stage_history, stages
        As in `deal_paths`; ``opportunities`` with a ``region``.

    Returns
    -------
    DataFrame
        region, stage, left (deals that went on or ended there), went_on, accounts (different accounts among them; deals
        without an account count one each).
    """
    paths = deal_paths(opportunities, stage_history, stages)
    ladder = deal_stages(stages, stage_history)
    rows = []
    for region, deals in paths.groupby("region", sort=True):
        for stage in ladder.itertuples():
            reached = deals[deals["furthest"] >= stage.order]
            went_on = (reached["furthest"] > stage.order) | (reached["outcome"] == "won")
            left = reached[went_on | (reached["outcome"] == "lost")]
            accounts = left["account_id"].fillna(left["opportunity_id"]).nunique()
            rows.append((region, stage.stage, len(left), int(went_on.loc[left.index].sum()), accounts))
    return pd.DataFrame(rows, columns=["region", "stage", "left", "went_on", "accounts"])


def stage_conversion(own: pd.DataFrame, company: pd.DataFrame, *, level: float = 0.9) -> pd.DataFrame:
    """One row per stage: the share of deals leaving it that go on, steadied by the other regions' experience.

    Parameters
    ----------
    own
        `stage_counts` of one region; of the whole company with region ``all``, which nothing then steadies.
    company
        `stage_counts` of all regions, as `Book.pooled` gives them.

    Returns
    -------
    DataFrame
        stage, left, went_on, rate, low, high (interval of ``level``), own_rate, company_rate.
    """
    regions = set(own["region"])
    company = own if ALL_REGIONS in regions else company
    rows = []
    for mine in own.groupby("stage", sort=False)[["left", "went_on"]].sum().itertuples():
        others = company[(company["stage"] == mine.Index) & ~company["region"].isin(regions)]
        left = pd.Series([mine.left, *others["left"]])
        went_on = pd.Series([mine.went_on, *others["went_on"]])
        rate = shrunk_rates(went_on, left, level=level).iloc[0]
        overall = went_on.sum() / left.sum() if left.sum() else np.nan
        rows.append(
            (mine.Index, mine.left, mine.went_on, rate["rate"], rate["low"], rate["high"], rate["own"], overall)
        )
    columns = ["stage", "left", "went_on", "rate", "low", "high", "own_rate", "company_rate"]
    return pd.DataFrame(rows, columns=columns)


def time_in_stage(stage_history: pd.DataFrame, opportunities: pd.DataFrame, stages: pd.DataFrame) -> pd.DataFrame:
    """One row per deal stage: how long finished stays lasted.

    Returns
    -------
    DataFrame
        stage, stays (finished), median_days, p75_days. A stay ends with the next entry into a stage, or the close.
    """
    stays = _stays(stage_history, opportunities)
    days = (stays["until"] - stays["entered"]).dt.days
    finished = stays.assign(days=days).dropna(subset=["days"])
    grouped = finished.groupby("stage")["days"]
    names = deal_stages(stages, stage_history)["stage"].reset_index(drop=True)
    return pd.DataFrame(
        {
            "stage": names,
            "stays": names.map(grouped.size()).fillna(0).astype(int),
            "median_days": names.map(grouped.median()),
            "p75_days": names.map(grouped.quantile(0.75)),
        }
    )


def _stays(stage_history: pd.DataFrame, opportunities: pd.DataFrame) -> pd.DataFrame:
    """Every stay of a deal in a stage, with the day it ended (missing while it lasts)."""
    moves = stage_history.sort_values(["opportunity_id", "entered"], kind="stable")
    following = moves.groupby("opportunity_id")["entered"].shift(-1)
    closed = matched(opportunities.set_index("opportunity_id")["closed"], moves["opportunity_id"])
    return moves.assign(until=following.fillna(closed))


def open_ages(paths: pd.DataFrame, *, as_of: pd.Timestamp) -> pd.DataFrame:
    """One row per open deal whose stage has a day: how long it has stood there.

    Returns
    -------
    DataFrame
        opportunity_id, account_id, owner, stage, value (currency), days_in_stage.
    """
    here = paths[(paths["outcome"] == "open") & paths["entered"].notna()]
    here = here.assign(days_in_stage=(pd.Timestamp(as_of) - here["entered"]).dt.days)
    return here[["opportunity_id", "account_id", "owner", "stage", "value", "days_in_stage"]].reset_index(drop=True)


def stuck_deals(paths: pd.DataFrame, durations: pd.DataFrame, *, as_of: pd.Timestamp) -> pd.DataFrame:
    """One row per open deal that has stood in its stage longer than three quarters of the finished stays, worst first.

    Parameters
    ----------
    paths
        `deal_paths`.
    durations
        `time_in_stage`.

    Returns
    -------
    DataFrame
        opportunity_id, account_id, owner, stage, value (currency), days_in_stage, p75_days, overdue (days ÷ p75).
    """
    here = open_ages(paths, as_of=as_of).merge(durations, on="stage")
    here["overdue"] = here["days_in_stage"] / here["p75_days"].clip(lower=1)
    late = here[here["overdue"] > 1].sort_values(["overdue", "value"], ascending=False, kind="stable")
    columns = ["opportunity_id", "account_id", "owner", "stage", "value", "days_in_stage", "p75_days", "overdue"]
    return late[columns].reset_index(drop=True)


def velocity(paths: pd.DataFrame, *, as_of: pd.Timestamp, months: int = 12) -> pd.DataFrame:
    """One row: how fast the funnel turns into signed business.

    Returns
    -------
    DataFrame
        open_n, win_rate (of the deals closed in the last ``months``), mean_won (currency), cycle_days (median from
        creation to win), per_month (open_n × win_rate × mean_won ÷ cycle_days × 30.4, currency). Missing where no deal
        closed or was won.

    Notes
    -----
    Sales velocity as the trade defines it: number × win rate × value ÷ length of the cycle.
    """
    closed = paths[paths["closed"] > pd.Timestamp(as_of) - pd.DateOffset(months=months)]
    won = closed[closed["outcome"] == "won"]
    open_n = int((paths["outcome"] == "open").sum())
    win_rate = len(won) / len(closed) if len(closed) else np.nan
    cycle = (won["closed"] - won["created"]).dt.days.median()
    per_month = open_n * win_rate * won["value"].mean() / cycle * 30.4 if len(won) and cycle > 0 else np.nan
    return pd.DataFrame(
        {
            "open_n": [open_n],
            "win_rate": [win_rate],
            "mean_won": [won["value"].mean()],
            "cycle_days": [cycle],
            "per_month": [per_month],
        }
    )


def required_funnel(conversion: pd.DataFrame, *, target: float, mean_won: float) -> pd.DataFrame:
    """One row per stage: how many deals must enter it for the wins to reach ``target``, solved back from the end.

    Parameters
    ----------
    conversion
        `stage_conversion`, in the order of the stages.
    target
        Amount still to be signed, currency.
    mean_won
        Mean amount of a won deal, currency, above 0.

    Returns
    -------
    DataFrame
        stage, rate, required (deals entering the stage, not rounded), required_high (at the lower end of every rate).

    Raises
    ------
    ValueError
        If ``mean_won`` is not above 0 or a rate is 0.

    >>> steps = pd.DataFrame({"stage": ["a", "b"], "rate": [0.5, 0.25], "low": [0.4, 0.2]})
    >>> required_funnel(steps, target=100.0, mean_won=10.0)["required"].tolist()
    [80.0, 40.0]
    """
    if not mean_won > 0 or not (conversion["rate"] > 0).all():
        raise ValueError(_("The mean amount of a won deal and every stage's rate must be above 0."))
    wins = max(target, 0.0) / mean_won
    onward = conversion["rate"][::-1].cumprod()[::-1]
    at_worst = conversion["low"].clip(lower=1e-9)[::-1].cumprod()[::-1]
    table = conversion[["stage", "rate"]].reset_index(drop=True)
    return table.assign(required=(wins / onward).to_numpy(), required_high=(wins / at_worst).to_numpy())


def pipeline_at(opportunities: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """The deals that stood open at the end of ``day``, as they were known then, but for amounts, which are today's.

    Returns
    -------
    DataFrame
        opportunity_id, amount (currency), expected_close.
    """
    day = pd.Timestamp(day)
    there = (opportunities["created"] <= day) & ~(opportunities["closed"] <= day)
    return opportunities.loc[there, ["opportunity_id", "amount", "expected_close"]].reset_index(drop=True)


def pipeline_waterfall(
    before: pd.DataFrame, after: pd.DataFrame, opportunities: pd.DataFrame, *, until: pd.Timestamp | None = None
) -> pd.DataFrame:
    """One row per cause of change between two pipelines; the rows sum from the first to the last exactly.

    Parameters
    ----------
    before, after
        Open deals at two days (`pipeline_at`, or the opportunities of two exports): opportunity_id, amount,
        expected_close.
    opportunities
        opportunity_id, outcome: how the deals that left ended.
    until
        Count only deals expected to close by this day; a deal whose expected day crosses it is pulled in or pushed out.

    Returns
    -------
    DataFrame
        step (start, new, won, lost, pulled_in, pushed_out, amount_changed, other, end), n, amount (currency, signed).
        ``other`` holds deals that left without an outcome.
    """
    ends = opportunities.set_index("opportunity_id")["outcome"]
    both = before.merge(after, on="opportunity_id", how="outer", suffixes=("_0", "_1"), indicator="found")
    was, now = both["found"] != "right_only", both["found"] != "left_only"
    if until is not None:
        in_0, in_1 = (both[f"expected_close_{t}"] <= pd.Timestamp(until) for t in (0, 1))
    else:
        in_0 = in_1 = pd.Series(True, index=both.index)
    outcome = both["opportunity_id"].map(ends)
    counted_0, counted_1 = was & in_0, now & in_1
    stayed = counted_0 & counted_1
    gone = counted_0 & ~now
    steps = {
        "start": (counted_0, both["amount_0"]),
        "new": (counted_1 & ~was, both["amount_1"]),
        "won": (gone & (outcome == "won"), -both["amount_0"]),
        "lost": (gone & (outcome == "lost"), -both["amount_0"]),
        "pulled_in": (counted_1 & was & ~in_0, both["amount_1"]),
        "pushed_out": (counted_0 & now & ~in_1, -both["amount_0"]),
        "amount_changed": (stayed & (both["amount_0"] != both["amount_1"]), both["amount_1"] - both["amount_0"]),
        "other": (gone & ~outcome.isin(["won", "lost"]), -both["amount_0"]),
        "end": (counted_1, both["amount_1"]),
    }
    rows = [(step, int(mask.sum()), float(amount[mask].sum())) for step, (mask, amount) in steps.items()]
    return pd.DataFrame(rows, columns=["step", "n", "amount"])
