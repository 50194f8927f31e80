from __future__ import annotations

import json

import pytest
from handmade import bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.tables.model_sizes import describe_sizes


def board_of(tmp_path, sizes, facts=None) -> Board:
    """Systems with `sizes` parameters beside 1,000 of embeddings."""
    trials = [
        trial(name, bleu(0.5)) | {"parameters": {"total": size + 1000, "embedding": 1000}}
        for name, size in sizes.items()
    ]
    trials.append(trial("copy-source", bleu(0.1), family="yardstick", kind="single"))
    folder = write_handmade(tmp_path / "x", trials)
    path = folder / "records" / "run.json"
    run = json.loads(path.read_text())
    for name, changes in (facts or {}).items():
        run["systems"][name] |= changes
    path.write_text(json.dumps(run))
    return Board(read_records(folder))


def test_near_sizes_are_told_by_their_spread(tmp_path):
    board = board_of(tmp_path, {"a": 100_000, "b": 102_000, "c": 104_500})
    assert describe_sizes(board, "toy") == (
        "The non-embedding parameters of the 3 systems that were trained from scratch lie within"
        " 4.5 % of one another (100,000 to 104,500)."
    )


def test_those_outside_are_named_with_the_reason(tmp_path):
    sizes = {"a": 100_000, "b": 101_000, "c": 99_000, "big": 150_000, "small": 50_000}
    board = board_of(tmp_path, sizes, {"big": {"why_size": "It has three heads."}})
    assert describe_sizes(board, "toy") == (
        "More than 5 % from the median of 100,000 non-embedding parameters of the systems that were"
        " trained from scratch: big (150,000, 50.0 % above: It has three heads); small (50,000,"
        " 50.0 % below: no reason is given). The other 3 lie within 2.0 % of one another"
        " (99,000 to 101,000)."
    )


def test_pretrained_weights_are_another_matter(tmp_path):
    sizes = {"a": 100_000, "b": 100_000, "pre": 10**8}
    board = board_of(tmp_path, sizes, {"pre": {"from_scratch": False}})
    said = describe_sizes(board, "toy")
    assert "2 systems that were trained from scratch lie within 0.0 %" in said
    assert said.endswith("Not counted, because their weights were pretrained: pre.")


@pytest.mark.parametrize("sizes", [{}, {"a": 100_000}], ids=["none", "one"])
def test_nothing_to_compare(tmp_path, sizes):
    assert describe_sizes(board_of(tmp_path, sizes), "toy") == ""
