"""Facts of runs with seeds of some systems, and on several machines."""

from __future__ import annotations

import pytest
from handmade import bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.page.facts import list_facts


def board_of(folder, trials) -> Board:
    return Board(read_records(write_handmade(folder, trials)))


def test_seeds_are_said_of_whom_they_are(tmp_path):
    def facts(folder, trials):
        return dict(list_facts(board_of(tmp_path / folder, trials)))["Seeds"]

    lone = [trial(name, bleu(0.5)) for name in "abc"]
    assert facts("1", lone) == "1"
    more = [trial("b", bleu(0.5), seed=seed) for seed in (2, 3)]
    assert facts("2", [*lone, *more]) == "1, 2, 3 of b; 1 of a and c"


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([], None),
        ([{"device": "cpu", "cpu": "EPYC", "cpu_model": "1"}] * 2, None),
        # A yardstick computes on the processor beside the GPU.
        (
            [{"device": "cuda", "cpu": "EPYC", "gpu": "H200"}, {"device": "cpu", "cpu": "EPYC"}],
            None,
        ),
        (
            [{"device": "cpu", "cpu": "EPYC", "cpu_model": model} for model in ("1", "17")],
            "of several machines, not to be compared: EPYC, 1; EPYC, 17",
        ),
    ],
)
def test_times_of_several_machines_are_said_to_be(conditions, expected, tmp_path):
    board = board_of(tmp_path / "x", [trial("a", bleu(0.5))])
    board.records.run.conditions.update({str(n): of for n, of in enumerate(conditions)})
    assert dict(list_facts(board)).get("Times") == expected
    board.records.run.merged.append({"run": "one", "command": []})
    assert "Times" not in dict(list_facts(board))
