"""Charts of a joint business plan: the actions in time, both sides' account, the swap, and plan against actual."""

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib import edition
from kamlib.charts import canvas
from kamlib.edition import _

_LIGHTS = {
    "finished": (canvas.DARK, ""),
    "green": ("#4f9d8f", ""),
    "amber": ("#e0a845", "///"),
    "red": (canvas.STRONG, "xx"),
    "grey": (canvas.GRID, "..."),
}
_NO_DATE = 30
"""Days a bar is drawn long when only one of its dates is known."""


def gantt(status: pd.DataFrame, *, as_of: pd.Timestamp, ax: Axes | None = None) -> Axes:
    """One bar per initiative from its first to its last day, coloured and hatched by its light, with today as a line.

    Parameters
    ----------
    status
        `jointreview.initiative_status` with the columns start and end: goal, start, end, light. One without any date
        has no bar.
    as_of
        The day of the line.
    """
    table = status.iloc[::-1].reset_index(drop=True)
    ax = canvas.axes(ax, width=9, height=canvas.rows_height(len(table), each=0.42))
    if table.empty:
        return canvas.say_empty(ax, _("There is no initiative yet."))
    gap = pd.Timedelta(days=_NO_DATE)
    first, last = table["start"].fillna(table["end"] - gap), table["end"].fillna(table["start"] + gap)
    names = _light_names()
    for light, (colour, hatch) in _LIGHTS.items():
        rows = table.index[(table["light"] == light) & first.notna()]
        if len(rows):
            left, width = mdates.date2num(first[rows]), (last - first)[rows].dt.days.clip(lower=1)
            look = {"color": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0.4}
            ax.barh(rows, width, left=left, height=0.62, label=names[light], **look)
    ax.axvline(mdates.date2num(as_of), color=canvas.INK, linewidth=1.4, linestyle="--", label=_("as of"))
    ax.set_yticks(range(len(table)), [canvas.short(_name(goal)) for goal in table["goal"]])
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.xaxis_date()
    locator = mdates.AutoDateLocator(minticks=3, maxticks=7)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(mdates.DateFormatter("%Y-%m"))
    ax.set_xlabel(_("Month"))
    canvas.legend_below(ax, columns=6)
    ax.set_title(_("What happens when, and what is late?"))
    return ax


def _light_names() -> dict[str, str]:
    return {"finished": _("done"), "green": _("green"), "amber": _("amber"), "red": _("red"), "grey": _("stopped")}


def _name(goal: object) -> str:
    return edition.MISSING if goal is None or goal != goal else " ".join(str(goal).split())


def joint_pnl_bars(pnl: pd.DataFrame, *, currency: str, ax: Axes | None = None) -> Axes:
    """What the plan changes for each side, line by line, at P50; the whisker of a result runs from P10 to P90.

    Parameters
    ----------
    pnl
        `jointplan.joint_pnl` with a column ``name`` to show: side, line, name, without, p10, p50, p90.
    currency
        Three letters.
    """
    table = pnl[pnl["line"] != "purchases"].iloc[::-1].reset_index(drop=True)
    table = _shown(table)
    ax = canvas.axes(ax, width=9, height=canvas.rows_height(len(table), each=0.36))
    change = table[["p10", "p50", "p90"]].sub(table["without"], axis=0)
    if table.empty or not change.abs().to_numpy().max() > 0:
        return canvas.say_empty(ax, _("The plan changes nothing yet: no initiative has expected sales or a cost."))
    places, result = np.arange(len(table)), table["line"].isin(["plan_margin", "benefit"])
    for side, colour, label in (("us", canvas.DARK, _("we")), ("them", "#e08e45", _("the customer"))):
        own = (table["side"] == side).to_numpy()
        hatch = "" if side == "us" else "///"
        look = {"color": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0.4}
        ax.barh(places[own], change.loc[own, "p50"], height=0.66, label=label, **look)
    low = change.loc[result, ["p10", "p90"]].min(axis=1)
    high = change.loc[result, ["p10", "p90"]].max(axis=1)
    ax.hlines(places[result], low, high, color=canvas.STRONG, linewidth=3, label=_("P10 to P90"))
    ax.axvline(0, color=canvas.INK, linewidth=1)
    ax.set_yticks(places, table["name"])
    canvas.money_axis(ax.xaxis, change.abs().to_numpy().max(), _("Change against no plan"), currency)
    canvas.legend_below(ax, columns=3)
    ax.set_title(_("What does the plan add for either side, and what does it cost?"))
    return ax


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """Lines that are not zero throughout, results in any case."""
    numbers = table[["without", "p10", "p50", "p90"]].abs().sum(axis=1)
    return table[(numbers > 0) | table["line"].isin(["plan_margin", "benefit"])].reset_index(drop=True)


