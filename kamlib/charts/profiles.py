"""Charts of decade 1: classes side by side, who moved, groups, profiles, and the ideal customer."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.charts import canvas
from kamlib.edition import _


def _word(code: str) -> str:
    """A class, trait or feature by its name."""
    names = {
        "large": _("large"), "medium": _("medium"), "small": _("small"), "no_revenue": _("no revenue"),
        "new": _("new account"),
        "strategic": _("strategic"), "long_term": _("long-term"), "short_term": _("short-term"),
        "yes": _("yes"), "no": _("no"),
        "size": _("own size"), "revenue_class": _("our revenue"), "industry": _("industry"),
        "depth": _("depth of cooperation"), "agreed": _("depth agreed"), "part_of_group": _("part of a group"),
        "revenue": _("revenue"), "growth": _("growth"), "order_size": _("order size"),
        "product_count": _("products"), "tenure_years": _("years as a customer"),
        "repeat_rate": _("repeat rate"), "price_realisation": _("price realised"),
        "tertiary hospital": _("tertiary hospital"), "secondary hospital": _("secondary hospital"),
        "specialist hospital": _("specialist hospital"), "county hospital": _("county hospital"),
        "private hospital": _("private hospital"), "medical group": _("medical group"), "dealer": _("dealer"),
    }  # fmt: skip
    return _(names.get(code, str(code)))


def class_matrix(table: pd.DataFrame, rows: str, columns: str, *, ax: Axes | None = None) -> Axes:
    """Two classifications crossed: the number of accounts in each cell, the darker the more of the revenue.

    Parameters
    ----------
    table
        `classes.cross_tab`: the two columns named, n, revenue_share (0–1).
    """
    ax = canvas.axes(ax, height=canvas.rows_height(table[rows].nunique(), each=0.5))
    if table.empty:
        return canvas.say_empty(ax, _("No account has both classes."))
    _cells(ax, table.assign(shade=table["revenue_share"]), rows, columns)
    ax.set_ylabel(_word(rows))
    ax.set_xlabel(_("{by} (number: accounts; darker: more of the revenue)", by=_word(columns)))
    ax.set_title(_("Which accounts are large, and which are large with us?") if rows == "size" else _(
        "How do the classes lie across each other?"
    ))  # fmt: skip
    return ax


def migration_matrix(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How many accounts went from which class a year ago to which class today; the diagonal stayed.

    Parameters
    ----------
    table
        `classes.migration`: before, now, n.
    """
    ax = canvas.axes(ax, height=canvas.rows_height(table["before"].nunique(), each=0.5))
    if table["n"].sum() == 0:
        return canvas.say_empty(ax, _("No account had a class in either year."))
    of_row = table.groupby("before")["n"].transform("sum")
    _cells(ax, table.assign(shade=table["n"] / of_row.where(of_row > 0, 1)), "before", "now")
    ax.set_ylabel(_("class a year ago"))
    ax.set_xlabel(_("class today (number: accounts; darker: larger share of the row)"))
    ax.set_title(_("Who rose, who fell, who is new?"))
    return ax


def _cells(ax: Axes, table: pd.DataFrame, rows: str, columns: str) -> None:
    """A matrix of counts, each cell shaded by ``shade`` (0–1)."""
    down, across = (list(dict.fromkeys(table[name])) for name in (rows, columns))
    across = sorted(across, key=lambda name: _RANK.get(name, -1))
    down = sorted(down, key=lambda name: _RANK.get(name, -1))
    shade = np.zeros((len(down), len(across)))
    for row in table.to_dict("records"):
        shade[down.index(row[rows]), across.index(row[columns])] = row["shade"]
    ax.imshow(shade, cmap="Blues", vmin=0, vmax=max(float(shade.max()) * 1.4, 1e-9), aspect="auto")
    for row in table.to_dict("records"):
        at, dark = (across.index(row[columns]), down.index(row[rows])), row["shade"] > 0.85 * shade.max()
        ax.text(*at, f"{row['n']:,.0f}", ha="center", va="center", color="white" if dark else canvas.INK)
    ax.set_xticks(range(len(across)), [canvas.short(_word(name), 16) for name in across])
    ax.set_yticks(range(len(down)), [canvas.short(_word(name)) for name in down])
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)


_RANK = {
    name: place
    for place, name in enumerate(
        ("large", "medium", "small", "A", "B", "C", "no_revenue", "strategic", "long_term", "short_term", "new")
    )
}


