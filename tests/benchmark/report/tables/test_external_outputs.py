from __future__ import annotations

from handmade import bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.tables.external_outputs import describe_outputs


def said(folder, **outputs) -> str:
    facts = {"format": "jsonl", "sources": 1200, "split": 1200, "matched": "id"} | outputs
    lines = [
        trial("ours", bleu(0.5)),
        trial("theirs", bleu(0.5), family="other") | {"outputs": facts},
        trial("copy-source", bleu(0.2), family="yardstick") | {"outputs": {"format": "made here"}},
    ]
    return describe_outputs(Board(read_records(write_handmade(folder, lines))).points)


def test_says_how_outputs_were_matched(tmp_path):
    assert said(tmp_path / "a") == (
        "Not run here, scored from outputs, cost unknown: theirs (matched by id)."
    )
    assert "theirs (matched by order, 3 of 1,200 sources)." in said(
        tmp_path / "b", matched="order", sources=3
    )


def test_nothing_where_all_was_run(board):
    assert describe_outputs(board.points) == ""
