from __future__ import annotations

from dataclasses import replace

import pytest

from benchmark.tasks import Task, load_task
from benchmark.tasks.label_budget import LabelBudget, labelled, read_budget, visible

# Drawing the splits takes seconds.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["control", "control-edit"])
def task(request: pytest.FixtureRequest) -> Task:
    return load_task(request.param, data_dir=None, limits={"train": 40, "valid": 5, "test": 8})


def test_guided_systems_see_targets_alone_whatever_the_budget(task: Task) -> None:
    seen = [visible(task, budget, guided=True) for budget in (2, 20, None)]
    assert len({s.split_digests["train"] for s in seen}) == 1
    assert all(e.source == "" and not e.attributes for e in (*seen[0].train, *seen[0].valid))
    assert [e.target for e in seen[0].train] == [e.target for e in task.train]
    assert seen[0].test == task.test


def test_conditional_systems_see_another_task_with_every_budget(task: Task) -> None:
    seen = [visible(task, budget, guided=False) for budget in (2, 20, 39, None)]
    assert len({s.split_digests["train"] for s in seen}) == 4
    assert seen[-1].split_digests == task.split_digests
    few = seen[0].train
    assert few[:2] == task.train[:2]
    assert not any(e.attributes for e in few[2:])
    for example in few[2:]:
        shown = f"=> {example.target}" if task.id == "control-edit" else ""
        assert example.source == shown


def test_labels_are_those_of_the_first_examples(task: Task) -> None:
    found = labelled(task, 3)
    assert [e.target for e in found] == [e.target for e in task.train[:3]]
    assert all(set(e.attributes) == set(task.attributes) for e in found)
    assert not any(e.source for e in found)


def test_both_control_tasks_have_one_training_for_guided_systems() -> None:
    tasks = [
        load_task(name, data_dir=None, limits={"train": 30, "valid": 9, "test": 1})
        for name in ("control", "control-edit")
    ]
    first, second = (visible(task, 5, guided=True) for task in tasks)
    for split in ("train", "valid"):
        assert first.split_digests[split] == second.split_digests[split]  # type: ignore[index]


def test_a_task_without_attributes_stays_as_it_is() -> None:
    task = load_task("dialogue", data_dir=None, limits={"train": 3, "valid": 1, "test": 1})
    assert visible(task, 1, guided=True) is task
    with_labels = replace(task.train[0], attributes={"a": "b"})
    assert replace(task, train=(with_labels,)).digest != replace(task, train=task.train[:1]).digest


def test_labels_alone_leave_nothing_else_to_a_conditional_system() -> None:
    task = load_task("control", limits={"train": 20, "valid": 2, "test": 4})
    budget = read_budget(task, "5-alone")
    assert budget == LabelBudget(5, alone=True) and str(budget) == "5-alone"
    seen = visible(task, budget.count, guided=False, labels_alone=budget.alone)
    assert seen.train == task.train[:5]
    assert [read_budget(task, given) for given in (7, 99, None)] == [
        LabelBudget(7), LabelBudget(20), LabelBudget(20),
    ]  # fmt: skip
