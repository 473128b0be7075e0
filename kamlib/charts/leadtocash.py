"""Charts from lead to cash: the typical way as a Gantt, deals on their way, where limits break, money to come in."""

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator

from kamlib import edition
from kamlib.charts import canvas
from kamlib.edition import _

_LOOKS = {"AR": (canvas.DARK, ""), "SR": (canvas.MID, "///"), "FR": (canvas.LIGHT, "...")}
_OTHER = (canvas.PALE, "xx")


def _roles(ax: Axes, seen: pd.Series) -> None:
    """One bar without length per role that occurs, for the legend."""
    names = {"AR": _("account manager (AR)"), "SR": _("solution manager (SR)"), "FR": _("delivery manager (FR)")}
    for role, name in names.items():
        if (seen == role).any():
            ax.barh([np.nan], [np.nan], color=_LOOKS[role][0], hatch=_LOOKS[role][1], edgecolor="white", label=name)
    if (~seen.isin(list(names))).any():
        ax.barh([np.nan], [np.nan], color=_OTHER[0], hatch=_OTHER[1], edgecolor="white", label=_("no role named"))


def way_gantt(steps: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The typical way: every step as a bar of its median days, beginning where the one before ended.

    Parameters
    ----------
    steps
        `leadtocash.step_table` with a column ``name``: owner_role, median_days, p75_days, sla_days.
    """
    ax = canvas.axes(ax, width=9, height=canvas.rows_height(len(steps), each=0.5))
    if steps.empty or not steps["median_days"].notna().any():
        return canvas.say_empty(ax, _("No step of a deal has a day on record."))
    places = np.arange(len(steps))[::-1]
    length = steps["median_days"].fillna(0)
    start = length.cumsum() - length
    for place, left, row in zip(places, start, steps.itertuples(), strict=True):
        colour, hatch = _LOOKS.get(row.owner_role, _OTHER)
        days = 0 if np.isnan(row.median_days) else row.median_days
        ax.barh(place, days, left=left, color=colour, hatch=hatch, edgecolor="white", height=0.6)
        ax.hlines(place, left + days, left + max(days, row.p75_days), color=canvas.MUTED, linewidth=1.5)
        ax.plot(left + row.sla_days, place, "|", color=canvas.STRONG, markersize=16, markeredgewidth=2.5)
        ax.text(left + np.nanmax([days, row.p75_days, row.sla_days, 0]) + 4, place, f"{days:,.0f}", va="center")
    ax.plot([], [], "|", color=canvas.STRONG, markersize=12, markeredgewidth=2.5, label=_("limit (SLA)"))
    ax.plot([], [], color=canvas.MUTED, label=_("three of four end by here"))
    _roles(ax, steps["owner_role"])
    ax.set_yticks(places, [canvas.short(name) for name in steps["name"]])
    ax.set_xlim(0, 1.15 * ax.get_xlim()[1])
    ax.set_xlabel(_("Days from the start, by the median of every step"))
    canvas.legend_below(ax, columns=3)
    ax.set_title(_("How long does the way from lead to cash take, and whose step is it?"))
    return ax


def deal_gantt(stays: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """A few deals on their way: one line per deal, one piece per stay, an open end where it still runs.

    Parameters
    ----------
    stays
        `leadtocash.stays` of the deals to draw with a column ``name`` per deal: opportunity_id, day, days, running,
        visit, owner_role.
    """
    deals = stays.drop_duplicates("opportunity_id")
    ax = canvas.axes(ax, width=9, height=canvas.rows_height(len(deals), each=0.42))
    if deals.empty:
        return canvas.say_empty(ax, _("No deal is on its way."))
    places = dict(zip(deals["opportunity_id"], np.arange(len(deals))[::-1], strict=True))
    for row in stays.itertuples():
        place, left = places[row.opportunity_id], row.day
        colour, hatch = _LOOKS.get(row.owner_role, _OTHER)
        width = pd.Timedelta(days=max(row.days, 1))
        ax.barh(place, width, left=left, color=colour, hatch=hatch, edgecolor="white", height=0.62)
        if row.visit > 1:
            ax.plot(left, place, marker="v", color=canvas.STRONG, markersize=7)
        if row.running:
            ax.plot(left + width, place, marker=">", color=canvas.INK, markersize=8)
    if (stays["visit"] > 1).any():
        ax.plot([], [], "v", color=canvas.STRONG, label=_("step done again"))
    if stays["running"].any():
        ax.plot([], [], ">", color=canvas.INK, label=_("still running"))
    _roles(ax, stays["owner_role"])
    ax.set_yticks(list(places.values()), [canvas.short(name, 30) for name in deals["name"]])
    ax.xaxis_date()
    ax.xaxis.set_major_locator(AutoDateLocator(maxticks=7))
    ends = stays["day"] + pd.to_timedelta(stays["days"] + 20, unit="D")
    ax.set_xlim(stays["day"].min() - pd.Timedelta(days=10), ends.max())
    canvas.legend_below(ax, columns=3)
    ax.set_xlabel(_("Date"))
    ax.set_title(_("Where did these deals spend their time?"))
    return ax


def breach_bars(steps: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Per step: the share of stays beyond the limit and the share that had to be done again.

    Parameters
    ----------
    steps
        `leadtocash.step_table` with a column ``name``: breaches, rework.
    """
    ax = canvas.axes(ax, height=canvas.rows_height(len(steps), each=0.5))
    if steps.empty:
        return canvas.say_empty(ax, _("No step of a deal has a day on record."))
    places = np.arange(len(steps))[::-1]
    ax.barh(places + 0.2, steps["breaches"].fillna(0), height=0.38, color=canvas.STRONG, label=_("beyond the limit"))
    ax.barh(places - 0.2, steps["rework"], height=0.38, color=canvas.LIGHT, hatch="//", edgecolor="white",
            label=_("done again"))  # fmt: skip
    ax.set_yticks(places, [canvas.short(name) for name in steps["name"]])
    ax.set_xlim(0, max(0.1, 1.1 * steps[["breaches", "rework"]].max().max()))
    canvas.percent_axis(ax.xaxis, _("Stays in the step"))
    canvas.legend_below(ax, columns=2)
    ax.set_title(_("Where are limits broken, and what is done twice?"))
    return ax


def ageing_bars(buckets: pd.DataFrame, *, currency: str, ax: Axes | None = None) -> Axes:
    """Open invoices by days overdue.

    Parameters
    ----------
    buckets
        `receivables.ageing`: bucket, n, amount (currency).
    """
    ax = canvas.axes(ax, height=3.6)
    if not buckets["n"].sum():
        return canvas.say_empty(ax, _("No invoice is open."))
    firsts = buckets["bucket"].tolist()[1:]
    names = [_("not due yet"), *(_("{a}–{b} days", a=a + 1, b=b) for a, b in pairwise(firsts))]
    names.append(_("over {a} days", a=firsts[-1]))
    colours = [canvas.LIGHT, canvas.MID, canvas.MID, canvas.DARK, canvas.STRONG]
    ax.bar(names, buckets["amount"], color=colours[: len(names)], width=0.65)
    for place, row in enumerate(buckets.itertuples()):
        text = f"{edition.compact(row.amount)}\n({row.n:,})"
        ax.text(place, max(row.amount, 0), text, ha="center", va="bottom", fontsize=9, color=canvas.INK)
    ax.set_ylim(min(0, buckets["amount"].min()), 1.25 * max(buckets["amount"].max(), 1e-9))
    canvas.money_axis(ax.yaxis, buckets["amount"].abs().max(), _("Invoiced, not paid"), currency)
    ax.set_xlabel(_("Overdue"))
    ax.set_title(_("How old is the money that is still to come in?"))
    return ax


def dso_line(months: pd.DataFrame, *, terms: float, ax: Axes | None = None) -> Axes:
    """Days of sales outstanding, month by month, against the days that are agreed.

    Parameters
    ----------
    months
        `receivables.dso_by_month`: day, dso_days.
    terms
        Days.
    """
    ax = canvas.axes(ax, height=3.2)
    if not months["dso_days"].notna().any():
        return canvas.say_empty(ax, _("No invoice is on record: days of sales outstanding cannot be computed."))
    ax.plot(months["day"], months["dso_days"], "o-", color=canvas.DARK, label=_("days of sales outstanding"))
    ax.axhline(terms, color=canvas.STRONG, linestyle="--", label=_("days of payment agreed"))
    ax.set_ylim(0, 1.15 * max(months["dso_days"].max(), terms))
    ax.set_ylabel(_("Days"))
    canvas.legend_below(ax, columns=2)
    ax.set_title(_("Does the money come in faster or slower?"))
    return ax
