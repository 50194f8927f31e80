"""The solvers on a case with a known answer: z_0 normal, so the best prediction is linear."""

from __future__ import annotations

import math
import statistics
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from benchmark.api import make_noise
from diffuseq.grid import time_grid
from diffuseq.sampling import sample
from diffuseq.schedule import cumulative_alpha_bar, discrete_betas
from diffuseq.solvers import (
    Ancestral,
    Carry,
    Ddim,
    DpmSolverPlusPlus,
    Solver,
    SolverName,
    Transition,
    make_solver,
)

MEAN, SPREAD = 1.5, 0.3


def scalar(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def best_prediction(z_t: Tensor, alpha_bar: Tensor) -> Tensor:
    """E[z_0 | z_t] for z_0 ~ N(MEAN, SPREAD^2), by Bayes."""
    gain = alpha_bar.sqrt() * SPREAD**2 / (alpha_bar * SPREAD**2 + 1 - alpha_bar)
    return MEAN + gain * (z_t - alpha_bar.sqrt() * MEAN)


def flow(z: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """The exact solution of the probability flow: the quantile is kept."""
    width_start, width_end = ((a * SPREAD**2 + 1 - a).sqrt() for a in (start, end))
    return end.sqrt() * MEAN + (z - start.sqrt() * MEAN) * width_end / width_start


def integrate(solver: Solver, z: Tensor, levels: Tensor, eps: Tensor | None = None) -> Tensor:
    previous = None
    for a_t, a_s in pairwise(levels):
        z0_hat = best_prediction(z, a_t)
        z = solver.step(z, z0_hat, eps, Transition(a_t, a_s, previous))
        previous = (a_t, z0_hat)
    return z


def even_levels(calls: int, low: float = -2.0, high: float = 2.0) -> Tensor:
    """alpha_bar evenly spaced in log_snr."""
    return torch.sigmoid(2 * torch.linspace(low, high, calls + 1, dtype=torch.float64))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("solver", "order"), [(Ddim(), 1), (DpmSolverPlusPlus(), 2)], ids=["ddim", "dpm-solver++"]
)
def test_solvers_converge_at_their_order(solver: Solver, order: int) -> None:
    z = scalar(0.4)
    errors = []
    for calls in (320, 640, 1280):
        levels = even_levels(calls)
        exact = flow(z, levels[0], levels[-1])
        errors.append((integrate(solver, z, levels) - exact).abs().item())
    slopes = [math.log2(coarse / fine) for coarse, fine in pairwise(errors)]
    assert slopes == pytest.approx([order, order], abs=0.15)


@pytest.mark.parametrize(
    ("solver", "order"), [(Ddim(), 1), (DpmSolverPlusPlus(), 2)], ids=["ddim", "dpm-solver++"]
)
def test_slope_of_the_error_over_10_to_160_calls(solver: Solver, order: int) -> None:
    z, calls = scalar(0.4), (10, 20, 40, 80, 160)
    errors = []
    for count in calls:
        levels = even_levels(count, high=1.0)
        exact = flow(z, levels[0], levels[-1])
        errors.append((integrate(solver, z, levels) - exact).abs().item())
    fitted = statistics.linear_regression([math.log(n) for n in calls], [*map(math.log, errors)])
    assert -fitted.slope == pytest.approx(order, abs=0.05)


def test_carrying_the_prediction_does_not_converge() -> None:
    """The official DPM-Solver++ of DiffuSeq-v2 forgets the state: more calls do not mend it."""
    z = scalar(0.4)
    errors = []
    for calls in (10, 160):
        levels = even_levels(calls)
        reached = integrate(DpmSolverPlusPlus("prediction"), z, levels)
        errors.append((reached - flow(z, levels[0], levels[-1])).abs().item())
    assert min(errors) > 0.01


def answers_reached(carry: Carry, temperature: float, seeds: int = 1500) -> tuple[int, float]:
    """Distinct answers of 1,500 draws by an exact denoiser, and how many are to be expected.

    120 answers in 16 dimensions, answer k with a probability that falls as 1/k.
    """
    generator = torch.Generator().manual_seed(0)
    p = 1 / torch.arange(1, 121, dtype=torch.float64)
    p = p / p.sum()
    answers = torch.randn(120, 16, generator=generator, dtype=torch.float64)
    z_t = temperature * torch.randn(seeds, 16, generator=generator, dtype=torch.float64)
    alpha_bar = cumulative_alpha_bar(discrete_betas("sqrt", 2000))
    solver, previous = DpmSolverPlusPlus(carry), None
    for t, s in pairwise(range(2000, -1, -200)):
        a = alpha_bar[t]
        squares = ((z_t[:, None] - a.sqrt() * answers) ** 2).sum(-1)
        z0_hat = (p.log() - squares / (2 * (1 - a))).softmax(-1) @ answers
        z_t = solver.step(z_t, z0_hat, None, Transition(a, alpha_bar[s], previous, is_last=s == 0))
        previous = (a, z0_hat)
    reached = ((z_t[:, None] - answers) ** 2).sum(-1).argmin(-1)
    return len(reached.unique()), float((1 - (1 - p) ** seeds).sum())


def test_carrying_the_prediction_leaves_one_answer() -> None:
    """docs/footguns.md has these figures."""
    reached, expected = answers_reached("state", 1.0)
    assert (reached, round(expected)) == (118, 117)
    assert [answers_reached("prediction", t)[0] for t in (0.5, 1.0, 10.0)] == [1, 1, 1]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ddim", "dpm-solver++"])
def test_all_steps_of_the_schedule_reach_the_right_answer(name: SolverName) -> None:
    levels = cumulative_alpha_bar(discrete_betas("sqrt", 2000)).flip(0)
    z = torch.linspace(-2, 2, 5, dtype=torch.float64)
    solver = make_solver(name, eta=0.0, variance="posterior")
    # To t = 1: the last step, to s = 0, gives the mean of what the noise of step 1 left open.
    exact = flow(z, levels[0], levels[-2])
    torch.testing.assert_close(integrate(solver, z, levels[:-1]), exact, atol=6e-3, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("solver", "tolerance"),
    [
        (Ancestral("posterior"), 0.01),
        (Ancestral("fixed-large"), 0.01),
        (Ddim(eta=1.0), 0.01),
        (DpmSolverPlusPlus(eta=1.0), 0.01),
    ],
    ids=["posterior", "fixed-large", "ddim eta 1", "dpm-solver++ eta 1"],
)
def test_stochastic_solvers_reach_the_right_distribution(solver: Solver, tolerance: float) -> None:
    """The steps are linear, so mean and variance can be propagated without a single draw."""
    levels = cumulative_alpha_bar(discrete_betas("sqrt", 2000)).flip(0)
    mean, variance = 0.0, 1.0
    for a_t, a_s in pairwise(levels):
        z = torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64)
        eps = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64)
        at_0, at_1, with_noise = solver.step(
            z, best_prediction(z, a_t), eps, Transition(a_t, a_s)
        ).tolist()
        mean = at_0 + (at_1 - at_0) * mean
        variance = (at_1 - at_0) ** 2 * variance + (with_noise - at_0) ** 2
    assert mean == pytest.approx(MEAN, abs=tolerance)
    assert math.sqrt(variance) == pytest.approx(SPREAD, abs=0.03)


