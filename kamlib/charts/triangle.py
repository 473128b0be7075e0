"""Charts of the iron triangle: where every account's effort lies, who works at which step, solo or team, load."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.charts import canvas
from kamlib.edition import _

_ROLES = ("AR", "SR", "FR")
_LOOKS = {"AR": (canvas.DARK, ""), "SR": (canvas.MID, "///"), "FR": (canvas.LIGHT, "...")}


def _names() -> dict[str, str]:
    return {"AR": _("account manager (AR)"), "SR": _("solution manager (SR)"), "FR": _("delivery manager (FR)")}


def triangle_map(effort: pd.DataFrame, *, most: int = 12, ax: Axes | None = None) -> Axes:
    """Every account as a dot in the triangle of the three roles; the nearer a corner, the more that role carries alone.

    The uneven accounts with most touches are named.

    Parameters
    ----------
    effort
        `triangle.team_effort`: account_name, AR, SR, FR, touches, side_balance.

    """
    ax = canvas.axes(ax, width=8, height=6.4)
    seen = effort[effort["touches"] > 0]
    if seen.empty:
        return canvas.say_empty(ax, _("No account was touched in this period."))
    corners = np.array([[0.5, np.sqrt(3) / 2], [0.0, 0.0], [1.0, 0.0]])
    ax.fill(*corners.T, facecolor="white", edgecolor=canvas.MUTED, linewidth=1.5)
    at = seen[list(_ROLES)].to_numpy(float) / seen[["touches"]].to_numpy() @ corners
    size = 18 + 160 * (seen["touches"] / seen["touches"].max()).to_numpy()
    for low, high, colour, marker, label in (
        (0.5, 1.01, canvas.MID, "o", _("even (balance 0.5 or more)")),
        (-0.01, 0.5, canvas.STRONG, "D", _("uneven (balance below 0.5)")),
    ):
        mask = seen["side_balance"].between(low, high, inclusive="left").to_numpy()
        ax.scatter(*at[mask].T, s=size[mask], color=colour, marker=marker, alpha=0.5, label=label)
    ax.plot(*corners.mean(axis=0), "+", color=canvas.INK, markersize=14, label=_("all three alike"))
    for (x, y), role, lift in zip(corners, _ROLES, (0.04, -0.08, -0.08), strict=True):
        ax.text(x, y + lift, _names()[role], ha="center", va="center", color=canvas.INK)
    ax.set(xlim=(-0.25, 1.25), ylim=(-0.14, 0.96), aspect="equal")
    ax.set_axis_off()
    ax.legend(loc="upper right", fontsize=9)
    ax.set_title(_("Size is touches: do the three roles pull together?"))
    apart = np.flatnonzero(seen["side_balance"] < 0.5)
    apart = apart[np.argsort(-size[apart], kind="stable")][:most]
    canvas.name_points(ax, *at[apart].T, seen["account_name"].iloc[apart])
    return ax


def step_heat(steps: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Touches in 30 days of every role at every step; a frame marks the role that answers for the step.

    Parameters
    ----------
    steps
        `triangle.effort_by_step` with a column ``name``: owner_role, AR, SR, FR.
    """
    ax = canvas.axes(ax, height=canvas.rows_height(len(steps), each=0.42))
    if steps.empty:
        return canvas.say_empty(ax, _("No deal has a dated step."))
    values = steps[list(_ROLES)].to_numpy(float)
    ax.pcolormesh(np.arange(4) - 0.5, np.arange(len(steps) + 1) - 0.5, values, cmap="Blues", vmin=0, edgecolors="white")
    for (row, column), value in np.ndenumerate(values):
        dark = value > 0.6 * values.max()
        ax.text(column, row, f"{value:.1f}", ha="center", va="center", color="white" if dark else canvas.INK)
    for row, role in enumerate(steps["owner_role"]):
        if role in _ROLES:
            x = _ROLES.index(role)
            frame = np.array([[-0.47, 0.47, 0.47, -0.47, -0.47], [-0.44, -0.44, 0.44, 0.44, -0.44]])
            ax.plot(frame[0] + x, frame[1] + row, color=canvas.STRONG, linewidth=2)
    ax.invert_yaxis()
    ax.set_xticks(range(3), [_names()[role] for role in _ROLES])
    ax.set_yticks(range(len(steps)), [canvas.short(name) for name in steps["name"]])
    ax.tick_params(length=0)
    ax.set_xlabel(_("Touches in 30 days of a deal in the step (red frame: the role that answers for it)"))
    ax.set_title(_("Who works at which step?"))
    return ax


def team_rates(selling: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The win rate of solo and team deals, per class of amount, with intervals.

    Parameters
    ----------
    selling
        `triangle.team_selling`: amount_class, team, deals, rate, low, high.
    """
    ax = canvas.axes(ax, height=3.8)
    if selling.empty or not selling["deals"].sum():
        return canvas.say_empty(ax, _("No closed deal outlived its first days: solo and team cannot be compared."))
    names = {"small": _("small deals"), "medium": _("medium deals"), "large": _("large deals")}
    classes = list(dict.fromkeys(selling["amount_class"]))
    solo, several = _("solo (0 or 1 role)"), _("team (2 or 3 roles)")
    looks = ((False, -0.13, canvas.LIGHT, "s", solo), (True, 0.13, canvas.DARK, "o", several))
    for team, shift, colour, marker, label in looks:
        side = selling[selling["team"] == team]
        places = np.array([classes.index(name) for name in side["amount_class"]]) + shift
        ax.vlines(places, side["low"], side["high"], color=colour, linewidth=4)
        ax.plot(places, side["rate"], marker, color=colour, markersize=9, markeredgecolor=canvas.INK, label=label)
        for place, row in zip(places, side.itertuples(), strict=True):
            ax.text(place + 0.05, row.rate, f"n={row.deals:,}", va="center", fontsize=9, color=canvas.INK)
    ax.set_xticks(range(len(classes)), [names[name] for name in classes])
    ax.set(xlim=(-0.5, len(classes) - 0.4), ylim=(0, min(1, 1.2 * selling["high"].max())))
    canvas.percent_axis(ax.yaxis, _("Deals won"))
    canvas.legend_below(ax, columns=2)
    ax.set_title(_("Do teams win more often than soloists?"))
    return ax


def load_bars(load: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Load of every person against capacity, by role.

    Parameters
    ----------
    load
        `triangle.role_load`: role, person, load. At most ten of each role are drawn.
    """
    shown = load.groupby("role", sort=False).head(10)[::-1].reset_index(drop=True)
    ax = canvas.axes(ax, height=canvas.rows_height(len(shown), each=0.32))
    if shown.empty:
        return canvas.say_empty(ax, _("No account names a person of the three roles."))
    for role in _ROLES:
        mine = shown[shown["role"] == role]
        colour, hatch = _LOOKS[role]
        if len(mine):
            ax.barh(mine.index, mine["load"], color=colour, hatch=hatch, edgecolor="white", label=_names()[role])
    ax.axvline(1, color=canvas.STRONG, linestyle="--", label=_("full capacity"))
    ax.set_yticks(range(len(shown)), [canvas.short(name) for name in shown["person"]])
    ax.set_xlim(0, 1.08 * max(1.0, shown["load"].max()))
    canvas.percent_axis(ax.xaxis, _("Touches made ÷ touches one person can make"))
    canvas.legend_below(ax, columns=2)
    ax.set_title(_("Who is overloaded, who has room?"))
    return ax
