from __future__ import annotations

import pytest
from handmade import trial, write_handmade
from swept import swept_board

from benchmark.records.reader import read_records
from benchmark.report.analysis.at_a_glance import HEADS, make_glance
from benchmark.report.data.columns import MINUS
from benchmark.report.data.points import Board


def test_four_answers(tmp_path):
    curves = {
        "steep": [(0.4, 0.8), (0.2, 1.0), (0.6, 0.2)],
        "flat": [(0.3, 0.7), (0.8, 0.6)],
        "copy-source": [(0.0, 0.75)],
    }
    board = swept_board(tmp_path, curves, single=["copy-source"], yardsticks=["copy-source"])
    found = make_glance(board, "toy")
    diversity, calls, time, copy = map(str, found)
    assert diversity == (
        "flat 0.640, significantly better than the other"
        f" (1 {MINUS} self-BLEU at least 0.6, all reach)"
    )
    assert calls == "steep 0.800, significantly better than the other (at most 10 NFE)"
    assert time == "steep 0.800, significantly better than the other (at most 12.5 ms)"
    assert copy == (
        "sentence BLEU 0.750 [0.740, 0.760]: 1 of 2 systems significantly better, 1 worse"
    )
    assert 1 + len(found) == len(HEADS)


def test_nfe_is_compared_where_the_setting_fixes_it(tmp_path):
    curves = {"a": [(0.4, 0.9)], "b": [(0.4, 0.8)], "c": [(0.4, 0.7)]}
    some, none = (
        make_glance(swept_board(tmp_path / names, curves, uncounted=names), "toy")
        for names in ("a", "abc")
    )
    assert str(some[1]) == "b 0.800, significantly better than the other (at most 10 NFE)"
    # Their seconds can be compared all the same.
    assert str(some[2]).startswith("a 0.900, significantly better than all 2 others")
    assert str(none[1]) == "no system (at most 10 NFE)"


def test_equal_systems_are_said_to_be_equal(tmp_path):
    names = ["a", "b", "c", "d", "e", "f"]
    board = swept_board(tmp_path, {name: [(0.4, 0.8), (0.2, 0.9)] for name in names})
    assert str(make_glance(board, "toy")[0]).startswith(
        "a 0.800, not significantly better than b, c, d and 2 more ("
    )


@pytest.mark.parametrize(
    ("systems", "equals"),
    [("ab", "b"), ("abc", "b and c"), ("abcd", "b, c and d"), ("abcde", "b, c, d and e")],
)
def test_up_to_four_equals_are_named(tmp_path, systems, equals):
    board = swept_board(tmp_path, {name: [(0.4, 0.8), (0.2, 0.9)] for name in systems})
    assert str(make_glance(board, "toy")[0]).startswith(
        f"a 0.800, not significantly better than {equals} ("
    )


def test_who_does_not_reach_the_grammar(tmp_path):
    curves = {
        "wide": [(0.6, 0.8), (0.2, 0.9)],
        "narrow": [(0.3, 0.8), (0.2, 0.9)],
        "oracle": [(0.5, 1.0), (0.3, 1.0)],
    }
    board = swept_board(tmp_path, curves, yardsticks=["oracle"])
    diversity, _, _, copy = map(str, make_glance(board, "toy"))
    assert diversity == (
        "wide 0.825, the only one"
        f" (1 {MINUS} self-BLEU at least 0.5, as the grammar; out of reach of narrow)"
    )
    assert copy == "no copy-source row"


def test_nothing_measured(tmp_path):
    board = Board(read_records(write_handmade(tmp_path / "x", [trial("a", None)])))
    assert {str(answer) for answer in make_glance(board, "toy")} == {"no quality was measured"}
