"""Schedule, loss, guide and a guided chain of Diffusion-LM."""

from __future__ import annotations

import pytest
import torch

from diffuseq.guidance import GuidedSolver, descend
from diffuseq.objective import loss_terms
from diffuseq.readout import Readout
from diffuseq.sampling import sample
from diffuseq.schedule import cumulative_alpha_bar, discrete_betas
from diffuseq.solvers import Ddim

STEPS = 20


@pytest.fixture
def given(golden):
    return golden("diffusion_lm")


def levels(steps):
    return cumulative_alpha_bar(discrete_betas("sqrt", steps))


@pytest.mark.parametrize(("steps", "paper"), [(200, 0.249), (2000, 0.121)])
def test_the_schedule_is_rebuilt_for_200_steps(given, steps, paper):
    expected = given.tensor(f"alpha_bar_{steps}", torch.float64)
    torch.testing.assert_close(levels(steps)[1 :: steps // 20], expected, atol=1e-9, rtol=0)
    std_0 = (1 - levels(steps)[1]).sqrt().item()
    assert std_0 == pytest.approx(given[f"std_0_{steps}"], abs=1e-9)
    assert std_0 == pytest.approx(paper, abs=5e-4)


def test_200_steps_are_every_tenth_of_2000():
    # So that calls at a grid of 200 are theirs of the chain that is made anew.
    torch.testing.assert_close(levels(2000)[:-10:10], levels(200)[:-1], atol=1e-9, rtol=0)


def test_loss(given):
    readout = Readout(7, 3)
    readout.weight.data, readout.bias.data = given.tensor("table"), given.tensor("bias")
    ids = given.tensor("ids", torch.int64)
    terms = loss_terms(
        lambda z, t: given.tensor("answer"),
        readout,
        ids=ids,
        is_target=torch.ones_like(ids, dtype=torch.bool),
        t=given.tensor("t", torch.int64) + 1,
        alpha_bar=levels(STEPS),
        start_eps=given.tensor("start_noise"),
        eps=given.tensor("noise"),
        mse_over="all",
        with_prediction_nll=False,
    )
    torch.testing.assert_close(terms["mse"], given.tensor("mse"), atol=1e-5, rtol=1e-5)
    total = torch.stack(tuple(terms.values())).sum(0)
    torch.testing.assert_close(total, given.tensor("loss"), atol=1e-5, rtol=1e-5)


def slope(given):
    goal, weight = given.tensor("goal"), given.tensor("weight")
    return lambda z: 2 * weight * (z - goal)


@pytest.mark.parametrize(("name", "sigma"), [("guided", 0.4), ("guided_without_noise", 0.0)])
def test_three_moves(given, name, sigma):
    moved = descend(
        given.tensor("state"),
        slope(given),
        mean=given.tensor("mean"),
        sigma=sigma,
        guide="sign",
        strength=0.1,
        inner=3,
        pull=0.01,
    )
    torch.testing.assert_close(moved, given.tensor(name), atol=1e-5, rtol=0)


def test_no_moves_at_the_clean_end(given):
    assert given["guided_at_9"] == given["state"] and given["guided_at_10"] != given["state"]


def test_a_guided_chain(given):
    start = given.tensor("chain_start")
    drawn = [start, *given.tensor("chain_noise")]

    class Drawn:
        def normal(self, shape, *, step=0, stream=""):
            return drawn[step]

    rows = torch.ones(len(start), dtype=torch.bool)
    solver = GuidedSolver(
        Ddim(1.0),
        lambda z, s: slope(given)(z),
        wants=lambda s: rows,
        alpha_bar=levels(STEPS),
        guide="sign",
        strength=0.1,
        inner=3,
        pull=0.01,
        until=10 / STEPS,
    )
    z_0 = sample(
        lambda z, t: 0.5 * z,
        source=torch.zeros_like(start),
        is_target=torch.ones(start.shape[:2], dtype=torch.bool),
        grid=tuple(range(STEPS, -1, -1)),
        alpha_bar=levels(STEPS),
        solver=solver,
        noise=Drawn(),
    )
    torch.testing.assert_close(z_0, given.tensor("chain_end"), atol=1e-5, rtol=0)
