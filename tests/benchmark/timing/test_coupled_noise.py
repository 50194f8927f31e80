from __future__ import annotations

from functools import cache

import pytest
import torch

from benchmark.api import make_noise
from benchmark.timing.coupled_noise import CoupledNoise, path_weights

STEPS = 12
ALPHA_BAR = torch.cat((torch.ones(1), torch.linspace(0.97, 0.02, STEPS))).double()
SHAPE = (3, 2)


def chain(z: torch.Tensor, z_0: float, noise, first: int, last: int) -> torch.Tensor:
    """Ancestral steps number first..last of the whole chain, the prediction being `z_0`."""
    for number in range(first, last + 1):
        t = STEPS - number + 1
        a_t, a_s = ALPHA_BAR[t], ALPHA_BAR[t - 1]
        beta = 1 - a_t / a_s
        mean = (a_s.sqrt() * beta * z_0 + (1 - beta).sqrt() * (1 - a_s) * z) / (1 - a_t)
        z = mean + beta.sqrt() * noise.normal(SHAPE, step=number)
    return z


def even(nfe: int) -> tuple[float, ...]:
    return tuple(float(t) for t in range(STEPS, -1, -STEPS // nfe))


@pytest.mark.parametrize("grid", [even(2), even(3), even(6), even(12), (12, 11, 7, 5, 0)])
def test_a_long_step_adds_the_noise_that_the_short_ones_add(grid):
    fine = make_noise(1, ["a", "b"], 2)
    coupled = CoupledNoise(fine.normal, ALPHA_BAR, grid)
    zero = torch.zeros(4, *SHAPE, dtype=torch.float64)
    silent = type("Silent", (), {"normal": lambda *a, **k: zero})()
    for step in range(1, len(grid) - 1):  # the last ends at t = 0, where no noise is added
        first, last = STEPS - int(grid[step - 1]) + 1, STEPS - int(grid[step])
        added = chain(zero, 0.3, fine, first, last) - chain(zero, 0.3, silent, first, last)
        made = coupled.normal(SHAPE, step=step).double()
        ratio = (added * made).sum() / made.square().sum()
        torch.testing.assert_close(added, ratio * made, rtol=1e-5, atol=1e-6)
        assert ratio > 0


def test_weights_keep_the_variance_and_one_step_is_itself():
    weights = torch.tensor(path_weights(ALPHA_BAR, 9, 3))
    assert len(weights) == 6 and float(weights.square().sum()) == pytest.approx(1.0)
    assert path_weights(ALPHA_BAR, 5, 4) == [1.0]


def test_the_start_is_shared_and_drawn_once():
    draw = cache(make_noise(2, ["a"], 1).normal)
    few, all_steps = (CoupledNoise(draw, ALPHA_BAR, even(nfe)) for nfe in (3, STEPS))
    assert few.normal(SHAPE, stream="reverse") is all_steps.normal(SHAPE, stream="reverse")
    expected = make_noise(2, ["a"], 1).normal(SHAPE, step=4, stream="reverse")
    torch.testing.assert_close(all_steps.normal(SHAPE, step=4, stream="reverse"), expected)
