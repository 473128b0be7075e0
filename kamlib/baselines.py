"""What a sales office would say without statistics: the simple forecasts every other has to beat (decade 3)."""

import numpy as np
import pandas as pd

from kamlib.deallog import FAR, Log, daily
from kamlib.paces import Amounts, Guess, spread

SIMPLE = (
    "last_period",
    "same_window_last_quarter",
    "same_window_last_year",
    "stage_weighted",
    "conversion_run_rate",
    "naive_bayes",
)
UNTIMED = ("stage_weighted", "naive_bayes")
"""Those that say what the open deals will bring some day, not what a window brings."""


def baselines(log: Log, days: int, size: Amounts) -> dict[str, Guess]:
    """All of `SIMPLE` for the coming ``days``; one whose past does not reach back far enough is missing."""
    opened, chances = _open_values(log), deal_chances(log)
    means = {
        "last_period": _same_window(log, days, days),
        "same_window_last_quarter": _same_window(log, days, _months_back(log, 3)),
        "same_window_last_year": _same_window(log, days, _months_back(log, 12)),
        "stage_weighted": _spread_out(log, opened * chances["stage_weighted"], days),
        "conversion_run_rate": _run_rate(log, days, size),
        "naive_bayes": _spread_out(log, opened * chances["naive_bayes"], days),
    }
    return {name: Guess(mean, *spread(mean, size, 2.0)) for name, mean in means.items() if mean is not None}


def _months_back(log: Log, months: int) -> int:
    day = log.as_of.normalize() + pd.Timedelta(days=log.now)
    return int((day - (day - pd.DateOffset(months=months))).days)


def _same_window(log: Log, days: int, back: int) -> np.ndarray | None:
    """What was won ``back`` days before each coming day; None where the log does not reach there."""
    first = log.now + 1 - back
    if first < log.start or days > back:
        return None
    return daily(log, first, value=True)[:, :days]


def _open_values(log: Log) -> np.ndarray:
    return np.where(log.deals["closed"] >= FAR, log.deals["amount"], 0.0)


def _spread_out(log: Log, value: np.ndarray, days: int) -> np.ndarray:
    """A sum without any timing, laid evenly over the window."""
    sums = np.bincount(log.deals["group"], value, minlength=len(log.groups))
    return np.repeat(sums[:, None] / days, days, axis=1)


def _run_rate(log: Log, days: int, size: Amounts) -> np.ndarray:
    """New deals per day of the last window × the share of ended deals that was won × the mean value of a win."""
    closed = log.deals["closed"] <= log.now
    share = log.deals["won"].sum() / max(closed.sum(), 1)
    created = daily(log, max(log.now - days + 1, min(log.start, log.now)), what="created")
    return np.repeat((created.mean(axis=1) * share * size.mean)[:, None], days, axis=1)


def last_stage(log: Log) -> np.ndarray:
    """The stage each deal stands in or ended in; −1 without one."""
    stage = np.full(len(log.deals), -1)
    stage[log.stays["deal"].to_numpy()] = log.stays["stage"].to_numpy()
    return stage


def deal_chances(log: Log) -> dict[str, np.ndarray]:
    """Per deal the chance of being won some day, as a CRM shows it: by stage, and by naive Bayes.

    Notes
    -----
    Stage-weighted: of the deals that ever stood in the stage and have ended, the share won. Naive Bayes as in Odoo's
    predictive lead scoring: prior odds × Π P(value | won) ÷ P(value | lost) over stage, owner, product and region,
    each with 0.1 added to its counts.
    """
    ended, won = (log.deals["closed"] <= log.now).to_numpy(), log.deals["won"].to_numpy()
    deal, stage = log.stays["deal"].to_numpy(), log.stays["stage"].to_numpy()
    passed = pd.DataFrame({"deal": deal, "stage": stage}).drop_duplicates().to_numpy()
    size = len(log.stages) + 1
    tries = np.bincount(passed[:, 1], ended[passed[:, 0]], minlength=size)
    wins = np.bincount(passed[:, 1], won[passed[:, 0]], minlength=size)
    overall = won.sum() / max(ended.sum(), 1)
    by_stage = np.divide(wins, tries, out=np.full(size, overall), where=tries > 0)
    at = last_stage(log)
    odds = np.full(len(at), np.log((won.sum() + 0.1) / ((ended & ~won).sum() + 0.1)))
    for name in ("owner", "product", "group"):
        odds = odds + _evidence(pd.factorize(log.deals[name])[0], won, ended)
    odds = odds + _stage_evidence(passed, at, won, ended, size)
    return {"stage_weighted": by_stage[at], "naive_bayes": 1 / (1 + np.exp(-odds))}


def _evidence(code: np.ndarray, won: np.ndarray, ended: np.ndarray) -> np.ndarray:
    yes = np.bincount(code[won], minlength=code.max(initial=0) + 1) + 0.1
    no = np.bincount(code[ended & ~won], minlength=code.max(initial=0) + 1) + 0.1
    return np.log(yes / yes.sum())[code] - np.log(no / no.sum())[code]


def _stage_evidence(passed, at, won, ended, size) -> np.ndarray:
    """A closed deal counts for every stage it stood in."""
    yes = np.bincount(passed[:, 1], won[passed[:, 0]], minlength=size) + 0.1
    no = np.bincount(passed[:, 1], (ended & ~won)[passed[:, 0]], minlength=size) + 0.1
    return np.log(yes / (won.sum() + 0.2))[at] - np.log(no / ((ended & ~won).sum() + 0.2))[at]
