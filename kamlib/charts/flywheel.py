"""The chart of the sales flywheel."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib import edition
from kamlib.charts import canvas
from kamlib.edition import _


def flywheel_ring(ring: pd.DataFrame, *, active: int, ax: Axes | None = None) -> Axes:
    """The wheel: five segments, as long as their days, as dark as what they lose; the mass in the middle.

    Parameters
    ----------
    ring
        `flywheel.flywheel` with a column ``name``: kept, median_days, drag.
    active
        Active accounts.
    """
    ax = canvas.axes(ax, width=9, height=6)
    days = ring["median_days"].fillna(0).clip(lower=0)
    if ring.empty or not days.sum():
        return canvas.say_empty(ax, _("No hand-over of the wheel has a day on record."))
    arcs = np.maximum(days / days.sum(), 0.06)
    arcs = arcs / arcs.sum()
    worst = ring["drag"].max()
    colours = [
        canvas.STRONG if row.drag == worst else canvas.DARK if row.drag > 0.2 else canvas.LIGHT
        for row in ring.itertuples()
    ]
    wedges, _texts = ax.pie(arcs, startangle=90, counterclock=False, colors=colours, radius=1.0,
                            wedgeprops={"width": 0.34, "edgecolor": "white", "linewidth": 3})  # fmt: skip
    for wedge, row in zip(wedges, ring.rename(columns={"name": "name_"}).itertuples(), strict=True):
        angle = np.deg2rad((wedge.theta1 + wedge.theta2) / 2)
        x, y = np.cos(angle), np.sin(angle)
        side = "left" if x > 0.15 else "right" if x < -0.15 else "center"
        told = _("{days:.0f} days, keeps {kept:percent}", days=row.median_days, kept=row.kept)
        ax.text(1.1 * x, 1.14 * y, f"{row.name_}\n{told}", ha=side, va="center", color=canvas.INK)
    turn = _("{active} active accounts\none turn: {days:.0f} days", active=edition.compact(active), days=days.sum())
    ax.text(0, 0, turn, ha="center", va="center", color=canvas.INK)
    ax.set(xlim=(-2.1, 2.1), ylim=(-1.4, 1.4))
    ax.set_title(_("Length is days, red loses most: where does the flywheel drag?"))
    return ax
