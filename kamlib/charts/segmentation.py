"""Charts of decade 1: concentration, and what makes an account key."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.charts import canvas
from kamlib.edition import _

_CLASS_COLOURS = {"A": canvas.DARK, "B": canvas.MID, "C": canvas.LIGHT}


def pareto_curve(pareto: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Cumulative share of revenue over accounts, largest first, in the colours of the ABC classes.

    Parameters
    ----------
    pareto
        `segmentation.pareto`: account_share, cumulative_share, abc.
    """
    ax = canvas.axes(ax)
    if pareto.empty:
        return canvas.say_empty(ax, _("No account has revenue in this period."))
    width = 1 / len(pareto)
    for name, group in pareto.groupby("abc", sort=True):
        label = _("{name}: {n} accounts", name=name, n=len(group))
        ax.bar(
            group["account_share"] - width / 2,
            group["cumulative_share"],
            width=width,
            color=_CLASS_COLOURS[name],
            label=label,
        )
    ax.plot([0, 1], [0, 1], color=canvas.MUTED, linestyle="--", linewidth=1, label=_("all accounts equal"))
    ax.set(xlim=(0, 1), ylim=(0, 1.03))
    canvas.percent_axis(ax.xaxis, _("Accounts, largest first"))
    canvas.percent_axis(ax.yaxis, _("Cumulative share of revenue"))
    ax.legend(loc="lower right", frameon=True, framealpha=0.95, edgecolor="white")
    ax.set_title(_("How much of the revenue hangs on how few accounts?"))
    return ax


def key_account_bars(
    ranking: pd.DataFrame, weights: pd.Series, *, threshold: float, most: int = 20, ax: Axes | None = None
) -> Axes:
    """The best accounts by score, each bar divided into what its traits contribute, with the threshold as a line.

    Parameters
    ----------
    ranking
        `segmentation.key_accounts`.
    weights
        Weight by criterion, as used for the ranking.
    threshold
        The score from which an account is key.
    """
    table = ranking.head(most).iloc[::-1]
    ax = canvas.axes(ax, height=canvas.rows_height(len(table)))
    if table.empty:
        return canvas.say_empty(ax, _("There is no customer to rank."))
    names = {
        "value": _("value"),
        "complexity": _("complexity"),
        "longevity": _("longevity"),
        "decision_chain": _("decision chain"),
    }
    places, left = np.arange(len(table)), np.zeros(len(table))
    raw = table[list(weights.index)].fillna(0) * weights
    parts = raw.div(raw.sum(axis=1).where(raw.sum(axis=1) > 0), axis=0).fillna(0).mul(table["score"], axis=0)
    colours = (canvas.DARK, "#e08e45", canvas.LIGHT, "#4f9d8f")
    for name, colour, hatch in zip(weights.index, colours, canvas.HATCHES, strict=False):
        ax.barh(
            places,
            parts[name],
            left=left,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0.4,
            label=names.get(name, name),
        )
        left = left + parts[name].to_numpy()
    ax.axvline(threshold, color=canvas.STRONG, linewidth=1.5)
    ax.text(threshold, len(table) - 0.35, _(" key from here"), color=canvas.STRONG, va="bottom", fontsize=9)
    ax.set_yticks(places, [canvas.short(name) for name in table["account_name"]])
    ax.set(xlim=(0, 1), ylim=(-0.6, len(table) + 0.3))
    ax.set_xlabel(_("Score (0–1), divided by what each trait adds"))
    canvas.legend_below(ax, columns=4)
    ax.set_title(_("Which accounts are key, and which trait makes them so?"))
    return ax
