"""Charts of decade 0: the map of the method, maturity, evidence."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from kamlib.charts import canvas
from kamlib.edition import _


def method_map(pillars: pd.DataFrame, notebooks: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The method on one page: a row per pillar with its question, a box per notebook.

    Parameters
    ----------
    pillars
        decade, name, question.
    notebooks
        notebook (two digits), title, here (yes, or no for one still to come, which is drawn pale).
    """
    ax = canvas.axes(ax, width=11, height=0.9 * len(pillars) + 0.8)
    widest = notebooks["notebook"].str[0].value_counts().max()
    for row, pillar in enumerate(pillars.itertuples()):
        y = len(pillars) - row
        ax.text(0, y + 0.12, pillar.name, color=canvas.INK, va="center", fontsize=12)
        ax.text(0, y - 0.2, pillar.question, color=canvas.MUTED, va="center", fontsize=9)
        boxes = notebooks[notebooks["notebook"].str[0] == str(pillar.decade)]
        for place, box in enumerate(boxes.itertuples()):
            x, text = 4 + place * 1.75, f"{box.notebook}\n{_wrapped(box.title)}"
            _box(ax, x, y, text, box.here == "yes")
    ax.set(xlim=(-0.1, 4 + widest * 1.75), ylim=(0.4, len(pillars) + 0.6))
    ax.set_axis_off()
    ax.set_title(_("Which notebook answers which question?"))
    return ax


def _box(ax: Axes, x: float, y: float, text: str, solid: bool) -> None:
    face = canvas.PALE if solid else "white"
    ax.add_patch(
        FancyBboxPatch(
            (x, y - 0.34), 1.6, 0.68, boxstyle="round,pad=0.02,rounding_size=0.08", facecolor=face,
            edgecolor=canvas.DARK if solid else canvas.GRID, linewidth=1,
        )
    )  # fmt: skip
    ax.text(x + 0.8, y, text, ha="center", va="center", fontsize=8, color=canvas.INK if solid else canvas.MUTED)


def _wrapped(title: str) -> str:
    """A title in two lines when it is long and has a space to break at."""
    words = title.split(" ")
    half = (len(words) + 1) // 2
    return "\n".join((" ".join(words[:half]), " ".join(words[half:]))) if len(title) > 17 and len(words) > 1 else title


def maturity_bars(scores: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How far each stage of KAM evolution is reached: a bar of yes per stage, with what is not answered left open.

    Parameters
    ----------
    scores
        stage_name, items, answered, yes_share.
    """
    ax = canvas.axes(ax, height=2.8)
    names = scores["stage_name"][::-1]
    yes = (scores["yes_share"] * scores["answered"]).fillna(0)[::-1]
    no = scores["answered"][::-1] - yes
    still_open = (scores["items"] - scores["answered"])[::-1]
    ax.barh(names, yes, color=canvas.DARK, label=_("yes"))
    ax.barh(names, no, left=yes, color=canvas.LIGHT, label=_("no"))
    ax.barh(
        names, still_open, left=yes + no, color="white", edgecolor=canvas.MUTED, hatch="///", label=_("not answered")
    )
    ax.set_xlabel(_("Statements"))
    ax.xaxis.get_major_locator().set_params(integer=True)
    canvas.legend_below(ax, columns=3)
    ax.set_title(_("How far has key-account management come here?"))
    return ax


def coverage_bars(elements: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The evidence for each core element, as a bar from 0 to 100 %.

    Parameters
    ----------
    elements
        element, evidence, coverage (missing where there is nothing to look into).
    """
    ax = canvas.axes(ax, height=canvas.rows_height(len(elements), each=0.45))
    table = elements.iloc[::-1]
    places = np.arange(len(table))
    ax.barh(places, table["coverage"].fillna(0), color=canvas.MID)
    ax.barh(places, 1 - table["coverage"].fillna(0), left=table["coverage"].fillna(0), color=canvas.PALE)
    for place, value in zip(places, table["coverage"], strict=True):
        ax.text(1.01, place, _("no data") if value != value else f"{value:.0%}", va="center", color=canvas.INK)
    ax.set_yticks(places, table["element"])
    ax.set_xlim(0, 1)
    canvas.percent_axis(ax.xaxis, _("Coverage"))
    ax.set_title(_("What do the records show of each core element?"))
    return ax
