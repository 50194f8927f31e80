"""Facts of runs with seeds of some systems, and on several machines."""

from __future__ import annotations

import json

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


def test_a_run_on_several_machines_says_so(tmp_path):
    report = write_handmade(tmp_path / "x", [trial("a", bleu(0.5))])
    path = report / "records" / "run.json"
    for models, is_told in (((1, 1), False), ((1, 17), True)):
        conditions = {
            str(number): {"device": "cpu", "cpu": "EPYC", "cpu_model": f"model {model}"}
            for number, model in enumerate(models)
        }
        path.write_text(json.dumps(json.loads(path.read_text()) | {"conditions": conditions}))
        facts = dict(list_facts(Board(read_records(report))))
        assert ("Computed on" in facts) is is_told
    assert facts["Computed on"].endswith(": EPYC, model 1; EPYC, model 17")
