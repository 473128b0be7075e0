"""Charts of decade 2, part four: the people who decide, and how we stand with them."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from kamlib.charts import canvas
from kamlib.edition import _

STANCE_COLOURS = {-2: canvas.STRONG, -1: "#e08e45", 0: canvas.PALE, 1: canvas.MID, 2: canvas.DARK}
MARKERS = {"EB": "s", "UB": "o", "TB": "D", "coach": "^"}


def _role_names() -> dict[str, str]:
    return {"EB": _("economic buyer"), "UB": _("user buyer"), "TB": _("technical buyer"), "coach": _("coach")}


def power_map(who: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The organisation of one account: lines run to the superior, size is power, colour is stance, a ring is coverage.

    Parameters
    ----------
    who
        `roles.people` of one account: contact_id, name, title, decision_role, stance, reports_to, level, power,
        covered.
    """
    levels = int(who["level"].max()) + 1 if len(who) else 1
    ax = canvas.axes(ax, width=9.0, height=1.7 + 1.25 * levels)
    if who.empty:
        return canvas.say_empty(ax, _("Nobody is known at this account."))
    place = _places(who)
    for row in who.itertuples():
        if row.reports_to in place and row.reports_to != row.contact_id:
            (x, y), (up_x, up_y) = place[row.contact_id], place[row.reports_to]
            ax.plot([x, up_x], [y, up_y], color=canvas.MUTED, linewidth=1.2, zorder=1)
    top = max(who["power"].max(), 1e-9)
    for row in who.itertuples():
        x, y = place[row.contact_id]
        stance = 0 if pd.isna(row.stance) else int(row.stance)
        ring, size = canvas.INK if row.covered else canvas.GRID, 150 + 900 * row.power / top
        ax.scatter(
            x,
            y,
            s=size,
            marker=MARKERS.get(row.decision_role, "o"),
            color=STANCE_COLOURS[stance],
            edgecolor=ring,
            linewidth=2.2 if row.covered else 1.2,
            zorder=2,
        )
        sign = "" if pd.isna(row.stance) else f" {stance:+d}" if stance else " 0"
        text = (
            f"{canvas.short(str(row.name), 15)}{sign}\n{canvas.short('' if pd.isna(row.title) else str(row.title), 15)}"
        )
        look = {"boxstyle": "square,pad=0.1", "color": "white", "alpha": 0.8}
        below = {"textcoords": "offset points", "ha": "center", "va": "top"}
        ax.annotate(text, (x, y), (0, -(size**0.5) / 2 - 5), fontsize=8, zorder=3, bbox=look, **below)
    widest = max(len(group) for _level, group in who.groupby("level"))
    ax.set(xlim=(-0.6, max(widest, 3) - 0.4), ylim=(-levels + 0.25, 0.45))
    ax.set(xticks=[], yticks=[])
    ax.spines[["left", "bottom"]].set_visible(False)
    _map_legend(ax)
    ax.set_title(_("Who decides here, and on whose side do they stand?"))
    return ax


