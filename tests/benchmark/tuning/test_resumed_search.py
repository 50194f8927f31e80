"""A search through the store: killed and resumed, on the valid split, with trials that fail."""

import importlib.util
import json
import threading
import time
from dataclasses import dataclass

import known_optimum
import pytest

from benchmark.experiment.plan import load_limited
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.suite import load_suite
from benchmark.experiment.task_scoring import resolve_scoring
from benchmark.runtime.stop_request import StoppedError, listen
from benchmark.store.entries import TRIAL, Store
from benchmark.store.files import write_json
from benchmark.tuning.record import make_record
from benchmark.tuning.search import find_next, plan_search, run_search
from benchmark.tuning.search_space import SearchSpace

SYSTEM = "known_optimum:Known"
PLACE = {"config.place": {"low": 0.0, "high": 1.0}}
needs_optuna = pytest.mark.skipif(
    importlib.util.find_spec("optuna") is None, reason="needs the extra tune"
)
pytestmark = pytest.mark.slow


def plan(ranges, trials, overrides=()):
    suite = load_suite("tiny", ["budget.updates=2", "limits.train=40", *overrides])
    task = load_limited(suite, "dialogue", None)
    known_optimum.ANSWERS.clear()
    known_optimum.ANSWERS.update({e.source: e.target for e in task.valid})
    known_optimum.SEEN.clear()
    space = SearchSpace.model_validate({"systems": {SYSTEM: ranges}})
    return plan_search(suite, task, resolve_scoring(suite, task), SYSTEM, space, trials=trials)


def context(folder):
    store = Store(folder)
    store.prepare()
    return RunContext(store, "cpu")


@dataclass
class Killed:
    """Ends the process, so to speak, behind a number of trials."""

    after: int

    def __call__(self, tried):
        self.after -= 1
        if self.after == 0:
            raise KeyboardInterrupt


@needs_optuna
def test_a_killed_search_goes_on_with_the_same_trials_and_repeats_none(tmp_path):
    search = plan(PLACE, 6)
    whole = run_search(search, context(tmp_path / "whole"))
    assert not [of.error for of in whole if of.error]
    assert max(of.value for of in whole) > whole[0].value == pytest.approx(0.6, abs=0.03)
    for of in whole:
        assert of.value == pytest.approx(1 - abs(of.values["config.place"] - 0.6), abs=0.035)
    decoded = len(known_optimum.SEEN)
    known_optimum.SEEN.clear()
    with pytest.raises(KeyboardInterrupt):
        run_search(search, context(tmp_path / "killed"), Killed(3))
    assert run_search(search, context(tmp_path / "killed")) == whole
    assert len(known_optimum.SEEN) == decoded


def test_a_trial_of_another_process_is_waited_for(tmp_path):
    search = plan(PLACE, 1)
    here = context(tmp_path)
    is_held = threading.Event()

    def hold():
        with Store(tmp_path).lock(TRIAL, search.trial(search.usual).key):
            is_held.set()
            time.sleep(0.5)

    other = threading.Thread(target=hold)
    other.start()
    is_held.wait()
    (tried,) = run_search(search, here)
    other.join()
    assert tried.value is not None


def test_a_search_that_is_asked_to_stop_goes_on_later(tmp_path):
    search = plan(PLACE, 1)
    listen(look=lambda: "the end of the shift")
    try:
        with pytest.raises(StoppedError, match="end of the shift"):
            run_search(search, context(tmp_path))
    finally:
        listen()
    assert run_search(search, context(tmp_path))[0].value is not None


@needs_optuna
def test_what_is_finished_is_known_without_work(tmp_path):
    search = plan(PLACE, 3)
    here = context(tmp_path)
    assert find_next(search, here.store)[0] == 0
    with pytest.raises(KeyboardInterrupt):
        run_search(search, here, Killed(2))
    done, trial = find_next(search, here.store)
    assert done == 2 and trial is not None
    run_search(search, here)
    assert find_next(search, here.store) == (3, None)


def test_no_test_example_is_decoded_or_stored(tmp_path):
    search = plan(PLACE, 1)
    run_search(search, context(tmp_path))
    test = {e.id for e in search.task.test}
    assert test and known_optimum.SEEN
    assert {*known_optimum.SEEN} == {e.id for e in search.task.valid}
    stored = [
        json.loads(line)["id"]
        for file in tmp_path.glob("generate/*/candidates.jsonl")
        for line in file.read_text().splitlines()
    ]
    assert stored and not {*stored} & test


def test_a_failed_trial_is_in_the_record_as_failed(tmp_path):
    ranges = {"config.broken": {"choices": [True, False]}}
    search = plan(ranges, 1, [f"{SYSTEM}.config.broken=true"])
    tried = run_search(search, context(tmp_path))
    record = make_record(
        {"known": (search, tried)}, command=["x"], budget_share=1.0, device="cpu", unfinished=["y"]
    )
    (of,) = record["systems"]["known"]["tried"]
    assert (of["status"], of["value"]) == ("failed", None)
    assert "broken on purpose" in of["error"]
    assert record["systems"]["known"]["best"] is None


def test_the_schema_of_the_record(tmp_path):
    search = plan(PLACE, 1)
    tried = run_search(search, context(tmp_path / "store"))
    make = {"command": ["x"], "budget_share": 1.0, "device": "cpu"}
    record = make_record({"known": (search, tried)}, **make, unfinished=["other"])
    write_json(tmp_path / "a.json", record)
    read = json.loads((tmp_path / "a.json").read_text())
    assert {*read} == {
        "schema", "suite", "task", "split", "measure", "beside", "training_seed", "sampler_seed",
        "trials", "budget_share", "command", "code", "versions", "machine", "unfinished", "systems",
    }  # fmt: skip
    assert (read["split"], read["measure"], read["beside"]) == ("valid", "validity", "coverage")
    assert read["unfinished"] == ["other"]
    (of,) = read["systems"]["known"]["tried"]
    assert {*of} == {
        "status", "values", "train", "generate", "value", "low", "high", "beside", "error", "code",
    }  # fmt: skip
    assert of["status"] == "ok" and 0 < of["beside"] < of["value"] <= 1
