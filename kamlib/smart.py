"""The SMART check: does a target say what, from where, how sure, for what, until when, and who? Else: what to write."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from kamlib.edition import _
from kamlib.outlook import period_bounds
from kamlib.schema import METRICS

RULES = ("specific", "measurable", "attainable", "relevant", "time_bound", "owned")
UNITS = {
    "sales": "currency",
    "gross_profit": "currency",
    "market_share": "fraction",
    "satisfaction": "points",
    "new_accounts": "accounts",
    "visits": "visits",
}
"""The unit a metric of the contract implies."""
RANGES = {"market_share": (0.0, 1.0), "satisfaction": (1.0, 5.0)}
ADDITIVE = ("sales", "gross_profit", "new_accounts", "visits")
"""Metrics whose parts sum to the whole."""
_CENT = 0.005


def check_smart(targets: pd.DataFrame, *, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
    """One row per target and rule: whether it holds, and what to write where it does not.

    Parameters
    ----------
    targets
        metric, period, target. Where they are there, also used: region, account_id, owner (blank account and owner =
        the whole region), unit, baseline (the last value of the same thing), p50, p80 (what the forecast says is
        reached at most with probability 50, 80 %), parent (what it serves).
    as_of
        A period that ended before this day is over; None does not ask.

    Returns
    -------
    DataFrame
        row (position in ``targets``), region, account_id, owner, metric, period, target, rule (one of `RULES`), passed
        (bool), write (what to write; blank where it passed). Ordered by row, then rule.

    Notes
    -----
    SMART: Doran 1981, Management Review 70(11); here specific = a known metric with its unit; measurable = a number in
    range with a baseline; attainable = not above the forecast's P80; relevant = a parent target of the same region,
    metric and period, and parts that sum to it; time-bound = a period that is not over; owned = one name.

    >>> wish = pd.DataFrame({"metric": ["sales"], "period": ["2026"], "target": [100.0]})
    >>> check_smart(wish).query("not passed")["rule"].tolist()
    ['measurable', 'attainable', 'owned']
    """
    frame = _complete(targets)
    checks: dict[str, Callable[[dict], str]] = {
        "specific": _specific,
        "measurable": _measurable,
        "attainable": _attainable,
        "time_bound": lambda row: _time_bound(row, as_of),
        "owned": _owned,
    }
    related = _relevance(frame)
    rows = []
    for at, row in enumerate(frame.to_dict("records")):
        for rule in RULES:
            write = related[at] if rule == "relevant" else checks[rule](row)
            said = (row["region"], row["account_id"], row["owner"], row["metric"], row["period"], row["target"])
            rows.append((at, *said, rule, not write, write))
    columns = ["row", "region", "account_id", "owner", "metric", "period", "target", "rule", "passed", "write"]
    return pd.DataFrame(rows, columns=columns).astype({"passed": bool})


def _complete(targets: pd.DataFrame) -> pd.DataFrame:
    """The targets with every column the rules ask for; what is not there is missing. Raises ValueError."""
    lacking = [name for name in ("metric", "period", "target") if name not in targets]
    if lacking:
        raise ValueError(_("Targets lack the columns: {lacking}.", lacking=", ".join(lacking)))
    frame = targets.reset_index(drop=True)
    for name in ("region", "account_id", "owner", "unit", "parent"):
        known = frame[name].astype(object) if name in frame else pd.Series(None, index=frame.index, dtype=object)
        frame[name] = known.where(known.notna() & (known.astype(str).str.strip() != ""), None)
    for name in ("target", "baseline", "p50", "p80"):
        frame[name] = pd.to_numeric(frame[name], errors="coerce") if name in frame else np.nan
    frame["metric"] = frame["metric"].astype(object).where(frame["metric"].notna(), None)
    frame["period"] = [_said(value) for value in frame["period"]]
    return frame


def _said(period: object) -> str:
    if period is None or period != period:
        return ""
    return str(int(period)) if isinstance(period, float) and period.is_integer() else str(period).strip()


def _specific(row: dict) -> str:
    if row["metric"] is None:
        return _("Write what is measured; known: {known}.", known=", ".join(METRICS))
    if row["metric"] not in METRICS and row["unit"] is None:
        return _("Write the unit of “{metric}”, or one of: {known}.", metric=row["metric"], known=", ".join(METRICS))
    return ""


def _measurable(row: dict) -> str:
    if not np.isfinite(row["target"]):
        return _("Write the target as a number.")
    low, high = RANGES.get(row["metric"], (0.0, np.inf))
    if not low <= row["target"] <= high:
        return _("Write a number from {low:g} to {high:g}.", low=low, high=high)
    if not np.isfinite(row["baseline"]):
        return _("Write the baseline beside it: the last value of the same thing.")
    return ""


def _attainable(row: dict) -> str:
    if not np.isfinite(row["target"]):
        return _("Write the target as a number.")
    if not np.isfinite(row["p80"]):
        return _("Write the forecast's P50 and P80 beside it.")
    if row["target"] > row["p80"] and not row["p80"] > 0:
        more = _amount(row["target"], row["metric"])
        return _("Nothing comes here by itself: name the actions that bring {more}, or write 0.", more=more)
    if row["target"] > row["p80"]:
        return _(
            "Reached in less than one case of five: write {p80} or less, or name the actions that bring {more} more.",
            p80=_amount(row["p80"], row["metric"]),
            more=_amount(row["target"] - row["p80"], row["metric"]),
        )
    return ""


def _amount(value: float, metric: object) -> str:
    if metric == "market_share":
        return _("{value:percent}", value=value)
    return f"{value:.2f}" if metric == "satisfaction" else _("{value:money}", value=value)


def _time_bound(row: dict, as_of: pd.Timestamp | None) -> str:
    try:
        _first, last = period_bounds(row["period"])
    except ValueError:
        return _("Write the period: a year 2026, a quarter 2026-Q1 or a month 2026-01.")
    if as_of is not None and last < pd.Timestamp(as_of):
        return _("This period ended on {day:date}: write the next one.", day=last)
    return ""


def _owned(row: dict) -> str:
    return "" if row["owner"] is not None else _("Write the name of one person who answers for it.")


# --- relevant: linked to a parent, and the parts sum to the whole ---


def _relevance(frame: pd.DataFrame) -> list[str]:
    """For every target what its link to its parent or its parts lacks; blank where nothing does."""
    keys = [frame[name].map(lambda value: "" if value is None else value) for name in ("region", "metric")]
    place = pd.DataFrame({"region": keys[0], "metric": keys[1], "period": frame["period"], "target": frame["target"]})
    place["kind"] = np.select([frame["account_id"].notna(), frame["owner"].notna()], ["account", "person"], "whole")
    tops = place[place["kind"] == "whole"]
    heads = dict(zip(zip(tops["region"], tops["metric"], tops["period"], strict=True), tops["target"], strict=True))
    wholes = set(heads)
    sums = place.groupby(["region", "metric", "period", "kind"])["target"].sum().to_dict()
    named = frame["parent"].notna()
    return [
        "" if linked else _link(row, wholes) or _parts(row, sums)
        for linked, row in zip(named, place.to_dict("records"), strict=True)
    ]


def _link(row: dict, wholes: set) -> str:
    """A person's or account's target needs the region's; a quarter's or month's the year's."""
    region, metric, period = row["region"], row["metric"], row["period"]
    alone = row["kind"] == "whole"
    above = (region, metric, period[:4] if alone else period)
    if (alone and len(period) <= 4) or above in wholes:
        return ""
    return _(
        "Link it: there is no {metric} target of the region for {period} that it serves.",
        metric=metric,
        period=above[2],
    )


def _parts(row: dict, sums: dict) -> str:
    """People's targets must sum to the region's; accounts', which may name only the large ones, must not exceed it."""
    if row["kind"] != "whole" or row["metric"] not in ADDITIVE or not np.isfinite(row["target"]):
        return ""
    place = (row["region"], row["metric"], row["period"])
    people, accounts = sums.get((*place, "person")), sums.get((*place, "account"))
    if people is not None and abs(people - row["target"]) > _CENT:
        return _(
            "Its people's targets sum to {sum:money}: share out {gap:money} more.",
            sum=people,
            gap=row["target"] - people,
        )
    if accounts is not None and accounts - row["target"] > _CENT:
        return _("Its accounts' targets sum to {sum:money}: more than the whole.", sum=accounts)
    return ""


def smart_share(checked: pd.DataFrame) -> pd.DataFrame:
    """One row per level of target and rule: of how many targets the rule holds.

    Returns
    -------
    DataFrame
        level (``region``, ``person``, ``account``), rule, targets, passed_share.
    """
    level = np.select([checked["account_id"].notna(), checked["owner"].notna()], ["account", "person"], "region")
    grouped = checked.assign(level=level).groupby(["level", "rule"], sort=False)["passed"]
    return grouped.agg(targets="size", passed_share="mean").reset_index()