def _places(who: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Levels from top to bottom; within a level under the superior, as networkx orders a tree by its layers."""
    import networkx as nx

    graph = nx.Graph()
    ordered = who.sort_values(["level", "power"], ascending=[True, False], kind="stable")
    above = dict(zip(who["contact_id"], who["reports_to"], strict=True))
    rank = {person: number for number, person in enumerate(ordered["contact_id"])}
    ordered = ordered.assign(parent=[rank.get(above[person], -1) for person in ordered["contact_id"]])
    for row in ordered.sort_values(["level", "parent"], kind="stable").itertuples():
        graph.add_node(row.contact_id, level=int(row.level))
    raw = nx.multipartite_layout(graph, subset_key="level", align="horizontal")
    widest = max(who.groupby("level").size().max(), 3)
    place = {}
    for level, mine in ordered.groupby("level"):
        names = sorted(mine["contact_id"], key=lambda person: raw[person][0])
        start = (widest - len(names)) / 2
        place |= {person: (start + number, -float(level)) for number, person in enumerate(names)}
    return place


def _map_legend(ax: Axes) -> None:
    look = {"linestyle": "", "markersize": 8, "markeredgecolor": canvas.MUTED}
    handles = [
        Line2D([], [], marker=MARKERS[r], color=canvas.PALE, label=name, **look) for r, name in _role_names().items()
    ]
    sides = {-2: _("against us"), 0: _("neutral"), 2: _("for us")}
    handles += [Line2D([], [], marker="o", color=STANCE_COLOURS[s], label=name, **look) for s, name in sides.items()]
    ring = Line2D([], [], marker="o", color="white", label=_("dark ring: met lately"), linestyle="", markersize=8)
    ring.set(markeredgecolor=canvas.INK, markeredgewidth=2)
    ax.legend(handles=[*handles, ring], loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=4, fontsize=8.5)


def influence_grid(who: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How many people stand on which side with how much influence; the dark part of a bubble's edge is who we met.

    Parameters
    ----------
    who
        `roles.people`: influence, stance, covered.
    """
    ax = canvas.axes(ax, height=4.4)
    table = who.dropna(subset=["influence", "stance"])
    if table.empty:
        return canvas.say_empty(ax, _("Nobody's influence and stance are known."))
    cells = table.groupby(["stance", "influence"]).agg(n=("covered", "size"), met=("covered", "mean")).reset_index()
    top = cells["n"].max()
    dots = ax.scatter(
        cells["stance"],
        cells["influence"],
        s=60 + 1300 * cells["n"] / top,
        c=cells["met"],
        cmap="Blues",
        vmin=0,
        vmax=1,
        edgecolor=canvas.MUTED,
    )
    for row in cells.itertuples():
        colour = "white" if row.met > 0.6 else canvas.INK
        ax.annotate(f"{row.n}", (row.stance, row.influence), ha="center", va="center", fontsize=9, color=colour)
    bar = ax.figure.colorbar(dots, ax=ax, shrink=0.8)
    canvas.percent_axis(bar.ax.yaxis, _("Met lately"))
    ax.set(xlim=(-2.6, 2.6), ylim=(0.4, 5.6), xticks=[-2, -1, 0, 1, 2], yticks=[1, 2, 3, 4, 5])
    ax.axvline(0, color=canvas.GRID, linewidth=1, zorder=0)
    ax.set_xlabel(_("Stance: −2 against us, 0 neutral, +2 our advocate"))
    ax.set_ylabel(_("Influence (1–5)"))
    ax.set_title(_("Where does the influence stand, and have we met it?"))
    return ax


def coverage_grid(coverage: pd.DataFrame, *, most: int = 18, ax: Axes | None = None) -> Axes:
    """Account by decision role: days since we met somebody in it; hatched = not met lately, crossed = nobody known.

    Parameters
    ----------
    coverage
        `roles.role_coverage`, accounts in the order in which to show: account_name, decision_role, state, days_since.
    """
    names = coverage["account_id"].drop_duplicates().head(most)
    ax = canvas.axes(ax, height=canvas.rows_height(len(names), each=0.32))
    if names.empty:
        return canvas.say_empty(ax, _("There is no account whose roles could be covered."))
    columns = {role: place for place, role in enumerate(MARKERS)}
    rows = {account: len(names) - 1 - place for place, account in enumerate(names)}
    looks = {"covered": (canvas.MID, ""), "stale": (canvas.PALE, "///"), "unknown": ("white", "xx")}
    for row in coverage[coverage["account_id"].isin(names)].itertuples():
        colour, hatch = looks[row.state]
        place, line = columns[row.decision_role], rows[row.account_id]
        ax.barh(
            line, 0.94, left=place - 0.47, height=0.86, color=colour, hatch=hatch, edgecolor=canvas.MUTED, linewidth=0.5
        )
        if row.known:
            text = f"{row.days_since:.0f}" if row.days_since == row.days_since else _("never")
            ax.text(
                place,
                line,
                text,
                ha="center",
                va="center",
                fontsize=8.5,
                color="white" if row.state == "covered" else canvas.INK,
                bbox={"boxstyle": "round,pad=0.15", "color": canvas.MID if row.state == "covered" else "white"},
            )
    labels = coverage.drop_duplicates("account_id").set_index("account_id")["account_name"]
    ax.set_yticks(list(rows.values()), [canvas.short(labels[account], 24) for account in rows])
    ax.set_xticks(list(columns.values()), list(_role_names().values()))
    ax.set(xlim=(-0.5, 3.5), ylim=(-0.6, len(names) - 0.4))
    ax.set_xlabel(_("Days since we met the role (hatched: too long ago; crossed: nobody known)"))
    ax.tick_params(length=0)
    ax.set_title(_("Which decision roles are not covered?"))
    return ax


def thread_dots(threads: pd.DataFrame, *, most: int = 8, ax: Axes | None = None) -> Axes:
    """On how many people each relationship hangs, against the share of the deciding power that was met lately.

    Parameters
    ----------
    threads
        `roles.threading`, the accounts to name first: account_name, threads, power_covered.
    """
    ax = canvas.axes(ax)
    table = threads[threads["contacts"] > 0]
    if table.empty:
        return canvas.say_empty(ax, _("Nobody is known at any account."))
    ax.scatter(table["threads"], table["power_covered"], s=34, color=canvas.MID, edgecolor="white", alpha=0.85)
    ax.axvline(2, color=canvas.STRONG, linestyle="--", linewidth=1.2)
    ax.set(xlim=(-0.2, max(table["threads"].max(), 2.5) * 1.08), ylim=(-0.04, 1.06))
    ax.set_xlabel(_("Threads: effective number of people met in twelve months"))
    canvas.percent_axis(ax.yaxis, _("Deciding power met lately"))
    ax.set_title(_("On how many people does each relationship hang?"))
    named = table.head(most)
    canvas.name_points(ax, named["threads"], named["power_covered"], named["account_name"])
    return ax


def trust_line(trend: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Mean trust per half-year with its range, and how many people it is a mean of.

    Parameters
    ----------
    trend
        `roles.trust_over_time`: half, people, trust, low, high.
    """
    ax = canvas.axes(ax, height=3.2)
    if trend.empty:
        return canvas.say_empty(ax, _("Nobody's trust was judged, and nobody was asked."))
    places = np.arange(len(trend))
    ax.vlines(
        places,
        trend["low"].fillna(trend["trust"]),
        trend["high"].fillna(trend["trust"]),
        color=canvas.LIGHT,
        linewidth=7,
    )
    ax.plot(places, trend["trust"], marker="o", color=canvas.DARK)
    labels = [f"{row.half:%Y}-{'H1' if row.half.month < 7 else 'H2'}\nn = {row.people}" for row in trend.itertuples()]
    ax.set_xticks(places, labels)
    ax.set(xlim=(-0.5, len(trend) - 0.5), ylim=(0, 1.05))
    ax.set_ylabel(_("Trust (0–1)"))
    ax.set_xlabel(_("Half-year, and people in it"))
    ax.set_title(_("Do they trust us more than they did?"))
    return ax
