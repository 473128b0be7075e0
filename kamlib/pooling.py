"""What the company knows that a region may use: wins by month, and how deals leave their stages, as aggregates."""

import numpy as np
import pandas as pd

from kamlib import seasons
from kamlib.deallog import NO_STAGE, moments, read_log
from kamlib.paces import Prior
from kamlib.transitions import counts

_COLUMNS = ["kind", "region", "month", "stage", "cause", "events", "exposure", "value", "accounts"]
_NONE = "."


def company_history(opportunities: pd.DataFrame, stage_history: pd.DataFrame) -> pd.DataFrame:
    """One row per region and month of wins, and per region, stage and cause of leaving it. For ``book.pooled``.

    Parameters
    ----------
    opportunities, stage_history
        As in `kamlib.forecast.forecast`, of the whole company, with region and account_id.

    Returns
    -------
    DataFrame
        kind (month, leaving), region, month (first day; missing for leaving), stage, cause (a stage, won, lost),
        events, exposure (days), value (currency, of wins), accounts (different accounts behind the row).
    """
    dated = [opportunities["closed"], opportunities["created"], stage_history["entered"]]
    last = max((moments(part).max() for part in dated if part.notna().any()), default=pd.Timestamp("2000-01-01"))
    log = read_log(opportunities, stage_history, as_of=last)
    rows = []
    for at, region in enumerate(log.groups):
        keys = set(log.deals.loc[log.deals["group"] == at, "opportunity_id"])
        ids = opportunities["opportunity_id"].astype(str)
        own = read_log(opportunities[ids.isin(keys)], stage_history, as_of=last)
        rows += [*_months(own, region), *_leavings(own, region)]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _accounts(deals: pd.DataFrame) -> int:
    return int(deals["account_id"].mask(deals["account_id"] == "", deals["opportunity_id"]).nunique())


def _months(log, region: str) -> list[tuple]:
    won = log.deals[log.deals["won"]]
    if won.empty:
        return []
    dates = log.dates(log.start, log.now)
    month = seasons.month_number(log.dates(0, 0))[0] - seasons.month_number(
        np.datetime64(log.as_of, "D") + won["closed"].to_numpy(int)
    )
    days = pd.Series(seasons.month_number(dates)).value_counts()
    rows = []
    for ago, part in won.groupby(month):
        number = int(seasons.month_number(log.dates(0, 0))[0] - ago)
        first = pd.Timestamp(np.datetime64(number, "M"))
        seen = float(days.get(number, 0))
        rows.append(
            ("month", region, first, _NONE, "won", len(part), seen, float(part["value"].sum()), _accounts(part))
        )
    return rows


def _leavings(log, region: str) -> list[tuple]:
    events, at_risk = counts(log)
    days, ended = at_risk.sum(axis=1), events.sum(axis=2)
    behind = log.stays.assign(account_id=log.deals["account_id"].to_numpy()[log.stays["deal"]])
    behind["opportunity_id"] = log.deals["opportunity_id"].to_numpy()[log.stays["deal"]]
    rows = []
    for stage, name in enumerate(log.stages):
        accounts = _accounts(behind[behind["stage"] == stage])
        for cause, to in enumerate((*log.stages, "won", "lost")):
            if ended[stage, cause] > 0:
                said = (name or _NONE, to or _NONE, float(ended[stage, cause]), float(days[stage]), 0.0, accounts)
                rows.append(("leaving", region, pd.NaT, *said))
    return rows


def prior_of(company: object, *, as_of: pd.Timestamp, measure: str) -> Prior:
    """The prior of a region from `company_history`, or from the company's own tables up to ``as_of``."""
    if company is None:
        return Prior()
    table = _as_history(company, as_of)
    months = table[(table["kind"] == "month") & (table["month"] <= as_of) & (table["exposure"] > 0)]
    if months.empty and not (table["kind"] == "leaving").any():
        return Prior()
    wins, value = months["events"].sum(), months["value"].sum()
    mean = 1.0 if measure == "count" else value / wins if wins > 0 else None
    return Prior(_effects(months), _chances(table[table["kind"] == "leaving"]), mean)


def _as_history(company: object, as_of: pd.Timestamp) -> pd.DataFrame:
    if isinstance(company, pd.DataFrame) and "kind" in company:
        return company
    deals, moves = company if isinstance(company, tuple | list) else (company, None)
    moves = pd.DataFrame({"opportunity_id": [], "stage": [], "entered": []}) if moves is None else moves
    closed = moments(deals["closed"])
    later = ~(closed <= as_of)
    known = deals.assign(closed=closed.mask(later), outcome=deals["outcome"].astype("object").mask(later, "open"))
    created, entered = moments(deals["created"]), moments(moves["entered"])
    return company_history(known[(created <= as_of).to_numpy()], moves[(entered <= as_of).to_numpy()])


def _effects(months: pd.DataFrame) -> dict[str, np.ndarray] | None:
    if months.empty:
        return None
    by_month = months.groupby("month").agg(events=("events", "sum"), exposure=("exposure", "max")).sort_index()
    level = by_month["exposure"].to_numpy() * by_month["events"].sum() / by_month["exposure"].sum()
    dates = by_month.index.to_numpy().astype("datetime64[D]")
    return seasons.calendar_effects(by_month["events"].to_numpy(), level, dates, only=("quarter_month", "month"))


def _chances(leaving: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Daily chance of leaving each stage by cause, over the whole company."""
    chances: dict[str, dict[str, float]] = {}
    own = leaving.drop_duplicates(["region", "stage"])
    days = own.groupby("stage")["exposure"].sum()
    for (stage, cause), events in leaving.groupby(["stage", "cause"])["events"].sum().items():
        key = NO_STAGE if stage == _NONE else stage
        to = NO_STAGE if cause == _NONE else cause
        chances.setdefault(key, {})[to] = float(events / max(days[stage], 1.0))
    return chances
