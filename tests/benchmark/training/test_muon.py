"""Muon against torch's own, and its iteration against singular values."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from benchmark.training.muon import COEFFICIENTS, Muon, orthogonalise

SHAPES = [(5, 5), (5, 9), (9, 5), (5, 9), (2, 3)]


def make_matrices(shapes=SHAPES):
    torch.manual_seed(0)
    return [nn.Parameter(torch.randn(shape)) for shape in shapes]


def set_gradients(matrices, number):
    torch.manual_seed(number)
    for matrix in matrices:
        matrix.grad = torch.randn_like(matrix)


def test_steps_are_those_of_torch_within_what_bfloat16_rounds():
    ours = make_matrices()
    theirs = copy.deepcopy(ours)
    before = copy.deepcopy(ours)
    optimiser = Muon(ours, lr=0.1, weight_decay=0.5, steps=5)
    oracle = torch.optim.Muon(
        theirs, lr=0.1, weight_decay=0.5, ns_steps=5, adjust_lr_fn="match_rms_adamw"
    )
    for number in range(4):
        set_gradients(ours, number)
        set_gradients(theirs, number)
        optimiser.step()
        oracle.step()
    for mine, other, old in zip(ours, theirs, before, strict=True):
        assert (mine - other).norm() < 0.03 * (mine - old).norm()


@pytest.mark.parametrize("steps", [1, 3, 5])
def test_each_step_is_a_polynomial_of_the_singular_values(steps):
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(4, 6))
    u, values, v = np.linalg.svd(matrix, full_matrices=False)
    a, b, c = COEFFICIENTS
    values /= np.linalg.norm(values)
    for _ in range(steps):
        values = a * values + b * values**3 + c * values**5
    (found,) = orthogonalise(torch.from_numpy(matrix)[None], steps)
    np.testing.assert_allclose(found.numpy(), u @ np.diag(values) @ v, rtol=1e-9)


def test_matrices_of_one_shape_do_not_touch_one_another():
    together, alone = make_matrices(), make_matrices()
    optimisers = [Muon(together, lr=0.1, weight_decay=0.0, steps=3)]
    optimisers += [Muon([matrix], lr=0.1, weight_decay=0.0, steps=3) for matrix in alone]
    for number in range(3):
        set_gradients(together, number)
        set_gradients(alone, number)
        for optimiser in optimisers:
            optimiser.step()
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one, other)


def test_a_matrix_without_a_gradient_stays_and_one_of_zeros_is_no_error():
    still, zero = make_matrices([(3, 4), (3, 4)])
    before = [matrix.detach().clone() for matrix in (still, zero)]
    zero.grad = torch.zeros_like(zero)
    Muon([still, zero], lr=0.1, weight_decay=0.0, steps=3).step()
    assert torch.equal(still, before[0]) and torch.equal(zero, before[1])


def test_a_weight_that_is_no_matrix_is_refused():
    with pytest.raises(ValueError, match=r"not weights of shape \(3,\)"):
        Muon([nn.Parameter(torch.zeros(3))], lr=0.1, weight_decay=0.0, steps=3)


def test_a_closure_gives_the_loss():
    (matrix,) = make_matrices([(2, 3)])
    optimiser = Muon([matrix], lr=0.1, weight_decay=0.0, steps=3)

    def loss() -> float:
        matrix.square().sum().backward()
        return 7.0

    assert optimiser.step(loss) == 7.0
    assert matrix.grad is not None
