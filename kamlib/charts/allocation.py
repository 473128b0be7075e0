"""Charts of notebook 42: strategies, response curves, where visits should move, and how sure that is."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator

from kamlib.charts import canvas
from kamlib.edition import _

_MARKS = {
    "invest": ("o", canvas.STRONG),
    "defend": ("s", canvas.DARK),
    "maintain": ("^", canvas.MID),
    "exit": ("x", canvas.MUTED),
}


def _strategy_name(strategy: str) -> str:
    names = {"invest": _("invest"), "defend": _("defend"), "maintain": _("maintain"), "exit": _("leave to others")}
    return names.get(strategy, strategy)


def strategy_map(
    strategies: pd.DataFrame, *, cut: float, currency: str = "", most: int = 12, ax: Axes | None = None
) -> Axes:
    """Every account by our strength and its potential; the mark is the strategy of its box, the largest are named.

    Parameters
    ----------
    strategies
        `strategy.account_strategies`: account_name, strength (0–1), potential (currency), strategy.
    cut
        The strength from which we are strong.
    """
    ax = canvas.axes(ax)
    if strategies.empty or not strategies["potential"].max() > 0:
        return canvas.say_empty(ax, _("No account has a potential to compare."))
    for strategy, (mark, colour) in _MARKS.items():
        rows = strategies[strategies["strategy"] == strategy]
        if len(rows):
            label = _("{name}: {n}", name=_strategy_name(strategy), n=len(rows))
            ax.scatter(rows["strength"], rows["potential"], marker=mark, color=colour, s=34, alpha=0.8, label=label)
    ax.axvline(cut, color=canvas.MUTED, linestyle="--", linewidth=1)
    ax.axhline(strategies["potential"].median(), color=canvas.MUTED, linestyle="--", linewidth=1)
    ax.set_yscale("log")
    low, high = strategies.loc[strategies["potential"] > 0, "potential"].agg(["min", "max"])
    ax.set_ylim(low * 0.8, high * 1.25)
    canvas.money_axis(ax.yaxis, high, _("Potential a year, logarithmic"), currency)
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.yaxis.set_minor_formatter("")
    canvas.percent_axis(ax.xaxis, _("Our strength: what the account buys of its potential"))
    canvas.legend_below(ax, columns=4)
    ax.set_title(_("Which strategy does each account ask for?"))
    named = strategies[strategies["potential"] > 0].nlargest(most, "potential")
    canvas.name_points(ax, named["strength"], named["potential"], named["account_name"])
    return ax


def response_lines(curves: pd.DataFrame, points: pd.DataFrame, lines: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Judged points and their fitted curves.

    Parameters
    ----------
    curves
        name, in the order to draw; at most five are drawn.
    points
        name, effort, response (multiples of today's).
    lines
        name, effort, response: the fitted curve, drawn as a line.
    """
    ax = canvas.axes(ax)
    if curves.empty:
        return canvas.say_empty(ax, _("Nobody has judged a curve yet."))
    styles = zip(curves["name"].head(5), canvas.SERIES, "os^Dv", ("-", "--", "-.", ":", "-"), strict=False)
    for name, colour, mark, dash in styles:
        told, line = points[points["name"] == name], lines[lines["name"] == name]
        ax.plot(line["effort"], line["response"], color=colour, linestyle=dash, linewidth=1.8)
        ax.plot(told["effort"], told["response"], mark, color=colour, label=canvas.short(name, 34))
    ax.axvline(1, color=canvas.MUTED, linewidth=0.8)
    ax.axhline(1, color=canvas.MUTED, linewidth=0.8)
    canvas.percent_axis(ax.yaxis, _("Sales, today = 100 %"))
    ax.set_xlabel(_("Effort as a multiple of today's"))
    canvas.legend_below(ax, columns=2)
    ax.set_title(_("What would more effort bring, as the room judges it?"))
    return ax


def visit_shift(moves: pd.DataFrame, *, most: int = 16, ax: Axes | None = None) -> Axes:
    """From today's visits to the best ones, for the accounts that move most.

    Parameters
    ----------
    moves
        label, usual, visits (a quarter), visits_low, visits_high.
    """
    table = moves.assign(move=(moves["visits"] - moves["usual"]).abs()).nlargest(most, "move")
    table = table.assign(shift=table["visits"] - table["usual"]).sort_values("shift")
    ax = canvas.axes(ax, height=canvas.rows_height(len(table)))
    if table.empty:
        return canvas.say_empty(ax, _("There are no visits to move."))
    places = np.arange(len(table))
    ax.hlines(places, table["visits_low"], table["visits_high"], color=canvas.PALE, linewidth=9)
    ax.hlines(places, table["usual"], table["visits"], color=canvas.MID, linewidth=2)
    ax.plot(table["usual"], places, "o", color="white", markeredgecolor=canvas.DARK, label=_("today"))
    ax.plot(table["visits"], places, "o", color=canvas.DARK, label=_("best"))
    ax.plot([], [], color=canvas.PALE, linewidth=9, label=_("80 % of resampled curves"))
    ax.set_yticks(places, [canvas.short(str(name), 34) for name in table["label"]])
    ax.set(xlim=(0, None), ylim=(-0.6, len(table) - 0.4))
    ax.set_xlabel(_("Visits a quarter"))
    canvas.legend_below(ax)
    ax.set_title(_("Where should visits move from, and where to?"))
    return ax


def capacity_gain(steps: pd.DataFrame, *, currency: str = "", ax: Axes | None = None) -> Axes:
    """Contribution of the best allocation over capacity; the point is today.

    Parameters
    ----------
    steps
        capacity_share (1 = today's visits), value_best (currency a quarter), value_now (today's, the same in each row).
    """
    ax = canvas.axes(ax, height=3.8)
    if steps.empty:
        return canvas.say_empty(ax, _("There are no visits to move."))
    ax.plot(
        steps["capacity_share"],
        steps["value_best"],
        color=canvas.DARK,
        marker="o",
        markersize=4,
        label=_("best allocation"),
    )
    ax.plot([1], steps["value_now"].head(1), "D", color=canvas.STRONG, label=_("as it is today"))
    canvas.percent_axis(ax.xaxis, _("Visits, today = 100 %"))
    canvas.money_axis(ax.yaxis, steps["value_best"].max(), _("Contribution a quarter"), currency)
    ax.legend(loc="lower right")
    ax.set_title(_("What would more or fewer visits be worth?"))
    return ax
