"""LatentOps: control by operators on the latent space of a VAE: system `latentops`.

Source: Liu et al., arXiv 2208.00638, section 3; see `vae` and `operators` for what deviates.
"""

from __future__ import annotations

from typing import ClassVar

from baselines.encoder_decoder import Encoder
from baselines.latent.guided import GuidedLatentSystem
from baselines.latent.vae import VAE, LatentDecoder, VAEConfig
from baselines.latent.vae_loss import RisingBeta
from benchmark import api


class LatentOpsSystem(GuidedLatentSystem):
    """A text VAE with one latent, which follows operators."""

    id: ClassVar[str] = "latentops"
    version: ClassVar[int] = 3
    Config: ClassVar[type] = VAEConfig

    config: VAEConfig
    module: VAE

    def __init__(self, config: VAEConfig, resources: api.Resources) -> None:
        super().__init__(config, resources)
        length = resources.lengths.target
        self.module = VAE(
            Encoder(config, length),
            LatentDecoder(config, resources.tokenizer.vocab_size, length),
            config.latent,
            RisingBeta(config.beta, config.rise),
        )
        self.network = self.module.decoder
