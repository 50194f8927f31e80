from __future__ import annotations

from handmade import BLEU, bleu, curved, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.paper.candidate_count import candidate_curves, copy_value


def curves_of(tmp_path, *trials):
    return candidate_curves(Board(read_records(write_handmade(tmp_path / "toy", trials))), "toy")


def test_records_without_curves_have_none(tmp_path):
    assert curves_of(tmp_path, trial("one", bleu(0.3))) == {}


def test_the_setting_with_most_candidates_counts_and_yardsticks_have_none(tmp_path):
    found = curves_of(
        tmp_path,
        trial("one", curved({BLEU: [0.3, 0.4]})),
        trial("one", curved({BLEU: [0.1, 0.2, 0.3]}), label="main, mbr", roles=["mbr"]),
        trial("copy-source", curved({BLEU: [0.3, 0.4]}), family="yardstick"),
    )
    assert list(found) == ["one"]
    assert list(found["one"]) == [1, 2, 3]
    assert [y.value for y in found["one"].values()] == [0.1, 0.2, 0.3]


def test_the_utility_of_the_table_chooses(tmp_path):
    both = curved({BLEU: [0.3, 0.4], "rouge_l": [0.3, 0.35]})
    assert [y.value for y in curves_of(tmp_path, trial("one", both))["one"].values()] == [0.3, 0.4]


def test_the_copy_is_scored_over_the_sources_of_the_curves(tmp_path):
    # The main setting answers all sources, the one with more candidates may answer fewer.
    copies = [
        trial("copy-source", bleu(0.3), family="yardstick"),
        trial("copy-source", curved({BLEU: [0.2]}), family="yardstick", label="mbr", roles=["mbr"]),
    ]
    board = Board(read_records(write_handmade(tmp_path / "toy", copies)))
    assert copy_value(board, "toy").value == 0.2
