from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmark.api import make_noise
from benchmark.experiment.recipes import TrainingRecipe
from benchmark.experiment.suite import load_suite
from benchmark.experiment.system_factory import resources
from benchmark.tasks import load_task
from benchmark.timing.systems import build_system
from benchmark.training.batch_sampler import Batches
from benchmark.training.loss_module import (
    WIDE,
    Objective,
    divide_gradients,
    is_bf16,
    learn_from_all,
)


@pytest.mark.parametrize(
    ("precision", "device", "supported", "width", "expected"),
    [
        ("float32", "cuda", True, 512, False),
        ("bf16", "cpu", False, 8, True),
        ("auto", "cpu", False, 512, False),
        ("auto", "cpu", True, WIDE - 1, False),
        ("auto", "cpu", True, WIDE, True),
        ("auto", "cuda", True, 8, True),
        ("auto", "cuda", False, 512, False),
    ],
)
def test_precision_is_that_of_the_recipe_or_where_it_pays(
    precision, device, supported, width, expected, monkeypatch
):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: supported)
    units = {"avx512_bf16": supported}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: units, raising=False)
    module = nn.Sequential(nn.Embedding(5000, 7), nn.Linear(7, width), nn.Linear(width, width))
    assert is_bf16(TrainingRecipe(precision=precision), device, module) is expected


@pytest.mark.slow
@pytest.mark.parametrize("system", ["diffuseq", "d3pm-absorbing", "transformer"])
def test_losses_in_bf16_are_those_in_float32(system):
    """Both learn, and after every update their losses agree within what bf16 rounds."""
    task = load_task("dialogue")
    suite = load_suite("mini")
    known = resources(task, suite.tasks["dialogue"])
    config = {
        "diffuseq": {
            "embedding_dim": 16,
            "width": 64,
            "layers": 2,
            "ffn": 128,
            "heads": 4,
            "time_dim": 32,
        }
    }
    usual = {"dim": 64, "ffn": 128, "encoder_layers": 1, "decoder_layers": 1, "heads": 4}
    curves = []
    for halved in (False, True):
        built = build_system(system, config.get(system, usual), known)
        objective = Objective(built, device="cpu", is_bf16=halved)
        optimiser = torch.optim.AdamW(objective.parameters(), lr=3e-3)
        batches = Batches(task.train, batch=32, seed=1)
        curves.append([])
        for update in range(80):
            examples, ids = batches.of(update)
            torch.manual_seed(update)
            loss, *_ = objective(built.collate(examples), make_noise(1, ids, 1))
            loss.backward()
            optimiser.step()
            optimiser.zero_grad()
            curves[-1].append(loss.item())
    full, half = torch.tensor(curves)
    assert full[-10:].mean() < 0.7 * full[:5].mean()
    assert ((half - full).abs() / full).mean() < 0.02
    assert abs(half[-20:].mean() / full[-20:].mean() - 1) < 0.02


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
