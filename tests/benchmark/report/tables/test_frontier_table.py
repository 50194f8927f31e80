from __future__ import annotations

import pytest
from handmade import BLEU, bleu, trial, write_handmade
from swept import swept_board

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.tables.frontier_table import build_frontier_table
from benchmark.report.tables.latex_table import to_latex
from benchmark.report.tables.renderers import to_csv, to_markdown
from benchmark.report.tables.significance_table import build_pair_frame, build_significance_table
from benchmark.report.tables.table import build_table

CURVES = {
    "steep": [(0.4, 0.8), (0.2, 1.0), (0.6, 0.2)],
    "flat": [(0.3, 0.7), (0.8, 0.6)],
    "copy-source": [(0.0, 0.75)],
}


@pytest.fixture
def board(tmp_path):
    return swept_board(tmp_path, CURVES, single=["copy-source"], yardsticks=["copy-source"])


def lines_of(text, system):
    return [line for line in text.split("\n") if line.startswith(f"| {system}")]


def test_frontier_table_known_answer(board):
    text = to_markdown(build_frontier_table(board, "toy"))
    (steep,) = lines_of(text, "steep (a)")
    (flat,) = lines_of(text, "flat (b)")
    assert steep == (
        "| steep (a) | 3 | 2 | 0.200 | 0.600 | 0.480 | 0.200 | 0.600 | **0.800** ᵇ | 10.000"
        " | **0.800** ᵇ | 1.000 | **0.800** ᵇ | 12.500 |"
    )
    assert flat.startswith("| flat (b) | 2 | 1 | 0.300 | 0.800 | 0.535 | **0.640** ᵃ |")
    assert "≥ 0.6, all reach ↑" in text
    assert "no independent samples: not on the axis of diversity (copy-source)" in text


def test_main_table_says_who_is_better_than_whom(board):
    table = build_table(board, "toy")
    text = to_markdown(table)
    (steep,) = lines_of(text, "steep (a)")
    assert "**0.800** ±0.010 ᵇᶜ" in steep
    (copy,) = lines_of(text, "copy-source (c)†")
    assert "0.750 ±0.010 ᵇ" in copy
    assert r"0.750\,{\tiny$\pm$0.010}\textsuperscript{b}" in to_latex(table)
    head, first, *_ = to_csv(table).split("\n")
    at = head.split(",").index(f"{BLEU}.expected.better_than")
    assert first.split(",")[at] == "flat copy-source"


def test_matrix_holds_differences_above_and_p_values_below(board):
    table = build_significance_table(board, "toy")
    steep, flat, copy = table.rows
    assert steep.entries["flat"].interval.value == pytest.approx(0.1)
    assert steep.entries["flat"].bold
    assert copy.entries["steep"].interval.value < 0.05
    assert flat.entries["copy-source"].interval.value == pytest.approx(-0.05)
    assert flat.entries["flat"].dash == "not compared"
    assert [column.head for column in table.columns] == ["a", "b", "c"]
    assert [family for family, _ in table.families()] == [f"sentence BLEU ({BLEU})"]
    assert r"\label{tab:toy-significance}" in to_latex(table)


def test_every_pair_stands_in_the_frame(board):
    frame = build_pair_frame(board, "toy")
    assert len(frame[frame.column == f"{BLEU}.expected"]) == 3
    assert set(frame.column) == {
        f"{BLEU}.expected", "common", "depth", "rows", "seconds_per_candidate",
    }  # fmt: skip
    # One family: seven comparisons with the same smallest p value.
    one = frame.iloc[0]
    assert (one["first"], one.second) == ("steep", "flat")
    assert one.p_adjusted == pytest.approx(7 * max(one.p_randomisation, one.p_bootstrap))
    assert len(frame) == 7


@pytest.mark.parametrize("trials", [[trial("a", None)], [trial("a", bleu(0.5))]])
def test_nothing_to_compare(tmp_path, trials):
    board = Board(read_records(write_handmade(tmp_path / "x", trials)))
    for table in (build_frontier_table(board, "toy"), build_significance_table(board, "toy")):
        for text in (to_markdown(table), to_latex(table), to_csv(table)):
            assert "ᵃ" not in text
            assert "nan" not in text
    assert len(build_pair_frame(board, "toy")) == 0
