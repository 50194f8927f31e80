"""Who runs what, where several runs share a store; and what is done about lost processes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.execution import trial_queue
from benchmark.execution.shard import select_shard
from benchmark.execution.trial_queue import TRIES, run_queue
from benchmark.execution.trial_stages import Outcome, run_trial, unfinished
from benchmark.experiment.plan import make_plan
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.suite import load_suite
from benchmark.runtime import stop_request
from benchmark.store.entries import TRIAL, Store
from benchmark.store.lease import HeldError, Owner

NANO = Path(__file__).parents[2] / "suites" / "nano.yaml"
OWNER = Owner("elsewhere", 7, "2026-01-01T00:00:00+00:00", "x")


@pytest.fixture(scope="module")
def trials():
    suite = load_suite(
        str(NANO), ["limits.train=20", "limits.test=3", "evaluation.metrics=[length]"]
    )
    systems = ["copy-source", "reference", "oracle"]
    return make_plan(suite, tasks=["dialogue"], systems=systems, data_dir=None).trials


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(trial_queue, "REST_S", 0.01)
    stop_request.listen()
    yield
    stop_request.listen()


class Script:
    """An executor that does what it is told for each trial, in turn; else it runs the trial."""

    slots = 1

    def __init__(self, trials, store, **said) -> None:
        self.trials, self.context, self.said = trials, RunContext(store), said
        self.begun: list[int] = []
        self.running: list[int] = []
        self.stopped = 0

    def submit(self, number):
        self.begun.append(number)
        self.running.append(number)

    def collect(self, timeout_s):
        if not self.running:
            return []
        number = self.running.pop()
        turns = self.said.get(f"of_{number}", [])
        said = turns.pop(0) if turns else run_trial(self.trials[number], self.context)
        return [(number, said() if callable(said) else said)]

    def stop(self):
        self.stopped += 1


def test_what_others_hold_comes_last_and_is_waited_for_with_a_word(tmp_path, trials, capsys):
    store, other = Store(tmp_path), Store(tmp_path)
    executor = Script(trials, store)
    turns = iter(run_queue(trials, store, executor))
    with other.lock(TRIAL, trials[0].key, what=trials[0].name):
        assert [next(turns).trial for _ in range(2)] == [trials[1].name, trials[2].name]
        rest = store.find_owner(TRIAL, trials[0].key)
    assert rest is not None and rest.what == trials[0].name
    assert [outcome.trial for outcome in turns] == [trials[0].name]
    assert executor.begun == [1, 2, 0]
    assert not any(unfinished(trial, store) for trial in trials)


def test_what_others_finish_is_not_begun(tmp_path, trials):
    store, other = Store(tmp_path), Store(tmp_path)
    executor = Script(trials, store)
    turns = run_queue(trials, store, executor)
    next(turns)
    for trial in trials[1:]:
        run_trial(trial, RunContext(other))
    assert [(of.trial, of.errors, of.made) for of in turns] == [
        (trial.name, (), 0) for trial in trials[1:]
    ]
    assert executor.begun == [0]


def test_what_others_fail_meanwhile_is_not_tried_again_and_old_failures_are(tmp_path, trials):
    store, other = Store(tmp_path), Store(tmp_path)
    other.fail("generate", trials[1].main.key, error="long ago", traceback="")
    executor = Script(trials, store)
    turns = run_queue(trials, store, executor)
    next(turns)
    other.fail("generate", trials[2].main.key, error="out of ink", traceback="")
    outcomes = list(turns)
    assert [(of.trial, of.errors) for of in outcomes] == [
        (trials[1].name, ()),
        (trials[2].name, ("out of ink",)),
    ]
    assert executor.begun == [0, 1]


def test_a_trial_that_turns_out_to_be_held_is_put_back(tmp_path, trials):
    store = Store(tmp_path)
    held = Outcome(trials[0].name, 0, (), held_by=OWNER)
    executor = Script(trials, store, of_0=[held, held])
    names = [outcome.trial for outcome in run_queue(trials, store, executor)]
    assert names == [trials[1].name, trials[2].name, trials[0].name]
    assert executor.begun == [0, 1, 2, 0, 0]


def test_a_lost_process_is_replaced_and_a_trial_that_kills_it_fails(tmp_path, trials, capsys):
    store = Store(tmp_path)
    executor = Script(trials, store, of_0=[None], of_2=[None] * TRIES)
    outcomes = list(run_queue(trials, store, executor))
    assert [outcome.trial for outcome in outcomes] == [trial.name for trial in trials]
    assert [bool(outcome.errors) for outcome in outcomes] == [False, False, True]
    assert "was lost 3 times" in outcomes[2].errors[0]
    assert executor.begun == [0, 0, 1, 2, 2, 2]
    assert capsys.readouterr().err.count("was lost: it is resumed") == TRIES


def test_after_a_request_to_stop_nothing_begins(tmp_path, trials):
    store = Store(tmp_path)

    def ask() -> Outcome:
        stop_request._receive(15, None)  # within the queue it interrupts nothing
        return Outcome(trials[1].name, 0, (), stopped="SIGTERM")

    executor = Script(trials, store, of_1=[ask])
    outcomes = list(run_queue(trials, store, executor))
    assert [(of.trial, of.stopped) for of in outcomes] == [
        (trials[0].name, ""),
        (trials[1].name, "SIGTERM"),
    ]
    assert executor.begun == [0, 1]


def test_a_trial_is_not_run_beside_another_process(tmp_path, trials):
    store, other = Store(tmp_path), Store(tmp_path)
    with other.lock(TRIAL, trials[0].key, what="the same"):
        outcome = run_trial(trials[0], RunContext(store))
    assert outcome.held_by is not None and outcome.held_by.what == "the same"
    assert outcome.made == 0 and unfinished(trials[0], store)
    # Another plan may share an entry and nothing else.
    with other.lock("generate", trials[0].main.key):
        assert run_trial(trials[0], RunContext(store)).held_by is not None
    assert run_trial(trials[0], RunContext(store)).held_by is None
    assert not unfinished(trials[0], store)
    with pytest.raises(HeldError), other.lock(TRIAL, "k"), store.lock(TRIAL, "k", timeout_s=0.0):
        pass


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_parts_are_disjoint_and_all_there_is(trials, count):
    many = [replace(t, train_key=f"{t.system}-{n // 2}") for t in trials for n in range(4)]
    parts = [select_shard(many, (number, count)) for number in range(1, count + 1)]
    assert sorted(n for part in parts for n in part) == list(range(len(many)))
    for part in parts:
        trained = {many[n].train_key for n in part}
        assert all(n in part for n, trial in enumerate(many) if trial.train_key in trained)
    assert max(map(len, parts)) - min(map(len, parts)) <= 2
    assert select_shard(many, None) == list(range(len(many)))
