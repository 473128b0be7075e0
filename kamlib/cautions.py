"""What a reader must know before trusting a forecast: thin data, a better simple forecast, cohorts that stand still."""

import numpy as np
import pandas as pd
from scipy.stats import poisson

from kamlib.blending import Blend
from kamlib.deallog import FAR, NO_STAGE, Log
from kamlib.edition import _
from kamlib.onward import Process
from kamlib.paces import Prior
from kamlib.transitions import PRIOR_EVENTS, Hazards

STRANGE = 1e-4
"""A cohort as idle as this by chance, over all cohorts looked at, is called an anomaly."""


def forecast_names() -> pd.Series:
    """The name of every model and lever for people, in the language spoken now."""
    return pd.Series(
        {
            "forecast": _("this forecast"),
            "calendar": _("signing pace, all of the past"),
            "calendar_quarter": _("signing pace, last quarter counts most"),
            "calendar_month": _("signing pace, last month counts most"),
            "calendar_learned": _("signing pace, forgetting as fast as its past asks"),
            "calendar_trend": _("signing pace with its growth"),
            "pipeline": _("deals on their way"),
            "pipeline_recent": _("deals on their way, newer half"),
            "last_period": _("last period"),
            "same_window_last_quarter": _("same window last quarter"),
            "same_window_last_year": _("same window last year"),
            "stage_weighted": _("stage-weighted pipeline"),
            "conversion_run_rate": _("new deals × conversion"),
            "naive_bayes": _("predictive score (naive Bayes)"),
            "conversion": _("conversion"),
            "cycle": _("speed of the cycle"),
            "amount": _("amount"),
            "new_deals": _("new deals"),
        }
    )


def cautions(log: Log, blend: Blend, way: Process, prior: Prior, days: int) -> tuple[str, ...]:
    """Every caution that applies, as sentences in the language spoken now."""
    return (*_thin(log, prior), *_untried(blend, days), *_beaten(blend), *_gaps(log), *idle_cohorts(log, way.chance))


def _thin(log: Log, prior: Prior) -> list[str]:
    ended, standing = int((log.deals["closed"] <= log.now).sum()), int((log.deals["closed"] >= FAR).sum())
    said = []
    if ended == 0:
        said.append(_("No deal has ended yet: there is no experience to forecast from."))
    elif ended < PRIOR_EVENTS:
        said.append(_("Only {n} deals have ended: the forecast is weak.", n=ended))
    if ended < PRIOR_EVENTS and prior.chances:
        said.append(_("With so few deals of its own, the forecast leans on the whole company's experience."))
    if standing == 0:
        said.append(_("No deal is open: everything must come from business not yet created."))
    if log.stages == (NO_STAGE,) and len(log.deals):
        said.append(_("There is no stage history: deals are told apart by their age only."))
    return said


def _untried(blend: Blend, days: int) -> list[str]:
    if blend.windows:
        return []
    return [_("No past window of {days} days could be tried: the interval rests on chance alone.", days=days)]


def _beaten(blend: Blend) -> list[str]:
    if not blend.lost:
        return []
    message = _(
        "A simple forecast ({name}) did better on the past than the models (score {simple:percent} against"
        " {own:percent}): it is the headline.",
        name=forecast_names()[blend.simple],
        simple=blend.simple_score,
        own=blend.own_score,
    )
    return [message]


def _gaps(log: Log) -> list[str]:
    said = []
    if log.undated:
        said.append(_("{n} deals have no date and are left out.", n=log.undated))
    if log.unpriced:
        said.append(_("{n} open deals have no amount: the mean of won deals stands in.", n=log.unpriced))
    return said


def idle_cohorts(log: Log, chance: Hazards) -> list[str]:
    """Cohorts (deals created in a month, by region) of which far fewer have ended than their time in the stages asks.

    Notes
    -----
    A Poisson test of the deals that ended against the summed hazard of the stays; `STRANGE` is shared among all
    cohorts tried (Bonferroni).
    """
    stays = log.stays
    if stays.empty:
        return []
    summed = np.cumsum(chance.daily[:, -2:].sum(axis=1), axis=1)
    summed = np.concatenate([np.zeros((len(summed), 1)), summed], axis=1)
    entered, until = stays["entered"].to_numpy(), np.minimum(stays["left"].to_numpy(), log.now)
    stage, top = stays["stage"].to_numpy(), summed.shape[1] - 1
    low, high = (
        np.clip(x - entered, 0, top).astype(int)
        for x in (np.maximum(entered, log.start - 1), np.maximum(until, entered))
    )
    expected = np.maximum(summed[stage, high] - summed[stage, low], 0)
    ended = stays["cause"].to_numpy() >= len(log.stages)
    deal = stays["deal"].to_numpy()
    born = np.datetime64(log.as_of, "D") + log.deals["created"].to_numpy(int)[deal]
    month = born.astype("datetime64[M]").astype(int)
    return _strange(log, log.deals["group"].to_numpy()[deal], month, expected, ended, deal)


def _strange(log: Log, group, month, expected, ended, deal) -> list[str]:
    cohorts, which = np.unique(np.stack([group, month]), axis=1, return_inverse=True)
    which = which.ravel()
    thought, seen = np.bincount(which, expected), np.bincount(which, ended)
    odd = poisson.cdf(seen, thought) * len(thought) < STRANGE
    standing = log.deals["closed"].to_numpy()[deal] >= FAR
    said = []
    for at in np.unique(cohorts[0, odd]):
        mine = odd & (cohorts[0] == at)
        rows = mine[which]
        message = _(
            "{region}: deals created in {months} stand still – {seen} have ended where {thought:.0f} would be usual,"
            " {open} are open.",
            region=log.groups[int(at)] or _("All regions"),
            months=_span(cohorts[1, mine]),
            seen=int(seen[mine].sum()),
            thought=float(thought[mine].sum()),
            open=len(np.unique(deal[rows & standing])),
        )
        said.append(message)
    return said


def _span(months: np.ndarray) -> str:
    first, last = (str(np.datetime64(int(m), "M")) for m in (months.min(), months.max()))
    return first if first == last else _("{first} to {last}", first=first, last=last)
