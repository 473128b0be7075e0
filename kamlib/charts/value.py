"""Charts of decade 2, part one: what accounts leave, why some take, and what is kept."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.charts import canvas
from kamlib.edition import _, compact

EFFECT_COLOURS = {
    "price": canvas.DARK,
    "mix": "#e08e45",
    "unit_cost": canvas.LIGHT,
    "service": "#4f9d8f",
    "overhead": canvas.MUTED,
    "payment": canvas.STRONG,
}


def profit_steps(steps: pd.DataFrame, *, currency: str = "", ax: Axes | None = None) -> Axes:
    """From revenue to contribution, one falling bar per cost.

    Parameters
    ----------
    steps
        One row: revenue, goods, service_cost, overhead, financing_cost, contribution (currency).
    """
    ax = canvas.axes(ax, height=3.6)
    if steps.empty or not steps.iloc[0].abs().sum() > 0:
        return canvas.say_empty(ax, _("Nothing was sold and nothing was spent in this period."))
    row = steps.iloc[0]
    costs = ("goods", "service_cost", "overhead", "financing_cost")
    names = [_("revenue"), _("goods"), _("cost to serve"), _("overhead"), _("financing"), _("contribution")]
    tops = np.concatenate([[row["revenue"]], row["revenue"] - np.cumsum([0, *row[list(costs)].iloc[:-1]])])
    heights = np.array([row["revenue"], *(-row[list(costs)]), row["contribution"]], dtype=float)
    bottoms = np.array([0, *tops[1:], 0], dtype=float)
    colours = [canvas.DARK, *[canvas.LIGHT] * len(costs), canvas.MID if row["contribution"] >= 0 else canvas.STRONG]
    ax.bar(names, heights, bottom=bottoms, color=colours, width=0.62)
    ends = np.maximum(bottoms, bottoms + heights)
    for place, (end, height) in enumerate(zip(ends, heights, strict=True)):
        text = compact(height) if height else "0"
        ax.annotate(text, (place, end), (0, 3), textcoords="offset points", ha="center", color=canvas.INK)
    ax.axhline(0, color=canvas.MUTED, linewidth=0.8)
    ax.set_ylim(min(0, row["contribution"] * 1.15), max(ends) * 1.12)
    canvas.money_axis(ax.yaxis, max(ends), _("Amount in the window"), currency)
    ax.set_title(_("What is left of the revenue?"))
    return ax


def whale_curve(curve: pd.DataFrame, *, currency: str = "", ax: Axes | None = None) -> Axes:
    """Contribution heaped up from the best account to the worst: up to the summit, then down by the losing ones.

    Parameters
    ----------
    curve
        `value.whale_curve`.
    """
    ax = canvas.axes(ax)
    if curve.empty:
        return canvas.say_empty(ax, _("No account bought or cost anything in this period."))
    x = np.concatenate([[0], curve["account_share"]])
    y = np.concatenate([[0], curve["cumulative"]])
    summit = int(np.argmax(y))
    ax.plot(x, y, color=canvas.DARK, linewidth=2)
    ax.fill_between(x[: summit + 1], y[: summit + 1], color=canvas.PALE)
    ax.fill_between(x[summit:], y[summit:], y[-1], color=canvas.STRONG, alpha=0.55, hatch="///", edgecolor="white")
    ax.axhline(y[-1], color=canvas.MUTED, linestyle="--", linewidth=1)
    ax.annotate(
        _("total {amount}", amount=compact(y[-1])),
        (0.01, y[-1]),
        (0, 3),
        textcoords="offset points",
        color=canvas.MUTED,
    )
    losers = len(curve) - summit
    label = _("{n} accounts take {amount} away", n=losers, amount=compact(y[summit] - y[-1]))
    if losers and y[summit] > y[-1]:
        ax.annotate(
            label,
            (x[summit], y[summit]),
            (0, 8),
            textcoords="offset points",
            ha="right",
            color=canvas.STRONG,
            va="bottom",
        )
    ax.set_xlim(0, 1)
    span = max(y) - min(y) or 1
    ax.set_ylim(min(y) - 0.03 * span, max(y) + 0.14 * span)
    canvas.percent_axis(ax.xaxis, _("Accounts, most profitable first"))
    canvas.money_axis(ax.yaxis, max(abs(y)), _("Contribution, heaped up"), currency)
    ax.set_title(_("Which accounts earn, and how much do the others take away?"))
    return ax


def gap_bars(gaps: pd.DataFrame, *, currency: str = "", most: int = 12, ax: Axes | None = None) -> Axes:
    """For the accounts with the lowest contribution: what lifts and what pulls them, against the average.

    Parameters
    ----------
    gaps
        `value.contribution_gaps`, the accounts to show first.
    """
    table = gaps.head(most).iloc[::-1]
    ax = canvas.axes(ax, height=canvas.rows_height(len(table), each=0.36))
    if table.empty:
        return canvas.say_empty(ax, _("No account takes more than it brings."))
    places = np.arange(len(table))
    up, down = np.zeros(len(table)), np.zeros(len(table))
    names = {
        "price": _("price"),
        "mix": _("mix"),
        "unit_cost": _("unit cost"),
        "service": _("service"),
        "overhead": _("overhead"),
        "payment": _("payment"),
    }
    for (effect, colour), hatch in zip(EFFECT_COLOURS.items(), canvas.HATCHES, strict=True):
        amount = table[effect].to_numpy(float)
        if not np.abs(amount).sum() > 0.005:
            continue
        left = np.where(amount >= 0, up, down)
        ax.barh(
            places, amount, left=left, color=colour, hatch=hatch, edgecolor="white", linewidth=0.4, label=names[effect]
        )
        up, down = up + np.clip(amount, 0, None), down + np.clip(amount, None, 0)
    gap = table["contribution"] - table["expected"]
    ax.plot(gap, places, linestyle="", marker="D", color=canvas.INK, markersize=5, label=_("all together"))
    ax.axvline(0, color=canvas.INK, linewidth=0.8)
    ax.set_yticks(places, [canvas.short(name, 22) for name in table["account_name"]])
    ax.set_ylim(-0.6, len(table) - 0.4)
    largest = max(up.max(), -down.min(), 1.0)
    canvas.money_axis(ax.xaxis, largest, _("More or less than at the average rate"), currency)
    canvas.legend_below(ax, columns=4)
    ax.set_title(_("Why do these accounts leave so little?"))
    return ax


def tenure_slopes(trend: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """What one more year as a customer does to the contribution rate: key accounts, others, the difference.

    Parameters
    ----------
    trend
        `value.tenure_trend`: group, accounts, slope, low, high.
    """
    ax = canvas.axes(ax, height=2.8)
    table = trend.dropna(subset=["slope"]).iloc[::-1]
    if table.empty:
        return canvas.say_empty(ax, _("There are not two years of at least two accounts in a group to compare."))
    names = {"key": _("key accounts"), "other": _("other accounts"), "difference": _("key minus other")}
    labels = [_("{name} ({n})", name=names[row.group], n=row.accounts) for row in table.itertuples()]
    places = np.arange(len(table))
    ax.hlines(places, table["low"], table["high"], color=canvas.LIGHT, linewidth=7)
    ax.plot(table["slope"], places, linestyle="", marker="o", color=canvas.DARK, markersize=8)
    ax.axvline(0, color=canvas.MUTED, linewidth=1, linestyle="--")
    ax.set_yticks(places, labels)
    ax.set_ylim(-0.6, len(table) - 0.4)
    canvas.percent_axis(ax.xaxis, _("Change of the contribution rate per year as a customer"))
    ax.set_title(_("Do key accounts leave less, the longer they are customers?"))
    return ax


def kept_steps(kept: pd.DataFrame, *, currency: str = "", ax: Axes | None = None) -> Axes:
    """From the revenue of the window before to that of this one.

    Parameters
    ----------
    kept
        `retention.revenue_kept`: step, amount, accounts.
    """
    ax = canvas.axes(ax, height=3.6)
    if not kept["amount"].abs().sum() > 0:
        return canvas.say_empty(ax, _("Nothing was sold in either period."))
    names = {
        "before": _("before"),
        "lost": _("gone"),
        "shrunk": _("shrunk"),
        "grown": _("grown"),
        "new": _("new or back"),
        "now": _("now"),
    }
    amount = kept["amount"].to_numpy(float)
    bottoms = np.array([0, *np.cumsum(amount[:-2]), 0])
    colours = [canvas.DARK, *(canvas.STRONG if x < 0 else canvas.MID for x in amount[1:-1]), canvas.DARK]
    labels = [f"{names[row.step]}\n{row.accounts}" for row in kept.itertuples()]
    ax.bar(labels, amount, bottom=bottoms, color=colours, width=0.62)
    ends = np.maximum(bottoms, bottoms + amount)
    for place, (end, value) in enumerate(zip(ends, amount, strict=True)):
        ax.annotate(compact(value), (place, end), (0, 3), textcoords="offset points", ha="center", color=canvas.INK)
    ax.set_ylim(min(0, (bottoms + amount).min()), max(ends.max(), 1) * 1.12)
    ax.set_xlabel(_("Step, and number of accounts"))
    canvas.money_axis(ax.yaxis, max(ends.max(), 1), _("Revenue"), currency)
    ax.set_title(_("How much of last period's revenue was kept?"))
    return ax


def dependence_dots(depends: pd.DataFrame, *, most: int = 6, ax: Axes | None = None) -> Axes:
    """How much of an account's decided demand came to us, against its share of our revenue.

    Parameters
    ----------
    depends
        `retention.dependence`, largest revenue first; the ``most`` largest are named.
    """
    ax = canvas.axes(ax)
    table = depends.dropna(subset=["their_dependence"])
    if table.empty:
        return canvas.say_empty(ax, _("No account has three decided deals: their side of the dependence is unknown."))
    ax.scatter(table["their_dependence"], table["our_dependence"], s=46, color=canvas.MID, edgecolor="white", zorder=3)
    top = table["our_dependence"].max() * 1.15
    ax.axvline(table["their_dependence"].median(), color=canvas.MUTED, linestyle="--", linewidth=1)
    ax.axhline(table["our_dependence"].median(), color=canvas.MUTED, linestyle="--", linewidth=1)
    ax.set(xlim=(-0.03, 1.03), ylim=(0, top))
    canvas.percent_axis(ax.xaxis, _("Of what it decided, won by us (by amount)"))
    canvas.percent_axis(ax.yaxis, _("Its share of our revenue"))
    ax.set_title(_("Who depends on whom?"))
    named = table.head(most)
    canvas.name_points(ax, named["their_dependence"], named["our_dependence"], named["account_name"], width=20)
    return ax
