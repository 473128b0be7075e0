"""Charts of decade 3: what will be signed, how sure that is, and how sure it was."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from kamlib import edition
from kamlib.charts import canvas
from kamlib.edition import _


def landing(
    draws: pd.Series, *, currency: str, target: float | None = None, given: bool = True, ax: Axes | None = None
) -> Axes:
    """How often the simulated paths land where; the middle four fifths dark; what four of five reach, and the target.

    Parameters
    ----------
    draws
        Amount signed by the end of the period on each path, currency.
    given
        Whether somebody set the target; else it is called a reference.
    """
    ax = canvas.axes(ax)
    if not len(draws) or not draws.max() > 0:
        return canvas.say_empty(ax, _("Nothing is expected to be signed in this period."))
    low, safe, middle, high = np.quantile(draws, [0.1, 0.2, 0.5, 0.9])
    _n, edges, bars = ax.hist(draws, bins=40, color=canvas.LIGHT)
    for bar, left, right in zip(bars, edges[:-1], edges[1:], strict=True):
        if low <= (left + right) / 2 <= high:
            bar.set_facecolor(canvas.MID)
    ax.axvline(safe, color=canvas.INK, linestyle=":", label=_("four in five: {value:money}", value=safe))
    ax.axvline(middle, color=canvas.DARK, label=_("even odds: {value:money}", value=middle))
    if target is not None and target == target:
        name = _("target: {value:money}", value=target) if given else _("reference: {value:money}", value=target)
        ax.axvline(target, color=canvas.STRONG, linestyle="--", label=name)
    canvas.money_axis(ax.xaxis, draws.max(), _("Signed by the end of the period"), currency)
    ax.set_ylabel(_("Simulated paths"))
    canvas.legend_below(ax, columns=3)
    ax.set_title(_("Where will we land?"))
    return ax


def months_ahead(by_period: pd.DataFrame, *, currency: str, ax: Axes | None = None) -> Axes:
    """Each coming month: what open deals and new ones are expected to bring, with the 80 % range.

    Parameters
    ----------
    by_period
        `Forecast.by_period`: start, end, open, new, mean, p10, p90.
    """
    ax = canvas.axes(ax)
    if by_period.empty or not by_period["p90"].max() > 0:
        return canvas.say_empty(ax, _("Nothing is expected to be signed in this period."))
    at = np.arange(len(by_period))
    ax.bar(at, by_period["open"], color=canvas.DARK, width=0.6, label=_("deals open today"))
    ax.bar(
        at,
        by_period["new"],
        bottom=by_period["open"],
        color=canvas.LIGHT,
        hatch="..",
        edgecolor="white",
        width=0.6,
        label=_("deals not yet created"),
    )
    ax.vlines(at, by_period["p10"], by_period["p90"], color=canvas.STRONG, linewidth=3, label=_("80 % range"))
    names = [f"{row.start:%m-%d} – {row.end:%m-%d}" for row in by_period.itertuples()]
    ax.set_xticks(at, names)
    canvas.money_axis(ax.yaxis, by_period["p90"].max(), _("Signed"), currency)
    canvas.legend_below(ax, columns=3)
    ax.set_title(_("What will be signed in which month?"))
    return ax


def model_words(models: pd.DataFrame, *, currency: str, ax: Axes | None = None) -> Axes:
    """What every model says, the larger the dot the more it counts.

    Parameters
    ----------
    models
        `Forecast.models` with a column ``name``: name, mean (currency), weight (0–1), simple.
    """
    ax = canvas.axes(ax, height=canvas.rows_height(len(models), each=0.36))
    if models.empty or not models["mean"].max() > 0:
        return canvas.say_empty(ax, _("No model has anything to say yet."))
    places = np.arange(len(models))[::-1]
    for mask, colour, marker, label in (
        (~models["simple"], canvas.DARK, "o", _("model")),
        (models["simple"], canvas.MID, "D", _("simple forecast")),
    ):
        size = 25 + 600 * models.loc[mask, "weight"]
        ax.scatter(models.loc[mask, "mean"], places[mask], s=size, color=colour, marker=marker, alpha=0.8, label=label)
    names = [
        f"{row.name} ({edition.percent(row.weight)})" for row in models[["name", "weight"]].itertuples(index=False)
    ]
    ax.set_yticks(places, names)
    ax.set(ylim=(-0.7, len(models) - 0.3), xlim=(0, models["mean"].max() * 1.1))
    ax.grid(axis="x")
    canvas.money_axis(ax.xaxis, models["mean"].max(), _("Says (size and %: weight by its past)"), currency)
    ax.legend(loc="best", markerscale=0.6)
    ax.set_title(_("Who says what, and who is believed?"))
    return ax


def lever_bars(levers: pd.DataFrame, *, currency: str, ax: Axes | None = None) -> Axes:
    """What a tenth more of each lever adds to what will be signed.

    Parameters
    ----------
    levers
        `Forecast.levers` with a column ``name``: name, change (currency).
    """
    ax = canvas.axes(ax, height=canvas.rows_height(len(levers), each=0.5))
    if levers.empty or not levers["change"].abs().max() > 0:
        return canvas.say_empty(ax, _("Nothing is expected to be signed in this period."))
    places = np.arange(len(levers))[::-1]
    ax.barh(places, levers["change"], color=canvas.DARK, height=0.6)
    for place, change in zip(places, levers["change"], strict=True):
        ax.text(max(change, 0), place, f" {edition.compact(change)}", va="center", color=canvas.INK)
    ax.set_yticks(places, levers["name"])
    ax.margins(x=0.15)
    canvas.money_axis(ax.xaxis, levers["change"].abs().max(), _("Added by 10 % more"), currency)
    ax.set_title(_("Which lever moves the number most?"))
    return ax


def calls(told: pd.DataFrame, *, currency: str, ax: Axes | None = None) -> Axes:
    """Each past forecast: its 80 % range, its mean, and what came.

    Parameters
    ----------
    told
        `funnel.backtest` of one region and model: as_of, mean, p10, p90, actual (currency).
    """
    ax = canvas.axes(ax, width=9)
    if told.empty:
        return canvas.say_empty(ax, _("No past window has ended yet."))
    outside = (told["actual"] < told["p10"]) | (told["actual"] > told["p90"])
    ax.vlines(told["as_of"], told["p10"], told["p90"], color=canvas.LIGHT, linewidth=7, label=_("80 % range"))
    ax.plot(told["as_of"], told["mean"], "_", color=canvas.DARK, markersize=11, markeredgewidth=2, label=_("forecast"))
    ax.plot(told.loc[~outside, "as_of"], told.loc[~outside, "actual"], "o", color=canvas.MID, label=_("came, inside"))
    ax.plot(told.loc[outside, "as_of"], told.loc[outside, "actual"], "X", color=canvas.STRONG, label=_("came, outside"))
    locator = AutoDateLocator(maxticks=8)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(
        ConciseDateFormatter(locator, formats=["%Y", "%Y-%m", "%m-%d", "", "", ""], show_offset=False)
    )
    ax.set_xlabel(_("Day of the forecast"))
    canvas.money_axis(ax.yaxis, max(told["p90"].max(), told["actual"].max(), 1.0), _("Signed in the window"), currency)
    ax.set_ylim(bottom=0)
    canvas.legend_below(ax, columns=4)
    ax.set_title(_("Would we have made the call?"))
    return ax


def error_bars(scores: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How far each model missed, best first; a bar that leaves the picture is cut and says its value.

    Parameters
    ----------
    scores
        `scoring.accuracy` with columns ``name`` and ``simple``: name, wape (0–), simple.
    """
    ax = canvas.axes(ax, height=canvas.rows_height(len(scores), each=0.36))
    if scores.empty or not scores["wape"].notna().any():
        return canvas.say_empty(ax, _("No past window has ended yet."))
    places = np.arange(len(scores))[::-1]
    limit = float(min(scores["wape"].max(), 3 * scores["wape"].min() + 0.2))
    shown = scores["wape"].clip(upper=limit)
    for mask, colour, hatch, label in (
        (~scores["simple"], canvas.DARK, "", _("model")),
        (scores["simple"], canvas.LIGHT, "//", _("simple forecast")),
    ):
        ax.barh(places[mask], shown[mask], color=colour, hatch=hatch, edgecolor="white", height=0.7, label=label)
    for place, value, length in zip(places, scores["wape"], shown, strict=True):
        if value > limit:
            ax.plot([0.965 * limit, 0.985 * limit], [place - 0.45, place + 0.45], color="white", linewidth=4)
            ax.plot([0.965 * limit, 0.985 * limit], [place - 0.45, place + 0.45], color=canvas.INK, linewidth=1)
        told = _("{value:percent} (bar cut)", value=value) if value > limit else edition.percent(value)
        ax.text(length, place, f" {told}", va="center", color=canvas.INK)
    ax.set_yticks(places, scores["name"])
    ax.set_xlim(0, limit * 1.3)
    canvas.percent_axis(ax.xaxis, _("Sum of misses ÷ sum signed (WAPE)"))
    canvas.legend_below(ax, columns=2)
    ax.set_title(_("Who missed by how much?"))
    return ax


