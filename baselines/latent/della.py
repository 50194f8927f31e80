"""DELLA steered by operators: a VAE with a latent for each layer: system `della`.

The prior of a latent depends on those before it, so operators work on the noise: z_l = mu_l +
sigma_l eps_l, and the eps of all layers together are N(0, I) under the prior, as the flow wants.

Source: Hu et al., arXiv 2207.06130, section 3; see `latent_chain` and `layerwise` for what
deviates. KL is summed over layers, where the released code averages it, which is a beta of
1 / layers.
"""

from __future__ import annotations

from typing import ClassVar

from baselines.latent.guided import GuidedLatentSystem
from baselines.latent.layerwise import LayerwiseConfig, LayerwiseVAE
from benchmark import api


class DellaSystem(GuidedLatentSystem):
    """A text VAE with a latent for each layer, whose noise follows operators."""

    id: ClassVar[str] = "della"
    Config: ClassVar[type] = LayerwiseConfig

    config: LayerwiseConfig
    module: LayerwiseVAE

    def __init__(self, config: LayerwiseConfig, resources: api.Resources) -> None:
        super().__init__(config, resources)
        self.module = LayerwiseVAE(config, resources.tokenizer.vocab_size, resources.lengths.target)
        self.network = self.module.decoder
