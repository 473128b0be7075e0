"""The house style every chart shares: fonts that know Chinese, colours that survive greyscale, axes people can read."""

import unicodedata
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import Bbox, ScaledTranslation

from kamlib import edition
from kamlib.edition import _

_SYSTEM_CJK = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Microsoft YaHei",
    "PingFang SC",
    "WenQuanYi Micro Hei",
    "SimHei",
)
FONTS = Path(__file__).parents[1] / "fonts"
INK, MUTED, GRID = "#1c2733", "#6b7785", "#dde2e8"
DARK, STRONG, MID, LIGHT, PALE = "#12355b", "#c0392b", "#5b8fb9", "#a9c4d9", "#e3ebf2"
"""Five colours whose brightness differs, so that they stay apart in greyscale and for colour-blind readers."""
SERIES = (DARK, "#e08e45", "#4f9d8f", STRONG, "#b9a44c", MUTED)
HATCHES = ("", "///", "...", "\\\\\\", "xx", "++")
WIDTH, HEIGHT = 8.0, 4.5
_NAME_SIZE = 8.5
"""Points, of a name beside a mark."""


def _settle() -> None:
    """Register the shipped font and set the style, once, when charts are first imported."""
    font_manager.fontManager.addfont(FONTS / "KAMSansSC.ttf")
    installed = set(font_manager.get_font_names())
    rare = [name for name in _SYSTEM_CJK if name in installed]  # for names outside the shipped 6,763 hanzi
    mpl.rcParams.update(
        {
            "font.family": ["DejaVu Sans", "KAM Sans SC", *rare],
            "axes.unicode_minus": False,
            "figure.constrained_layout.use": True,
            "figure.constrained_layout.h_pad": 0.1,
            "figure.constrained_layout.w_pad": 0.1,
            "figure.dpi": 110,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": MUTED,
            "axes.labelcolor": INK,
            "axes.titlecolor": INK,
            "axes.titlelocation": "left",
            "axes.titlesize": 13,
            "axes.titleweight": "normal",
            "axes.titlepad": 12,
            "axes.axisbelow": True,
            "grid.color": GRID,
            "xtick.color": MUTED,
            "ytick.color": MUTED,
            "xtick.labelcolor": INK,
            "ytick.labelcolor": INK,
            "legend.frameon": False,
            "svg.hashsalt": "kam",
            "text.parse_math": False,
        }
    )
    pd.plotting.plot_params["x_compat"] = True  # dates as numbers, not as the names of English months
    _keep_whole_figures()


def _keep_whole_figures() -> None:
    """In a notebook: constrained layout already fits the figure, and a tight box would draw every chart twice."""
    try:
        from IPython import get_ipython
    except ImportError:
        return
    if get_ipython() is not None:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("png", bbox_inches=None)


_settle()


def axes(ax: Axes | None = None, *, width: float = WIDTH, height: float = HEIGHT) -> Axes:
    """``ax``, or the axes of a new figure of ``width`` × ``height`` inches."""
    return ax if ax is not None else plt.subplots(figsize=(width, height))[1]


def rows_height(rows: int, *, each: float = 0.3, least: float = 2.6, most: float = 11) -> float:
    """Height in inches of a chart with one bar or dot per row."""
    return min(max(1.4 + each * rows, least), most)


def short(name: str, width: int = 26) -> str:
    """A name cut to ``width`` columns (a hanzi takes two), so that it never pushes a chart aside."""
    taken = 0
    for at, character in enumerate(name):
        taken += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if taken > width:
            return name[:at].rstrip() + "…"
    return name


def money_axis(axis, largest: float, label: str, currency: str = "") -> None:
    """Scale an axis of amounts so that its ticks stay short, and put the unit into its label."""
    scale, unit = edition.money_scale(largest)
    axis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value / scale:,.6g}"))
    axis.set_label_text(_in_units(label, " ".join(part for part in (unit, currency) if part)))


def percent_axis(axis, label: str) -> None:
    """Show fractions as percentages."""
    axis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value * 100:.4g}%"))
    axis.set_label_text(label)


def _in_units(label: str, unit: str) -> str:
    return _("{label} ({unit})", label=label, unit=unit) if unit else label


def name_points(ax: Axes, x, y, names, *, width: int = 18) -> None:
    """Names beside points, the first ones first; one that would cover anything is left out.

    Call it last: what else is in the picture decides how much room there is.
    """
    ax.figure.draw_without_rendering()
    scale, area = ax.figure.dpi / 72, ax.get_window_extent()
    marks = _marks(ax)
    taken = [Bbox([centre - radius * scale, centre + radius * scale]) for centre, radius in marks]
    for place, name in zip(zip(x, y, strict=True), names, strict=True):
        point, text = ax.transData.transform(place), short(str(name), width)
        radius = max((r for centre, r in marks if np.abs(centre - point).max() < 0.5), default=3)
        wide = scale * _NAME_SIZE * 0.58 * sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
        high, gap = scale * _NAME_SIZE * 0.75, radius + 3
        for side, start in ((1, point[0] + gap * scale), (-1, point[0] - gap * scale - wide)):
            box = Bbox.from_extents(start, point[1] - high, start + wide, point[1] + high)
            if box.x0 >= area.x0 and box.x1 <= area.x1 and not box.count_overlaps(taken):
                taken.append(box)
                look = {"ha": "left" if side > 0 else "right", "va": "center", "fontsize": _NAME_SIZE, "color": INK}
                ax.annotate(text, place, (side * gap, 0), textcoords="offset points", **look)
                break


def _marks(ax: Axes) -> list[tuple[np.ndarray, float]]:
    """Centre (pixels) and radius (points) of every mark of the scatters."""
    found = []
    for marks in ax.collections:
        if isinstance(marks, PathCollection):
            radii = np.resize(np.sqrt(marks.get_sizes()) / 2, len(marks.get_offsets()))
            found += zip(ax.transData.transform(marks.get_offsets()), radii, strict=True)
    return found


def legend_below(ax: Axes, *, columns: int = 3) -> None:
    """The legend under the axis label, at the same distance whatever the height of the chart."""
    place = ax.transAxes + ScaledTranslation(0, -0.55, ax.figure.dpi_scale_trans)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), bbox_transform=place, ncols=columns)


def say_empty(ax: Axes, reason: str) -> Axes:
    """A panel without data says why, instead of showing bare axes."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, reason, ha="center", va="center", color=MUTED, transform=ax.transAxes, wrap=True)
    return ax