def pit_bars(pits: pd.Series, *, ax: Axes | None = None) -> Axes:
    """Where the actuals fell in their forecasts: five equal parts, a fifth in each if the odds were honest."""
    ax = canvas.axes(ax)
    if not len(pits):
        return canvas.say_empty(ax, _("No past window has ended yet."))
    share = np.histogram(pits, bins=5, range=(0, 1))[0] / len(pits)
    ax.bar(np.arange(5), share, color=canvas.MID, width=0.9)
    ax.axhline(0.2, color=canvas.STRONG, linestyle="--", label=_("honest odds: one fifth each"))
    ax.set_xticks(np.arange(5), [_("lowest fifth"), "", _("middle"), "", _("highest fifth")])
    ax.set_xlabel(_("Where in its forecast the actual fell"))
    canvas.percent_axis(ax.yaxis, _("Share of past windows"))
    ax.legend(loc="best")
    ax.set_title(_("Were the odds honest?"))
    return ax


def reliability(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How often the actual came out below what should not be passed with a given chance.

    Parameters
    ----------
    table
        promised, happened (0–1).
    """
    ax = canvas.axes(ax, width=5.5, height=5)
    if table.empty or table["happened"].isna().all():
        return canvas.say_empty(ax, _("No past window has ended yet."))
    ax.plot([0, 1], [0, 1], "--", color=canvas.MUTED, label=_("as promised"))
    ax.plot(table["promised"], table["happened"], "o-", color=canvas.DARK, label=_("as it came"))
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.grid()
    canvas.percent_axis(ax.xaxis, _("Chance promised"))
    canvas.percent_axis(ax.yaxis, _("Share that came true"))
    ax.legend(loc="upper left")
    ax.set_title(_("Do the percentages mean what they say?"))
    return ax