@pytest.mark.parametrize("eta", [0.0, 0.4, 1.0])
def test_the_first_step_of_dpm_solver_plus_plus_is_that_of_ddim(eta: float) -> None:
    levels = cumulative_alpha_bar(discrete_betas("sqrt", 2000))
    generator = torch.Generator().manual_seed(0)
    z, z0_hat, eps = (torch.randn(2, 3, 4, generator=generator) for _ in range(3))
    move = Transition(levels[1600], levels[1400])
    solvers = DpmSolverPlusPlus(eta=eta), Ddim(eta)
    first, second = (solver.step(z, z0_hat, eps if eta else None, move) for solver in solvers)
    assert torch.equal(first, second)


def test_a_step_of_sde_dpm_solver_plus_plus_as_published() -> None:
    """With h = log_snr_s - log_snr_t: sigma_s / sigma_t e^-h z_t + alpha_s (1 - e^-2h) D
    + sigma_s sqrt(1 - e^-2h) eps, D being extrapolated to the middle of the step."""
    levels = cumulative_alpha_bar(discrete_betas("sqrt", 2000))
    a_r, a_t, a_s = levels[1700], levels[1400], levels[1200]
    generator = torch.Generator().manual_seed(0)
    z, z0_hat, before, eps = (
        torch.randn(2, 3, 4, generator=generator, dtype=torch.float64) for _ in range(4)
    )
    log_r, log_t, log_s = (0.5 * torch.log(a / (1 - a)) for a in (a_r, a_t, a_s))
    h, h_before = log_s - log_t, log_t - log_r
    middle = z0_hat + h / (2 * h_before) * (z0_hat - before)
    shrink = (1 - torch.exp(-2 * h)).sqrt()
    sigma_t, sigma_s = (1 - a_t).sqrt(), (1 - a_s).sqrt()
    expected = (
        sigma_s / sigma_t * torch.exp(-h) * z
        + a_s.sqrt() * shrink**2 * middle
        + sigma_s * shrink * eps
    )
    move = Transition(a_t, a_s, (a_r, before))
    torch.testing.assert_close(DpmSolverPlusPlus(eta=1.0).step(z, z0_hat, eps, move), expected)


