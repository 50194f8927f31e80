from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn

from baselines.autoregressive.gpt2 import GPT2Config, GPT2System
from benchmark.experiment.recipes import TrainingRecipe
from benchmark.training.muon import Muon
from benchmark.training.optimiser import Optimisers, layer_matrices, make_optimisers


class Tied(nn.Module):
    """A table of words that is the output layer too, a hidden layer, and a table of positions."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(7, 4)
        self.positions = nn.Parameter(torch.randn(5, 4))
        self.hidden = nn.Linear(4, 6)
        self.back = nn.Linear(6, 4, bias=False)
        self.norm = nn.LayerNorm(4)
        self.out = nn.Linear(4, 7, bias=False)
        self.out.weight = self.words.weight


def muon(**values):
    return TrainingRecipe(**{"optimiser": "muon", "learning_rate": 0.5} | values)


def test_matrices_of_layers_are_no_tables():
    module = Tied()
    assert {id(weight) for weight in layer_matrices(module)} == {
        id(module.hidden.weight),
        id(module.back.weight),
    }


def test_the_layers_of_gpt2_are_layer_matrices(resources):
    system = GPT2System.build(GPT2Config(dim=8, layers=2, heads=2, ffn=12), resources)
    shapes = sorted(tuple(weight.shape) for weight in layer_matrices(system.module))
    assert shapes == sorted([(8, 24), (8, 8), (8, 12), (12, 8)] * 2)


def test_every_weight_has_one_optimiser():
    module = Tied()
    parts = make_optimisers(module, muon())
    held = [id(w) for part in parts for group in part.param_groups for w in group["params"]]
    assert sorted(held) == sorted(id(weight) for weight in module.parameters())
    (alone,) = make_optimisers(module, TrainingRecipe())
    assert len(alone.param_groups[0]["params"]) == len(list(module.parameters()))


def matrix_with(values):
    """A module of one matrix, and its weight, whose gradient has these singular values."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(6, 4, bias=False))
    u, _, v = torch.linalg.svd(torch.randn(4, 6), full_matrices=False)
    module[0].weight.grad = u @ torch.diag(values) @ v
    return module, module[0].weight


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_muon_moves_a_matrix_along_all_of_its_directions_alike(precision):
    # One direction has a gradient ten times as large as the others.
    module, weight = matrix_with(torch.tensor([10.0, 1.0, 1.0, 1.0]))
    before = weight.detach().clone()
    optimiser = Optimisers(make_optimisers(module, muon(muon_precision=precision)))
    optimiser.step()
    moved = torch.linalg.svdvals(weight.detach() - before)
    # As large as a step of AdamW: .2 for a root mean square of 1, times the rate.
    scale = 0.5 * 0.2 * math.sqrt(6)
    assert moved.min() > 0.5 * scale and moved.max() < 1.3 * scale


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_one_step_of_newton_schulz_is_its_polynomial_of_the_singular_values(precision):
    values = torch.tensor([8.0, 4.0, 2.0, 1.0])
    module, weight = matrix_with(values)
    before = weight.detach().clone()
    recipe = muon(newton_schulz_steps=1, muon_precision=precision)
    Optimisers(make_optimisers(module, recipe)).step()
    share = values / values.norm()
    a, b, c = 3.4445, -4.775, 2.0315
    expected = 0.5 * 0.2 * math.sqrt(6) * (a * share + b * share**3 + c * share**5)
    moved = torch.linalg.svdvals(weight.detach() - before)
    # In bfloat16 it rounds.
    torch.testing.assert_close(moved, expected.sort(descending=True).values, rtol=0.03, atol=0.0)


def test_muon_counts_as_the_recipe_says():
    kinds = {
        precision: type(make_optimisers(Tied(), muon(muon_precision=precision))[1])
        for precision in ("float32", "bfloat16")
    }
    assert kinds == {"float32": Muon, "bfloat16": torch.optim.Muon}


def test_a_rate_is_that_of_all_weights():
    module = Tied()
    optimiser = Optimisers(make_optimisers(module, muon()))
    before = {name: value.detach().clone() for name, value in module.named_parameters()}
    for value in module.parameters():
        value.grad = torch.ones_like(value)
    optimiser.set_rate(0.0)
    optimiser.step()
    assert all(torch.equal(before[name], value) for name, value in module.named_parameters())


def test_a_state_goes_on():
    def steps(module, optimiser, count):
        for number in range(count):
            for at, value in enumerate(module.parameters()):
                torch.manual_seed(100 * number + at)
                value.grad = torch.randn_like(value)
            optimiser.step()

    torch.manual_seed(0)
    module = Tied()
    optimiser = Optimisers(make_optimisers(module, muon()))
    steps(module, optimiser, 2)
    kept = {name: value.clone() for name, value in module.state_dict().items()}
    state = copy.deepcopy(optimiser.state_dict())
    other = Tied()
    other.load_state_dict(kept)
    again = Optimisers(make_optimisers(other, muon()))
    again.load_state_dict(state)
    steps(module, optimiser, 2)
    steps(other, again, 2)
    assert all(
        torch.equal(value, other.state_dict()[name]) for name, value in module.state_dict().items()
    )
