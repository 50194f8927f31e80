from __future__ import annotations

import json

import pytest
from rated import write_samples

from benchmark.api import UserError
from benchmark.human_evaluation.kept_texts import gather_texts
from benchmark.records.reader import read_records


def test_first_candidates_and_controls(records):
    kept = gather_texts(records, "toy")
    assert kept.systems == ("first-model", "second-model")
    assert kept.names == ("first-model", "second-model", "copy-source", "reference")
    assert kept.without == ("broken-model",) and kept.split_size == 2
    assert len(kept.sources) == 20
    assert dict(kept.sources[3].answers) == {
        "first-model": "text fst 3", "second-model": "text snd 3",
        "copy-source": "source 3", "reference": "gold 3",
    }  # fmt: skip


def test_named_systems(records):
    kept = gather_texts(records, "toy", ["nearest-neighbour", "second-model"])
    assert kept.systems == ("nearest-neighbour", "second-model") and kept.without == ()


@pytest.mark.parametrize(
    ("task", "system", "message"),
    [
        ("toys", [], "--task toys: the report has no such task: did you mean 'toy'"),
        ("toy", ["first-mode"], "did you mean 'first-model'"),
        ("toy", ["broken-model"], "no trial of it on toy is complete"),
        ("toy", ["reference"], "it is a control of every sheet"),
    ],
)
def test_what_is_not_there(records, task, system, message):
    with pytest.raises(UserError, match=message):
        gather_texts(records, task, system)


def test_sources_that_a_system_lacks_are_left_out(report):
    write_samples(report, "second-model", ["one", "two"], sources=["source 0", "source 1"])
    kept = gather_texts(read_records(report), "toy")
    assert [source.id for source in kept.sources] == ["s0", "s1"]


def test_records_without_texts(report):
    for path in (report / "records" / "samples").iterdir():
        path.unlink()
    (report / "records" / "samples").rmdir()
    with pytest.raises(UserError, match="keeps no texts"):
        gather_texts(read_records(report), "toy")


def with_control_metric(report):
    path = report / "records" / "cells.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        if line["score"]:
            line["score"]["metrics"]["control"] = line["score"]["metrics"]["bleu_sent_m4"]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.mark.parametrize(
    ("source", "family", "controls"),
    [
        ("mood: sad", "control", ("reference",)),
        ("mood: sad => we won", "editing", ("copy-source", "reference")),
    ],
)
def test_a_control_line_is_not_copied(report, source, family, controls):
    with_control_metric(report)
    for system in ("first-model", "second-model"):
        write_samples(report, system, ["we lost"], sources=[source])
    kept = gather_texts(read_records(report), "toy")
    assert (kept.family, kept.controls) == (family, controls)
    assert kept.sources[0].text == source
    assert kept.sources[0].answers.get("copy-source") == ("we won" if "=>" in source else None)
