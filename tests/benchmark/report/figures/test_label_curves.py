from __future__ import annotations

import numpy as np
import pytest
from test_all_figures import check, data

from benchmark.report.data.control_points import SUCCESS, find_unguided
from benchmark.report.figures.figure_files import use_style
from benchmark.report.figures.label_curves import draw_labels

pytestmark = pytest.mark.slow

NAMES = [
    "transformer", "transformer, labels alone", "latentops", "latentops, unguided", "bayes",
    "oracle",
]  # fmt: skip


def draw(board):
    with use_style():
        grid = draw_labels(board, "toy")
        check(grid)
    return grid


def success(board, system, label):
    (point,) = [p for p in board.of("toy", system) if p.label == label]
    return SUCCESS.read(point).value


def test_every_number_of_labels_has_its_place(control_board):
    (panel,) = draw(control_board).panels
    places = {
        ("latentops", "labels=50"): 50, ("latentops", "main"): 200,
        ("latentops", "labels=1000"): 1000, ("transformer", "main"): 200,
        ("transformer", "labels=1000"): 1000, ("bayes", "labels=50"): 50, ("bayes", "main"): 200,
        ("transformer", "labels=200-alone"): 200,
    }  # fmt: skip
    expected = [(float(x), success(control_board, *of)) for of, x in places.items()]
    np.testing.assert_allclose(sorted(data(panel.ax)), sorted(expected))


def test_lines_run_from_few_labels_to_many(control_board):
    (panel,) = draw(control_board).panels
    curves = [list(line.get_xdata()) for line in panel.ax.lines if len(line.get_xdata()) > 2]
    assert curves == [[50, 200, 1000]]


def test_levels_need_no_labels(control_board):
    (panel,) = draw(control_board).panels
    levels = {line.get_ydata()[0] for line in panel.ax.lines if list(line.get_xdata()) == [0, 1]}
    unguided = find_unguided(control_board, "toy", "latentops")
    assert unguided is not None and levels == {SUCCESS.read(unguided).value, 1.0}


def test_what_is_written(control_board, edit_board):
    grid = draw(control_board)
    ax = grid.panels[0].ax
    assert ax.get_xscale() == "log"
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["50", "200", "1,000"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("labelled examples", "success (control)")
    assert [text.get_text() for text in grid.figure.legends[0].get_texts()] == NAMES
    labels = [panel.ax.get_ylabel() for panel in draw(edit_board).panels]
    assert labels == ["success (control)", "content kept"]


def test_labels_alone_are_hollow(control_board):
    grid = draw(control_board)
    entries = dict(zip(NAMES, grid.figure.legends[0].legend_handles, strict=True))
    assert entries["transformer, labels alone"].get_markerfacecolor() == "#ffffff"
    assert entries["transformer"].get_markerfacecolor() != "#ffffff"
    alone = success(control_board, "transformer", "labels=200-alone")
    marks = [line for line in grid.panels[0].ax.lines if list(line.get_ydata()) == [alone]]
    assert [m.get_markerfacecolor() for m in marks if m.get_marker() == "^"] == ["#ffffff"]
