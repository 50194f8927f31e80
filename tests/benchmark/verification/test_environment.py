"""Why bytes need not agree: a kept record beside itself with another processor."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest

from benchmark.verification.environment import environment_changes
from benchmark.verification.raw_records import RawRecord, read_raw_report

MILAN = {"cpu": "EPYC", "cpu_model": "model 1", "cpu_instructions": "avx2"}
GENOA = {"cpu": "EPYC", "cpu_model": "model 17", "cpu_instructions": "avx2 avx512f"}
NO_MODEL = "a record does not name the model of its processor"
UNKNOWN = {"cpu": "EPYC", "cpu_model": None, "cpu_instructions": None}


@pytest.fixture
def record(kept) -> RawRecord:
    return read_raw_report(kept.report).records[0]


def computed_on(record: RawRecord, **conditions) -> RawRecord:
    """The record as if made under other conditions."""
    run = copy.deepcopy(dict(record.run))
    for made in run["conditions"].values():
        made |= conditions
    return replace(record, run=run)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (MILAN, MILAN, []),
        (UNKNOWN, UNKNOWN, [NO_MODEL]),
        (MILAN, GENOA, ["cpu_model was model 1", "cpu_instructions was avx2"]),
        (MILAN, MILAN | {"cpu_instructions": "avx2 MKL_CBWR=AVX2"}, ["cpu_instructions was avx2"]),
        (UNKNOWN, MILAN, [NO_MODEL]),
        (MILAN, UNKNOWN, [NO_MODEL]),
        (
            UNKNOWN | {"cpu": None},
            UNKNOWN | {"cpu": None},
            [NO_MODEL],
        ),
        (UNKNOWN, MILAN | {"cpu": "Xeon"}, ["cpu was EPYC, is Xeon"]),
    ],
)
def test_processors_of_one_name_may_differ(record, before, after, expected):
    found = environment_changes(computed_on(record, **before), computed_on(record, **after))
    assert len(found) == len(expected)
    assert all(change.startswith(start) for change, start in zip(found, expected, strict=True))


def test_the_processor_beside_a_gpu_changes_nothing(record):
    on_gpu = {"device": "cuda", "gpu": "H200"}
    before, after = (computed_on(record, **cpu, **on_gpu) for cpu in (MILAN, GENOA))
    assert environment_changes(before, after) == ()


def test_a_system_that_is_not_trained_is_of_the_machine_that_decoded(record):
    """And not of the one that gathered the records."""

    def gathered_on(cpu: str) -> RawRecord:
        generated = {"generate": record.line["made"]["generate"]}
        line = {**record.line, "made": generated, "training": None}
        return replace(record, line=line, run={**record.run, "machine": {"cpu": cpu}})

    assert environment_changes(gathered_on("EPYC and Xeon"), gathered_on("EPYC")) == ()
