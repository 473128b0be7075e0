"""Charts of notebook 41: the white-space matrix and the most promising cells."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.charts import canvas
from kamlib.edition import _, compact

_FILL = {"have": canvas.DARK, "open": canvas.MID, "rival": canvas.STRONG, "none": "white"}
_HATCH = {"have": "", "open": "...", "rival": "///", "none": ""}


def white_space_grid(
    cells: pd.DataFrame, sizes: pd.DataFrame, *, names: dict[str, str], most: int = 18, ax: Axes | None = None
) -> Axes:
    """Accounts × categories: dark = bought, dotted = deal open, hatched = lost to a rival, white = nobody known.

    Parameters
    ----------
    cells
        `whitespace.white_space`; the accounts that bought most are drawn.
    sizes
        `whitespace.growth_cells`: account_id, category, year_size; written into the white cells.
    names
        Category -> its name for people.
    """
    ranked = cells.groupby("account_id", sort=False)["bought"].sum().nlargest(most).index
    categories = list(dict.fromkeys(cells["category"]))
    ax = canvas.axes(ax, height=canvas.rows_height(len(ranked), each=0.34, least=3.2))
    if not len(ranked) or not categories:
        return canvas.say_empty(ax, _("There is no account or no product to compare."))
    size = sizes.set_index(["account_id", "category"])["year_size"]
    rows = {account: len(ranked) - 1 - at for at, account in enumerate(ranked)}
    shown = cells[cells["account_id"].isin(rows)]
    for cell in shown.itertuples():
        x, y = categories.index(cell.category), rows[cell.account_id]
        ax.barh(
            y, 0.94, left=x - 0.47, height=0.86, color=_FILL[cell.state], hatch=_HATCH[cell.state], edgecolor="white"
        )
        amount = cell.bought if cell.state == "have" else size.get((cell.account_id, cell.category), np.nan)
        style = {"facecolor": "white", "edgecolor": "none", "pad": 1} if cell.state in ("open", "rival") else None
        ink = "white" if cell.state == "have" else canvas.INK
        ax.text(x, y, compact(amount), ha="center", va="center", fontsize=8, color=ink, bbox=style)
    labels = {
        "have": _("we have it"),
        "open": _("deal open"),
        "rival": _("lost to a rival"),
        "none": _("nobody we know of"),
    }
    for state, label in labels.items():
        edge = canvas.MUTED if state == "none" else "white"
        ax.bar(-9, 0, color=_FILL[state], hatch=_HATCH[state], edgecolor=edge, label=label)
    title = cells.drop_duplicates("account_id").set_index("account_id")["account_name"]
    ax.set_yticks(list(rows.values()), [canvas.short(str(title[account])) for account in rows])
    ax.set_xticks(range(len(categories)), [canvas.short(names.get(c, c), 16) for c in categories])
    ax.set(xlim=(-0.5, len(categories) - 0.5), ylim=(-0.6, len(rows) - 0.4))
    ax.set_xlabel(_("Product category; figures: bought in the window, or a year's size"))
    ax.tick_params(length=0)
    canvas.legend_below(ax, columns=4)
    ax.set_title(_("What does each account not buy from us yet?"))
    return ax


def growth_bars(growth: pd.DataFrame, *, most: int = 14, currency: str = "", ax: Axes | None = None) -> Axes:
    """The most promising cells: the size with its interval, and what may be expected of it.

    Parameters
    ----------
    growth
        label, year_size, size_low, size_high, expected (currency), in the order of their rank.
    """
    table = growth.head(most).iloc[::-1]
    ax = canvas.axes(ax, height=canvas.rows_height(len(table), each=0.36))
    if table.empty:
        return canvas.say_empty(ax, _("No white cell could be sized."))
    places = np.arange(len(table))
    ax.hlines(
        places, table["size_low"], table["size_high"], color=canvas.LIGHT, linewidth=6, label=_("size, 80 % interval")
    )
    ax.plot(table["year_size"], places, "|", color=canvas.DARK, markersize=13, markeredgewidth=2, label=_("size"))
    ax.plot(table["expected"], places, "D", color=canvas.STRONG, label=_("expected: size × fit × ease"))
    ax.set_yticks(places, [canvas.short(str(name), 36) for name in table["label"]])
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.set_xlim(0, None)
    canvas.money_axis(ax.xaxis, table["size_high"].max(), _("Sales a year"), currency)
    canvas.legend_below(ax)
    ax.set_title(_("Where is most to be gained, and how sure is the size?"))
    return ax
