from __future__ import annotations

import pytest
import torch

from baselines.encoder_decoder import Encoder
from baselines.latent.vae import VAE, LatentDecoder, VAEConfig, kl, make_posterior
from baselines.latent.vae_loss import RisingBeta
from benchmark.api import UserError

CONFIG = VAEConfig(
    dim=16, heads=2, ffn=16, encoder_layers=1, decoder_layers=1, dropout=0.0, latent=4
)
PAD = 0


def vae() -> VAE:
    torch.manual_seed(0)
    return VAE(
        Encoder(CONFIG, 6), LatentDecoder(CONFIG, 9, 6), CONFIG.latent, RisingBeta(1.0, 0)
    ).eval()


def test_kl_is_that_of_torch() -> None:
    mu, log_variance = torch.randn(5, 3), torch.randn(5, 3)
    exact = torch.distributions.kl_divergence(
        torch.distributions.Normal(mu, (0.5 * log_variance).exp()),
        torch.distributions.Normal(torch.zeros(5, 3), torch.ones(5, 3)),
    )
    torch.testing.assert_close(kl(mu, log_variance), exact)


def test_padding_is_not_pooled() -> None:
    module = vae()
    alone = module.encode(torch.tensor([[3, 4, 1]]), PAD)[0]
    padded = module.encode(torch.tensor([[3, 4, 1, PAD, PAD]]), PAD)[0]
    torch.testing.assert_close(alone, padded)


def test_posteriors_start_apart_by_more_than_they_are_wide() -> None:
    torch.manual_seed(0)
    pooled = torch.randn(200, 64)
    for start, is_clear in (
        (make_posterior, True),
        (lambda d, z: torch.nn.Linear(d, 2 * z), False),
    ):
        mu, log_variance = start(64, 8)(pooled).chunk(2, dim=-1)
        assert bool((mu.std(0) > 4 * (0.5 * log_variance).exp().mean(0)).all()) is is_clear


def test_noise_counts_standard_deviations_of_the_posterior() -> None:
    module, tokens = vae(), torch.tensor([[3, 4, 1], [5, 1, PAD]])
    mu, log_variance = module.encode(tokens, PAD)
    torch.testing.assert_close(module.infer(tokens, PAD, torch.zeros(2, 4)).latents, mu)
    found = module.infer(tokens, PAD, torch.full((2, 4), -2.0))
    torch.testing.assert_close(found.latents, mu - 2 * (0.5 * log_variance).exp())
    torch.testing.assert_close(found.kl, kl(mu, log_variance))


@pytest.mark.parametrize("wrong", [{"latent": 0}, {"beta": -0.1}, {"rise": -1}])
def test_a_configuration_that_cannot_be_trained_is_refused(wrong: dict[str, float]) -> None:
    (name,) = wrong
    with pytest.raises(UserError, match=f"^{name} "):
        VAEConfig(**wrong)  # type: ignore[arg-type]
