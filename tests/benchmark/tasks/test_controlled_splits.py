from __future__ import annotations

import json
import math
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.api import UserError
from benchmark.tasks import Split, Task, controlled_splits, load_task
from benchmark.tasks.grammars import GRAMMARS

# Written down on Python 3.11.7 and checked on 3.12.1. A change here changes numbers: raise the
# version of the grammar, and say so in the change log.
DIGESTS = {
    "paraphrase": "a5255e3bd6bb169f219bef82ac87527fee884234876cc22fe64ab11f3e88ab23",
    "question-generation": "fa654089e8a471728c06618ed19c994dd13c8a3757ff280fa688fcc10a74e9f9",
    "simplification": "596150d2e4928ea2e4fe2ff7b72143e2d589cf690c2dbeaa10400a09e8e37998",
    "dialogue": "1b53de2c09b4dd149e43d7d4157bcab04a7f3a8c008210684f4923fdcc031d10",
}

each_task = pytest.mark.parametrize("task_id", GRAMMARS)


@pytest.fixture(scope="module")
def tasks() -> dict[str, Task]:
    return {task_id: load_task(task_id) for task_id in GRAMMARS}


@pytest.mark.slow
@each_task
def test_sizes_and_identifiers(tasks: dict[str, Task], task_id: str) -> None:
    task = tasks[task_id]
    assert (len(task.train), len(task.valid), len(task.test)) == (12_000, 200, 200)
    assert [e.id for e in task.test[:2]] == ["test-1", "test-2"]
    assert len({e.id for e in (*task.train, *task.valid, *task.test)}) == 12_400
    assert task.kind == "controlled" and task.version == 2


@pytest.mark.slow
@each_task
def test_splits_are_disjoint_by_source(tasks: dict[str, Task], task_id: str) -> None:
    task = tasks[task_id]
    train, valid, test = ({e.source for e in s} for s in (task.train, task.valid, task.test))
    assert len(valid) == len(test) == 200
    assert not train & valid and not train & test and not valid & test
    assert all(not o.sources_normalised and not o.pairs for o in task.notes.overlaps.values())


@pytest.mark.slow
@each_task
def test_train_holds_every_word_and_repeats_sources_with_other_targets(
    tasks: dict[str, Task], task_id: str
) -> None:
    train = tasks[task_id].train
    words = {word for e in train for word in f"{e.source} {e.target}".split()}
    assert words == controlled_splits.grammar(task_id).vocabulary()
    assert 2_500 < len({e.source for e in train}) < len({(e.source, e.target) for e in train})


@pytest.mark.slow
@each_task
def test_every_target_and_reference_is_valid(tasks: dict[str, Task], task_id: str) -> None:
    task = tasks[task_id]
    assert task.conditional is not None
    for example in (*task.train[:1_000], *task.valid, *task.test):
        masses = task.conditional(example.source, 1.0)
        assert example.references[0] == example.target
        assert set(example.references) <= set(masses)
        assert len(set(example.references)) == len(example.references)
    assert {len(e.references) for e in task.train} == {1}
    for example in task.test:
        size = len(task.conditional(example.source, 1.0))
        assert len(example.references) == min(size, controlled_splits.REFERENCES)


@pytest.mark.slow
@each_task
def test_targets_follow_the_distribution(tasks: dict[str, Task], task_id: str) -> None:
    """Mean probability of the drawn targets against its exact expectation, 5 standard errors."""
    task = tasks[task_id]
    assert task.conditional is not None
    surplus, variance = 0.0, 0.0
    for example in task.train[:3_000]:
        masses = task.conditional(example.source, 1.0)
        mean = math.fsum(p * p for p in masses.values())
        surplus += masses[example.target] - mean
        variance += math.fsum(p * p * p for p in masses.values()) - mean**2
    assert abs(surplus) < 5 * math.sqrt(variance)


@pytest.mark.slow
@each_task
def test_digest_is_the_one_written_down(tasks: dict[str, Task], task_id: str) -> None:
    assert tasks[task_id].digest == DIGESTS[task_id]


@pytest.mark.slow
def test_digest_does_not_depend_on_the_hash_seed() -> None:
    code = (
        "import json; from benchmark.tasks import load_task; "
        f"print(json.dumps({{t: load_task(t).digest for t in {GRAMMARS!r}}}))"
    )
    # The seed of this process is random unless the caller set it; "1" is at least another.
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == DIGESTS


def test_the_version_is_part_of_the_digest_and_of_the_splits() -> None:
    grammar = controlled_splits.grammar("simplification")
    sizes: dict[Split, int] = {"train": 50, "valid": 5, "test": 5}
    before = controlled_splits.make_splits(grammar, sizes=sizes)
    assert before == controlled_splits.make_splits(grammar, sizes=sizes)
    raised = type(grammar)(
        "simplification", grammar.version + 1, categories=grammar.categories, frames=grammar.frames
    )
    assert controlled_splits.make_splits(raised, sizes=sizes)["test"] != before["test"]


def test_a_larger_train_split_starts_with_the_smaller_one() -> None:
    grammar = controlled_splits.grammar("dialogue")
    small = controlled_splits.make_splits(grammar, sizes={"train": 30, "valid": 5, "test": 5})
    large = controlled_splits.make_splits(grammar, sizes={"train": 60, "valid": 5, "test": 5})
    assert large["train"][:30] == small["train"]


def test_too_much_held_out_is_refused() -> None:
    with pytest.raises(ValueError, match="to hold out"):
        controlled_splits.make_splits(
            controlled_splits.grammar("dialogue"), sizes={"train": 1, "valid": 4_320, "test": 1}
        )


@pytest.mark.slow
def test_conditional_travels_to_other_processes(tasks: dict[str, Task]) -> None:
    conditional = pickle.loads(pickle.dumps(tasks["dialogue"].conditional))
    masses = conditional("shall we watch films with anna tomorrow ?", 1.0)
    assert masses["yes , i love films ."] == pytest.approx(0.22 * 0.5 * 0.7)
    assert conditional("good morning", 1.0) == {}


def test_a_caller_cannot_spoil_the_cache() -> None:
    source = "anna bought drums in rome ."
    controlled_splits.conditional("question-generation", source, 1.0).clear()
    assert len(controlled_splits.conditional("question-generation", source, 1.0)) == 27


def test_bad_temperature_is_a_user_error() -> None:
    with pytest.raises(UserError, match="greater than 0"):
        controlled_splits.conditional("dialogue", "good morning", 0.0)
