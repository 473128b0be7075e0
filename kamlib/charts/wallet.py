"""Charts of decade 2, part two: spend and wallet, and how well the wallet is foretold."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator

from kamlib.charts import canvas
from kamlib.edition import _, compact


def spend_and_wallet(wallets: pd.DataFrame, *, currency: str = "", most: int = 12, ax: Axes | None = None) -> Axes:
    """Every account's spend against its wallet, both on logarithmic axes; the diagonal is an account we have whole.

    Parameters
    ----------
    wallets
        `wallet.wallets`: account_name, revenue, wallet, basis.
    """
    ax = canvas.axes(ax, height=5.0)
    table = wallets[(wallets["wallet"] > 0) & (wallets["revenue"] > 0)]
    if table.empty:
        return canvas.say_empty(ax, _("No account both buys and has a wallet."))
    names = {
        "model": _("from firmographics"),
        "peers": _("from peers"),
        "room": _("the room's word"),
        "own": _("own spend only"),
    }
    markers = {"model": "o", "peers": "s", "room": "D", "own": "x"}
    colours = {"model": canvas.MID, "peers": "#e08e45", "room": canvas.STRONG, "own": canvas.MUTED}
    for basis, mine in table.groupby("basis"):
        ax.scatter(
            mine["wallet"], mine["revenue"], s=30, marker=markers[basis], color=colours[basis], label=names[basis]
        )
    low, high = table["revenue"].min() * 0.7, table["wallet"].max() * 1.4
    for share, style in ((1.0, "-"), (0.5, "--"), (0.1, ":")):
        ax.plot([low, high], [low * share, high * share], color=canvas.MUTED, linewidth=1, linestyle=style)
        ax.annotate(
            f"{share:.0%}",
            (high, high * share),
            (-4, -3),
            textcoords="offset points",
            ha="right",
            va="top",
            color=canvas.MUTED,
            bbox={"boxstyle": "square,pad=0.1", "color": "white"},
        )
    ax.set(xscale="log", yscale="log", xlim=(table["wallet"].min() * 0.7, high), ylim=(low, high))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 3)))
        axis.set_major_formatter(FuncFormatter(lambda value, _position: compact(value)))
        axis.set_minor_formatter(FuncFormatter(lambda _value, _position: ""))
    ax.set_xlabel(_("Wallet, {currency} a year", currency=currency))
    ax.set_ylabel(_("Spent with us, {currency} a year", currency=currency))
    canvas.legend_below(ax, columns=4)
    ax.set_title(_("How much of its wallet does each account spend with us?"))
    named = table.nlargest(most, "wallet")
    canvas.name_points(ax, named["wallet"], named["revenue"], named["account_name"])
    return ax


def headroom_bars(wallets: pd.DataFrame, *, currency: str = "", most: int = 15, ax: Axes | None = None) -> Axes:
    """The accounts with most left to win: what they spend, what is left, and the range of the wallet.

    Parameters
    ----------
    wallets
        `wallet.wallets`: account_name, revenue, headroom, wallet, wallet_low, wallet_high.
    """
    table = wallets[wallets["headroom"] > 0].nlargest(most, "headroom").iloc[::-1]
    ax = canvas.axes(ax, height=canvas.rows_height(len(table), each=0.34))
    if table.empty:
        return canvas.say_empty(ax, _("Nothing is left to win: every wallet is the account's own spend."))
    places, spent = np.arange(len(table)), table["revenue"].clip(lower=0)
    ax.barh(places, spent, color=canvas.DARK, label=_("spent with us"))
    ax.barh(
        places,
        table["headroom"],
        left=spent,
        color=canvas.PALE,
        hatch="///",
        edgecolor=canvas.MID,
        label=_("left to win"),
    )
    ax.hlines(
        places,
        table["wallet_low"],
        table["wallet_high"],
        color=canvas.STRONG,
        linewidth=2,
        label=_("range of the wallet"),
    )
    ax.set_yticks(places, [canvas.short(name, 24) for name in table["account_name"]])
    ax.set_ylim(-0.6, len(table) - 0.4)
    canvas.money_axis(ax.xaxis, table["wallet_high"].max(), _("A year"), currency)
    canvas.legend_below(ax)
    ax.set_title(_("Where is most left to win?"))
    return ax


def coverage_lines(check: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """What was foretold of unseen accounts against what came: share of accounts at or below each percentile.

    Parameters
    ----------
    check
        `wallet.wallet_check` of one scope: quantile, method, coverage, accounts.
    """
    ax = canvas.axes(ax, height=4.2)
    if check.empty:
        return canvas.say_empty(ax, _("Too few buying accounts to fit a model and to check it."))
    names = {"model": _("model"), "flat": _("the same for everyone")}
    styles = {"model": ("o", canvas.DARK, "-"), "flat": ("s", "#e08e45", "--")}
    ax.plot([0.4, 1], [0.4, 1], color=canvas.MUTED, linewidth=1, linestyle=":", label=_("as it should be"))
    for method, mine in check.groupby("method"):
        marker, colour, line = styles[method]
        ax.plot(mine["quantile"], mine["coverage"], marker=marker, color=colour, linestyle=line, label=names[method])
    n = int(check["accounts"].max())
    ax.set(xlim=(0.45, 1), ylim=(min(0.4, check["coverage"].min() - 0.03), 1.02))
    canvas.percent_axis(ax.xaxis, _("Percentile asked for"))
    canvas.percent_axis(ax.yaxis, _("Unseen accounts at or below it ({n} accounts)", n=n))
    ax.legend(loc="upper left")
    ax.set_title(_("Is the 90th percentile really one?"))
    return ax
