from __future__ import annotations

import pytest
from swept import swept_board

from benchmark.report.figures.figure_files import use_style
from benchmark.report.figures.frontier import draw_frontier, make_frontier_legend
from benchmark.report.figures.yardstick_marks import is_near


@pytest.mark.parametrize(
    ("value", "others", "expected"),
    [
        (0.21, [0.05, 0.2], True),
        (1.0, [0.05, 0.2], False),
        (0.0, [0.9, 1.0], False),
        (0.0, [0.3, 1.0], True),
        (1.0, [1.0, 1.0], True),
        (0.0, [1.0, 1.0], False),
        (0.0, [], True),
    ],
)
def test_near_is_within_the_spread_of_the_models(value, others, expected):
    assert is_near(value, others) == expected


def drawn(tmp_path, copy):
    curves = {
        "a": [(0.4, 0.15), (0.2, 0.2)],
        "copy-source": [(0.0, copy)],
        "reference": [(0.0, 1.0)],
    }
    board = swept_board(
        tmp_path, curves,
        single=["copy-source", "reference"], yardsticks=["copy-source", "reference"],
    )  # fmt: skip
    with use_style():
        return draw_frontier(board, "toy").panels[0]


def test_references_do_not_stretch_the_axis_and_are_told_at_the_edge(tmp_path):
    panel = drawn(tmp_path, copy=0.18)
    assert panel.ax.get_ylim()[1] < 0.3
    assert [text.get_text() for text in panel.strip.texts] == ["↑", "1"]
    assert "copy-source 0.18" in [text.get_text() for text in panel.ax.texts]


def test_a_copy_far_off_is_told_at_the_edge(tmp_path):
    panel = drawn(tmp_path, copy=0.9)
    assert "↑ copy-source 0.9" in [text.get_text() for text in panel.ax.texts]
    assert panel.ax.get_ylim()[1] < 0.3


@pytest.mark.parametrize(("values", "told"), [((1.0, 1.0), ["1"]), ((1.0, 0.9), ["1", "0.9"])])
def test_equal_values_at_the_edge_are_told_once_and_others_in_rows(tmp_path, values, told):
    curves = {"a": [(0.4, 0.15), (0.2, 0.2)], "reference": [(0.0, values[0])]}
    curves |= {"tokenizer-ceiling": [(0.0, values[1])]}
    names = ["reference", "tokenizer-ceiling"]
    board = swept_board(tmp_path, curves, single=names, yardsticks=names)
    with use_style():
        panel = draw_frontier(board, "toy").panels[0]
    texts = [text for text in panel.strip.texts if text.get_text() != "↑"]
    assert [text.get_text() for text in texts] == told
    assert len({text.xyann[1] for text in texts}) == len(told)


@pytest.mark.parametrize(("settings", "has_mark"), [(1, True), (2, False)])
def test_an_oracle_of_one_setting_is_a_mark_and_no_line(tmp_path, settings, has_mark):
    curves = {"a": [(0.4, 0.15), (0.2, 0.2)], "oracle": [(0.5, 0.3), (0.3, 0.4)][:settings]}
    board = swept_board(tmp_path, curves, yardsticks=["oracle"])
    with use_style():
        ax = draw_frontier(board, "toy").panels[0].ax
    (entry,) = (of for of in make_frontier_legend(board, ["toy"]) if "oracle" in of.get_label())
    assert (entry.get_marker() not in ("", "None")) == has_mark
    assert (entry.get_linestyle() == "None") == has_mark
    drawn_at = [line.get_xydata().tolist() for line in ax.lines if line.get_marker() != "None"]
    assert ([[0.5, 0.3]] in drawn_at) == has_mark
