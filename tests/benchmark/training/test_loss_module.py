from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmark.experiment.suite import TrainingRecipe
from benchmark.training.loss_module import divide_gradients, is_bf16, learn_from_all


@pytest.mark.parametrize(
    ("precision", "device", "supported", "expected"),
    [
        ("float32", "cuda", True, False),
        ("bf16", "cpu", False, True),
        ("auto", "cpu", True, False),
        ("auto", "cuda", True, True),
        ("auto", "cuda", False, False),
    ],
)
def test_precision_is_that_of_the_recipe_or_of_the_device(
    precision, device, supported, expected, monkeypatch
):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: supported)
    assert is_bf16(TrainingRecipe(precision=precision), device) is expected


def test_gradients_of_a_sum_become_those_of_a_mean():
    used, unused = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(1))
    (used * torch.tensor([6.0, -3.0])).sum().backward()
    divide_gradients([unused, used], 3)
    assert used.grad.tolist() == [2.0, -1.0]
    assert unused.grad is None


def test_parts_at_any_depth_are_told_how_to_see_all_rows():
    class Learning(nn.Module):
        def learn_from_all(self, join):
            self.join = join

    inner, outer = Learning(), Learning()
    module = nn.Sequential(outer, nn.Sequential(nn.Identity(), inner))
    learn_from_all(module, torch.flip)
    assert inner.join is torch.flip and outer.join is torch.flip
    learn_from_all(module, None)
    assert inner.join is None and outer.join is None
