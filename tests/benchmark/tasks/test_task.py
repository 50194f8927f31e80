from __future__ import annotations

from dataclasses import replace

import pytest

from benchmark.api import Example
from benchmark.tasks import Task

TASK = Task(
    id="toy",
    kind="jsonl",
    title="Toy",
    version=1,
    train=(Example("train-1", "a", "b", ("b",)),),
    valid=(),
    test=(Example("test-1", "c", "d", ("d", "e")),),
)


@pytest.mark.parametrize(
    "changed",
    [
        replace(TASK, version=2),
        replace(TASK, train=()),
        replace(TASK, train=(), valid=TASK.train),
        replace(TASK, test=(Example("test-2", "c", "d", ("d", "e")),)),
        replace(TASK, test=(Example("test-1", "c ", "d", ("d", "e")),)),
        replace(TASK, test=(Example("test-1", "c", "d", ("d",)),)),
        replace(TASK, test=(Example("test-1", "c", "d", ("d", "é")),)),
        replace(TASK, test=TASK.test * 2),
    ],
)
def test_every_part_of_the_content_is_in_the_digest(changed: Task) -> None:
    assert changed.digest != TASK.digest


def test_the_digest_is_of_content_alone() -> None:
    assert replace(TASK, id="other", title="Other", kind="controlled").digest == TASK.digest
    assert len(TASK.digest) == 64


def test_split_digests_change_one_by_one() -> None:
    changed = replace(TASK, test=TASK.test * 2)
    assert changed.split_digests["train"] == TASK.split_digests["train"]
    assert changed.split_digests["test"] != TASK.split_digests["test"]
