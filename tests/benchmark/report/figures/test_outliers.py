"""What is far below is named at the edge, and the scale is that of the others."""

from __future__ import annotations

import pytest
from handmade import BLEU, bleu, self_bleu, trial, write_handmade
from swept import swept_board

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.figures.figure_files import use_style
from benchmark.report.figures.frontier import draw_frontier, draw_overview
from benchmark.report.figures.outliers import find_outliers


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # Quartiles .905 and .995: the fence is at .77.
        ([1.0, 1.0, 0.98, 0.92, 0.9, 0.765], "f"),
        ([1.0, 1.0, 0.98, 0.92, 0.9, 0.775], ""),
        # Nearly equal: a distance of .05 between the quartiles counts, the fence is at .925.
        ([1.0, 1.0, 1.0, 1.0, 0.93], ""),
        ([1.0, 1.0, 1.0, 1.0, 0.92], "e"),
        # Nothing is far above, and four have no quartiles.
        ([0.1, 0.1, 0.1, 0.1, 0.9], ""),
        ([1.0, 1.0, 1.0, 0.0], ""),
        ([1.0, 1.0, 1.0, float("nan"), 0.0], ""),
    ],
)
def test_tukeys_fence(values, expected):
    assert find_outliers(dict(zip("abcdef", values, strict=False))) == frozenset(expected)


def low_board(tmp_path, **more):
    curves = {name: [(0.3, 0.95 + at / 100), (0.5, 0.9)] for at, name in enumerate("abcde")}
    curves |= {"low": [(0.4, 0.2), (0.6, 0.1)], "copy-source": [(0.0, 0.0)]}
    return swept_board(tmp_path, curves, yardsticks=["copy-source"], single=["copy-source"], **more)


@pytest.mark.parametrize("draw", [draw_overview, lambda board: draw_frontier(board, "toy")])
def test_a_panel_zooms_and_names_the_rest(tmp_path, draw):
    with use_style():
        (panel,) = draw(low_board(tmp_path)).panels
        panel.ax.figure.draw_without_rendering()
    told = [text for text in panel.ax.texts if "low" in text.get_text()]
    assert [text.get_text() for text in told] == ["↓ low 0.2, copy-source 0"]
    low, _ = panel.ax.get_ylim()
    assert low > 0.8, "the others take up the panel"
    assert min(panel.ax.get_yticks()) >= 0.88, "no number stands beside what is not on the scale"
    # Below everything that is drawn to scale.
    top = told[0].get_window_extent().y1
    assert panel.ax.transData.transform((0, 0.9))[1] > top


def test_a_system_in_sight_is_not_named(tmp_path):
    """A curve of another that reaches as far down brings an outlier onto the scale."""
    curves = {name: [(0.3, 0.95)] for name in "abcd"}
    curves |= {"wide": [(0.3, 0.95), (0.7, 0.1)], "low": [(0.4, 0.2)]}
    with use_style():
        (panel,) = draw_overview(swept_board(tmp_path, curves)).panels
    assert not [text for text in panel.ax.texts if "low" in text.get_text()]
    assert panel.ax.get_ylim()[0] < 0.1


def test_one_answer_far_below_is_marked_at_the_edge_and_named(tmp_path):
    trials = [trial(name, bleu(0.9 + at / 100) | self_bleu(0.5)) for at, name in enumerate("abcd")]
    trials.append(trial("lone", bleu(0.1) | self_bleu(1.0), kind="single"))
    values = {f"score-{name}-main-1": [{BLEU: [0.9, 0.9], "self_bleu": 0.5}] * 2 for name in "abcd"}
    board = Board(read_records(write_handmade(tmp_path / "x", trials, values=values)))
    with use_style():
        (panel,) = draw_overview(board).panels
    assert "↓ lone 0.1" in [text.get_text() for text in panel.ax.texts]
    assert [text.get_text() for text in panel.strip.texts] == ["↓"]
