from __future__ import annotations

import itertools

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmark.report.figures.labels import Labeller


@pytest.fixture
def ax():
    figure = Figure(figsize=(3, 2))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    return axes


def boxes(texts):
    return [text.get_window_extent() for text in texts]


def test_labels_keep_clear_of_marks_and_of_each_other(ax):
    labeller = Labeller(ax)
    labeller.avoid_mark(0.5, 0.5, 5)
    placed = [t for _ in range(6) if (t := labeller.place("1.25", 0.5, 0.5, "k"))]
    assert len(placed) == 6
    mark = ax.transData.transform((0.5, 0.5))
    for box in boxes(placed):
        assert not box.contains(*mark)
    for one, other in itertools.combinations(boxes(placed), 2):
        assert not one.shrunk(0.9, 0.8).overlaps(other.shrunk(0.9, 0.8))


def test_no_room_no_label(ax):
    labeller = Labeller(ax)
    for x in range(11):
        for y in range(11):
            labeller.avoid_mark(x / 10, y / 10, 30)
    assert labeller.place("0.7", 0.5, 0.5, "k") is None
    assert ax.texts[:] == []


def test_labels_stay_inside(ax):
    labeller = Labeller(ax)
    frame = ax.bbox
    for corner in itertools.product((0.0, 1.0), repeat=2):
        (box,) = boxes([labeller.place("0.75", *corner, "k")])
        assert frame.x0 <= box.x0
        assert box.x1 <= frame.x1
        assert frame.y0 - 3 <= box.y0
        assert box.y1 <= frame.y1 + 3


def test_line_label_avoids_other_lines(ax):
    labeller = Labeller(ax)
    labeller.avoid_line([0.0, 1.0], [0.5, 0.5])
    # A curve crosses the right end, so the label goes to the left.
    labeller.avoid_line([0.8, 0.8], [0.0, 1.0])
    label = labeller.place_on_line("copy-source 0.5", 0.5, "k")
    assert label is not None
    assert label.get_position()[0] < 0.5


def test_distance(ax):
    ax.set_position((0, 0, 1, 1))
    assert Labeller(ax).distance_pt((0, 0), (1, 0)) == pytest.approx(3 * 72)
