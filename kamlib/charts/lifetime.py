"""Charts of lifetime value: what silence means, whether forecasts came true, what accounts are worth."""

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.charts import canvas
from kamlib.edition import _

_CELLS_WITH_NUMBERS = 200


def recency_heatmap(matrix: pd.DataFrame, *, periods: float, ax: Axes | None = None) -> Axes:
    """Expected orders by frequency and silence, the darker the more, each cell with its number.

    Parameters
    ----------
    matrix
        `lifetime.recency_matrix`: frequency, since_last (weeks), expected_orders.
    periods
        Weeks ahead, for the title.
    """
    ax = canvas.axes(ax, height=4.8)
    if matrix.empty:
        return canvas.say_empty(ax, _("No account has ordered yet."))
    grid = matrix.pivot(index="frequency", columns="since_last", values="expected_orders")
    drawn = ax.imshow(grid, aspect="auto", origin="lower", cmap="Blues", vmin=0)
    if grid.size <= _CELLS_WITH_NUMBERS:
        half = grid.to_numpy().max() / 2
        for (row, column), value in np.ndenumerate(grid.to_numpy()):
            colour = "white" if value > half else canvas.INK
            ax.text(column, row, f"{value:.1f}", ha="center", va="center", fontsize=8, color=colour)
    ax.set_xticks(range(grid.shape[1]), [f"{value:.0f}" for value in grid.columns])
    ax.set_yticks(range(grid.shape[0]), [f"{value:.0f}" for value in grid.index])
    ax.set_xlabel(_("Weeks since the last order"))
    ax.set_ylabel(_("Repeat orders so far"))
    ax.figure.colorbar(drawn, ax=ax, label=_("expected orders"))
    ax.set_title(_("How many orders are still to come in {weeks:.0f} weeks, after how much silence?", weeks=periods))
    return ax


