"""Charts of decade 1 about single accounts: when they buy, what they buy, what they need."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.charts import canvas
from kamlib.edition import _, compact


def purchase_heat(history: pd.DataFrame, *, most: int = 20, ax: Axes | None = None) -> Axes:
    """Accounts × quarters: the darker, the closer to the account's own best quarter.

    Parameters
    ----------
    history
        `behaviour.order_history` with account_name; accounts are drawn in the order of their first row.
    """
    names = list(dict.fromkeys(history["account_name"]))[:most]
    ax = canvas.axes(ax, height=canvas.rows_height(len(names), each=0.36))
    if not names:
        return canvas.say_empty(ax, _("None of these accounts has ordered."))
    shown = history[history["account_name"].isin(names)]
    wide = shown.pivot_table(index="account_name", columns="quarter", values="amount", aggfunc="sum")
    wide = wide.reindex(index=names, columns=pd.date_range(wide.columns.min(), wide.columns.max(), freq="QS")).fillna(0)
    own_best = wide.max(axis=1).clip(lower=1e-9)
    shade = wide.clip(lower=0).div(own_best, axis=0)
    ax.imshow(shade, cmap="Blues", vmin=0, vmax=1.3, aspect="auto")
    for row, name in enumerate(names):
        for column, amount in enumerate(wide.loc[name]):
            dark = shade.iloc[row, column] > 0.75
            text = compact(amount) if amount else "·"
            ax.text(column, row, text, ha="center", va="center", fontsize=7.5, color="white" if dark else canvas.INK)
    ax.set_yticks(range(len(names)), [canvas.short(name, 24) for name in names])
    ax.set_xticks(range(wide.shape[1]), [f"{day.year % 100:02d}Q{day.quarter}" for day in wide.columns])
    ax.tick_params(length=0)
    for side in ax.spines.values():
        side.set_visible(False)
    ax.set_xlabel(_("Calendar quarter; number: amount net of returns; dark: the account's own best"))
    ax.set_title(_("Who buys steadily, who in bursts, who has fallen silent?"))
    return ax


def rfm_grid(rfm: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How many accounts lie in each pair of recency and frequency, shaded by their part of the money.

    Parameters
    ----------
    rfm
        `behaviour.rfm`.
    """
    ax = canvas.axes(ax, height=4.2 if len(rfm) else 1.2)
    if rfm.empty:
        return canvas.say_empty(ax, _("No account has ordered in this period."))
    places = pd.MultiIndex.from_product([range(5, 0, -1), range(1, 6)], names=["r", "f"])
    grouped = rfm.assign(monetary=rfm["monetary"].clip(lower=0)).groupby(["r", "f"])
    count = grouped.size().reindex(places, fill_value=0).unstack("f").loc[[5, 4, 3, 2, 1]]
    money = grouped["monetary"].sum().reindex(places, fill_value=0).unstack("f").loc[[5, 4, 3, 2, 1]]
    ax.imshow(money, cmap="Blues", vmin=0, vmax=max(float(money.to_numpy().max()) * 1.3, 1e-9), aspect="auto")
    for row in range(5):
        for column in range(5):
            dark = money.iloc[row, column] > 0.75 * money.to_numpy().max()
            text = str(count.iloc[row, column] or "·")
            ax.text(column, row, text, ha="center", va="center", color="white" if dark else canvas.INK)
    ax.set_xticks(range(5), range(1, 6))
    ax.set_yticks(range(5), [5, 4, 3, 2, 1])
    ax.tick_params(length=0)
    ax.set_xlabel(_("Frequency, 1 seldom to 5 often (number: accounts; darker: more money)"))
    ax.set_ylabel(_("Recency, 5 just now to 1 long ago"))
    ax.set_title(_("Who used to buy often, and has stopped?"))
    return ax