@pytest.mark.parametrize(("t", "s"), [(2000, 1999), (1500, 700), (30, 29), (200, 0)])
def test_ancestral_with_posterior_variance_is_ddim_with_eta_1(t: int, s: int) -> None:
    levels = cumulative_alpha_bar(discrete_betas("sqrt", 2000))
    generator = torch.Generator().manual_seed(0)
    z, z0_hat, eps = (
        torch.randn(2, 3, 4, generator=generator, dtype=torch.float64) for _ in range(3)
    )
    move = Transition(levels[t], levels[s])
    ancestral = Ancestral("posterior").step(z, z0_hat, eps, move)
    torch.testing.assert_close(Ddim(eta=1.0).step(z, z0_hat, eps, move), ancestral)


def test_ancestral_with_posterior_variance_is_ddim_with_eta_1_all_the_way() -> None:
    levels = cumulative_alpha_bar(discrete_betas("sqrt", 2000))
    trajectories = []
    for solver in (Ancestral("posterior"), Ddim(eta=1.0)):
        states: list[Tensor] = []
        sample(
            lambda z, t: best_prediction(z, levels[t][:, None, None]),
            source=torch.zeros(3, 2, 4, dtype=torch.float64),
            is_target=torch.ones(3, 2, dtype=torch.bool),
            grid=time_grid("uniform", 50, alpha_bar=levels),
            alpha_bar=levels,
            solver=solver,
            noise=make_noise(0, ["a", "b", "c"]),
            on_step=lambda _, z, kept=states: kept.append(z),  # type: ignore[misc]
        )
        trajectories.append(torch.stack(states))
    torch.testing.assert_close(*trajectories, atol=1e-12, rtol=0)


