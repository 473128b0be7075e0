"""Charts of notebook 40: who carries the target, when, how far it is from what is likely, and whether it is SMART."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.charts import canvas
from kamlib.edition import _, compact, percent


def target_bars(parts: pd.DataFrame, *, most: int = 16, currency: str = "", ax: Axes | None = None) -> Axes:
    """Last year's sales beside the target, the largest targets first; locked ones hatched.

    Parameters
    ----------
    parts
        label, history, target (currency), bound (``lock``, ``floor``, ``cap`` or blank).
    """
    table = parts.nlargest(most, "target").iloc[::-1]
    ax = canvas.axes(ax, height=canvas.rows_height(len(table), each=0.36))
    if table.empty:
        return canvas.say_empty(ax, _("There is nobody to share the target with."))
    places = np.arange(len(table))
    locked = (table["bound"] == "lock").to_numpy()
    ax.barh(places + 0.2, table["history"], height=0.36, color=canvas.LIGHT, label=_("last twelve months"))
    styles = ((~locked, "", canvas.DARK, _("target")), (locked, "///", canvas.MID, _("target, locked")))
    for chosen, hatch, colour, label in styles:
        if chosen.any():
            rows, wide = places[chosen] - 0.2, table["target"][chosen]
            ax.barh(rows, wide, height=0.36, color=colour, hatch=hatch, edgecolor="white", linewidth=0, label=label)
    ax.set_yticks(places, [canvas.short(str(name)) for name in table["label"]])
    ax.set_ylim(-0.6, len(table) - 0.4)
    canvas.money_axis(ax.xaxis, table[["history", "target"]].max().max(), _("Sales a year"), currency)
    canvas.legend_below(ax)
    ax.set_title(_("Who carries how much of the target?"))
    return ax


def monthly_targets(months: pd.DataFrame, *, currency: str = "", ax: Axes | None = None) -> Axes:
    """Each month's target as a bar, what the same month brought a year before as a line.

    Parameters
    ----------
    months
        month_start, target, last_year (currency; missing where there was none).
    """
    ax = canvas.axes(ax, height=3.6)
    if months.empty or not months["target"].sum() > 0:
        return canvas.say_empty(ax, _("There is no target to spread over months."))
    places = np.arange(len(months))
    ax.bar(places, months["target"], color=canvas.MID, label=_("target"))
    ax.plot(places, months["last_year"], color=canvas.STRONG, marker="o", markersize=4, label=_("a year before"))
    ax.set_xticks(places, [f"{day:%Y-%m}" for day in months["month_start"]], rotation=45, ha="right")
    canvas.money_axis(ax.yaxis, months[["target", "last_year"]].max().max(), _("Sales a month"), currency)
    ax.set_ylim(0, None)
    ax.legend(loc="upper left", ncols=2, bbox_to_anchor=(0, 1.02))
    ax.set_ylim(0, ax.get_ylim()[1] * 1.12)
    ax.set_title(_("In which months should the target come in?"))
    return ax


def target_bridge(steps: pd.DataFrame, *, currency: str = "", ax: Axes | None = None) -> Axes:
    """A waterfall from what is sold, over what is likely, to the target; the gap is what the plan must bring.

    Parameters
    ----------
    steps
        `outlook.target_bridge`: step, amount (currency), the last step being the target.
    """
    ax = canvas.axes(ax, height=3.8)
    if steps.empty or not (steps["amount"].abs() > 0).any():
        return canvas.say_empty(ax, _("There is neither a target nor anything sold."))
    names = {
        "sold": _("sold\nso far"),
        "flow": _("business\nwithout deals"),
        "open_deals": _("open deals\n× win rate"),
        "new_deals": _("deals still\nto be found"),
        "gap": _("gap"),
        "target": _("target"),
    }
    amount = steps["amount"].to_numpy(float)
    start = np.append(np.concatenate([[0], np.cumsum(amount[:-1])])[:-1], 0.0)
    colours = [{"gap": canvas.STRONG, "target": canvas.DARK}.get(step, canvas.MID) for step in steps["step"]]
    bars = ax.bar(np.arange(len(steps)), amount, bottom=start, color=colours)
    for bar, step in zip(bars, steps["step"], strict=True):
        bar.set_hatch("///" if step == "gap" else "")
        bar.set_edgecolor("white")
    tops = np.maximum(start, start + amount)
    for place, (top, value) in enumerate(zip(tops, amount, strict=True)):
        ax.text(place, top, compact(value), ha="center", va="bottom", fontsize=9, color=canvas.INK)
    ax.set_xticks(np.arange(len(steps)), [names.get(step, step) for step in steps["step"]])
    canvas.money_axis(ax.yaxis, tops.max(), _("Sales in the period"), currency)
    ax.set_ylim(min(0.0, (start + amount).min()) * 1.1, tops.max() * 1.12)
    ax.axhline(0, color=canvas.MUTED, linewidth=0.8)
    ax.set_title(_("How far is the target from what is likely?"))
    return ax


def smart_grid(shares: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Of how many targets each rule holds, by level: the darker the better, the figure inside.

    Parameters
    ----------
    shares
        `smart.smart_share`: level, rule, targets, passed_share.
    """
    levels = list(dict.fromkeys(shares["level"]))
    rules = list(dict.fromkeys(shares["rule"]))
    ax = canvas.axes(ax, height=1.6 + 0.6 * max(len(levels), 1))
    if shares.empty:
        return canvas.say_empty(ax, _("There is no target to check."))
    names = {
        "specific": _("specific"),
        "measurable": _("measurable"),
        "attainable": _("attainable"),
        "relevant": _("relevant"),
        "time_bound": _("time-bound"),
        "owned": _("owned"),
        "region": _("whole"),
        "person": _("people"),
        "account": _("accounts"),
    }
    grid = shares.pivot(index="level", columns="rule", values="passed_share").loc[levels, rules]
    ax.imshow(grid, cmap="Blues", vmin=0, vmax=1.3, aspect="auto")
    for (y, x), value in np.ndenumerate(grid.to_numpy(float)):
        ax.text(x, y, percent(value), ha="center", va="center", color="white" if value > 0.75 else canvas.INK)
    many = shares.drop_duplicates("level").set_index("level")["targets"]
    ax.set_xticks(range(len(rules)), [names.get(rule, rule) for rule in rules])
    labels = [_("{level}: {n} targets", level=names.get(level, level), n=many[level]) for level in levels]
    ax.set_yticks(range(len(levels)), labels)
    ax.tick_params(length=0)
    ax.set_xlabel(_("Share of targets for which the rule holds"))
    ax.spines[:].set_visible(False)
    ax.set_title(_("Are the targets SMART?"))
    return ax


