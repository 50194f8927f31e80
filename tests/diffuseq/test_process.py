from __future__ import annotations

import pytest
import torch

from diffuseq.process import anchor, diffuse, posterior
from diffuseq.schedule import cumulative_alpha_bar, discrete_betas

STEPS = 40
BETAS = discrete_betas("sqrt", STEPS)
LEVEL = cumulative_alpha_bar(BETAS)


def test_marginal_is_the_composition_of_single_steps() -> None:
    # z_t = sqrt(1 - beta) z_{t-1} + sqrt(beta) eps composes to mean and variance of eq. 4.
    mean, variance = 1.0, 0.0
    for t in range(1, STEPS + 1):
        keep = 1.0 - BETAS[t - 1].item()
        mean, variance = mean * keep**0.5, variance * keep + 1.0 - keep
        one, zero = torch.ones(1, 1, 1).double(), torch.zeros(1, 1, 1).double()
        assert diffuse(one, zero, LEVEL[t]).item() == pytest.approx(mean, abs=1e-12)
        assert diffuse(zero, one, LEVEL[t]).item() ** 2 == pytest.approx(variance, abs=1e-12)


def test_rows_of_a_batch_take_their_own_step() -> None:
    generator = torch.Generator().manual_seed(0)
    z_0, eps = (torch.randn(3, 5, 2, generator=generator) for _ in range(2))
    t = torch.tensor([1, 17, 40])
    together = diffuse(z_0, eps, LEVEL[t][:, None, None])
    assert together.dtype == torch.float32
    for row, step in enumerate(t.tolist()):
        alone = diffuse(z_0[row], eps[row], LEVEL[step])
        torch.testing.assert_close(together[row], alone)


@pytest.mark.parametrize(("s", "t"), [(39, 40), (1, 2), (3, 30), (0, 1), (0, 25)])
def test_posterior_is_the_closed_form_of_bayes(s: int, t: int) -> None:
    """q(z_s | z_t, z_0) by the product of the Gaussians q(z_t | z_s) and q(z_s | z_0)."""
    z_0, z_t = 0.7, -1.3
    kept = (LEVEL[t] / LEVEL[s]).item()
    signal, spread = LEVEL[s].item(), 1.0 - LEVEL[s].item()
    if s == 0:
        expected_mean, expected_variance = z_0, 0.0
    else:
        precision = 1.0 / spread + kept / (1.0 - kept)
        expected_variance = 1.0 / precision
        pull = signal**0.5 * z_0 / spread + kept**0.5 * z_t / (1.0 - kept)
        expected_mean = pull / precision
    mean, variance = posterior(
        torch.full((1, 1, 1), z_t).double(),
        torch.full((1, 1, 1), z_0).double(),
        alpha_bar_t=LEVEL[t],
        alpha_bar_s=LEVEL[s],
    )
    assert mean.item() == pytest.approx(expected_mean, abs=1e-6)
    assert variance.item() == pytest.approx(expected_variance, abs=1e-12)


def test_posterior_of_one_step_has_the_coefficients_of_the_paper() -> None:
    t = 20
    beta = BETAS[t - 1].item()
    of_z_0 = LEVEL[t - 1].item() ** 0.5 * beta / (1 - LEVEL[t].item())
    of_z_t = (1 - beta) ** 0.5 * (1 - LEVEL[t - 1].item()) / (1 - LEVEL[t].item())
    one, zero = torch.ones(1, 1, 1).double(), torch.zeros(1, 1, 1).double()
    levels = {"alpha_bar_t": LEVEL[t], "alpha_bar_s": LEVEL[t - 1]}
    assert posterior(zero, one, **levels)[0].item() == pytest.approx(of_z_0, abs=1e-12)
    assert posterior(one, zero, **levels)[0].item() == pytest.approx(of_z_t, abs=1e-12)


def test_anchor_keeps_the_source_bit_for_bit() -> None:
    generator = torch.Generator().manual_seed(0)
    z, source = (torch.randn(2, 4, 3, generator=generator) for _ in range(2))
    is_target = torch.tensor([[False, False, True, True], [False, True, True, True]])
    held = anchor(z, source, is_target)
    assert torch.equal(held[~is_target], source[~is_target])
    assert torch.equal(held[is_target], z[is_target])
