from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmark.training.ema import averaged_weights, moving_average


def one_weight(value: float = 0.0) -> nn.Linear:
    module = nn.Linear(1, 1, bias=False)
    nn.init.constant_(module.weight, value)
    return module


@pytest.mark.parametrize(
    ("decay", "expected"),
    [
        # The first update is taken whole; then the past weighs 2/11, 3/12 and 4/13.
        (0.99, [1.0, 20 / 11, 38 / 11, 4 / 13 * 38 / 11 + 9 / 13 * 8.0]),
        # Never more than the decay: 2/11, and from there on 0.2.
        (0.2, [1.0, 20 / 11, 0.2 * 20 / 11 + 0.8 * 4.0, 0.04 * 20 / 11 + 0.16 * 4.0 + 6.4]),
    ],
)
def test_the_past_weighs_little_at_first_and_then_the_decay(decay, expected):
    module = one_weight()
    average = moving_average(module, decay)
    seen = []
    for value in (1.0, 2.0, 4.0, 8.0):
        nn.init.constant_(module.weight, value)
        average.update_parameters(module)
        seen.append(average.module.weight.item())
    assert seen == pytest.approx(expected, rel=1e-6)


def test_without_warm_up_the_first_weights_count_as_the_decay_says():
    """As `update_ema` of the official DiffuSeq, which begins with a copy of the first weights."""
    module = one_weight(5.0)
    average = moving_average(module, 0.9, warmup=False)
    nn.init.constant_(module.weight, 1.0)
    for updates in range(1, 4):
        average.update_parameters(module)
        expected = 0.9**updates * 5.0 + (1 - 0.9**updates)
        assert average.module.weight.item() == pytest.approx(expected, rel=1e-6)


def test_decay_zero_is_no_average():
    assert moving_average(one_weight(), 0) is None


def test_averaged_weights_stand_in_for_the_own_ones_during_the_block_alone():
    module = one_weight(1.0)
    average = moving_average(module, 0.5)
    nn.init.constant_(average.module.weight, 7.0)
    before = module.weight
    with averaged_weights(module, average) as given:
        assert given is None
        assert module.weight.item() == 7.0
    assert module.weight.item() == 1.0
    with pytest.raises(KeyError), averaged_weights(module, average):
        raise KeyError
    assert module.weight.item() == 1.0
    assert module.weight is before and module.weight.requires_grad
    assert average.module.weight.item() == 7.0
    with averaged_weights(module, None):
        assert module.weight.item() == 1.0


def test_values_are_copied_outside_of_the_gradient():
    module = one_weight(1.0)
    average = moving_average(module, 0.5)
    with averaged_weights(module, average):
        assert module.weight.is_leaf
        module(torch.ones(1, 1)).sum().backward()
    assert module.weight.grad.item() == 1.0
