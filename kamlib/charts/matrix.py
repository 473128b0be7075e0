"""Charts of decade 2, part three: the value matrix, how sure its boxes are, what moves them, what the table needs."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.charts import canvas
from kamlib.edition import _, compact

COLOURS = {"invest": canvas.DARK, "defend": canvas.MID, "develop": "#e08e45", "serve": canvas.LIGHT}
MARKERS = {"invest": "o", "defend": "s", "develop": "^", "serve": "v"}


def _box_names() -> dict[str, str]:
    return {"invest": _("invest"), "defend": _("defend"), "develop": _("develop"), "serve": _("serve")}


def value_bubbles(
    placed: pd.DataFrame,
    *,
    value_cut: float = 0.4,
    potential_cut: float = 0.4,
    across: str = "value",
    most: int = 10,
    ax: Axes | None = None,
) -> Axes:
    """Current value (or our strength) against potential; the bubble is revenue, the box its colour and shape.

    Parameters
    ----------
    placed
        `matrix.placed`: account_name, revenue, value, potential, box. The ``most`` largest are named.
    across
        ``value`` or ``strength``: what stands on the x axis.
    """
    ax = canvas.axes(ax, width=8.4, height=5.6)
    if placed.empty:
        return canvas.say_empty(ax, _("There is no account to place."))
    top = max(placed["revenue"].max(), 1.0)
    for box, name in _box_names().items():
        mine = placed[placed["box"] == box]
        size = 18 + 900 * mine["revenue"].clip(lower=0) / top
        label = _("{name}: {n}", name=name, n=len(mine))
        ax.scatter(
            mine["value"],
            mine["potential"],
            s=size,
            marker=MARKERS[box],
            color=COLOURS[box],
            alpha=0.75,
            edgecolor="white",
            label=label,
        )
    ax.axvline(value_cut, color=canvas.STRONG, linewidth=1.2, linestyle="--")
    ax.axhline(potential_cut, color=canvas.STRONG, linewidth=1.2, linestyle="--")
    ax.set(xlim=(-0.04, 1.06), ylim=(-0.05, 1.08))
    ax.set_xlabel(_("Our relative strength (0–1)") if across == "strength" else _("Current value (0–1)"))
    ax.set_ylabel(_("Potential (0–1)"))
    canvas.legend_below(ax, columns=4)
    for handle in ax.get_legend().legend_handles:
        handle.set_sizes([60])
    ax.set_title(_("Where does each account stand, and what does its place ask of us?"))
    named = placed.nlargest(most, "revenue")
    canvas.name_points(ax, named["value"], named["potential"], named["account_name"])
    return ax


def stability_bars(stability: pd.DataFrame, *, most: int = 15, ax: Axes | None = None) -> Axes:
    """How often each account falls into each box when other months and another wallet might have come.

    Parameters
    ----------
    stability
        `matrix.box_stability` with account_name, in the order in which to show.
    """
    table = stability.head(most).iloc[::-1]
    ax = canvas.axes(ax, height=canvas.rows_height(len(table)))
    if table.empty:
        return canvas.say_empty(ax, _("There is no account to place."))
    places, left = np.arange(len(table)), np.zeros(len(table))
    for (box, name), hatch in zip(_box_names().items(), canvas.HATCHES, strict=False):
        share = table[box].to_numpy(float)
        ax.barh(places, share, left=left, color=COLOURS[box], hatch=hatch, edgecolor="white", linewidth=0.4, label=name)
        left = left + share
    ax.set_yticks(places, [canvas.short(name, 24) for name in table["account_name"]])
    ax.set(xlim=(0, 1), ylim=(-0.6, len(table) - 0.4))
    canvas.percent_axis(ax.xaxis, _("Share of draws in each box"))
    canvas.legend_below(ax, columns=4)
    ax.set_title(_("How sure is the box of each account?"))
    return ax


def tornado_bars(tornado: pd.DataFrame, *, labels: dict[str, str], most: int = 10, ax: Axes | None = None) -> Axes:
    """How many accounts change their box when one assumption is lower, and when it is higher.

    Parameters
    ----------
    tornado
        `matrix.tornado`: assumption, kind, down, up.
    labels
        Name of every assumption for people.
    """
    table = tornado.head(most).iloc[::-1]
    moved = not table.empty and (table["down"] + table["up"]).sum() > 0
    ax = canvas.axes(ax, height=canvas.rows_height(len(table), each=0.34) if moved else 1.2)
    if not moved:
        return canvas.say_empty(ax, _("No assumption moves an account out of its box."))
    names = [labels.get(name, name) for name in table["assumption"]]
    weights = [kind == "weight" for kind in table["kind"]]
    names = [_("weight of {name}", name=n) if weight else n for n, weight in zip(names, weights, strict=True)]
    places = np.arange(len(table))
    ax.barh(places, -table["down"], color=canvas.LIGHT, hatch="///", edgecolor="white", label=_("a quarter lower"))
    ax.barh(places, table["up"], color=canvas.DARK, label=_("a quarter higher"))
    ax.axvline(0, color=canvas.INK, linewidth=0.8)
    ax.set_yticks(places, names)
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.xaxis.set_major_formatter(lambda value, _position: f"{abs(value):.0f}")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel(_("Accounts that change their box"))
    canvas.legend_below(ax)
    ax.set_title(_("Which assumption moves accounts between boxes?"))
    return ax


def horizon_bars(horizon: pd.DataFrame, *, currency: str = "", most: int = 12, ax: Axes | None = None) -> Axes:
    """Three years of contribution as it is, and what winning part of the headroom would add.

    Parameters
    ----------
    horizon
        `matrix.three_year_value` with account_name.
    """
    table = horizon.nlargest(most, "total").iloc[::-1]
    ax = canvas.axes(ax, height=canvas.rows_height(len(table), each=0.34))
    if table.empty:
        return canvas.say_empty(ax, _("There is no account to place."))
    places = np.arange(len(table))
    ax.barh(places, table["as_is"], color=canvas.DARK, label=_("as it is"))
    start = table["as_is"].clip(lower=0)
    ax.barh(
        places, table["upside"], left=start, color=canvas.LIGHT, hatch="///", edgecolor="white", label=_("headroom won")
    )
    for place, row in zip(places, table.itertuples(), strict=True):
        end = max(row.as_is, 0) + row.upside
        ax.annotate(compact(row.total), (end, place), (4, 0), textcoords="offset points", va="center", fontsize=8.5)
    ax.set_yticks(places, [canvas.short(name, 24) for name in table["account_name"]])
    largest = max((start + table["upside"]).max(), 1.0)
    ax.set(ylim=(-0.6, len(table) - 0.4), xlim=(min(table["as_is"].min(), 0), largest * 1.14))
    canvas.money_axis(ax.xaxis, largest, _("Three years, discounted"), currency)
    canvas.legend_below(ax)
    ax.set_title(_("What is each account worth over three years?"))
    return ax


def capacity_bars(check: pd.DataFrame, *, most: int = 12, ax: Axes | None = None) -> Axes:
    """What the table needs as a share of what there is; a bar across the line cannot be done.

    Parameters
    ----------
    check
        `accountplan.capacity_check`: limit, owner, needed, available, load, binds.
    """
    table = check[check["needed"] > 0].head(most).iloc[::-1]
    ax = canvas.axes(ax, height=canvas.rows_height(len(table)))
    if table.empty:
        return canvas.say_empty(ax, _("The table asks for nothing."))
    names = {"visits": _("visits"), "plans": _("joint plans"), "budget": _("budget")}
    labels = [
        names[row.limit]
        if row.limit == "budget"
        else f"{names[row.limit]} · {canvas.short(row.owner or _('no owner'), 18)}"
        for row in table.itertuples()
    ]
    known = table["load"].max() if table["load"].notna().any() else 1.0
    load = table["load"].fillna(max(known, 1.0) * 1.15)
    colours = [canvas.STRONG if binds else canvas.MID for binds in table["binds"]]
    places = np.arange(len(table))
    ax.barh(places, load, color=colours)
    for place, row in zip(places, table.itertuples(), strict=True):
        text = _("{needed} of {available}", needed=compact(row.needed), available=compact(row.available))
        ax.annotate(text, (load.loc[row.Index], place), (4, 0), textcoords="offset points", va="center", fontsize=8.5)
    ax.axvline(1, color=canvas.INK, linewidth=1.2, linestyle="--")
    ax.set_yticks(places, labels)
    ax.set(ylim=(-0.6, len(table) - 0.4), xlim=(0, max(load.max(), 1.0) * 1.25))
    canvas.percent_axis(ax.xaxis, _("Needed, as a share of what there is"))
    ax.set_title(_("Can the team do what the table asks?"))
    return ax
