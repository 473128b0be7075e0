"""The shipped Chinese font in a page: only the characters the page shows, so that no machine draws boxes."""

import base64
import io
from functools import cache
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

FONT = Path(__file__).parents[1] / "fonts" / "KAMSansSC.ttf"
_FIRST = 0x2E80
"""Where the characters begin that a Western system may have no font for."""


def font_face(text: str) -> str:
    """CSS that brings the font for the Chinese characters of ``text``; empty when it has none."""
    wanted = frozenset(c for c in map(ord, text) if c >= _FIRST) & _known()
    return f'@font-face {{ font-family: "KAM Sans SC"; src: url({_subset(wanted)}); }}' if wanted else ""


@cache
def _known() -> frozenset[int]:
    with TTFont(FONT, lazy=True) as font:
        return frozenset(font.getBestCmap())


@cache
def _subset(wanted: frozenset[int]) -> str:
    options = Options(layout_features=[], hinting=False, notdef_outline=True, drop_tables=["GSUB", "GPOS", "GDEF"])
    with TTFont(FONT, lazy=True, recalcTimestamp=False) as font:
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=wanted)
        subsetter.subset(font)
        font.flavor = "woff"
        file = io.BytesIO()
        font.save(file)
    return f"data:font/woff;base64,{base64.b64encode(file.getvalue()).decode()}"
