"""Charts draw what they are given: labels inside the picture, no missing glyph, panels that say why they are empty."""

import inspect
import io
from importlib import import_module
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from kamlib import edition
from kamlib.charts import canvas

LONG = "临江市第一人民医院东院区 Linjiang First People's Hospital East"
ROOMS = sorted(
    path.stem for path in Path(canvas.__file__).parent.glob("*.py") if path.stem not in ("__init__", "canvas")
)
HOW = [import_module(f"drawn_{room}") for room in ROOMS]
DRAWN = {name: call for room in HOW for name, call in room.DRAWN.items()}
EMPTY = {name: call for room in HOW for name, call in room.EMPTY.items()}


def chart(name):
    module, function = name.split(".")
    return getattr(import_module(f"kamlib.charts.{module}"), function)


def public_charts():
    for room in ROOMS:
        module = import_module(f"kamlib.charts.{room}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_"):
                yield f"{room}.{name}"


def test_every_chart_is_drawn_here():
    assert set(public_charts()) == DRAWN.keys()


@pytest.fixture(params=["en", "zh"])
def language(request):
    edition.use(request.param)
    yield request.param
    edition.use("en")
    plt.close("all")


@pytest.mark.parametrize("name", DRAWN)
def test_a_chart_returns_axes_with_a_question_and_nothing_clipped(name, language, recwarn):
    ax = DRAWN[name](chart(name))
    figure = ax.figure
    figure.savefig(io.BytesIO(), format="png")
    assert ax.get_title(loc="left").endswith(("?", "？"))
    assert [str(w.message) for w in recwarn if "Glyph" in str(w.message) or "findfont" in str(w.message)] == []
    width, height = figure.bbox.width, figure.bbox.height
    outside = [text.get_text() for text in texts(figure) if not inside(text, width, height)]
    assert outside == []


def texts(figure):
    """Every text that is shown: titles, labels, legends, and the ticks within the axes' limits."""
    hidden = {label for ax in figure.axes for axis in (ax.xaxis, ax.yaxis) for label in unseen_ticks(ax, axis)}
    for text in figure.findobj(lambda artist: hasattr(artist, "get_text") and artist.get_visible()):
        if text.get_text().strip() and text not in hidden:
            yield text


def unseen_ticks(ax, axis):
    low, high = sorted(axis.get_view_interval())
    for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
        if not ax.axison or not low - 1e-9 <= tick.get_loc() <= high + 1e-9:
            yield from (tick.label1, tick.label2)


def inside(text, width, height):
    box = text.get_window_extent()
    return box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1


@pytest.mark.parametrize("name", EMPTY)
def test_a_chart_without_data_says_so(name):
    ax = EMPTY[name](chart(name))
    assert any(text.get_text() for text in ax.texts)
    plt.close("all")


@pytest.mark.parametrize("name", DRAWN)
def test_a_chart_draws_on_the_axes_it_is_given(name):
    _figure, given = plt.subplots()
    function = chart(name)
    signature = inspect.signature(function)
    assert signature.parameters["ax"].default is None
    assert DRAWN[name](lambda *args, **kw: function(*args, **kw, ax=given)) is given
    plt.close("all")


def test_the_five_colours_stay_apart_in_greyscale():
    colours = [canvas.DARK, canvas.STRONG, canvas.MID, canvas.LIGHT, canvas.PALE]
    grey = sorted(0.299 * r + 0.587 * g + 0.114 * b for r, g, b in (plt.matplotlib.colors.to_rgb(c) for c in colours))
    assert min(np.diff(grey)) > 0.08


def test_long_names_are_cut_by_their_width_on_screen():
    assert canvas.short("短名") == "短名"
    assert canvas.short(LONG, 11) == "临江市第一…"


def test_ticks_of_ten_thousand_units_and_more_are_written_out():
    _figure, ax = plt.subplots()
    canvas.money_axis(ax.yaxis, 1.2e8, "amount")
    ticks = [ax.yaxis.get_major_formatter()(value) for value in (0, 2.5e6, 1e8, 2e10)]
    assert ticks == ["0", "2.5", "100", "20,000"]
    plt.close("all")


def test_names_beside_points_cover_neither_each_other_nor_a_point_and_stay_in_the_axes():
    ax = canvas.axes()
    x, y = np.random.default_rng(0).random((2, 30))
    ax.scatter(x, y, s=np.linspace(20, 600, 30))
    ax.set(xlim=(0, 1), ylim=(0, 1))
    canvas.name_points(ax, x, y, [LONG, "A", "锦岑医械 Jincen"] * 10)
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert len(boxes) > 8
    assert all(box.count_overlaps(boxes) == 1 for box in boxes)
    points = ax.transData.transform(np.column_stack([x, y]))
    assert not any(box.contains(*point) for box in boxes for point in points)
    area = ax.get_window_extent().padded(12)
    assert all(area.contains(box.x0, box.y0) and area.contains(box.x1, box.y1) for box in boxes)
    plt.close("all")
