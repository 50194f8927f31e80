"""What is in a picture, read from matplotlib's own figure."""

from __future__ import annotations

import matplotlib.figure
import pytest
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from benchmark.timing.curve_pictures import draw_curves

pytestmark = pytest.mark.slow


@pytest.fixture
def draw(tmp_path, monkeypatch):
    """The figure with curves of these points by side."""
    figures: list[Figure] = []

    class Kept(Figure):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            figures.append(self)

    monkeypatch.setattr(matplotlib.figure, "Figure", Kept)

    def draw(curves: dict[str, list[dict]]) -> Figure:
        of_sides = [{"name": side, "points": points} for side, points in curves.items()]
        result = {"name": "fake", "over": "network calls", "curves": of_sides}
        draw_curves({"results": [result]}, tmp_path / "speed.json")
        return figures[-1]

    return draw


def test_ticks_stand_at_the_measured_numbers_of_calls(draw):
    calls = [5, 10, 20, 50, 200]
    figure = draw({
        "ours": [{"network calls": n, "score": 0.5} for n in calls],
        "theirs": [{"network calls": 2000, "score": 0.5}],
    })  # fmt: skip
    (axes,) = figure.axes
    assert axes.get_xscale() == "log"
    assert list(axes.get_xticks()) == [*calls, 2000]
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "5", "10", "20", "50", "200", "2000",
    ]  # fmt: skip
    assert not any(label.get_text() for label in axes.get_xticklabels(minor=True))


def test_every_curve_is_drawn_however_many_there_are(draw):
    figure = draw({side: [{"network calls": 5, "score": 0.5}] for side in "abcdef"})
    (axes,) = figure.axes
    drawn = [c for c in axes.containers if isinstance(c, ErrorbarContainer)]
    assert [curve.get_label() for curve in drawn] == list("abcdef")
    colours = [to_hex(curve.lines[0].get_color()) for curve in drawn]
    assert len(set(colours)) == 4 and colours[4:] == colours[:2]


def test_the_legend_names_the_sides_of_all_panels(draw):
    figure = draw({
        "a": [{"network calls": 5, "score": 0.5}],
        "b": [{"network calls": 5, "memory": 2.0}],
        "c": [{"network calls": 5, "score": 0.5, "memory": 2.0}],
    })  # fmt: skip
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b", "c"]
