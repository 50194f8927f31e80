from __future__ import annotations

import torch

from baselines.latent.mixture import GaussianMixture


def drawn(mixture: GaussianMixture, count: int) -> torch.Tensor:
    torch.manual_seed(1)
    latent = mixture.means.size(-1)
    return mixture.draw(torch.randn(count, latent), torch.rand(count, dtype=torch.float64))


def test_one_component_is_the_gaussian_of_the_latents() -> None:
    torch.manual_seed(0)
    latents = torch.randn(4000, 3) @ torch.tensor([[1.0, 2, 0], [0, 1, 0], [0, 0, 0.1]]) + 5
    mixture = GaussianMixture(1, 3)
    mixture.fit(latents, torch.Generator())
    found = drawn(mixture, 20_000)
    torch.testing.assert_close(found.mean(0), latents.mean(0), atol=0.06, rtol=0)
    torch.testing.assert_close(torch.cov(found.T), torch.cov(latents.T), atol=0.15, rtol=0)


def test_components_are_found_with_their_weights() -> None:
    torch.manual_seed(0)
    centres = torch.tensor([[-8.0, 0.0], [8.0, 3.0]])
    of = (torch.rand(4000) < 0.25).long()
    latents = centres[of] + torch.randn(4000, 2) * torch.tensor([0.5, 1.0])
    mixture = GaussianMixture(2, 2)
    mixture.fit(latents, torch.Generator().manual_seed(3))
    left, right = mixture.means[:, 0].argsort().tolist()
    torch.testing.assert_close(mixture.means[[left, right]], centres, atol=0.15, rtol=0)
    share = of.float().mean().item()
    assert abs(mixture.weights[right].item() - share) < 0.01
    found = drawn(mixture, 20_000)
    # Between the two there is no text, where the single Gaussian has most of its mass.
    assert (found[:, 0].abs() < 4).float().mean() < 0.001
    assert abs((found[:, 0] > 0).float().mean().item() - share) < 0.02


def test_fewer_texts_than_components_are_enough() -> None:
    mixture = GaussianMixture(16, 3)
    mixture.fit(torch.randn(5, 3), torch.Generator().manual_seed(0))
    assert torch.isfinite(drawn(mixture, 50)).all()
