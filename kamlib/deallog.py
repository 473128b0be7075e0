"""The log of deals as it stood on a day: what a forecast may know, as arrays of whole days (decade 3).

Days are counted from ``as_of``: day 0 ends at ``as_of``, day 1 is the first that is forecast. `read_log` cuts the
tables at ``as_of`` before anything else is computed; `log_at` cuts further back, for the forecast's own past.
"""

import re
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from kamlib.edition import _

FAR = 10**7
"""The day of what has not happened."""
NO_STAGE = ""
"""The stage of a deal that stands in none: its age since creation is all there is to go by."""


@dataclass(frozen=True)
class Log:
    """Deals and their stays in stages, known at the end of day ``now`` (0 is ``as_of``, −7 a week before)."""

    as_of: pd.Timestamp
    groups: tuple[str, ...]
    stages: tuple[str, ...]
    deals: pd.DataFrame = field(repr=False)
    """opportunity_id, group, created, closed, won, amount, value; where known owner and product (codes)."""
    stays: pd.DataFrame = field(repr=False)
    """deal (row of ``deals``), stage, entered, left, cause: next stage, or ``len(stages)`` won, + 1 lost, −1 open."""
    undated: int = 0
    unpriced: int = 0
    now: int = 0

    @property
    def start(self) -> int:
        """The first day whose closings are recorded: deals that closed earlier are not in the log."""
        closed = self.deals["closed"].to_numpy()
        closed = np.sort(closed[closed <= self.now])
        return int(closed[len(closed) // 1000]) if len(closed) else self.now

    def dates(self, first: int, last: int) -> np.ndarray:
        """The calendar days of day numbers ``first`` to ``last``, as ``datetime64[D]``."""
        return np.datetime64(self.as_of, "D") + np.arange(first, last + 1)


def day_of(value: object) -> pd.Timestamp:
    """A moment without its time zone.

    >>> day_of("2024-05-01")
    Timestamp('2024-05-01 00:00:00')
    """
    stamp = pd.Timestamp(value)
    return stamp.tz_localize(None) if stamp.tzinfo is not None else stamp


def days_ahead(as_of: pd.Timestamp, horizon: object) -> int:
    """How many days a horizon reaches: a Timedelta (or a number of days), or an end date.

    Raises
    ------
    ValueError
        If the horizon does not end after ``as_of``.

    >>> days_ahead(pd.Timestamp("2024-03-31"), "2024-04-30"), days_ahead(pd.Timestamp("2024-03-31"), 28)
    (30, 28)
    """
    if isinstance(horizon, pd.Timedelta | np.timedelta64) or hasattr(horizon, "total_seconds"):
        days = pd.Timedelta(horizon) / pd.Timedelta(days=1)
    elif isinstance(horizon, int | np.integer):
        days = float(horizon)
    elif isinstance(horizon, pd.offsets.BaseOffset):
        days = (as_of + horizon - as_of) / pd.Timedelta(days=1)
    else:
        days = (day_of(horizon) - as_of) / pd.Timedelta(days=1)
    if not days > 0:
        raise ValueError(_("The horizon must end after as_of {day:date}.", day=as_of))
    return int(np.ceil(days))


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[name] if name in frame else pd.Series(np.nan, index=frame.index, dtype="object")


_OFFSET = re.compile(r"(?<=\d\d:\d\d)(:\d\d(?:\.\d+)?)? ?(?:Z|[+-]\d\d:?\d\d)$")


def moments(values: pd.Series) -> pd.Series:
    """Moments as the clock on the wall said them, without a zone; what is none is missing.

    >>> moments(pd.Series(["2024-03-31T01:30:00+01:00", "2024-03-31 03:30+02:00", "soon"])).dt.hour.tolist()
    [1.0, 3.0, nan]
    """
    if not pd.api.types.is_datetime64_any_dtype(values.dtype):
        texts = values.astype("object").where(values.notna(), "").astype(str).str.replace(_OFFSET, r"\1", regex=True)
        values = pd.to_datetime(texts.astype("object"), errors="coerce", format="mixed")
    return values.dt.tz_localize(None) if getattr(values.dtype, "tz", None) is not None else values


def _days(values: pd.Series, as_of: pd.Timestamp) -> np.ndarray:
    """Day numbers of moments; missing ones stay missing."""
    return np.ceil(((moments(values) - as_of) / pd.Timedelta(days=1)).to_numpy(float, na_value=np.nan))


def _numbers(values: pd.Series) -> np.ndarray:
    return pd.to_numeric(values.astype("object"), errors="coerce").to_numpy(float, na_value=np.nan)


def read_log(opportunities: pd.DataFrame, stage_history: pd.DataFrame | None, *, as_of, measure: str = "amount") -> Log:
    """The deals known at ``as_of``; whatever is dated later is cut away first, so that nothing can learn from it.

    Parameters
    ----------
    opportunities
        opportunity_id, created, closed, outcome, amount (currency); optionally closed_amount, region, owner, product,
        account_id; other columns are ignored. Moments may carry times: what happened after ``as_of`` is not known.
    stage_history
        opportunity_id, stage, entered; None where there is none: every deal then stands in one stage since creation.
    measure
        ``amount``, or ``count``: every deal is worth 1.

    Raises
    ------
    ValueError
        If a required column is missing or ``measure`` is unknown.
    """
    needed = {"opportunity_id", "created", "closed", "outcome"} | ({"amount"} if measure == "amount" else set())
    if measure not in ("amount", "count"):
        raise ValueError(_("measure is 'amount' or 'count', not {measure}.", measure=repr(measure)))
    if needed - set(opportunities):
        raise ValueError(_("opportunities lacks {columns}.", columns=", ".join(sorted(needed - set(opportunities)))))
    as_of = day_of(as_of)
    deals, undated = _known_deals(opportunities, as_of, measure)
    moves = _known_moves(stage_history, deals, as_of)
    stages = tuple(pd.unique(moves["stage"])) or (NO_STAGE,)
    groups = tuple(sorted(set(deals["group"]))) or ("",)
    deals["group"] = pd.Categorical(deals["group"], categories=groups).codes.astype(int)
    unpriced = int((deals["amount"].isna() & (deals["closed"] > 0)).sum())
    return Log(as_of, groups, stages, _priced(deals), _stays(moves, deals, stages), undated, unpriced)


def _known_deals(opportunities: pd.DataFrame, as_of: pd.Timestamp, measure: str) -> tuple[pd.DataFrame, int]:
    created, closed = (_days(_column(opportunities, name), as_of) for name in ("created", "closed"))
    outcome = _column(opportunities, "outcome").astype("object").astype(str).str.strip().str.lower().to_numpy()
    ended = (closed <= 0) & np.isin(outcome, ["won", "lost"])
    won = ended & (outcome == "won")
    amount = _numbers(_column(opportunities, "amount")) if measure == "amount" else np.ones(len(opportunities))
    amount = np.where(amount > 0, amount, np.nan)  # a deal lost or open at 0 was never priced
    signed = _numbers(_column(opportunities, "closed_amount")) if measure == "amount" else amount
    deals = pd.DataFrame(
        {
            "opportunity_id": _column(opportunities, "opportunity_id").astype("object").astype(str).to_numpy(),
            "group": _column(opportunities, "region").astype("object").fillna("").astype(str).to_numpy(),
            "created": np.where(np.isnan(created) & ended, closed, created),
            "closed": np.where(ended, closed, FAR),
            "won": won,
            "amount": amount,
            "value": np.where(won & (signed > 0), signed, amount),
            "dated": ~np.isnan(created),
        }
    )
    for name in ("owner", "product", "account_id"):
        deals[name] = _column(opportunities, name).astype("object").fillna("").astype(str).to_numpy()
    impossible = np.isin(outcome, ["won", "lost"]) & np.isnan(closed)
    undated = int((np.isnan(created) & ~ended).sum() + (impossible & ~np.isnan(created)).sum())
    known = (deals["created"] <= 0) & ~impossible
    return deals[known].reset_index(drop=True), undated


def _priced(deals: pd.DataFrame) -> pd.DataFrame:
    """Open deals without an amount are worth what a won one is, by product where it is known."""
    deals = deals.copy()
    won = deals[deals["won"] & deals["value"].notna()]
    usual = won.groupby("product")["value"].mean().reindex(deals["product"]).to_numpy()
    overall = won["value"].mean() if len(won) else 0.0
    usual = np.where(np.isnan(usual), overall, usual)
    for name in ("amount", "value"):
        deals[name] = np.where(deals[name].isna(), usual, deals[name])
    return deals


def _known_moves(stage_history: pd.DataFrame | None, deals: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Entries into stages up to ``as_of``, before the close; every dated deal starts in `NO_STAGE` until its first.

    Days are whole, so of the stages entered on one day only the last counts: a deal that runs through three stages in
    an hour stood a day in none of the first two, and chances per day would slow it down to three days.
    """
    row = pd.Series(np.arange(len(deals)), index=deals["opportunity_id"]).groupby(level=0).first()
    dated = np.flatnonzero(deals["dated"])
    first = pd.DataFrame({"deal": dated, "stage": NO_STAGE, "entered": deals["created"].to_numpy()[dated], "at": -1})
    if stage_history is None or not len(stage_history):
        return first
    entered = _days(stage_history["entered"], as_of)
    keys = stage_history["opportunity_id"].astype("object").astype(str)
    exact = moments(stage_history["entered"]).to_numpy()
    moves = pd.DataFrame(
        {
            "deal": row.reindex(keys).to_numpy(),
            "stage": stage_history["stage"].astype("object").astype(str).to_numpy(),
            "entered": entered,
            "at": pd.Series(exact).rank(method="dense").to_numpy(),
        }
    )
    moves = moves[(moves["entered"] <= 0) & moves["deal"].notna()].astype({"deal": int})
    closed, created = (deals[name].to_numpy()[moves["deal"]] for name in ("closed", "created"))
    moves = moves[(moves["entered"] < closed) | (moves["entered"] <= created)]
    lag = (moves["entered"] - deals["created"].to_numpy()[moves["deal"]]).groupby(moves["stage"]).mean()
    moves = pd.concat([first, moves.assign(late=moves["stage"].map(lag))])  # on one day the usually earlier stage first
    moves = moves.sort_values(["deal", "entered", "at", "late", "stage"], kind="stable")
    following = moves["deal"].shift(-1) == moves["deal"]
    instant = following & (moves["entered"].shift(-1) <= moves["entered"])
    return moves[~instant]


def _stays(moves: pd.DataFrame, deals: pd.DataFrame, stages: tuple[str, ...]) -> pd.DataFrame:
    stage = pd.Categorical(moves["stage"], categories=stages).codes.astype(int)
    deal = moves["deal"].to_numpy(int)
    entered = moves["entered"].to_numpy(float)
    closed, won = deals["closed"].to_numpy()[deal], deals["won"].to_numpy()[deal]
    onward = np.append(deal[1:] == deal[:-1], False) if len(deal) else np.zeros(0, bool)
    left = np.where(onward, np.append(entered[1:], FAR)[: len(deal)], closed)
    cause = np.where(onward, np.append(stage[1:], 0)[: len(deal)], np.where(won, len(stages), len(stages) + 1))
    cause = np.where(left >= FAR, -1, cause)
    entered = np.minimum(entered, left - 1)  # what came and ended within a day was at risk on that day
    return pd.DataFrame({"deal": deal, "stage": stage, "entered": entered, "left": left, "cause": cause})


def log_at(log: Log, now: int) -> Log:
    """The same log as it stood at the end of the earlier day ``now``."""
    if now >= log.now:
        return log
    deals, stays = log.deals, log.stays
    later = deals["closed"].to_numpy() > now
    there = deals["created"].to_numpy() <= now
    deals = deals.assign(
        closed=np.where(later, FAR, deals["closed"]),
        won=deals["won"].to_numpy() & ~later,
        value=np.where(later, deals["amount"], deals["value"]),
    )
    row = np.cumsum(there) - 1
    stays = stays[(stays["entered"].to_numpy() <= now) & there[stays["deal"].to_numpy()]]
    gone = stays["left"].to_numpy() > now
    stays = stays.assign(
        deal=row[stays["deal"].to_numpy()],
        left=np.where(gone, FAR, stays["left"]),
        cause=np.where(gone, -1, stays["cause"]),
    )
    return replace(log, deals=deals[there].reset_index(drop=True), stays=stays.reset_index(drop=True), now=now)


def daily(log: Log, first: int, *, what: str = "won", value: bool = False) -> np.ndarray:
    """Group × day from ``first`` to now: deals ``won`` or ``created``, counted or in value."""
    deals = log.deals
    day = deals["closed" if what == "won" else "created"].to_numpy()
    kept = (deals["won"].to_numpy() if what == "won" else deals["dated"].to_numpy()) & (day >= first) & (day <= log.now)
    days = log.now - first + 1
    flat = deals["group"].to_numpy()[kept] * days + (day[kept] - first).astype(int)
    weights = deals["value"].to_numpy()[kept] if value else None
    return np.bincount(flat, weights, minlength=len(log.groups) * days).reshape(len(log.groups), days).astype(float)