def share_needed(scenarios: pd.DataFrame, *, sales: float, currency: str = "", ax: Axes | None = None) -> Axes:
    """The sales that the share asks for, by growth of the market, beside today's sales.

    Parameters
    ----------
    scenarios
        `outlook.share_scenarios`: scenario, growth, needed_sales (currency).
    sales
        Today's sales a year (currency).
    """
    ax = canvas.axes(ax, height=2.8)
    if scenarios.empty:
        return canvas.say_empty(ax, _("Without the size of the market there is no share to aim at."))
    places = np.arange(len(scenarios))
    ax.barh(places, scenarios["needed_sales"], color=canvas.MID, height=0.55)
    ax.axvline(sales, color=canvas.STRONG, linestyle="--", label=_("last twelve months"))
    for place, row in zip(places, scenarios.itertuples(), strict=True):
        ax.text(row.needed_sales, place, " " + compact(row.needed_sales), va="center", fontsize=9)
    names = {"shrinking": _("shrinks"), "low": _("low"), "usual": _("usual"), "high": _("high")}
    rows = scenarios.itertuples()
    labels = [_("{name}: {growth:percent}", name=names.get(r.scenario, r.scenario), growth=r.growth) for r in rows]
    ax.set_yticks(places, labels)
    ax.set_ylabel(_("Growth of the market"))
    largest = max(scenarios["needed_sales"].max(), sales)
    canvas.money_axis(ax.xaxis, largest, _("Sales needed a year"), currency)
    ax.set_xlim(0, largest * 1.18)
    canvas.legend_below(ax)
    ax.set_title(_("What must we sell to reach the share we aim at?"))
    return ax


def satisfaction_dots(table: pd.DataFrame, *, most: int = 15, ax: Axes | None = None) -> Axes:
    """The least satisfied accounts: the estimate with its interval, the few answers' own mean, and the target.

    Parameters
    ----------
    table
        `outlook.satisfaction_targets`: account_name, n, csat, estimate, low, high, target.
    """
    rows = table.head(most).iloc[::-1]
    ax = canvas.axes(ax, height=canvas.rows_height(len(rows)))
    if rows.empty:
        return canvas.say_empty(ax, _("Nobody was asked in this period."))
    places = np.arange(len(rows))
    ax.hlines(places, rows["low"], rows["high"], color=canvas.MID, linewidth=3, label=_("estimate, 90 % interval"))
    ax.plot(rows["estimate"], places, "o", color=canvas.DARK)
    ax.plot(rows["csat"], places, "x", color=canvas.MUTED, label=_("mean of its own answers"))
    ax.plot(rows["target"], places, "|", color=canvas.STRONG, markersize=13, markeredgewidth=2.5, label=_("target"))
    names = [f"{canvas.short(row.account_name, 22)} (n={row.n:.0f})" for row in rows.itertuples()]
    ax.set_yticks(places, names)
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.set_xlabel(_("Satisfaction, points (1 not at all, 5 very)"))
    canvas.legend_below(ax)
    ax.set_title(_("Which accounts are least satisfied, and how sure are we?"))
    return ax
