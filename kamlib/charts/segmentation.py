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


_VERDICTS = {"key": (canvas.DARK, "o"), "discuss": (canvas.SERIES[1], "D"), "not_key": (canvas.LIGHT, "s")}


def _verdict_names() -> dict[str, str]:
    return {"key": _("firmly on the list"), "discuss": _("discuss"), "not_key": _("firmly off the list")}


def stability_dots(stability: pd.DataFrame, *, threshold: float, most: int = 30, ax: Axes | None = None) -> Axes:
    """The accounts around the line: score, the middle 90 % of scores over the runs, and the share of runs on the list.

    Parameters
    ----------
    stability
        `stability.list_stability`; where it has more rows than ``most``, those nearest to the line are drawn.
    threshold
        The score from which an account is key.
    """
    nearest = (stability["score"] - threshold).abs().sort_values(kind="stable").index[:most]
    table = stability.loc[stability.index.isin(nearest)].iloc[::-1]
    ax = canvas.axes(ax, height=canvas.rows_height(len(table)))
    if table.empty:
        return canvas.say_empty(ax, _("There is no customer to rank."))
    names, places = _verdict_names(), np.arange(len(table))
    ax.hlines(places, table["low"], table["high"], color=canvas.LIGHT, linewidth=5)
    for verdict, (colour, marker) in _VERDICTS.items():
        chosen = (table["verdict"] == verdict).to_numpy()
        if chosen.any():
            ax.plot(
                table["score"][chosen], places[chosen], marker, color=colour, markeredgecolor=canvas.INK,
                markeredgewidth=0.5, label=names[verdict],
            )  # fmt: skip
    for place, share in zip(places, table["stay_share"], strict=True):
        ax.text(1.02, place, f"{share:.0%}", va="center", fontsize=9, color=canvas.INK)
    ax.text(1.02, len(table) - 0.1, _("stays"), va="bottom", fontsize=9, color=canvas.MUTED)
    ax.axvline(threshold, color=canvas.STRONG, linewidth=1.5)
    ax.set_yticks(places, [canvas.short(name) for name in table["account_name"]])
    ax.set(xlim=(0, 1.12), ylim=(-0.6, len(table) + 0.6))
    ax.set_xticks(np.linspace(0, 1, 6))
    ax.set_xlabel(_("Score (0–1); bar: 90 % of the runs; right: share of runs on the list"))
    canvas.legend_below(ax)
    ax.set_title(_("Whose place on the list is firm, and whose is not?"))
    return ax


def weight_bars(weights: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """What each criterion weighs, by source: as agreed, by entropy, all alike.

    Parameters
    ----------
    weights
        criterion, source (a name to show), weight (0–1); sources in the order of the rows.
    """
    ax = canvas.axes(ax, height=3.4 if len(weights) else 1.2)
    if weights.empty:
        return canvas.say_empty(ax, _("There are no weights yet."))
    names = {
        "value": _("value"),
        "complexity": _("complexity"),
        "longevity": _("longevity"),
        "decision_chain": _("decision chain"),
    }
    criteria = list(dict.fromkeys(weights["criterion"]))
    sources = list(dict.fromkeys(weights["source"]))
    colours = (canvas.DARK, canvas.MID, canvas.PALE, canvas.SERIES[1])
    thick = 0.8 / len(sources)
    for row, (source, colour, hatch) in enumerate(zip(sources, colours, canvas.HATCHES, strict=False)):
        shown = weights[weights["source"] == source].set_index("criterion")["weight"].reindex(criteria)
        at = np.arange(len(criteria)) - 0.4 + thick * (row + 0.5)
        ax.bar(at, shown, width=thick * 0.92, color=colour, hatch=hatch, edgecolor="white", label=source)
    ax.set_xticks(range(len(criteria)), [names.get(name, name) for name in criteria])
    canvas.percent_axis(ax.yaxis, _("Weight"))
    ax.legend(loc="upper right")
    ax.set_title(_("What does each trait weigh, and who says so?"))
    return ax


def entry_rule_grid(potential: pd.DataFrame, *, most: int = 20, ax: Axes | None = None) -> Axes:
    """Which entry rule each prospect meets (✓), misses (✗), or cannot be asked about (–).

    Parameters
    ----------
    potential
        `segmentation.potential_accounts`.
    """
    table = potential.head(most).iloc[::-1]
    ax = canvas.axes(ax, height=canvas.rows_height(len(table)))
    if table.empty:
        return canvas.say_empty(ax, _("There is no prospect to judge: the records hold customers only."))
    rules = {
        "large_enough": _("large enough"),
        "right_industry": _("right industry"),
        "open_need": _("open need"),
        "way_in": _("way in"),
    }
    for across, rule in enumerate(rules):
        for place, answer in enumerate(table[rule]):
            sign, colour = (
                ("–", canvas.MUTED) if answer is None else ("✓", canvas.DARK) if answer else ("✗", canvas.STRONG)
            )
            ax.text(across, place, sign, ha="center", va="center", color=colour, fontsize=13)
    for place, enters in enumerate(table["enters"]):
        ax.axhspan(place - 0.5, place + 0.5, color=canvas.PALE if enters else "white", zorder=0)
    ax.set_xticks(range(len(rules)), rules.values())
    ax.xaxis.tick_top()
    ax.set_yticks(range(len(table)), [canvas.short(name) for name in table["account_name"]])
    ax.set(xlim=(-0.5, len(rules) - 0.5), ylim=(-0.5, len(table) - 0.5))
    ax.set_xlabel(_("✓ met · ✗ not met · – no data; shaded: enters the list as a potential account"))
    ax.set_title(_("Which prospects are potential key accounts?"))
    return ax
