"""Axes that are drawn once: matplotlib's own axis says where everything belongs."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmark.report.figures.drawn_axis import DrawnAxis
from benchmark.report.figures.figure_files import use_style


@pytest.fixture(autouse=True)
def style():
    with use_style(pdf=False):
        yield


def make(scale: str = "linear") -> Axes:
    figure = Figure(figsize=(3, 2))
    FigureCanvasAgg(figure)
    ax = figure.add_axes((0.2, 0.3, 0.7, 0.6))
    ax.set(xlim=(0.013, 0.71), ylim=(0.2, 900), xlabel="variety", ylabel="quality", yscale=scale)
    return ax


def boxes(texts):
    return [text.get_window_extent().extents.tolist() for text in texts]


@pytest.mark.parametrize("which", ["x", "y"])
@pytest.mark.parametrize("scale", ["linear", "log"])
def test_numbers_and_label_stand_where_matplotlib_puts_them(which, scale):
    ax = make(scale)
    axis = {"x": ax.xaxis, "y": ax.yaxis}[which]
    ax.get_figure().draw_without_rendering()
    low, high = axis.get_view_interval()
    expected = [
        tick.label1 for tick in axis.get_major_ticks()
        if tick.label1.get_text() and low <= tick.get_loc() <= high
    ]  # fmt: skip
    numbers, label = boxes(expected), boxes([axis.label])
    words = [text.get_text() for text in expected]
    drawn = DrawnAxis(ax, which)
    drawn.replace()
    assert [text.get_text() for text in drawn.numbers] == words
    assert boxes(drawn.numbers) == [pytest.approx(box, abs=0.01) for box in numbers]
    assert boxes([axis.label]) == [pytest.approx(box, abs=1) for box in label]


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_pixels_are_those_of_matplotlib(scale):
    pixels = []
    for is_replaced in (False, True):
        ax = make(scale)
        ax.tick_params(axis="y", which="minor", left=False)
        if is_replaced:
            for which in ("x", "y"):
                DrawnAxis(ax, which).replace()
        canvas = ax.get_figure().canvas
        canvas.draw()
        pixels.append(np.asarray(canvas.buffer_rgba()).astype(int))
    # The labels may be moved by a pixel: all else is equal.
    own, drawn = (picture[: -int(0.2 * len(picture)), 70:] for picture in pixels)
    assert abs(own - drawn).max() <= 2
    assert (own < 150).sum() > 1000


def test_nothing_stands_where_there_are_no_ticks():
    ax = make()
    ax.set_xticks([])
    assert not DrawnAxis(ax, "x").numbers


def test_an_axis_without_numbers_has_a_grid():
    ax = make()
    ax.tick_params(axis="y", left=False, labelleft=False)
    drawn = DrawnAxis(ax, "y")
    assert not drawn.numbers
    assert drawn.get_window_extent().x0 == ax.bbox.x0


def test_what_is_drawn_does_not_depend_on_the_resolution():
    ax = make()
    figure = ax.get_figure()
    drawn = DrawnAxis(ax, "y")
    drawn.replace()
    before = ax.yaxis.label.get_window_extent()
    figure.set_dpi(figure.dpi / 2)
    after = ax.yaxis.label.get_window_extent(figure.canvas.get_renderer())
    assert (2 * after.x1, after.y0 + after.y1) == pytest.approx(
        (before.x1, (before.y0 + before.y1) / 2), abs=3
    )


def test_large_and_close_numbers_are_written_in_full():
    ax = make()
    ax.set(xlim=(0, 4e6), ylim=(10000.1, 10000.2))
    assert DrawnAxis(ax, "x").numbers[-1].get_text() == "4000000"
    assert DrawnAxis(ax, "y").numbers[0].get_text() == "10000.10"
