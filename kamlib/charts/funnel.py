"""Charts of decade 3: the double funnel and how it moves."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib import edition
from kamlib.charts import canvas
from kamlib.edition import _


def twin_funnel(funnel: pd.DataFrame, *, currency: str, ax: Axes | None = None) -> Axes:
    """Counts to the left, amounts to the right, one row per stage: the lead funnel above, the deal funnel below it.

    Parameters
    ----------
    funnel
        `funnel.double_funnel` with a column ``name`` to show: funnel, name, n, amount.
    currency
        Three letters.
    """
    ax = canvas.axes(ax, width=9, height=canvas.rows_height(len(funnel), each=0.55))
    if funnel.empty or not funnel["n"].sum():
        return canvas.say_empty(ax, _("No lead or deal was created in this period."))
    places = np.arange(len(funnel))[::-1]
    counts = funnel["n"] / funnel["n"].max()
    amounts = (funnel["amount"] / funnel["amount"].max()).fillna(0)
    colours = [canvas.MID if kind == "lead" else canvas.DARK for kind in funnel["funnel"]]
    ax.barh(places, -counts, color=colours, height=0.7)
    ax.barh(places, amounts, color=colours, height=0.7, alpha=0.8, hatch="..", edgecolor="white", linewidth=0.3)
    for place, row in zip(places, funnel.itertuples(), strict=True):
        ax.text(-1.03, place, f"{row.n:,.0f}", ha="right", va="center", color=canvas.INK)
        amount = edition.compact(row.amount) if row.amount == row.amount else ""
        ax.text(1.03, place, amount, ha="left", va="center", color=canvas.INK)
    ax.axvline(0, color="white", linewidth=2)
    ax.set_yticks(places, funnel["name"])
    ax.tick_params(length=0)
    ax.set(xlim=(-1.25, 1.35), xticks=[-0.5, 0.5])
    ax.set_xticklabels([_("number that reached the stage"), _("their amount ({currency})", currency=currency)])
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set_title(_("How many and how much reach each stage?"))
    return ax


def conversion_dots(conversion: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Per stage: the steadied rate with its interval, the region's raw rate and the company's.

    Parameters
    ----------
    conversion
        `funnel.stage_conversion` with a column ``name``: rate, low, high, own_rate, company_rate.
    """
    ax = canvas.axes(ax, height=canvas.rows_height(len(conversion), each=0.5))
    if conversion.empty:
        return canvas.say_empty(ax, _("No deal has left a stage yet."))
    places = np.arange(len(conversion))[::-1]
    ax.hlines(places, conversion["low"], conversion["high"], color=canvas.MID, linewidth=5, alpha=0.6)
    ax.plot(conversion["rate"], places, "o", color=canvas.DARK, label=_("steadied rate, 90 % interval"))
    ax.plot(conversion["own_rate"], places, "x", color=canvas.STRONG, label=_("this region as counted"))
    ax.plot(conversion["company_rate"], places, "|", color=canvas.INK, markersize=14, label=_("all regions"))
    ax.set_yticks(places, conversion["name"])
    ax.set(xlim=(0, 1), ylim=(-0.7, len(conversion) - 0.3))
    ax.grid(axis="x")
    canvas.percent_axis(ax.xaxis, _("Deals leaving the stage that go on"))
    canvas.legend_below(ax, columns=3)
    ax.set_title(_("Where do deals leave the funnel?"))
    return ax


def stage_ages(open_deals: pd.DataFrame, durations: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Every open deal as a dot at its days in the stage; a bar up to the 75th percentile of finished stays.

    Parameters
    ----------
    open_deals
        stage, days_in_stage, value (currency).
    durations
        `funnel.time_in_stage` with a column ``name``: stage, p75_days.
    """
    ax = canvas.axes(ax, height=canvas.rows_height(len(durations), each=0.7))
    if open_deals.empty:
        return canvas.say_empty(ax, _("No open deal has a dated stage."))
    places = dict(zip(durations["stage"], np.arange(len(durations))[::-1], strict=True))
    ax.barh(
        list(places.values()),
        durations["p75_days"].fillna(0),
        color=canvas.PALE,
        height=0.7,
        label=_("usual: up to the 75th percentile"),
    )
    jitter = np.linspace(-0.28, 0.28, 9)[np.arange(len(open_deals)) % 9]
    heights = open_deals["stage"].map(places) + jitter
    size = 12 + 120 * (open_deals["value"] / open_deals["value"].max()).fillna(0)
    late = open_deals["days_in_stage"] > open_deals["stage"].map(durations.set_index("stage")["p75_days"])
    for mask, colour, marker, label in (
        (~late, canvas.MID, "o", _("open deal")),
        (late, canvas.STRONG, "D", _("open deal, longer than usual")),
    ):
        ax.scatter(
            open_deals.loc[mask, "days_in_stage"],
            heights[mask],
            s=size[mask],
            color=colour,
            marker=marker,
            alpha=0.6,
            label=label,
        )
    ax.set_yticks(list(places.values()), durations["name"])
    ax.set_xlabel(_("Days in the stage (size: amount)"))
    ax.set_xlim(left=0)
    canvas.legend_below(ax, columns=3)
    ax.set_title(_("Which deals stand still?"))
    return ax


def pipeline_steps(waterfall: pd.DataFrame, *, currency: str, ax: Axes | None = None) -> Axes:
    """The pipeline from one day to another, one step per cause of change.

    Parameters
    ----------
    waterfall
        `funnel.pipeline_waterfall`: step, n, amount. Steps without a deal are left out.
    """
    ax = canvas.axes(ax)
    names = {
        "start": _("pipeline before"),
        "new": _("new"),
        "won": _("won"),
        "lost": _("lost"),
        "pulled_in": _("pulled in"),
        "pushed_out": _("pushed out"),
        "amount_changed": _("amount changed"),
        "other": _("other"),
        "end": _("pipeline after"),
    }
    steps = waterfall[(waterfall["n"] > 0) | waterfall["step"].isin(["start", "end"])].reset_index(drop=True)
    total = steps["step"].isin(["start", "end"])
    bottom = steps["amount"].where(~total, 0).cumsum().shift(fill_value=0) + steps["amount"].iloc[0]
    bottom = bottom.mask(total, 0)
    colours = np.select([total, steps["amount"] >= 0], [canvas.DARK, canvas.MID], canvas.STRONG)
    ax.bar(range(len(steps)), steps["amount"], bottom=bottom, color=colours, width=0.65)
    for place, row in enumerate(steps.itertuples()):
        top = max(bottom[place], bottom[place] + row.amount)
        ax.text(
            place,
            top,
            f"{edition.compact(row.amount)}\n({row.n:,})",
            ha="center",
            va="bottom",
            fontsize=9,
            color=canvas.INK,
        )
    ax.set_xticks(range(len(steps)), [names[step] for step in steps["step"]])
    canvas.money_axis(ax.yaxis, steps["amount"].abs().max(), _("Open pipeline"), currency)
    ax.set_ylim(0, 1.2 * max((bottom + steps["amount"]).max(), bottom.max(), 1e-9))
    ax.set_title(_("What changed the pipeline?"))
    return ax
