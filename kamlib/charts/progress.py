"""Charts of the deals' progress: where value leaks, what the stages promise."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib import edition
from kamlib.charts import canvas
from kamlib.edition import _


def leak_bars(losses: pd.DataFrame, *, currency: str, ax: Axes | None = None) -> Axes:
    """The amount lost at every stage, with the number of deals and the commonest reason.

    Parameters
    ----------
    losses
        `progress.leakage` with a column ``name``: lost_n, lost_amount (currency), reason.
    """
    ax = canvas.axes(ax, width=9, height=canvas.rows_height(len(losses), each=0.45))
    if losses.empty or not losses["lost_amount"].sum():
        return canvas.say_empty(ax, _("No deal was lost in this period."))
    places = np.arange(len(losses))[::-1]
    ax.barh(places, losses["lost_amount"], color=canvas.MID, height=0.65)
    edge = losses["lost_amount"].max()
    for place, row in zip(places, losses.itertuples(), strict=True):
        why = canvas.short(_(row.reason), 22) if isinstance(row.reason, str) else _("no reason on record")
        told = _("{n:,} · {why}", n=row.lost_n, why=why)
        ax.text(row.lost_amount + 0.01 * edge, place, told, va="center", color=canvas.INK)
    ax.set_yticks(places, [canvas.short(name) if isinstance(name, str) else "–" for name in losses["name"]])
    ax.set_xlim(0, 1.4 * edge)
    canvas.money_axis(ax.xaxis, edge, _("Amount lost (deals · commonest reason)"), currency)
    ax.set_title(_("Where does the funnel leak, and why?"))
    return ax


def promise_bars(promise: pd.DataFrame, *, currency: str, ax: Axes | None = None) -> Axes:
    """Per stage: what stands open, and what of it may be expected to be won.

    Parameters
    ----------
    promise
        `progress.stage_promise` with a column ``name``: open_n, open_amount, chance, promised_amount (currency).
    """
    ax = canvas.axes(ax, width=9, height=canvas.rows_height(len(promise), each=0.5))
    if promise.empty or not promise["open_n"].sum():
        return canvas.say_empty(ax, _("No open deal stands in a stage."))
    places = np.arange(len(promise))[::-1]
    ax.barh(places, promise["open_amount"], color=canvas.PALE, height=0.7, label=_("open"))
    ax.barh(places, promise["promised_amount"], color=canvas.DARK, height=0.4, label=_("expected to be won"))
    edge = promise["open_amount"].max()
    for place, row in zip(places, promise.itertuples(), strict=True):
        told = f"{row.open_n:,} × {edition.percent(row.chance)}"
        ax.text(row.open_amount + 0.01 * edge, place, told, va="center", color=canvas.INK)
    ax.set_yticks(places, [canvas.short(name) for name in promise["name"]])
    ax.set_xlim(0, 1.2 * max(edge, 1e-9))
    canvas.money_axis(ax.xaxis, edge, _("Open amount (deals × chance of winning)"), currency)
    canvas.legend_below(ax, columns=2)
    ax.set_title(_("What do the stages promise?"))
    return ax
