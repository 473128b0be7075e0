"""Charts of the lead sources: what they convert, what they bring, where the effort goes, who is hot."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.charts import canvas
from kamlib.edition import _


def source_rates(rates: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Per source: the steadied conversion with its interval, the region's raw rate, the company's.

    Parameters
    ----------
    rates
        `leads.conversion_by_source` with a column ``name``: leads, rate, low, high, own_rate, company_rate.
    """
    ax = canvas.axes(ax, width=9, height=canvas.rows_height(len(rates), each=0.45))
    if rates.empty or not rates["leads"].sum():
        return canvas.say_empty(ax, _("No lead was recorded in this period."))
    rates = rates.sort_values("rate", kind="stable")
    places = np.arange(len(rates))
    ax.hlines(places, rates["low"], rates["high"], color=canvas.MID, linewidth=5, alpha=0.6)
    ax.plot(rates["rate"], places, "o", color=canvas.DARK, label=_("steadied rate, 90 % interval"))
    ax.plot(rates["own_rate"], places, "x", color=canvas.STRONG, label=_("this region as counted"))
    ax.plot(rates["company_rate"], places, "|", color=canvas.INK, markersize=14, label=_("all regions"))
    ax.set_yticks(places, [f"{canvas.short(row.name_, 34)} ({row.leads:,})" for row in _named(rates)])
    ax.set_xlim(0, min(1, 1.15 * rates["high"].max()))
    ax.grid(axis="x")
    canvas.percent_axis(ax.xaxis, _("Settled leads that became a deal (number of leads in brackets)"))
    canvas.legend_below(ax, columns=3)
    ax.set_title(_("Which sources turn into deals?"))
    return ax


def _named(frame: pd.DataFrame) -> list:
    """Rows whose ``name`` can be read as an attribute beside the tuple's own."""
    return list(frame.rename(columns={"name": "name_"}).itertuples())


def source_returns(yields: pd.DataFrame, *, currency: str, ax: Axes | None = None) -> Axes:
    """Per source: the amount a lead may be expected to bring, its interval, and what a lead costs.

    Parameters
    ----------
    yields
        `leads.source_yield` with a column ``name``: expected, expected_low, expected_high, cost_per_lead (currency).
    """
    ax = canvas.axes(ax, width=9, height=canvas.rows_height(len(yields), each=0.45))
    seen = yields.dropna(subset=["expected"]).sort_values("expected", kind="stable")
    if seen.empty:
        return canvas.say_empty(ax, _("No deal that came from a lead was won: nothing tells what a lead brings."))
    places = np.arange(len(seen))
    ax.barh(places, seen["expected"], color=canvas.LIGHT, height=0.65)
    ax.hlines(places, seen["expected_low"], seen["expected_high"], color=canvas.DARK, linewidth=2)
    edge = seen["expected_high"].max()
    for place, row in zip(places, _named(seen), strict=True):
        cost = _("costs {cost:money}", cost=row.cost_per_lead)
        ax.text(max(row.expected_high, row.expected) + 0.02 * edge, place, cost, va="center", color=canvas.INK)
    ax.set_yticks(places, [canvas.short(name, 34) for name in seen["name"]])
    ax.set_xlim(0, 1.25 * edge)
    canvas.money_axis(ax.xaxis, edge, _("Amount that one lead may be expected to bring"), currency)
    ax.set_title(_("What does a lead of each source bring, and what does it cost?"))
    return ax


def effort_bars(mix: pd.DataFrame, *, currency: str, ax: Axes | None = None) -> Axes:
    """Per source: the spending now and next, side by side.

    Parameters
    ----------
    mix
        `leads.effort_mix` with a column ``name``: spend_now, spend_next (currency), return_on_cost.
    """
    ax = canvas.axes(ax, height=canvas.rows_height(len(mix), each=0.55))
    if mix.empty:
        return canvas.say_empty(ax, _("No source has both a known cost and a won deal: the mix cannot be computed."))
    mix = mix.sort_values("return_on_cost", kind="stable")
    places = np.arange(len(mix))
    ax.barh(places + 0.2, mix["spend_now"], height=0.38, color=canvas.LIGHT, label=_("now"))
    ax.barh(places - 0.2, mix["spend_next"], height=0.38, color=canvas.DARK, label=_("next quarter"))
    ax.set_yticks(places, [canvas.short(name, 34) for name in mix["name"]])
    largest = mix[["spend_now", "spend_next"]].max().max()
    canvas.money_axis(ax.xaxis, largest, _("Spending per quarter (best return on top)"), currency)
    canvas.legend_below(ax, columns=2)
    ax.set_title(_("Where should the next quarter's effort go?"))
    return ax


def score_steps(bands: pd.DataFrame, *, hot: float, warm: float, ax: Axes | None = None) -> Axes:
    """Per band of the score: the share of leads that became a deal, and where hot and warm begin.

    Parameters
    ----------
    bands
        `leads.score_bands`: band, rate, low, high.
    hot, warm
        Points.
    """
    ax = canvas.axes(ax, height=3.6)
    if bands.empty:
        return canvas.say_empty(ax, _("No settled lead has a score."))
    middle = bands["band"] + bands["band"].diff().min() / 2 if len(bands) > 1 else bands["band"] + 5
    ax.vlines(middle, bands["low"], bands["high"], color=canvas.MID, linewidth=5, alpha=0.6)
    ax.plot(middle, bands["rate"], "o-", color=canvas.DARK, label=_("became a deal, 90 % interval"))
    ax.axvline(warm, color=canvas.MUTED, linestyle=":", label=_("warm from here"))
    ax.axvline(hot, color=canvas.STRONG, linestyle="--", label=_("hot from here"))
    ax.set(xlim=(0, 100), ylim=(0, 1), xlabel=_("Lead score (points)"))
    canvas.percent_axis(ax.yaxis, _("Settled leads that became a deal"))
    canvas.legend_below(ax, columns=3)
    ax.set_title(_("Does the score tell good leads from bad ones?"))
    return ax


def tier_bars(load: pd.DataFrame, *, capacity: float, ax: Axes | None = None) -> Axes:
    """Per owner: hot, warm and cold leads, and how many hot and warm ones one person can follow up.

    Parameters
    ----------
    load
        `leads.owner_load`: owner, hot, warm, cold. At most the first twenty are drawn.
    capacity
        Leads.
    """
    load = load.head(20)[::-1]
    ax = canvas.axes(ax, height=canvas.rows_height(len(load), each=0.36))
    if load.empty:
        return canvas.say_empty(ax, _("No lead is open."))
    places, left = np.arange(len(load)), np.zeros(len(load))
    looks = (("hot", canvas.STRONG, ""), ("warm", canvas.MID, ""), ("cold", canvas.PALE, "..."))
    for (tier, colour, hatch), label in zip(looks, (_("hot"), _("warm"), _("cold")), strict=True):
        ax.barh(places, load[tier], left=left, color=colour, hatch=hatch, edgecolor="white", height=0.7, label=label)
        left = left + load[tier].to_numpy()
    ax.axvline(capacity, color=canvas.INK, linestyle="--", label=_("capacity for hot and warm"))
    ax.set_yticks(places, [canvas.short(name) if isinstance(name, str) else _("nobody") for name in load["owner"]])
    ax.set_xlabel(_("Open leads (number)"))
    canvas.legend_below(ax, columns=4)
    ax.set_title(_("Who has more leads than one person can follow up?"))
    return ax