def swap_bars(balance: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Per initiative and for the whole plan: our share of giving beside our share of getting.

    Parameters
    ----------
    balance
        `jointplan.swap_balance`: goal, give_share, get_share. The last row is the whole plan.
    """
    table = balance[balance["give_share"].notna() | balance["get_share"].notna()].iloc[::-1].reset_index(drop=True)
    ax = canvas.axes(ax, width=9, height=canvas.rows_height(len(table), each=0.42))
    if table.empty:
        return canvas.say_empty(ax, _("Nobody gives or gets anything yet."))
    places = np.arange(len(table))
    give, get = table["give_share"], table["get_share"]
    ax.hlines(places, give.fillna(get), get.fillna(give), color=canvas.LIGHT, linewidth=5)
    ax.plot(give, places, "o", color=canvas.STRONG, markersize=8, label=_("our share of giving"))
    ax.plot(get, places, "D", color=canvas.DARK, markersize=7, label=_("our share of getting"))
    ax.axvline(0.5, color=canvas.MUTED, linewidth=1, linestyle="--")
    ax.set_yticks(places, [canvas.short(_name(goal)) for goal in table["goal"]])
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.6, len(table) - 0.4))
    canvas.percent_axis(ax.xaxis, _("Our share; the rest is the customer's"))
    canvas.legend_below(ax, columns=2)
    ax.set_title(_("Is the swap fair: does either side give more than it gets?"))
    return ax


def burn_up_lines(curve: pd.DataFrame, *, currency: str, ax: Axes | None = None) -> Axes:
    """Sales added up month by month: without the plan, as planned, and as they came.

    Parameters
    ----------
    curve
        `jointreview.burn_up`: month, baseline, planned, actual.
    currency
        Three letters.
    """
    ax = canvas.axes(ax, width=9)
    if curve.empty or not curve[["baseline", "planned", "actual"]].abs().max().max() > 0:
        return canvas.say_empty(ax, _("There is neither a baseline nor a plan yet."))
    ax.plot(
        curve["month"], curve["baseline"], color=canvas.MUTED, linestyle=":", linewidth=2, label=_("without the plan")
    )
    ax.plot(curve["month"], curve["planned"], color=canvas.MID, linestyle="--", linewidth=2, label=_("as planned"))
    day = curve.loc[curve["actual"].notna(), "month"].max()
    told = _("actual") if pd.isna(day) else _("actual, up to {day:date}", day=day)
    ax.plot(curve["month"], curve["actual"], "o-", color=canvas.DARK, linewidth=2, label=told)
    ax.xaxis.set_major_locator(mdates.AutoDateLocator(minticks=3, maxticks=8))
    ax.xaxis.set_major_formatter(mdates.DateFormatter("%Y-%m"))
    ax.grid(axis="y")
    largest = curve[["baseline", "planned", "actual"]].abs().max().max()
    canvas.money_axis(ax.yaxis, largest, _("Sales since the plan began"), currency)
    ax.set_xlabel(_("Month"))
    ax.legend(loc="upper left")
    ax.set_title(_("Does the plan bring what it promised?"))
    return ax
