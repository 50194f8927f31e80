"""How far a run is, told from its store by another process."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from benchmark.execution.plan_manifest import read_manifests, write_manifest
from benchmark.execution.trial_stages import run_trial
from benchmark.experiment.plan import make_plan
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.suite import load_suite
from benchmark.status import main
from benchmark.store.entries import TRIAL, Store
from benchmark.store.lease import Lease

NANO = Path(__file__).parents[1] / "suites" / "nano.yaml"


@pytest.fixture
def plan():
    changes = ["limits.train=20", "limits.test=3", "evaluation.metrics=[length]"]
    suite = load_suite(str(NANO), changes)
    systems = ["copy-source", "reference", "oracle", "transformer"]
    return make_plan(suite, tasks=["dialogue"], systems=systems, data_dir=None)


@pytest.fixture
def store(tmp_path, plan):
    made = Store(tmp_path / "runs")
    write_manifest(made, plan, name="nano", device="cpu")
    return made


def shown(store: Store, capsys, *words: str) -> dict:
    assert main(["--store", str(store.root), "--json", *words]) == 0
    (run,) = json.loads(capsys.readouterr().out)
    return run


def counts(run: dict) -> tuple[int, ...]:
    return tuple(run[state] for state in ("done", "running", "failed", "left"))


def test_each_trial_is_in_one_state(store, plan, capsys):
    assert counts(shown(store, capsys)) == (0, 0, 0, 4)
    copied, reference, oracle, _ = plan.trials
    run_trial(copied, RunContext(store))
    store.fail("generate", reference.main.key, error="out of ink", traceback="")
    with store.lock(TRIAL, oracle.key, what=oracle.name):
        run = shown(store, capsys)
        assert counts(run) == (1, 1, 1, 1)
        (running,) = run["running_trials"]
        assert (running["trial"], running["pid"]) == (oracle.name, os.getpid())
        assert run["failed_trials"] == [{"trial": reference.name, "error": "out of ink"}]
        assert [row["system"] for row in run["systems"]] == ["reference", "oracle", "transformer"]
        assert main(["nano", "--store", str(store.root)]) == 0
        text = capsys.readouterr().out
        assert "nano: 1 of 4 trials done, 1 running, 1 failed, 1 left" in text
        assert f"running  {oracle.name}: {running['host']}, process {os.getpid()}, since" in text
        assert f"failed   {reference.name}: out of ink" in text
    assert counts(shown(store, capsys)) == (1, 0, 1, 2)
    assert not list(store.root.glob(".*.tmp"))


def test_a_score_with_other_metrics_is_left(store, plan, capsys):
    copied, *_ = plan.trials
    run_trial(copied, RunContext(store))
    for path in store.root.glob("score/*/record.json"):
        path.unlink()
    assert counts(shown(store, capsys))[0] == 0


def test_the_estimate_is_of_what_is_left_of_a_training(store, plan, capsys):
    whole = shown(store, capsys)
    (row,) = (row for row in whole["systems"] if row["system"] == "transformer")
    assert row["hours"] > 0 and whole["core_hours"] == whole["hours"] and not whole["gpu_hours"]
    folder = store.partial("train", plan.trials[-1].train_key) / "checkpoint"
    folder.mkdir(parents=True)
    (folder / "progress.json").write_text(json.dumps({"update": 30}))
    (manifest,) = read_manifests(store)
    (trained,) = (w for t in manifest.trials for w in t.work if w.kind == "train")
    assert trained.size / trained.batch == 40
    from benchmark.execution.stage_estimate import Estimator
    from benchmark.execution.trial_states import _reduce

    estimate = Estimator.of_store(store).estimate(trained)
    assert _reduce(store, trained, estimate).seconds == pytest.approx(estimate.seconds / 4)


def test_an_owner_that_is_silent_does_not_run(store, plan, capsys, monkeypatch):
    monkeypatch.setattr(Lease, "beat", lambda lease: None)
    trial = plan.trials[0]
    with store.lock(TRIAL, trial.key):
        path = store.root / "leases" / TRIAL / trial.key / "1"
        path.write_text(path.read_text().replace('"place": "', '"place": "another machine '))
        assert counts(shown(store, capsys)) == (0, 1, 0, 3)
        os.utime(path, (path.stat().st_mtime - 100,) * 2)
        assert counts(shown(store, capsys)) == (0, 0, 0, 4)


def test_no_run_and_a_name_that_is_none(store, tmp_path, capsys):
    assert main(["--store", str(tmp_path / "nowhere")]) == 2
    assert "knows of no run: name its folder with --store" in capsys.readouterr().err
    assert main(["nono", "--store", str(store.root)]) == 2
    assert "there is nano" in capsys.readouterr().err


def test_a_damaged_plan_is_passed_over(store, capsys):
    (path,) = store.root.glob("plans/*.json")
    path.write_text(path.read_text()[:100])
    assert main(["--store", str(store.root)]) == 2
