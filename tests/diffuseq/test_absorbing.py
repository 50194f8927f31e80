from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from benchmark.api import make_noise
from diffuseq.absorbing import Centred, absorb, diffuse_towards, injection_rate, noising_rate
from diffuseq.schedule import cumulative_alpha_bar, discrete_betas
from diffuseq.solvers import Ancestral, Ddim, DpmSolverPlusPlus, Solver, Transition

BETAS = discrete_betas("sqrt", 2000)
LEVEL = cumulative_alpha_bar(BETAS)
M = torch.tensor([3.0, -1.0], dtype=torch.float64)


def normal(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def test_noise_leads_from_the_text_to_the_absorbing_state() -> None:
    z_0 = normal(0, 4, 3, 2)
    zero, nothing = torch.zeros_like(z_0), torch.zeros_like(LEVEL[0])
    assert torch.equal(diffuse_towards(M, z_0, zero, LEVEL[0]), (z_0 - M) + M)
    torch.testing.assert_close(diffuse_towards(M, z_0, zero, nothing), M.expand(4, 3, 2))
    # By hand: alpha_bar = 0.64, so 0.8 (z_0 - m) + 0.6 eps + m.
    by_hand = [0.8 * (1 - 3) + 0.6 * 2 + 3, 0.8 * (1 + 1) + 0.6 * 2 - 1]
    made = diffuse_towards(M, torch.ones(1, 1, 2).double(), torch.full((1, 1, 2), 2.0), z(0.64))
    assert made.flatten().tolist() == pytest.approx(by_hand)


def z(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def test_rates_are_those_of_the_official_code() -> None:
    t = torch.tensor([1, 700, 2000])
    assert noising_rate(LEVEL[t], 0.5).tolist() == pytest.approx(
        [0.5 * math.sqrt(1 - a) for a in LEVEL[t].tolist()]
    )
    # exp(0.5 log beta_t) times the rate, for one step of the chain.
    move = Transition(LEVEL[700], LEVEL[699])
    assert injection_rate(move, 0.2).item() == pytest.approx(0.2 * math.sqrt(BETAS[699].item()))
    assert injection_rate(Transition(LEVEL[700], LEVEL[0]), 1.0).item() < 1


def test_positions_below_the_rate_are_m() -> None:
    states, u = normal(0, 2, 3, 2), torch.tensor([[0.0, 0.3, 0.99], [0.29, 0.5, 0.31]])
    made = absorb(states, M, u, torch.tensor([[0.3], [0.5]]))
    is_m = (made == M).all(-1)
    assert is_m.tolist() == [[True, False, False], [True, False, True]]
    assert torch.equal(made[~is_m], states[~is_m])
    assert torch.equal(absorb(states, M, u, z(0.0)), states)


def test_the_share_of_absorbed_positions_is_the_rate() -> None:
    rate = noising_rate(LEVEL[torch.tensor([900])], 0.5)
    u = make_noise(0, [str(i) for i in range(50)]).uniform((400,), stream="discrete")
    made = absorb(torch.zeros(50, 400, 2, dtype=torch.float64), M, u, rate)
    share = (made == M).all(-1).double().mean().item()
    assert share == pytest.approx(rate.item(), abs=4 * 0.5 / math.sqrt(20000))


SOLVERS = [
    Ancestral(),
    Ancestral("posterior"),
    Ddim(),
    Ddim(0.5),
    DpmSolverPlusPlus(),
    DpmSolverPlusPlus(eta=0.5),
]


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_centred_step_is_the_step_of_the_moved_state(solver: Solver) -> None:
    z_t, z0_hat, earlier, eps = (normal(seed, 2, 3, 2) for seed in range(4))
    drawn = eps if solver.stochastic else None
    previous, moved = (LEVEL[1500], earlier), (LEVEL[1500], earlier + M)
    plain = solver.step(z_t, z0_hat, drawn, Transition(LEVEL[900], LEVEL[400], previous))
    centred = Centred(solver, M)
    assert centred.stochastic == solver.stochastic
    move = Transition(LEVEL[900], LEVEL[400], moved)
    torch.testing.assert_close(centred.step(z_t + M, z0_hat + M, drawn, move), plain + M)


@pytest.mark.slow
@pytest.mark.parametrize("solver", [Ddim(), DpmSolverPlusPlus()], ids=["ddim", "dpm-solver++"])
def test_only_steps_round_m_come_back_to_the_data(solver: Solver) -> None:
    """z_0 is normal round MEAN with SPREAD, noised towards m: the flow is known."""
    mean, spread = 1.5, 0.3
    m = M[:1]

    def best_prediction(z_t: Tensor, a: Tensor) -> Tensor:
        gain = a.sqrt() * spread**2 / (a * spread**2 + 1 - a)
        return mean + gain * (z_t - m - a.sqrt() * (mean - m))

    def run(used: Solver) -> Tensor:
        state = m + normal(0, 200, 1)
        previous = None
        for a_t, a_s in pairwise(LEVEL.flip(0)[:-1]):
            z0_hat = best_prediction(state, a_t)
            state = used.step(state, z0_hat, None, Transition(a_t, a_s, previous))
            previous = (a_t, z0_hat)
        return state

    width = (LEVEL[1] * spread**2 + 1 - LEVEL[1]).sqrt()
    exact = m + LEVEL[1].sqrt() * (mean - m) + width * normal(0, 200, 1)
    assert (run(Centred(solver, m)) - exact).abs().max() < 0.02
    assert (run(solver) - exact).abs().max() > 0.1
