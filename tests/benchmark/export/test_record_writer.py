from __future__ import annotations

import gzip
import json

import pytest

from benchmark.api import UserError
from benchmark.execution.trial_stages import run_trial
from benchmark.experiment.plan import Plan, make_plan
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.suite import load_suite
from benchmark.export.record_writer import join_records, write_records, write_trial_records
from benchmark.records.file_stem import file_stem
from benchmark.records.record_files import RecordFiles
from benchmark.store.entries import Store


def test_cells_are_split_by_task(tmp_path):
    lines = [{"task": t, "n": n} for n, t in enumerate(("b", "a", "b", "x/y z", "x-y-z"))]
    write_trial_records(tmp_path / "cells", lines)
    found = {
        path.name: [json.loads(line)["n"] for line in path.read_text().splitlines()]
        for path in (tmp_path / "cells").iterdir()
    }
    assert found == {
        "a.jsonl": [1], "b.jsonl": [0, 2], f"{file_stem('x/y z')}.jsonl": [3], "x-y-z.jsonl": [4],
    }  # fmt: skip


def test_records_of_somebody_else_are_kept(tmp_path):
    plan = Plan(load_suite("mini"), data_dir=None, tasks={}, trials=())
    (tmp_path / "mine" / "records").mkdir(parents=True)
    (tmp_path / "mine" / "records" / "patients.csv").write_text("a")
    with pytest.raises(UserError, match="not of this package and would be replaced"):
        write_records(tmp_path / "mine", plan, Store(tmp_path), command=[])
    assert (tmp_path / "mine" / "records" / "patients.csv").read_text() == "a"


def test_report_that_cannot_be_written_is_named_and_not_a_folder_within_it(tmp_path):
    (tmp_path / "file").touch()
    plan = Plan(load_suite("mini"), data_dir=None, tasks={}, trials=())
    with pytest.raises(UserError, match=r"^The folder \S+/file/mine cannot be written"):
        write_records(tmp_path / "file" / "mine", plan, Store(tmp_path), command=[])


def plan_of(*names: str) -> Plan:
    suite = load_suite("mini", ["limits.train=50", "limits.valid=5", "limits.test=5"])
    return make_plan(suite, tasks=names, systems=["copy-source"], data_dir=None)


def write(folder, plan: Plan):
    write_records(folder, plan, Store(folder.parent / "store"), command=[])
    return json.loads((folder / "records" / "run.json").read_text())["tasks"]


def test_run_says_the_main_quality_and_what_sets_the_sources_apart(tmp_path):
    plan = plan_of("simplification", "control")
    said = write(tmp_path / "r", plan)
    assert (said["simplification"]["quality"], said["control"]["quality"]) == ("sari", "")
    # What a control line asks for is known from the line.
    assert "sources" not in said["control"]
    files = RecordFiles(tmp_path / "r" / "records")
    (name,) = files.names("sources")
    assert name == f"sources/{said['simplification']['sources']}.jsonl"
    rows = [json.loads(line) for _, line in files.lines(name)]
    assert [row["id"] for row in rows] == [e.id for e in plan.tasks["simplification"].test]
    assert set(rows[0]) == {"id", "length", "overlap", "likeness"}


def test_facts_that_the_records_have_are_not_made_again(tmp_path, monkeypatch):
    folder, plan = tmp_path / "r", plan_of("simplification")
    first = write(folder, plan)
    monkeypatch.setattr("benchmark.export.source_facts_file.describe_sources", None)
    (folder / "records" / "run.json").write_text("{}")
    assert write(folder, plan) == first


def test_facts_stay_when_outputs_are_joined(tmp_path):
    folder, plan = tmp_path / "r", plan_of("simplification")
    write(folder, plan)
    before = RecordFiles(folder / "records").names("sources")
    join_records(folder, plan.suite, plan.tasks["simplification"], Store(tmp_path / "store"))
    assert RecordFiles(folder / "records").names("sources") == before != ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "spoil"),
    [
        ("samples/*", lambda path: path.write_text(path.read_text().replace("e", "a"))),
        ("samples/*", lambda path: path.unlink()),
        ("values/*", lambda path: path.write_bytes(path.read_bytes()[:40])),
        ("sources/*", lambda path: path.write_bytes(b"")),
        ("sources/*", lambda path: path.write_bytes(gzip.compress(
            gzip.decompress(path.read_bytes()).replace(b"1", b"2", 1)))),
        ("cells/*", lambda path: path.write_text(path.read_text() * 2)),
        ("run.json", lambda path: path.write_text("{}")),
        ("samples/*", lambda path: path.with_name("more.jsonl").write_text("{}")),
    ],
)  # fmt: skip
def test_damaged_records_are_written_again(tmp_path, pattern, spoil):
    folder, plan = tmp_path / "r", plan_of("simplification")
    (trial,) = plan.trials
    assert not run_trial(trial, RunContext(Store(tmp_path / "store"))).errors
    write(folder, plan)
    records = folder / "records"
    before = {p: p.read_bytes() for p in records.rglob("*") if p.is_file()}
    write(folder, plan)
    assert {p: p.read_bytes() for p in records.rglob("*") if p.is_file()} == before
    spoil(sorted(records.glob(pattern))[0])
    write(folder, plan)
    after = {p: p.read_bytes() for p in records.rglob("*") if p.is_file()}
    assert {p: d for p, d in after.items() if p.name != "run.json"} == {
        p: d for p, d in before.items() if p.name != "run.json"
    }
    assert [path.name for path in folder.iterdir()] == ["records"]


def test_a_failure_of_scoring_the_valid_split_is_said(tmp_path):
    suite = load_suite(
        "mini", ["limits.train=4", "limits.valid=3", "limits.test=3", "evaluation.valid_sources=2"]
    )
    plan = make_plan(suite, tasks=["dialogue"], systems=["copy-source"], data_dir=None)
    store = Store(tmp_path / "store")
    (trial,) = plan.trials
    assert not run_trial(trial, RunContext(store)).errors
    valid = trial.main.valid
    assert valid is not None
    generated = store.record("generate", valid.key)
    scored = trial.scoring.key(generated["candidates_digest"])
    store.forget("score", scored)
    store.fail("score", scored, error="no disk", traceback="")
    write_records(tmp_path / "r", plan, store, command=[])
    lines = (tmp_path / "r" / "records" / "cells" / "dialogue.jsonl").read_text().splitlines()
    (line,) = [json.loads(text) for text in lines if "main" in json.loads(text)["setting"]["roles"]]
    assert (line["status"], line["valid"], line["error"]) == ("ok", None, "no disk")
