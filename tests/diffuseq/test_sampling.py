from __future__ import annotations

import pytest
import torch
from torch import Tensor

from benchmark.api import make_noise
from diffuseq.grid import time_grid
from diffuseq.sampling import sample
from diffuseq.schedule import cumulative_alpha_bar, discrete_betas
from diffuseq.solvers import Ancestral, Ddim, DpmSolverPlusPlus, Solver

STEPS = 50
LEVEL = cumulative_alpha_bar(discrete_betas("sqrt", STEPS))
IS_TARGET = torch.tensor([[False, False, True, True], [False, True, True, True]])
SOURCE = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(0))


class Recorder:
    """A network that predicts half of what it sees and writes down its calls."""

    def __init__(self) -> None:
        self.states: list[Tensor] = []
        self.times: list[list[int]] = []

    def __call__(self, z_t: Tensor, t: Tensor) -> Tensor:
        self.states.append(z_t)
        self.times.append(t.tolist())
        return 0.5 * z_t


def draw(network: Recorder, solver: Solver, nfe: int = 5, **options: object) -> Tensor:
    arguments: dict[str, object] = {
        "source": SOURCE,
        "is_target": IS_TARGET,
        "grid": time_grid("uniform", nfe, alpha_bar=LEVEL),
        "alpha_bar": LEVEL,
        "solver": solver,
        "noise": make_noise(3, ["a", "b"]),
    }
    return sample(network, **(arguments | options))  # type: ignore[arg-type]


@pytest.mark.parametrize("solver", [Ancestral(), Ddim(), Ddim(1.0), DpmSolverPlusPlus()])
def test_source_positions_are_never_touched(solver: Solver) -> None:
    network = Recorder()
    seen: list[Tensor] = []
    z_0 = draw(network, solver, on_step=lambda _, z: seen.append(z))
    for state in (*network.states, *seen, z_0):
        assert torch.equal(state[~IS_TARGET], SOURCE[~IS_TARGET])
    assert torch.equal(seen[-1], z_0)


@pytest.mark.parametrize("nfe", [1, 2, 7, STEPS])
def test_calls_and_times_are_those_of_the_grid(nfe: int) -> None:
    network = Recorder()
    numbers: list[int] = []
    draw(network, Ddim(), nfe=nfe, on_step=lambda number, _: numbers.append(number))
    grid = time_grid("uniform", nfe, alpha_bar=LEVEL)
    assert network.times == [[t, t] for t in grid[:-1]]
    assert numbers == list(range(1, nfe + 1))


@pytest.mark.parametrize("solver", [Ancestral(), Ddim(1.0), DpmSolverPlusPlus()])
def test_temperature_scales_all_noise(solver: Solver) -> None:
    # With a linear network and no source the result is proportional to the noise.
    everything = torch.ones_like(IS_TARGET)
    hot = draw(Recorder(), solver, is_target=everything, temperature=1.0)
    mild = draw(Recorder(), solver, is_target=everything, temperature=0.25)
    cold = draw(Recorder(), solver, is_target=everything, temperature=0.0)
    assert hot.abs().sum() > 0
    torch.testing.assert_close(mild, 0.25 * hot)
    assert torch.equal(cold, torch.zeros_like(cold))


def test_every_step_and_row_has_noise_of_its_own() -> None:
    states: list[Tensor] = []
    draw(
        Recorder(),
        Ancestral("posterior"),
        source=torch.zeros_like(SOURCE),
        is_target=torch.ones_like(IS_TARGET),
        on_step=lambda _, z: states.append(z),
    )
    flat = [state[row].flatten() for state in states[:-1] for row in (0, 1)]
    assert len({tuple(vector.tolist()) for vector in flat}) == len(flat)


def test_clamp_is_applied_to_every_prediction() -> None:
    z_0 = draw(Recorder(), DpmSolverPlusPlus(), clamp=torch.sign)
    assert z_0[IS_TARGET].abs().unique().tolist() == [1.0]
