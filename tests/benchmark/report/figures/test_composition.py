from __future__ import annotations

import pytest
from controlled import Attempt, known_success, write_controlled
from test_all_figures import check, data

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.figures.composition import BESIDE, draw_composition
from benchmark.report.figures.figure_files import use_style

pytestmark = pytest.mark.slow

NAMES = ["transformer", "latentops", "latentops, unguided", "bayes", "oracle"]


def draw(board):
    with use_style():
        grid = draw_composition(board, "toy")
        check(grid)
    return grid


def curve_of(ax, system_at):
    """The heights of the marks of the series at a place, by number of attributes."""
    shift = BESIDE * (system_at - (len(NAMES) - 1) / 2)
    return {n: y for x, y in data(ax) for n in (1, 2, 3, 4) if x == pytest.approx(n + shift)}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("transformer", "transformer-main-1"),
        ("latentops", "latentops-main-1"),
        ("latentops, unguided", "latentops-strength=0-1"),
        ("bayes", "bayes-main-1"),
    ],
)
def test_success_above_and_sentences_below(controlled, control_board, name, key):
    grid = draw(control_board)
    above, below = (panel.ax for panel in grid.panels)
    at = NAMES.index(name)
    assert curve_of(above, at) == pytest.approx(known_success(controlled, key))
    assert curve_of(below, at) == pytest.approx(known_success(controlled, key, "sentence"))


def test_what_is_written(control_board):
    grid = draw(control_board)
    above, below = (panel.ax for panel in grid.panels)
    assert (above.get_ylabel(), below.get_ylabel()) == ("success (control)", "sentences")
    assert below.get_xlabel() == "attributes asked for at once"
    assert [tick.get_text() for tick in below.get_xticklabels()] == ["1", "2", "3", "4"]
    assert [text.get_text() for text in grid.figure.legends[0].get_texts()] == NAMES


def test_unguided_is_hollow(control_board):
    grid = draw(control_board)
    entries = dict(zip(NAMES, grid.figure.legends[0].legend_handles, strict=True))
    assert entries["latentops, unguided"].get_markerfacecolor() == "#ffffff"
    assert entries["latentops"].get_markerfacecolor() != "#ffffff"


def test_a_dozen_systems_of_one_number_are_not_taken_for_the_next(tmp_path):
    many = [Attempt(f"system-{n}", 0.9 - n / 20, family="edit", labels=200) for n in range(14)]
    folder = write_controlled(tmp_path / "x", edits=False, attempts=many)
    grid = draw(Board(read_records(folder)))
    ax = grid.panels[0].ax
    places = sorted(x for x, _ in data(ax))
    assert len(places) == 4 * 14
    groups = [places[n : n + 14] for n in range(0, len(places), 14)]
    assert [round(sum(of) / 14, 9) for of in groups] == [1, 2, 3, 4]
    assert all(of[-1] - of[0] < 0.61 for of in groups)
    low, high = ax.get_xlim()
    assert low < places[0] and places[-1] < high


def test_edits_have_the_content_below(edited, edit_board):
    grid = draw(edit_board)
    above, below = (panel.ax for panel in grid.panels)
    assert (below.get_ylabel(), below.get_xlabel()) == (
        "content kept",
        "attributes changed at once",
    )
    # A copy, which succeeds at nothing, is no series.
    assert [text.get_text() for text in grid.figure.legends[0].get_texts()] == NAMES
    known = known_success(edited, "latentops-strength=0-1", "kept")
    assert curve_of(below, NAMES.index("latentops, unguided")) == pytest.approx(known)
    assert curve_of(above, NAMES.index("oracle")) == dict.fromkeys((1, 2, 3, 4), 1.0)
