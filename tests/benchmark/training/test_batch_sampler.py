from __future__ import annotations

from collections import Counter

import pytest

from benchmark.api import Example
from benchmark.training.batch_sampler import Batches

EXAMPLES = [Example(f"e{i}", "s" * (7 - i), "t" * (i % 3 + 1), ("t",)) for i in range(7)]


def ids(batches: Batches, update: int) -> list[str]:
    return [example.id for example in batches.of(update)[0]]


def test_each_epoch_holds_every_example_once_in_an_order_of_its_own():
    batches = Batches(EXAMPLES, batch=5, seed=1)
    stream = [name for update in range(14) for name in ids(batches, update)]
    epochs = [tuple(stream[first : first + 7]) for first in range(0, 70, 7)]
    assert all(Counter(epoch) == Counter(e.id for e in EXAMPLES) for epoch in epochs)
    assert len(set(epochs)) > 5


def test_batch_may_hold_several_epochs():
    assert Counter(ids(Batches(EXAMPLES, batch=21, seed=1), 3)) == {e.id: 3 for e in EXAMPLES}


def test_update_is_a_function_of_seed_and_number():
    batches = Batches(EXAMPLES, batch=5, seed=1)
    whole = [batches.of(update) for update in range(9)]
    assert Batches(EXAMPLES, batch=5, seed=1).of(8) == whole[8]
    assert batches.of(2) == whole[2]
    assert [ids(Batches(EXAMPLES, batch=5, seed=2), u) for u in range(3)] != [
        [example.id for example in examples] for examples, _ in whole[:3]
    ]


@pytest.mark.parametrize("update", [0, 3])
def test_by_length_sorts_and_noise_goes_with_its_example(update):
    plain = Batches(EXAMPLES, batch=6, seed=1).of(update)
    examples, keys = Batches(EXAMPLES, batch=6, seed=1, by_length=True).of(update)
    lengths = [(len(e.source), len(e.target)) for e in examples]
    assert lengths == sorted(lengths)
    assert Counter(zip(*plain, strict=True)) == Counter(zip(examples, keys, strict=True))
    assert plain[1] == [f"update {update} row {row}" for row in range(6)]
