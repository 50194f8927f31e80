from __future__ import annotations

import numpy as np
import pytest
from test_all_figures import check, data

from benchmark.report.data.control_points import KEPT, SUCCESS
from benchmark.report.figures.edits import draw_edits
from benchmark.report.figures.figure_files import use_style

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def grid(edit_board):
    with use_style():
        made = draw_edits(edit_board, "toy")
        check(made)
    return made


def at(board, system, label="main"):
    (point,) = [p for p in board.of("toy", system) if p.label == label]
    return KEPT[0].read(point).value, SUCCESS.read(point).value


def test_every_setting_has_its_place(grid, edit_board):
    curve = [at(edit_board, "latentops", label) for label in ("strength=0", "strength=1", "main")]
    others = [at(edit_board, s) for s in ("transformer", "bayes", "copy-source", "oracle")]
    np.testing.assert_allclose(sorted(data(grid.panels[0].ax)), sorted([*curve, *others]))
    assert at(edit_board, "copy-source") == (1.0, 0.0)
    lines = [line for line in grid.panels[0].ax.lines if len(line.get_xdata()) == 3]
    assert [list(zip(*line.get_data(), strict=True)) for line in lines] == [curve]


def test_the_reconstruction_is_a_line_from_bottom_to_top(grid, edit_board):
    reconstruction = at(edit_board, "latentops", "strength=0")[0]
    upright = [line for line in grid.panels[0].ax.lines if list(line.get_ydata()) == [0, 1]]
    assert [line.get_xdata()[0] for line in upright] == [pytest.approx(reconstruction)]


def test_the_unguided_mark_is_hollow_and_the_row_of_the_table_large(grid, edit_board):
    marks = {
        line.get_xdata()[0]: (line.get_markerfacecolor() == "#ffffff", line.get_markersize())
        for line in grid.panels[0].ax.lines
        if line.get_marker() not in ("None", None, "")
    }
    labels = ("strength=0", "strength=1", "main")
    unguided, weak, main = (marks[at(edit_board, "latentops", label)[0]] for label in labels)
    assert (unguided[0], weak[0], main[0]) == (True, False, False)
    assert main[1] > 1.5 * max(weak[1], unguided[1])


def test_what_is_written(grid):
    ax = grid.panels[0].ax
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("content kept", "success (control)")
    assert {text.get_text() for text in ax.texts} == {"0", "5"}, "the knob at its ends"
    assert [text.get_text() for text in grid.figure.legends[0].get_texts()] == [
        "transformer", "latentops", "latentops, reconstruction", "bayes", "copy-source", "oracle",
    ]  # fmt: skip
