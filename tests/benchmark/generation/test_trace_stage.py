"""A run with a trace: same keys and candidates as without, and curves that end where they do."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from benchmark.execution.trial_stages import run_trial, unfinished
from benchmark.experiment.plan import Plan, make_plan
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.suite import load_suite
from benchmark.export.record_writer import write_records
from benchmark.records.record_files import RecordFiles
from benchmark.store.entries import Store

NANO = str(Path(__file__).parents[2] / "suites" / "nano.yaml")
QUICK = [
    "limits.train=40", "limits.test=3", "budget.updates=3", "training.validate_every=3",
    "systems.diffuseq.sweep={}",
]  # fmt: skip
TRACE = "evaluation.trace={}"


def plan_of(*changes: str) -> Plan:
    suite = load_suite(NANO, [*QUICK, *changes])
    systems = ["diffuseq", "d3pm-absorbing", "copy-source"]
    return make_plan(suite, tasks=["paraphrase"], systems=systems, data_dir=None)


def run(folder: Path, plan: Plan) -> list[str]:
    """What went wrong; the records are in `folder/report/records`."""
    store = Store(folder / "runs")
    errors: list[str] = []
    for trial in plan.trials:
        errors += run_trial(trial, RunContext(store)).errors
    write_records(folder / "report", plan, store, command=[])
    return errors


def cells(folder: Path) -> list[dict]:
    files = RecordFiles(folder / "report" / "records")
    return [json.loads(line) for _, line in files.cell_lines()]


def candidates(folder: Path) -> dict[str, bytes]:
    return {p.parent.name: p.read_bytes() for p in folder.glob("runs/generate/*/candidates.jsonl")}


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    assert run(folder, plan_of()) == []
    return folder


@pytest.fixture(scope="module")
def traced(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("traced")
    assert run(folder, plan_of(TRACE)) == []
    return folder


@pytest.mark.slow
def test_looking_on_changes_neither_keys_nor_candidates(plain, traced):
    assert candidates(plain) == candidates(traced)
    assert not (plain / "runs" / "trace").exists()
    assert not (plain / "report" / "records" / "traces").exists()
    for one, other in zip(cells(plain), cells(traced), strict=True):
        assert "trace" not in one["keys"]
        assert one["keys"] == {k: v for k, v in other["keys"].items() if k != "trace"}


@pytest.mark.slow
def test_a_trace_ends_in_the_scores_of_the_candidates(traced):
    seen = [cell for cell in cells(traced) if "trace" in cell["keys"]]
    assert {cell["system"] for cell in seen} == {"diffuseq", "d3pm-absorbing"}
    for cell in seen:
        assert "main" in cell["setting"]["roles"]
        path = traced / "report" / "records" / "traces" / f"{cell['keys']['trace']}.json"
        curve = json.loads(path.read_text())
        assert curve["steps"][-1] == curve["total"] == cell["setting"]["nfe"]
        assert curve["num_sources"] == 3
        # All three sources were traced: what stands at the end is what was scored.
        for metric, statistic in (("bleu_sent_m4", "expected"), ("div_4", "set")):
            scored = cell["score"]["metrics"][metric]["statistics"][statistic]["value"]
            assert curve["curves"][metric][statistic]["value"][-1] == scored


@pytest.mark.slow
def test_states_are_kept_as_texts(traced):
    files = list(traced.glob("runs/trace/*/states.jsonl"))
    assert len(files) == 2
    for path in files:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        steps = json.loads((path.parent / "record.json").read_text())["steps"]
        assert [len(line["texts"]) for line in lines] == [len(steps)] * 3
        assert all(len(texts) == 3 for line in lines for texts in line["texts"])


@pytest.mark.slow
def test_a_trace_is_added_to_a_finished_run_and_made_once(plain, tmp_path):
    folder, plan = tmp_path / "copy", plan_of(TRACE, "evaluation.trace.steps=2")
    shutil.copytree(plain, folder)
    made = {p: p.stat().st_mtime_ns for p in folder.glob("runs/generate/*/record.json")}
    store = Store(folder / "runs")
    assert [unfinished(trial, store) for trial in plan.trials] == [True, True, False]
    assert run(folder, plan) == []
    assert {p: p.stat().st_mtime_ns for p in made} == made
    assert not any(unfinished(trial, store) for trial in plan.trials)
    records = [json.loads(p.read_text()) for p in folder.glob("runs/trace/*/record.json")]
    assert [len(record["steps"]) for record in records] == [2, 2]


@pytest.mark.slow
def test_without_a_metric_to_follow_it_is_one_sentence(plain, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(plain, folder)
    changes = ["evaluation.metrics=[length]", "evaluation.controlled_metrics=[]"]
    first, second = run(folder, plan_of(TRACE, *changes))
    assert first == second
    assert first.startswith("evaluation.trace: no metric can be measured along a trace")
    assert {cell["status"] for cell in cells(folder)} == {"ok"}