def group_check_lines(checks: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How separate and how stable k-means groups are for each number of groups, and what chance alone reaches.

    Parameters
    ----------
    checks
        `profiles.group_checks`.
    """
    ax = canvas.axes(ax, height=3.6 if len(checks) else 1.2)
    if checks.empty:
        return canvas.say_empty(ax, _("Too few accounts to look for groups: read them one by one."))
    k = checks["k"].astype(int)
    ax.plot(k, checks["stability"], "s-", color=canvas.MID, label=_("found again in resamples (needs 0.75)"))
    ax.plot(k, checks["silhouette"], "o-", color=canvas.DARK, label=_("silhouette (needs 0.25, and more than chance)"))
    ax.plot(k, checks["by_chance"], ":", color=canvas.STRONG, linewidth=2, label=_("silhouette reached by chance"))
    holding = checks[checks["holds"].astype(bool)]
    ax.plot(
        holding["k"], holding["silhouette"], "o", markersize=15, fillstyle="none", color=canvas.STRONG,
        label=_("holds") if len(holding) else None,
    )  # fmt: skip
    ax.set(xticks=k, ylim=(0, 1.02))
    ax.set_xlabel(_("Number of groups"))
    ax.set_ylabel(_("Index (0–1)"))
    canvas.legend_below(ax, columns=2)
    ax.set_title(_("Are there groups in the data, or do we cut a cloud?"))
    return ax


def profile_dots(profile: pd.DataFrame, *, by: str = "", ax: Axes | None = None) -> Axes:
    """Each group's median in every feature, as distance from the median of all, with its interval.

    Parameters
    ----------
    profile
        `profiles.profile`.
    by
        The classification the groups come from, for the label.
    """
    kinds = list(dict.fromkeys(profile["group"]))
    names = sorted(kinds, key=lambda name: (_RANK.get(name, -1), str(name)))
    features = list(dict.fromkeys(profile["feature"]))
    ax = canvas.axes(ax, height=canvas.rows_height(len(features), each=0.2 + 0.16 * len(names)))
    if profile.empty:
        return canvas.say_empty(ax, _("No customer has revenue: there is no profile to draw."))
    step = 0.8 / len(names)
    for row, name in enumerate(names):
        mine = profile[profile["group"] == name].set_index("feature").reindex(features)
        places = np.arange(len(features))[::-1] + 0.4 - step * (row + 0.5)
        colour, marker = canvas.SERIES[row % len(canvas.SERIES)], "oDs^vP*X"[row % 8]
        label = _("{name} ({n})", name=_word(name), n=int(mine["n"].max()))
        ax.hlines(places, mine["low"], mine["high"], color=colour, linewidth=2, alpha=0.55)
        ax.plot(mine["difference"], places, marker, color=colour, markersize=6, label=label)
    ax.axvline(0, color=canvas.INK, linewidth=1)
    for edge in np.arange(len(features) - 1) + 0.5:
        ax.axhline(edge, color=canvas.GRID, linewidth=0.8)
    ax.set_yticks(np.arange(len(features))[::-1], [_word(name) for name in features])
    ax.set_xlabel(_("Distance from the median of all, in interquartile ranges; line: 90 % interval"))
    canvas.legend_below(ax, columns=4)
    ax.set_title(_("What makes each class different: {by}?", by=_word(by)) if by else _("What makes each different?"))
    return ax


def lift_dots(lift: pd.DataFrame, *, success: str = "", most: int = 18, ax: Axes | None = None) -> Axes:
    """How many times as often each trait goes with success as the average, with its interval, on a logarithmic scale.

    Parameters
    ----------
    lift
        `profiles.trait_lift`.
    success
        What success is here, in words.
    """
    table = lift.head(most).iloc[::-1]
    ax = canvas.axes(ax, height=canvas.rows_height(len(table)))
    if table.empty:
        return canvas.say_empty(ax, _("Nothing to compare: all cases ended alike, or there are none."))
    places, least = np.arange(len(table)), 0.05
    looks = {
        "look_for": (canvas.DARK, "o", _("look for")),
        "unclear": (canvas.LIGHT, "s", _("unclear")),
        "avoid": (canvas.STRONG, "D", _("avoid")),
    }
    ax.hlines(places, table["low"].clip(lower=least), table["high"].clip(lower=least), color=canvas.LIGHT, linewidth=4)
    for verdict, (colour, marker, label) in looks.items():
        chosen = (table["verdict"] == verdict).to_numpy()
        if chosen.any():
            ax.plot(
                table["lift"].clip(lower=least)[chosen], places[chosen], marker, color=colour,
                markeredgecolor=canvas.INK, markeredgewidth=0.5, label=label,
            )  # fmt: skip
    ax.axvline(1, color=canvas.INK, linewidth=1)
    ax.set_xscale("log")
    ticks = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]
    reach = table[["low", "high", "lift"]].to_numpy(float)
    ax.set_xlim(max(np.nanmin(reach) * 0.8, least * 0.9), np.nanmax(reach) * 1.25)
    shown = [tick for tick in ticks if ax.get_xlim()[0] <= tick <= ax.get_xlim()[1]]
    ax.set_xticks(shown, [f"{tick:g}×" for tick in shown])
    ax.minorticks_off()
    labels = [
        canvas.short(f"{_word(row.trait)}: {_word(row.trait_value)} ({row.n:,.0f})", 36) for row in table.itertuples()
    ]
    ax.set_yticks(places, labels)
    ax.set_ylim(-0.7, len(table) - 0.3)
    ax.set_xlabel(_("Lift (1× = like the average); line: 90 % interval; in brackets: number of cases"))
    canvas.legend_below(ax)
    ax.set_title(_("Which traits go with {success}?", success=success or _("success")))
    return ax
