from __future__ import annotations

import pytest
from handmade import bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.data.samples import gather_blocks


def test_blocks_hold_every_system(board):
    first, second = gather_blocks(board, "toy")
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
    folder = write_handmade(tmp_path / "x", [trial("a", bleu(0.5))], values=values)
    first, second = gather_blocks(Board(read_records(folder)), "toy")
    assert [text.valid for text in first.answers[0].texts] == [True, False]
    assert [text.valid for text in second.answers[0].texts] == [None, None]


@pytest.mark.slow
def test_equal_candidates_stand_once(realistic):
    found = gather_blocks(realistic, "dialogue")
    assert len(found) == 14, "all sources of the toy task: fewer than are kept"
    for answers in (a for block in found for a in block.answers):
        texts = [text.text for text in answers.texts]
        assert len(set(texts)) == len(texts)
        drawn = 1 if answers.kind == "single" else 4
        assert sum(text.count for text in answers.texts) == drawn
        assert sum(text.chosen for text in answers.texts) == (answers.kind != "single")


def test_quality_of_a_candidate(tmp_path):
    values = {"score-a-main-1": [{"bleu_sent_m4": [0.25, None]}, {}]}
    folder = write_handmade(tmp_path / "x", [trial("a", bleu(0.5))], values=values)
    first, second = gather_blocks(Board(read_records(folder)), "toy")
    assert [text.quality for text in first.answers[0].texts] == [0.25, None]
    assert [text.quality for text in second.answers[0].texts] == [None, None]
