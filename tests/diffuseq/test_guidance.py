from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from diffuseq.guidance import Guide, GuidedSolver, descend, spread, step_of
from diffuseq.schedule import cumulative_alpha_bar, discrete_betas
from diffuseq.solvers import Ancestral, Ddim, DpmSolverPlusPlus, Solver, Transition

STEPS = 40
LEVEL = cumulative_alpha_bar(discrete_betas("sqrt", STEPS))
STEP = Transition(LEVEL[30], LEVEL[20])


def state(seed: int) -> Tensor:
    return torch.randn(3, 4, 2, generator=torch.Generator().manual_seed(seed))


def towards_zero(z: Tensor) -> Tensor:
    return z


def moved(guide: Guide, inner: int, *, pull: float = 0.0, z: Tensor | None = None) -> Tensor:
    return descend(
        state(0) if z is None else z,
        towards_zero,
        mean=state(1),
        sigma=0.5,
        guide=guide,
        strength=0.1,
        inner=inner,
        pull=pull,
    )


def test_a_sign_move_has_the_size_of_the_strength() -> None:
    torch.testing.assert_close(moved("sign", 1), state(0) - 0.1 * state(0).sign())
    # Of each move, whatever came before: a coordinate of 5 goes down by three steps.
    far = torch.full((1, 1, 1), 5.0)
    found = descend(
        far,
        towards_zero,
        mean=far,
        sigma=1.0,
        guide="sign",
        strength=0.1,
        inner=3,
        pull=0.0,
    )
    assert found.item() == pytest.approx(4.7)


@pytest.mark.parametrize("guide", ["sign", "adagrad"])
def test_both_guides_are_torch_adagrad(guide: Guide) -> None:
    z = state(0).requires_grad_()
    optimizer = torch.optim.Adagrad([z], lr=0.1)
    for _ in range(3):
        if guide == "sign":
            optimizer = torch.optim.Adagrad([z], lr=0.1)
        optimizer.zero_grad()
        loss = z.square().sum() / 2 + 0.01 * ((z - state(1)).square() / 0.5).sum()
        loss.backward()
        optimizer.step()
    torch.testing.assert_close(moved(guide, 3, pull=0.01), z.detach())


def test_a_gradient_move_is_the_shift_of_the_mean() -> None:
    torch.testing.assert_close(moved("gradient", 1, pull=7.0), state(0) * (1 - 0.1 * 0.25))


def test_pull_turns_moves_back_to_the_mean() -> None:
    # A pull of 100 outweighs the gradient, of which no coordinate is above 3.
    back = (state(0) - state(1)).sign()
    near = (state(0) - state(1)).abs() > 0.05
    torch.testing.assert_close(moved("sign", 1, pull=100.0)[near], (state(0) - 0.1 * back)[near])


@pytest.mark.parametrize(
    ("solver", "expected"),
    [
        (Ancestral(), math.sqrt(1 - LEVEL[30] / LEVEL[20])),
        (
            Ddim(1.0),
            math.sqrt((1 - LEVEL[20]) / (1 - LEVEL[30]) * (1 - LEVEL[30] / LEVEL[20])),
        ),
        (Ddim(), 0.0),
        (DpmSolverPlusPlus(), 0.0),
        (
            DpmSolverPlusPlus(eta=1.0),
            math.sqrt((1 - LEVEL[20]) / (1 - LEVEL[30]) * (1 - LEVEL[30] / LEVEL[20])),
        ),
    ],
)
def test_spread_is_that_of_the_noise(solver: Solver, expected: float) -> None:
    later = replace(STEP, previous=(LEVEL[35], state(0)))
    assert [spread(solver, move) for move in (STEP, later)] == pytest.approx([expected] * 2)


def test_steps_are_found_by_their_level() -> None:
    assert [step_of(level, LEVEL) for level in LEVEL] == list(range(STEPS + 1))


class Asked:
    """A gradient of ones, which writes down the steps at which it is asked for."""

    def __init__(self) -> None:
        self.steps: list[int] = []

    def __call__(self, z: Tensor, s: int) -> Tensor:
        self.steps.append(s)
        return torch.ones_like(z)


def guided(asked: Asked, rows: list[bool], until: float = 0.0) -> GuidedSolver:
    return GuidedSolver(
        Ddim(1.0),
        asked,
        wants=lambda s: torch.tensor(rows),
        alpha_bar=LEVEL,
        guide="sign",
        strength=0.1,
        inner=2,
        pull=0.0,
        until=until,
    )


def test_rows_that_want_nothing_are_the_solvers_own() -> None:
    asked = Asked()
    z_s = guided(asked, [True, False, True]).step(state(0), state(1), state(2), STEP)
    plain = Ddim(1.0).step(state(0), state(1), state(2), STEP)
    assert torch.equal(z_s[1], plain[1])
    torch.testing.assert_close(z_s[[0, 2]], plain[[0, 2]] - 0.2)
    assert asked.steps == [20, 20]
    assert guided(asked, [False] * 3).step(state(0), state(1), None, STEP).shape == (3, 4, 2)
    assert asked.steps == [20, 20]


@pytest.mark.parametrize(("t", "s", "calls"), [(11, 10, 2), (10, 9, 0), (40, 30, 2), (1, 0, 0)])
def test_moves_end_with_their_share_of_the_chain(t: int, s: int, calls: int) -> None:
    asked = Asked()
    step = replace(STEP, alpha_bar_t=LEVEL[t], alpha_bar_s=LEVEL[s])
    guided(asked, [True] * 3, until=0.25).step(state(0), state(1), state(2), step)
    assert asked.steps == [s] * calls
