from __future__ import annotations

from dataclasses import replace

import pytest

from benchmark.api import Candidate, Example
from benchmark.experiment.settings import Setting
from benchmark.outputs.registered_outputs import (
    RegisteredOutputs,
    keep_candidates,
    register,
    registered,
    remove,
)
from benchmark.outputs.source_matching import Outputs
from benchmark.outputs.target_report import task_of_examples, tasks_of_entries
from benchmark.store.entries import Store

EXAMPLES = (Example("test-1", "a b", "b a", ("b a", "b")), Example("x", "c", "d", ("d",)))
SETTING = Setting("main", (), None, None, None, "single", {})


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path)


def entry(label: str = "main", **facts) -> RegisteredOutputs:
    known = {
        "report": "mini", "task": "pairs", "test_digest": "d", "system": "mine",
        "info": {"family": "other"}, "seed": 1, "main": False, "generate": "g", "num_samples": 1,
        "facts": {},
    }  # fmt: skip
    return RegisteredOutputs(setting={"label": label}, **(known | facts))


def test_entries_of_a_report_in_the_order_of_its_lines(store):
    copy = entry(system="copy-source", info={"family": "yardstick"})
    entries = [entry("hot"), entry("cold", main=True), entry(seed=2, system="other"), copy]
    for each in [*reversed(entries), entry(report="small"), entry("hot", task="a")]:
        register(store, each)
    assert registered(store, "mini") == [
        entry("hot", task="a"), entries[1], entries[0], entries[2], copy,
    ]  # fmt: skip
    assert registered(store, "maxi") == []


def test_one_main_setting_a_system(store):
    others = [entry("hot", main=True, task="a"), entry("hot", main=True, system="yours")]
    for each in (*others, entry("hot", main=True), entry("cold", main=True)):
        register(store, each)
    mains = [e for e in registered(store, "mini") if e.main]
    assert mains == [others[0], entry("cold", main=True), others[1]]


def test_the_same_name_takes_the_place_of_the_older(store):
    register(store, entry(generate="old"))
    register(store, entry(generate="new"))
    register(store, entry(generate="other seed", seed=2))
    assert [e.generate for e in registered(store, "mini")] == ["new", "other seed"]
    remove(store, [entry()])
    assert [e.generate for e in registered(store, "mini")] == ["other seed"]


def test_unfinished_and_unknown(store):
    """What a killed call left is no entry, and what a later version adds does no harm."""
    register(store, entry())
    store.partial("outputs", "k").mkdir()
    store.finish("outputs", "k", {"entry": {**entry("late").__dict__, "new": 1}})
    (store.root / "outputs" / "k").rename(store.partial("outputs", "k"))
    assert registered(store, "mini") == [entry()]
    store.partial("outputs", "k").rename(store.root / "outputs" / "k")
    assert registered(store, "mini") == [entry("late"), entry()]


def test_a_task_comes_back_from_the_store(store):
    task = task_of_examples("pairs", EXAMPLES)
    candidates = ((Candidate("b a"),), (Candidate("", "empty"),))
    outputs = Outputs(EXAMPLES, candidates, "id", None, 2)
    key = keep_candidates(store, task, outputs, system="mine", setting=SETTING, seed=1)
    record = store.record("generate", key)
    assert record is not None
    assert (record["statuses"], record["cost"]) == ({"empty": 1, "ok": 1}, None)
    register(store, entry(generate=key))
    register(store, replace(entry(generate="lost"), task="other"))
    back = tasks_of_entries(store, "mini")
    assert list(back) == ["pairs"]
    assert back["pairs"].digest == task.digest and back["pairs"].test == EXAMPLES
