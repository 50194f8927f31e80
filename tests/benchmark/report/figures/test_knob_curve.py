from __future__ import annotations

from dataclasses import replace

import pytest
from controlled import ATTEMPTS, SWEPT, Attempt, write_controlled
from test_all_figures import data

from benchmark.records.reader import read_records
from benchmark.report.data.control_points import KEPT, SUCCESS, is_hollow
from benchmark.report.data.points import Board
from benchmark.report.figures.composition import draw_composition
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


def test_hollow_is_what_is_not_steered_though_edits_be_deterministic(tmp_path):
    attempts = [replace(a, kind="single" if a.system == "latentops" else a.kind) for a in ATTEMPTS]
    board = Board(read_records(write_controlled(tmp_path / "x", edits=True, attempts=attempts)))
    hollow = {p.label for p in board.of("toy", "latentops") if is_hollow(board, p)}
    assert hollow == {"strength=0"}
    assert not is_hollow(board, board.main("toy", "copy-source"))
    with use_style():
        grid = draw_edits(board, "toy")
        entries = draw_composition(board, "toy").figure.legends[0].legend_handles
    (curve,) = board.sweeps("toy", "latentops")
    places = {(KEPT[0].read(p).value, SUCCESS.read(p).value): p.label for p in curve}
    faces = {
        places[line.get_xdata()[0], line.get_ydata()[0]]: line.get_markerfacecolor()
        for line in grid.panels[0].ax.lines
        if (line.get_xdata()[0], line.get_ydata()[0]) in places and len(line.get_xdata()) == 1
    }
    assert [label for label, face in faces.items() if face == "#ffffff"] == ["strength=0"]
    looks = {entry.get_label(): entry.get_markerfacecolor() for entry in entries}
    assert looks["latentops, unguided"] == "#ffffff" != looks["latentops"]


def test_what_has_no_place_has_no_entry(control_board):
    with use_style():
        grid = make_column(1, many=False)
        # The texts of a task without edits are not kept.
        entry = draw_knob_curve(
            grid.panels[0], control_board, "toy", "latentops", (KEPT[0], SUCCESS)
        )
    assert entry is None and not grid.panels[0].marks.points