def reached(solver: Solver, levels: Tensor) -> tuple[float, float]:
    """Mean and spread that the solver makes of standard normal noise: all of it is linear."""
    eps = torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64) if solver.stochastic else None
    if eps is None:
        z = torch.tensor([0.0, 1.0], dtype=torch.float64)
        at_0, at_1 = integrate(solver, z, levels).tolist()
        return at_0, abs(at_1 - at_0)
    mean, variance = 0.0, 1.0
    for a_t, a_s in pairwise(levels):
        z = torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64)
        at_0, at_1, with_noise = solver.step(
            z, best_prediction(z, a_t), eps, Transition(a_t, a_s)
        ).tolist()
        mean = at_0 + (at_1 - at_0) * mean
        variance = (at_1 - at_0) ** 2 * variance + (with_noise - at_0) ** 2
    return mean, math.sqrt(variance)


@pytest.mark.slow
def test_2000_steps_of_any_solver_agree() -> None:
    levels = cumulative_alpha_bar(discrete_betas("sqrt", 2000)).flip(0)[:-1]
    last = levels[-1]
    mean = (last.sqrt() * MEAN).item()
    spread = (last * SPREAD**2 + 1 - last).sqrt().item()
    solvers = [
        Ancestral(),
        Ancestral("posterior"),
        Ddim(),
        Ddim(0.5),
        DpmSolverPlusPlus(),
    ]
    ends = [reached(solver, levels) for solver in solvers]
    assert [m for m, _ in ends] == pytest.approx([mean] * len(ends), abs=0.005)
    assert [s for _, s in ends] == pytest.approx([spread] * len(ends), abs=0.01)


def test_fixed_large_adds_beta() -> None:
    betas = discrete_betas("sqrt", 2000)
    levels = cumulative_alpha_bar(betas)
    move = Transition(levels[700], levels[699])
    z, one = torch.zeros(1, 1, 1).double(), torch.ones(1, 1, 1).double()
    added = Ancestral("fixed-large").step(z, z, one, move).item()
    assert added**2 == pytest.approx(betas[699].item())


@pytest.mark.parametrize(
    "solver", [Ancestral(), Ancestral("posterior"), Ddim(), Ddim(0.5), DpmSolverPlusPlus()]
)
def test_the_step_to_zero_gives_the_prediction(solver: Solver) -> None:
    generator = torch.Generator().manual_seed(0)
    z, z0_hat, eps = (torch.randn(2, 3, 4, generator=generator) for _ in range(3))
    one, level = scalar(1.0), scalar(0.2)
    move = Transition(level, one, (scalar(0.1), torch.zeros_like(z)))
    reached = solver.step(z, z0_hat, eps if solver.stochastic else None, move)
    torch.testing.assert_close(reached, z0_hat)
    assert reached.dtype == torch.float32


def test_make_solver() -> None:
    assert make_solver("ancestral", eta=0.0, variance="posterior") == Ancestral("posterior")
    assert make_solver("ddim", eta=0.3, variance="posterior") == Ddim(0.3)
    assert make_solver("dpm-solver++", eta=0.3, variance="posterior") == DpmSolverPlusPlus()
    sde = make_solver("sde-dpm-solver++", eta=0.3, variance="posterior")
    assert sde == DpmSolverPlusPlus(eta=1.0)
    official = make_solver(
        "dpm-solver++", eta=0.0, variance="posterior", carry="prediction", low_order_end=True
    )
    assert official == DpmSolverPlusPlus("prediction", True)
    assert [s.stochastic for s in (Ancestral(), Ddim(), Ddim(0.3), DpmSolverPlusPlus())] == [
        True,
        False,
        True,
        False,
    ]


def test_a_last_step_of_low_order_is_ddim() -> None:
    z, z0_hat, earlier = (torch.full((1, 1, 1), v, dtype=torch.float64) for v in (0.3, 1.0, -1.0))
    levels = even_levels(2)
    plain = Ddim().step(z, z0_hat, None, Transition(levels[1], levels[2]))
    for is_last in (True, False):
        move = Transition(levels[1], levels[2], (levels[0], earlier), is_last)
        made = DpmSolverPlusPlus(low_order_end=True).step(z, z0_hat, None, move)
        assert torch.allclose(made, plain) == is_last
