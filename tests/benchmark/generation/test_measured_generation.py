from __future__ import annotations

import pytest
import torch
from toy import Toy, ToyConfig, ToyDecoding

from benchmark.generation.measured_generation import CostMeter, generate


@pytest.fixture
def system(resources):
    torch.manual_seed(0)
    return Toy.build(ToyConfig(), resources)


def run(system, examples, batch, num_samples=3, calls=2):
    decoding = ToyDecoding(calls=calls)
    return generate(system, examples, decoding, num_samples=num_samples, seed=1, batch=batch)


def test_batch_size_changes_cost_and_nothing_else(system, examples):
    whole, single = run(system, examples, 10**6), run(system, examples, 1)
    assert whole.candidates == single.candidates
    assert whole.cost.depth == single.cost.depth == 2
    assert whole.cost.rows == single.cost.rows == 2
    # One batch is padded to its longest source, single ones are not padded at all.
    mean_length = sum(len(e.source.split()) for e in examples) / len(examples)
    assert single.cost.tokens == pytest.approx(2 * mean_length)
    assert whole.cost.tokens == pytest.approx(2 * 4)


def test_cost_is_of_the_run_and_not_of_the_warm_up(system, examples):
    cost = run(system, examples[:2], 10**6, num_samples=1, calls=5).cost
    assert (cost.depth, cost.rows) == (5, 5)
    assert 0 < cost.network_s <= cost.wall_s
    assert cost.peak_bytes > 0


def test_meter_removes_its_hooks(system):
    meter = CostMeter(system.network)
    with meter.running():
        system.module(torch.zeros(3, 7, dtype=torch.long))
    system.module(torch.zeros(3, 7, dtype=torch.long))
    assert (meter.calls, meter.rows, meter.tokens) == (1, 3, 21)


def test_wrong_counts_are_refused(system, examples, monkeypatch):
    monkeypatch.setattr(system, "generate", lambda *a, **k: [[]])
    with pytest.raises(RuntimeError, match="toy was asked for 3 candidates"):
        run(system, examples, 4)


def test_no_examples(system):
    assert run(system, [], 4).candidates == []