def category_bars(mix: pd.DataFrame, *, name: str = "", most: int = 8, ax: Axes | None = None) -> Axes:
    """What an account buys, by category, beside what the region buys.

    Parameters
    ----------
    mix
        The rows of one account in `behaviour.category_mix`.
    name
        The account's name.
    """
    weight = mix[["share", "region_share"]].max(axis=1)
    table = mix[weight.rank(method="first", ascending=False) <= most].iloc[::-1]
    ax = canvas.axes(ax, height=canvas.rows_height(len(table), each=0.42))
    if table.empty:
        return canvas.say_empty(ax, _("This account bought nothing in this period."))
    places = np.arange(len(table))
    ax.barh(places + 0.2, table["share"], height=0.38, color=canvas.DARK, label=canvas.short(name) or _("this account"))
    ax.barh(
        places - 0.2, table["region_share"], height=0.38, color=canvas.PALE, hatch="...", edgecolor=canvas.MID,
        label=_("region"),
    )  # fmt: skip
    ax.set_yticks(places, [canvas.short(_(text)) for text in table["category"]])
    canvas.percent_axis(ax.xaxis, _("Share of purchases"))
    canvas.legend_below(ax)
    ax.set_title(_("What does it buy, and what not from us?"))
    return ax


_VERDICTS = {
    "fix": (canvas.STRONG, "D"),
    "keep": (canvas.DARK, "o"),
    "watch": (canvas.SERIES[1], "s"),
    "ease": (canvas.LIGHT, "^"),
}


def need_map(needs: pd.DataFrame, *, name: str = "", ax: Axes | None = None) -> Axes:
    """Importance–performance: how often a need is raised, against how satisfied the account is with us there.

    Parameters
    ----------
    needs
        The rows of one account in `behaviour.needs`, with need_name (a name to show). Needs without a survey answer
        stand at the left edge.
    name
        The account's name.
    """
    ax = canvas.axes(ax, height=4.2 if len(needs) else 1.2)
    if needs.empty:
        return canvas.say_empty(ax, _("Nothing is recorded about what this account needs."))
    even, low = 1 / len(needs), 1.0
    ax.axhline(even, color=canvas.MUTED, linewidth=1, linestyle="--")
    ax.axvline(4, color=canvas.MUTED, linewidth=1, linestyle="--")
    names = {"fix": _("fix first"), "keep": _("keep up"), "watch": _("watch"), "ease": _("enough")}
    for verdict, (colour, marker) in _VERDICTS.items():
        mine = needs[needs["verdict"] == verdict]
        if len(mine):
            ax.plot(
                mine["csat"], mine["importance"], marker, color=colour, markersize=9, markeredgecolor=canvas.INK,
                markeredgewidth=0.5, label=names[verdict],
            )  # fmt: skip
    silent = needs[needs["csat"].isna()]
    if len(silent):
        ax.plot([low] * len(silent), silent["importance"], "x", color=canvas.MUTED, label=_("nobody asked"))
    reach, free = needs["importance"].max() * 1.2, -1.0
    for row in needs.sort_values("importance", kind="stable").itertuples():
        at = low if pd.isna(row.csat) else row.csat
        right, height = at > 4.2, row.importance
        if pd.isna(row.csat):  # names at the left edge step aside for each other
            height = free = max(height, free + 0.055 * reach)
        ax.annotate(
            f"{row.need_name} ({row.answers})", (at, height), xytext=(-8 if right else 8, 0),
            textcoords="offset points", fontsize=8.5, va="center", ha="right" if right else "left",
        )  # fmt: skip
    ax.set(xlim=(0.9, 5.15), ylim=(0, reach))
    ax.set_xlabel(_("Satisfaction with us, 1 to 5 (in brackets: survey answers)"))
    canvas.percent_axis(ax.yaxis, _("Share of what it raises"))
    canvas.legend_below(ax, columns=5)
    title = _("{name}: what matters, and where do we fall short?", name=canvas.short(name, 30))
    ax.set_title(title if name else _("What matters to it, and where do we fall short?"))
    return ax
