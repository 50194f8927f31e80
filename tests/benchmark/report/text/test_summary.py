from __future__ import annotations

import pytest
from handmade import BLEU, bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.text.summary import build_overview_table, list_failures, write_sentences


def board_of(tmp_path, trials, values=None) -> Board:
    return Board(read_records(write_handmade(tmp_path / "x", trials, values=values)))


def test_sentences_are_computed(tmp_path):
    shifts = {"best": 0.5, "below": 0.2, "copy-source": 0.3}
    trials = [
        trial(name, bleu(v), family="yardstick" if name == "copy-source" else "edit")
        for name, v in shifts.items()
    ]
    values = {f"score-{name}-main-1": [{BLEU: [v, v]}] * 30 for name, v in shifts.items()}
    assert write_sentences(board_of(tmp_path, [*trials, trial("lost", None)], values), "toy") == [
        "On sentence BLEU (bleu_sent_m4), best (0.500 [0.490, 0.510]) is best, significantly better"
        " than below (0.200).",
        "Copying the source scores 0.300 [0.290, 0.310] on sentence BLEU (bleu_sent_m4); not"
        " significantly better: below.",
        "lost did not finish (failed: ValueError: it broke & <fell>).",
    ]


def test_one_model(tmp_path):
    (said,) = write_sentences(board_of(tmp_path, [trial("a", bleu(0.5))]), "toy")
    assert said.endswith("a (0.500 [0.490, 0.510]) is the only model that was measured.")


def test_equal_scores_have_no_best(tmp_path):
    (said,) = write_sentences(board_of(tmp_path, [trial(n, bleu(0.0)) for n in "ab"]), "toy")
    assert said == "On sentence BLEU (bleu_sent_m4), all systems score 0.000."


def test_nothing_went_well(tmp_path):
    assert write_sentences(board_of(tmp_path, [trial("a", None)]), "toy") == [
        "a did not finish (failed: ValueError: it broke & <fell>)."
    ]


def test_failures_of_one_cause_stand_once(tmp_path):
    trials = [trial("a", None, label="one"), trial("a", None, label="two"), trial("b", bleu(0.5))]
    ((failure, settings),) = list_failures(board_of(tmp_path, trials))
    assert (failure.system, settings) == ("a", "one, two")


def test_overview_has_a_column_a_task(tmp_path):
    trials = [
        trial("a", bleu(0.5), task="one"),
        trial("a", bleu(0.25), task="two", label="other"),
        trial("b", bleu(0.1), task="two"),
    ]
    table = build_overview_table(board_of(tmp_path, trials))
    assert [column.head for column in table.columns] == ["One", "Two"]
    a, b = table.rows
    assert a.entries["two"].interval.value == pytest.approx(0.25)
    assert a.entries["two"].keys == ("score-a-other-1",)
    assert b.entries["one"].dash == "not run"
