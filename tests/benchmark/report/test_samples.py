from __future__ import annotations

from handmade import bleu, cell, write_handmade

from benchmark.report.points import Board
from benchmark.report.records import read_records
from benchmark.report.samples import SHOWN, SOURCES, blocks


def test_blocks_hold_every_system(board):
    first, second = blocks(board, "toy")
    assert first.source == "a <b> source"
    systems = [answers.system for answers in first.answers]
    assert systems == ["worse", "best", "near", "fixed", "copy-source"]
    best = first.answers[1]
    assert [text.text for text in best.texts] == ["one of best", "two"]
    assert [text.chosen for text in best.texts] == [False, True]
    assert best.texts[0].valid is None
    assert len(first.answers[3].texts) == 1, "a single output is shown once"
    assert second.id == "s1"


def test_invalid_candidates_are_marked(tmp_path):
    values = {"score-a-main-1": [{"validity": [1.0, 0.0]}, {"validity": None}]}
    folder = write_handmade(tmp_path / "x", [cell("a", bleu(0.5))], values=values)
    first, second = blocks(Board(read_records(folder)), "toy")
    assert [text.valid for text in first.answers[0].texts] == [True, False]
    assert [text.valid for text in second.answers[0].texts] == [None, None]


def test_not_more_than_asked(realistic):
    found = blocks(realistic, "dialogue")
    assert len(found) == SOURCES
    assert max(len(answers.texts) for block in found for answers in block.answers) == SHOWN
