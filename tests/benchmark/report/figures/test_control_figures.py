from __future__ import annotations

import json

import numpy as np
import pytest
from controlled import write_controlled
from test_all_figures import check, data

from benchmark.records.reader import read_records
from benchmark.report.data.control_points import SUCCESS, find_unguided
from benchmark.report.data.points import Board
from benchmark.report.figures.all_figures import task_plots
from benchmark.report.figures.control_figures import control_plots
from benchmark.report.figures.figure_files import use_style


def names(board):
    return [plot.name for plot in control_plots(board, "toy", "toy")]


def test_which_figures_a_task_has(board, control_board, edit_board):
    assert names(board) == []
    assert names(control_board) == ["toy-composition", "toy-labels", "toy-sentences", "toy-free"]
    assert names(edit_board) == ["toy-edits", "toy-composition", "toy-labels", "toy-sentences"]


def test_one_number_of_labels_is_no_curve(tmp_path):
    folder = write_controlled(tmp_path / "x", edits=False)
    path = folder / "records" / "cells.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    kept = [line for line in lines if "labels" not in line["setting"]["roles"]]
    path.write_text("".join(json.dumps(line) + "\n" for line in kept))
    assert "toy-labels" not in names(Board(read_records(folder)))


def test_one_number_of_attributes_is_no_composition(tmp_path):
    # Of four sources in a row the first asks for one attribute.
    folder = write_controlled(tmp_path / "x", edits=False, sources=1)
    assert "toy-composition" not in names(Board(read_records(folder)))


def test_titles_speak_of_success(board, control_board):
    def titles(of):
        return [plot.title for plot in task_plots(of, "toy", "toy")]

    assert "Success against time" in titles(control_board)
    assert not any(title.startswith("Quality") for title in titles(control_board))
    assert not any(title.startswith("Success") for title in titles(board))


def test_captions_say_what_belongs_to_edits(control_board, edit_board):
    of = {plot.name: plot.caption for plot in control_plots(edit_board, "toy", "toy")}
    assert "its reconstruction of the text" in of["toy-edits"]
    assert "the base rate and the reconstruction" in of["toy-composition"]
    of = {plot.name: plot.caption for plot in control_plots(control_board, "toy", "toy")}
    assert "reconstruction" not in of["toy-composition"]
    assert "sentences among the candidates" in of["toy-composition"]


@pytest.mark.slow
def test_success_against_seconds(control_board):
    (plot,) = [p for p in task_plots(control_board, "toy", "toy") if p.name == "toy-seconds"]
    with use_style():
        grid = plot.draw()
        check(grid)
    (panel,) = grid.panels
    unguided = find_unguided(control_board, "toy", "latentops")
    mains = [control_board.main("toy", system) for system in ("transformer", "latentops")]
    success = [SUCCESS.read(point).value for point in (*mains, unguided)]
    # A candidate takes 1 ms, and another one for each unit of strength.
    expected = sorted(zip([0.001, 0.006, 0.001], success, strict=True))
    np.testing.assert_allclose(sorted(data(panel.ax)), expected)
    assert panel.ax.get_xscale() == "log"
    assert panel.ax.get_ylabel() == "success (control)"
    assert [text.get_text() for text in grid.figure.legends[0].get_texts()] == [
        "transformer", "latentops", "latentops, unguided", "oracle",
    ]  # fmt: skip


@pytest.mark.slow
def test_control_figures_without_figures_to_draw(tmp_path):
    """All undefined, or one system alone: still legible."""
    for number, change in enumerate((_undefine, _keep_one)):
        folder = write_controlled(tmp_path / f"x{number}", edits=number == 0)
        path = folder / "records" / "cells.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        path.write_text("".join(json.dumps(line) + "\n" for line in change(lines)))
        board = Board(read_records(folder))
        with use_style():
            for plot in task_plots(board, "toy", "toy"):
                check(plot.draw())


def _undefine(lines):
    for line in lines:
        for metric in line["score"]["metrics"].values():
            for interval in metric["statistics"].values():
                interval.update(value=None, low=None, high=None)
    return lines


def _keep_one(lines):
    return [line for line in lines if line["system"] == "transformer"][:1]
