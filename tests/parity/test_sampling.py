"""Single steps and whole trajectories of both official samplers."""

from __future__ import annotations

import pytest
import torch

from benchmark.api import UserError
from diffuseq.grid import time_grid
from diffuseq.process import anchor
from diffuseq.sampling import sample
from diffuseq.solvers import Ancestral, Ddim, Transition


class Stated:
    """Noise that was written down: the first state, then one draw a step."""

    def __init__(self, first, path):
        self.draws = [first, *path]

    def normal(self, shape, *, step=0, stream=""):
        assert self.draws[step].shape[1:] == shape
        return self.draws[step]


@pytest.fixture(scope="module")
def given(golden):
    return golden("sampling")


@pytest.fixture(scope="module")
def source(given, system):
    return system.module.readout.embed(given.tensor("ids", torch.int64))


def clamp_of(system, name):
    return system.module.readout.clamp if name == "clamp" else None


@pytest.mark.parametrize("name", ["clamp", "free"])
@pytest.mark.parametrize("i", [39, 17, 1, 0])
def test_one_ancestral_step(given, system, source, alpha_bar, i, name):
    """From the official step i, our t = i + 1, to the one below."""
    z_t, eps, clamp = given.tensor("x"), given.tensor("noise"), clamp_of(system, name)
    z0_hat = system.network(z_t, torch.full((3,), i + 1))
    if clamp is not None:
        z0_hat = clamp(z0_hat)
    move = Transition(alpha_bar[i + 1], alpha_bar[i])
    z_s = Ancestral("fixed-large").step(z_t, z0_hat, eps, move)
    z_s = anchor(z_s, source, given.is_target())
    torch.testing.assert_close(z_s, given.tensor(f"ancestral/{i}/{name}"), atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["clamp", "free"])
def test_all_ancestral_steps(given, system, source, alpha_bar, name):
    z_0 = sample(
        system.network,
        source=source,
        is_target=given.is_target(),
        grid=tuple(range(40, -1, -1)),
        alpha_bar=alpha_bar,
        solver=Ancestral("fixed-large"),
        noise=Stated(given.tensor("x"), given.tensor("path_noise")),
        clamp=clamp_of(system, name),
    )
    torch.testing.assert_close(z_0, given.tensor(f"ancestral/{name}"), atol=1e-5, rtol=0)
    assert system.module.readout.most_likely(z_0).tolist() == given[f"tokens/{name}"]


@pytest.mark.parametrize("name", ["clamp", "free"])
@pytest.mark.parametrize("asked", [8, 6])
def test_ddim_states(given, system, source, alpha_bar, asked, name):
    """Strides of T // asked; every step is one from t to t - 1, however far it strides."""
    expected = given.tensor(f"ddim/{asked}/{name}")
    grid = (*range(40, 0, -(40 // asked)), 0)
    if asked == 8:
        assert time_grid("official-gap", asked, alpha_bar=alpha_bar) == grid
    states = []
    sample(
        system.network,
        source=source,
        is_target=given.is_target(),
        grid=grid,
        alpha_bar=alpha_bar,
        solver=Ddim(eta=0.0),
        noise=Stated(given.tensor("x"), []),
        clamp=clamp_of(system, name),
        one_step=True,
        on_step=lambda _, z: states.append(z),
    )
    torch.testing.assert_close(torch.stack(states), expected, atol=1e-5, rtol=0)


def test_six_steps_are_seven(given, alpha_bar):
    """Where the stride does not divide T, the official DDIM makes more calls than asked for."""
    assert len(given["ddim/6/free"]) == 7
    with pytest.raises(UserError, match="official-gap makes 7 calls"):
        time_grid("official-gap", 6, alpha_bar=alpha_bar)
