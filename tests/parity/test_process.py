"""Schedules, the forward process and its posterior."""

from __future__ import annotations

import pytest
import torch

from diffuseq.process import anchor, diffuse, posterior
from diffuseq.schedule import cumulative_alpha_bar, discrete_betas


@pytest.mark.parametrize("schedule", ["sqrt", "cosine", "linear"])
@pytest.mark.parametrize("steps", [40, 2000])
def test_schedules(golden, schedule, steps):
    expected = golden("process")[f"{schedule}/{steps}"]
    at = torch.tensor(expected["t"])
    betas = discrete_betas(schedule, steps)
    levels = cumulative_alpha_bar(betas)
    close = {"atol": 1e-12, "rtol": 1e-9}
    for ours, theirs in ((betas[at], "betas"), (levels[at + 1], "alpha_bar")):
        wanted = torch.tensor(expected[theirs], dtype=torch.float64)
        torch.testing.assert_close(ours, wanted, **close)


@pytest.fixture
def steps(golden):
    return {
        key: torch.tensor(
            value, dtype=torch.float32 if isinstance(value[0], list | float) else None
        )
        for key, value in golden("process")["steps"].items()
    }


def test_x_t(steps, alpha_bar):
    is_target = torch.arange(10) >= steps["starts"][:, None]
    noised = diffuse(steps["x_0"], steps["noise"], alpha_bar[steps["t"] + 1][:, None, None])
    z_t = anchor(noised, steps["x_0"], is_target)
    torch.testing.assert_close(z_t, steps["x_t"], atol=1e-5, rtol=0)


def test_posterior(steps, alpha_bar):
    t = steps["t"] + 1
    a_t, a_s = (alpha_bar[at][:, None, None] for at in (t, t - 1))
    mean, variance = posterior(steps["x"], steps["x_0"], alpha_bar_t=a_t, alpha_bar_s=a_s)
    for name in ("posterior_mean", "fixed_large_mean"):
        torch.testing.assert_close(mean, steps[name], atol=1e-5, rtol=0)
    expected = steps["posterior_variance"]
    torch.testing.assert_close(variance.flatten().float(), expected, atol=1e-5, rtol=0)


def test_fixed_large_variance(steps, alpha_bar):
    """Beyond the first step, where the official table has a number and no use for it."""
    t = steps["t"][1:] + 1
    variance = 1.0 - alpha_bar[t] / alpha_bar[t - 1]
    expected = steps["fixed_large_variance"]
    torch.testing.assert_close(variance.float(), expected[1:], atol=1e-5, rtol=0)
    assert steps["t"][0] == 0
    assert expected[0] > 0
