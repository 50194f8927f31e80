from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from baselines.latent.latent_chain import Gaussian, LatentChain

LAYERS, LATENT, DIM = 3, 2, 5


def chain(condition: int = 0) -> LatentChain:
    torch.manual_seed(0)
    return LatentChain(LAYERS, LATENT, DIM, condition)


def gaussian() -> Gaussian:
    return Gaussian.of(torch.randn(4, 2 * LATENT))


def test_kl_of_two_gaussians_is_that_of_torch() -> None:
    torch.manual_seed(1)
    p, q = gaussian(), gaussian()
    exact = kl_divergence(Normal(p.mu, p.sigma), Normal(q.mu, q.sigma)).sum(-1)
    torch.testing.assert_close(p.kl(q), exact)


def test_mean_and_log_variance_are_limited() -> None:
    found = Gaussian.of(torch.tensor([[100.0, -100.0, 100.0, -100.0]]))
    assert found.mu.tolist() == [[5.0, -5.0]]
    assert found.log_variance.tolist() == [[5.0, -5.0]]


@pytest.mark.parametrize("condition", [0, DIM])
def test_the_noise_of_the_prior_leads_back_to_the_latents(condition: int) -> None:
    module = chain(condition)
    texts = [torch.randn(4, DIM) for _ in range(LAYERS)]
    sources = [torch.randn(4, DIM) for _ in range(LAYERS)] if condition else []
    step = torch.randn(4, LAYERS * LATENT)
    found = module.infer(texts, step, sources)
    h = z = torch.zeros(4, LATENT)
    for layer, z_l in enumerate(module(found.latents, sources)):
        link = module.links[layer]
        h = torch.tanh(h @ link.from_h.weight.T + z @ link.from_z.weight.T)
        known = torch.cat((h, *sources[layer : layer + 1]), dim=-1)
        prior = Gaussian.of(link.prior(known))
        posterior = Gaussian.of(link.posterior(torch.cat((texts[layer], known), dim=-1)))
        z = posterior.at(step[:, LATENT * layer : LATENT * (layer + 1)])
        torch.testing.assert_close(z_l, z, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(found.kl[:, layer], posterior.kl(prior), rtol=1e-4, atol=1e-5)


def test_the_first_prior_knows_nothing_and_the_next_know_what_came_before() -> None:
    module = chain()
    eps = torch.randn(2, LAYERS * LATENT)
    other = eps.clone()
    other[:, :LATENT] += 1.0
    # Layer 1 is a fixed Gaussian; the same noise at layer 2 is another latent after another z_1.
    first = module.links[0].prior.bias.chunk(2)
    expected = first[0] + (0.5 * first[1]).exp() * eps[:, :LATENT]
    torch.testing.assert_close(module(eps)[0], expected)
    assert not torch.allclose(module(eps)[1], module(other)[1])
