from __future__ import annotations

import numpy as np
import pytest
from handmade import BLEU, bleu, curved, trial, write_handmade
from test_all_figures import check, data

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.figures.all_figures import task_plots
from benchmark.report.figures.figure_files import use_style
from benchmark.report.figures.mbr_curves import draw_candidates, shown_axes

FOUR = [0.40, 0.41, 0.45, 0.50]


def metrics(values, *names):
    found = curved({BLEU: values, "rouge_l": values})
    for name in names:
        found |= curved({BLEU: values}, name=name, title=name)
    return found


@pytest.fixture
def trials():
    made = [
        trial("transformer", metrics(FOUR, "validity")),
        trial("nat", metrics([v + 0.1 for v in FOUR], "validity"), family="iterative"),
        trial("gpt2", metrics(FOUR[:1], "validity"), kind="single"),
        trial("fairseq-cmlm", metrics(FOUR[:3], "validity"), family="iterative", kind="n-best"),
        trial("copy-source", metrics([0.2], "validity"), family="yardstick", kind="single"),
        trial("oracle", metrics([v + 0.3 for v in FOUR], "validity"), family="yardstick", depth=0),
        trial("reference", metrics([0.99], "validity"), family="yardstick", kind="n-best"),
        trial("old", bleu(0.9)),
    ]
    for line, rows in zip(made, (8.0, 1.0, 8.0, 10.0, 0.0, 0.0, 0.0, 1.0), strict=True):
        line["cost"]["rows"] = rows
    return made


def draw(folder, trials):
    board = Board(read_records(write_handmade(folder / "x", trials)))
    with use_style():
        grid = draw_candidates(board, "toy")
        check(grid)
    return board, grid


@pytest.mark.slow
def test_candidates_at_the_left_and_what_they_cost_at_the_right(tmp_path, trials):
    board, grid = draw(tmp_path, trials)
    assert [axis.metric for axis in shown_axes(board, "toy")] == ["validity", BLEU]
    left, right, *_ = (panel.ax for panel in grid.panels)
    # Sizes 1, 2 and the largest carry marks; the list stands at its length, one answer at 1.
    drawn = [(1, 0.4, 8), (2, 0.41, 8), (4, 0.5, 8), (1, 0.5, 1), (2, 0.51, 1), (4, 0.6, 1)]
    drawn += [(1, 0.4, 8), (3, 0.45, 10)]
    np.testing.assert_allclose(sorted(data(left)), sorted((n, y) for n, y, _ in drawn))
    np.testing.assert_allclose(sorted(data(right)), sorted((n * r, y) for n, y, r in drawn))
    assert right.get_xscale() == "log" and left.get_ylim() == right.get_ylim()


@pytest.mark.slow
def test_yardsticks_are_levels_and_the_ceiling_a_curve(tmp_path, trials):
    _, grid = draw(tmp_path, trials)
    left, right, *_ = (panel.ax for panel in grid.panels)

    def levels(ax):
        return {line.get_ydata()[0] for line in ax.lines if len(set(line.get_ydata())) == 1}

    assert 0.2 in levels(left) and 0.2 in levels(right)
    # Draws from the grammar cost nothing: what all of them are worth.
    assert 0.8 in levels(right) and 0.8 not in levels(left)
    assert any(list(line.get_ydata()) == [v + 0.3 for v in FOUR] for line in left.lines)
    names = [text.get_text() for text in grid.figure.legends[0].get_texts()]
    assert names == ["transformer", "gpt2", "nat", "fairseq-cmlm", "copy-source", "oracle"]


@pytest.mark.slow
def test_the_budget_is_one_draw_of_the_dearest(tmp_path, trials):
    _, grid = draw(tmp_path, trials)
    right = grid.panels[1].ax
    assert [8.0, 8.0] in [list(line.get_xdata()) for line in right.lines]


def test_real_data_show_a_metric_that_did_not_choose(tmp_path):
    board, grid = draw(tmp_path, [trial("gpt2", metrics(FOUR, "rouge_l"))])
    assert [axis.metric for axis in shown_axes(board, "toy")] == [BLEU, "rouge_l"]
    assert [panel.ax.get_ylabel() for panel in grid.panels[::2]] == [
        f"sentence BLEU ({BLEU})", "ROUGE-L (rouge_l)",
    ]  # fmt: skip


def test_free_systems_alone(tmp_path):
    _, grid = draw(tmp_path, [trial("oracle", metrics(FOUR), family="yardstick", depth=0)])
    assert len(grid.panels) == 2


def test_only_records_with_curves_have_the_figure(tmp_path, trials, board):
    found = Board(read_records(write_handmade(tmp_path / "x", trials)))
    (plot,) = (p for p in task_plots(found, "toy", "toy") if p.name == "toy-mbr")
    assert f"by {BLEU}." in plot.caption and "inflates that metric" in plot.caption
    assert "toy-mbr" not in {p.name for p in task_plots(board, "toy", "toy")}