def tracking_lines(tracking: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Repeat orders so far, week by week: what came, what the model says, and a straight line from the last quarter.

    Parameters
    ----------
    tracking
        `forecast_origins.tracking`: week, actual, model, naive, known.
    """
    ax = canvas.axes(ax)
    if tracking.empty:
        return canvas.say_empty(ax, _("No account had ordered before the day of the forecast."))
    ax.plot(tracking["week"], tracking["actual"], color=canvas.DARK, linewidth=2, label=_("came"))
    ax.plot(tracking["week"], tracking["model"], color=canvas.STRONG, linestyle="--", label=_("model"))
    ax.plot(tracking["week"], tracking["naive"], color=canvas.MUTED, linestyle=":", label=_("last quarter's pace"))
    known = tracking.loc[tracking["known"], "week"]
    ax.axvline(known.max(), color=canvas.INK, linewidth=1)
    ax.annotate(
        _("forecast from here "), (known.max(), 0.04), xycoords=("data", "axes fraction"), ha="right", fontsize=9
    )
    ax.xaxis.set_major_formatter(mdates.DateFormatter("%Y-%m"))
    ax.set_ylim(bottom=0)
    ax.set_xlabel(_("Week"))
    ax.set_ylabel(_("Repeat orders so far"))
    ax.legend(loc="upper left")
    ax.set_title(_("Did as many orders come as the model said?"))
    return ax


def holdout_by_frequency(groups: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Mean orders after the forecast by frequency before it: bars what came, marks what was forecast.

    Parameters
    ----------
    groups
        `forecast_origins.by_frequency`: frequency, accounts, actual, model_calendar, naive_average.
    """
    ax = canvas.axes(ax)
    if groups.empty:
        return canvas.say_empty(ax, _("No account had ordered before the day of the forecast."))
    places = np.arange(len(groups))
    ax.bar(places, groups["actual"], color=canvas.LIGHT, label=_("came"))
    for column, marker, colour, label in (
        ("model_calendar", "o", canvas.STRONG, _("model with calendar")),
        ("naive_average", "x", canvas.INK, _("average so far")),
    ):
        ax.plot(places, groups[column], marker, color=colour, label=label, markersize=7)
    names = [f"{frequency:.0f}" for frequency in groups["frequency"]]
    names[-1] += "+"
    ax.set_xticks(places, [f"{name} ({n})" for name, n in zip(names, groups["accounts"], strict=True)])
    ax.set_xlabel(_("Repeat orders before the forecast (number of accounts)"))
    ax.set_ylabel(_("Orders per account after it"))
    canvas.legend_below(ax)
    ax.set_title(_("Is the forecast right for rare and for frequent buyers?"))
    return ax


def origin_errors(comparison: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The error per account of every rule, for every day of forecast: dark for the model, pale for naive rules.

    Parameters
    ----------
    comparison
        `forecast_origins.compare_origins`: origin, rule, kind, mae (orders per account).
    """
    ax = canvas.axes(ax, height=4.8)
    if comparison.empty:
        return canvas.say_empty(ax, _("There is no day from which a forecast could be tested."))
    names = _rule_names()
    table = comparison.pivot(index="origin", columns="rule", values="mae")
    table = table[[rule for rule in names if rule in table]]
    width = 0.8 / len(table.columns)
    colours = (canvas.DARK, canvas.MID, canvas.STRONG, canvas.PALE, canvas.LIGHT, "#d9d2bf")
    for at, rule in enumerate(table):
        places = np.arange(len(table)) + (at - (len(table.columns) - 1) / 2) * width
        ax.bar(
            places,
            table[rule],
            width,
            color=colours[at],
            hatch=canvas.HATCHES[at],
            edgecolor="white",
            linewidth=0.4,
            label=names[rule],
        )
    ax.set_xticks(range(len(table)), [f"{origin:%Y-%m-%d}" for origin in table.index])
    ax.set_xlabel(_("Day of the forecast"))
    ax.set_ylabel(_("Mean absolute error (orders per account)"))
    canvas.legend_below(ax, columns=3)
    ax.set_title(_("Which rule was nearest, from which day?"))
    return ax


def _rule_names() -> dict[str, str]:
    """What people call the rules of a forecast, in the language spoken now."""
    return {
        "model_calendar": _("model with calendar"),
        "model_likely": _("model with calendar, middle value"),
        "model_plain": _("model alone"),
        "naive_average": _("average so far"),
        "naive_last": _("last period again"),
        "naive_year": _("same weeks last year"),
    }


def value_bars(values: pd.DataFrame, *, currency: str = "", most: int = 20, ax: Axes | None = None) -> Axes:
    """The accounts of highest lifetime value, each with its interval and the probability that it is still a customer.

    Parameters
    ----------
    values
        `lifetime.lifetime_value` with account_name: lifetime_value, value_low, value_high (currency), p_alive.
    """
    table = values.nlargest(most, "lifetime_value", keep="first").iloc[::-1]
    ax = canvas.axes(ax, height=canvas.rows_height(len(table)))
    if table.empty:
        return canvas.say_empty(ax, _("No account has ordered yet."))
    places = np.arange(len(table))
    around = [table["lifetime_value"] - table["value_low"], table["value_high"] - table["lifetime_value"]]
    ax.barh(places, table["lifetime_value"], color=canvas.LIGHT)
    ax.errorbar(table["lifetime_value"], places, xerr=around, fmt="o", color=canvas.DARK, markersize=4, capsize=3)
    largest = max(table["value_high"].max(), -table["value_low"].min())
    for place, row in zip(places, table.itertuples(), strict=True):
        ax.text(
            max(row.value_high, 0) + 0.015 * largest,
            place,
            _("{p:percent}", p=row.p_alive),
            va="center",
            fontsize=9,
            color=canvas.MUTED,
        )
    ax.set_yticks(places, [canvas.short(str(name)) for name in table["account_name"]])
    ax.set(ylim=(-0.6, len(table) - 0.4), xlim=(min(table["value_low"].min() * 1.05, 0), largest * 1.13))
    canvas.money_axis(ax.xaxis, largest, _("Contribution to come; beside it: still a customer"), currency)
    ax.set_title(_("What is each account worth from now on, and how sure is that?"))
    return ax


def renewal_lines(curve: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Share of contracts that still run after each term, and the share renewed of those up for renewal.

    Parameters
    ----------
    curve
        `contracts.renewal_curve` of one region: term, survival, retention.
    """
    ax = canvas.axes(ax)
    if curve.empty:
        return canvas.say_empty(ax, _("No contract term has come to its end yet."))
    ax.step(
        curve["term"], curve["survival"], where="post", color=canvas.DARK, linewidth=2, label=_("still under contract")
    )
    ax.plot(curve["term"], curve["retention"], "o--", color=canvas.STRONG, label=_("renewed, of those up for renewal"))
    ax.set_ylim(0, 1.05)
    ax.set_xlabel(_("Renewals since signing"))
    canvas.percent_axis(ax.yaxis, _("Share of contracts"))
    ax.legend(loc="lower left")
    ax.set_title(_("If an order is a contract: how long do contracts last?"))
    return ax
