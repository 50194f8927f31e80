from __future__ import annotations

import weakref

import pytest
import torch
from scipy import stats
from torch import Tensor

from benchmark.api import make_noise
from diffuseq.grid import time_grid
from diffuseq.sampling import bounded, sample
from diffuseq.schedule import cumulative_alpha_bar, discrete_betas
from diffuseq.solvers import Ancestral, Ddim, DpmSolverPlusPlus, Solver, Transition

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


@pytest.mark.parametrize(
    "solver", [Ancestral(), Ddim(1.0), DpmSolverPlusPlus(), DpmSolverPlusPlus(eta=1.0)]
)
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


def test_clamp_acts_at_its_steps_alone() -> None:
    asked: list[int] = []
    network = Recorder()

    def clamp(z: Tensor) -> Tensor:
        asked.append(network.times[-1][0])
        return z

    draw(network, Ddim(), nfe=10, clamp=clamp, clamp_steps=range(11, 36))
    assert asked == [35, 30, 25, 20, 15]
    asked.clear()
    draw(network, Ddim(), nfe=10, clamp=clamp)
    assert asked == list(range(50, 0, -5))


def test_one_step_is_the_official_ddim() -> None:
    """Strides by the gap, coefficients of t and t - 1: written down once more, step by step."""
    grid = time_grid("official-gap", 5, alpha_bar=LEVEL)
    noise = make_noise(3, ["a", "b"])
    z = torch.where(IS_TARGET[..., None], noise.normal((4, 3), stream="reverse"), SOURCE)
    for i in range(STEPS - 1, -1, -10):
        level, level_before = LEVEL[i + 1].item(), LEVEL[i].item()
        guess = 0.5 * z
        eps = (z - level**0.5 * guess) / (1 - level) ** 0.5
        moved = level_before**0.5 * guess + (1 - level_before) ** 0.5 * eps
        z = torch.where(IS_TARGET[..., None], moved, SOURCE)
    made = draw(Recorder(), Ddim(), grid=grid, one_step=True)
    torch.testing.assert_close(made, z)
    assert not torch.allclose(draw(Recorder(), Ddim(), grid=grid), z)


def test_bounded_noise_is_the_cut_normal_distribution() -> None:
    eps = make_noise(0, ["a"]).normal((20000,))[0]
    for bound in (0.5, 2.0):
        made = bounded(eps, bound)
        assert made.dtype == torch.float32 and made.abs().max() <= bound
        assert (made[eps.argsort()].diff() >= 0).all()
        cut = stats.truncnorm(-bound, bound)
        assert stats.kstest(made.double().numpy(), cut.cdf).pvalue > 0.01
        # The number of rank u goes to the number of rank u.
        assert made.double().numpy()[:50] == pytest.approx(
            cut.ppf(stats.norm.cdf(eps.double().numpy()[:50])), abs=1e-6
        )
    torch.testing.assert_close(bounded(eps, 8.0), eps)


def test_the_bound_is_one_of_injected_noise_and_not_of_the_first_state() -> None:
    whole, cut = Recorder(), Recorder()
    draw(whole, Ancestral())
    draw(cut, Ancestral(), noise_bound=0.01)
    assert torch.equal(whole.states[0], cut.states[0])
    assert not torch.equal(whole.states[1], cut.states[1])
    mean = Recorder()
    draw(mean, Ancestral(), noise_bound=1e-9)
    torch.testing.assert_close(cut.states[1], mean.states[1], atol=0.011, rtol=0)
    cold = draw(Recorder(), Ancestral(), noise_bound=1.0, temperature=0.0)
    assert torch.isfinite(cold).all()


def test_the_first_state_is_drawn_round_its_mean() -> None:
    plain, moved = Recorder(), Recorder()
    draw(plain, Ddim())
    draw(moved, Ddim(), start_mean=torch.tensor([1.0, 2.0, 3.0]))
    shift = (moved.states[0] - plain.states[0])[IS_TARGET]
    torch.testing.assert_close(shift, torch.tensor([1.0, 2.0, 3.0]).expand(5, 3))
    assert torch.equal(moved.states[0][~IS_TARGET], SOURCE[~IS_TARGET])


def test_after_step_changes_every_state_but_the_last() -> None:
    network, numbers = Recorder(), []

    def after(number: int, z: Tensor, move: Transition) -> Tensor:
        numbers.append(number)
        assert move.alpha_bar_t < move.alpha_bar_s < 1
        return torch.full_like(z, float(number))

    z_0 = draw(network, Ancestral(), after_step=after)
    assert numbers == [1, 2, 3, 4]
    for number, state in enumerate(network.states[1:], start=1):
        assert (state[IS_TARGET] == number).all()
        assert torch.equal(state[~IS_TARGET], SOURCE[~IS_TARGET])
    assert (z_0[IS_TARGET] == 2.0).all()


@pytest.mark.parametrize("solver", [Ancestral(), Ddim(0.0), DpmSolverPlusPlus()])
def test_no_trajectory_is_kept(solver):
    """However many steps there are, a few states alone are alive at any time."""
    alive: weakref.WeakSet[torch.Tensor] = weakref.WeakSet()
    most = []

    def network(z, t):
        alive.add(z)
        z0_hat = 0.5 * z
        alive.add(z0_hat)
        most.append(len(alive))
        return z0_hat

    for steps in (8, 40):
        alive.clear()
        most.clear()
        alpha_bar = torch.linspace(1.0, 0.01, steps + 1, dtype=torch.float64)
        sample(
            network,
            source=torch.zeros(2, 3, 4),
            is_target=torch.ones(2, 3, dtype=torch.bool),
            grid=tuple(range(steps, -1, -1)),
            alpha_bar=alpha_bar,
            solver=solver,
            noise=make_noise(1, ["a", "b"]),
        )
        assert len(most) == steps
        # z_t and z0_hat, those of the step before, and what the solver may still hold.
        assert max(most) <= 4
