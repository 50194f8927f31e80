"""Machines of runs whose conditions are written by hand, odd ones among them."""

from __future__ import annotations

import pytest
from handmade import bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.data.machines import list_machines

EPYC = {"device": "cpu", "cpu": "EPYC"}


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (None, []),
        ([], []),
        ([None, {}, {"device": ["cpu"]}], []),
        ([EPYC, EPYC], []),
        ([{"device": "cuda", "gpu": "H200", "cpu": "EPYC"}, EPYC], []),
        ([EPYC | {"cpu_model": "1"}, EPYC], ["EPYC, 1", "EPYC of unknown model"]),
        (
            [{"device": "cuda", "gpu": "H200"}, EPYC, {"device": "cuda:1", "gpu": "A100"}],
            ["H200", "A100"],
        ),
    ],
)
def test_machines_that_are_or_may_be_several(conditions, expected, tmp_path):
    run = read_records(write_handmade(tmp_path / "x", [trial("a", bleu(0.5))])).run
    named = conditions and {str(number): of for number, of in enumerate(conditions)}
    assert list_machines(run.model_copy(update={"conditions": named})) == expected
