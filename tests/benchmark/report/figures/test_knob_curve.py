from __future__ import annotations

import pytest
from controlled import ATTEMPTS, SWEPT, Attempt, write_controlled
from test_all_figures import data

from benchmark.records.reader import read_records
from benchmark.report.data.control_points import KEPT, SUCCESS
from benchmark.report.data.points import Board
from benchmark.report.figures.edits import draw_edits
from benchmark.report.figures.figure_files import use_style
from benchmark.report.figures.knob_curve import draw_knob_curve
from benchmark.report.figures.panel_grid import make_column

pytestmark = pytest.mark.slow
SWEPT_ORACLE = (
    Attempt("oracle", 1.0, 1.0, 1.0, strength=1.0),
    Attempt("oracle", 1.0, 1.0, 1.0, strength=2.0, label="strength=2", roles=SWEPT),
)


def test_a_yardstick_stands_at_the_setting_of_the_table_alone(tmp_path):
    others = tuple(attempt for attempt in ATTEMPTS if attempt.system != "oracle")
    folder = write_controlled(tmp_path / "x", edits=True, attempts=(*others, *SWEPT_ORACLE))
    board = Board(read_records(folder))
    assert len(board.sweeps("toy", "oracle")[0]) == 2
    with use_style():
        grid = draw_edits(board, "toy")
    assert data(grid.panels[0].ax).count((1.0, 1.0)) == 1


def test_what_has_no_place_has_no_entry(control_board):
    with use_style():
        grid = make_column(1, many=False)
        # The texts of a task without edits are not kept.
        entry = draw_knob_curve(
            grid.panels[0], control_board, "toy", "latentops", (KEPT[0], SUCCESS)
        )
    assert entry is None and not grid.panels[0].marks.points
