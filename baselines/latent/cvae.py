"""A conditional VAE with a latent for each layer: system `cvae`.

Prior and posterior also read the source, and the decoder attends to it: one source, many targets.

Source: DELLA, Hu et al., arXiv 2207.06130, section 3.4; see `latent_chain` and `layerwise`.
Deviates: the decoder attends to the encoded source, where the paper's reads it as a prefix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from baselines.latent.latent_decoding import decode
from baselines.latent.layerwise import LatentMemory, LayerwiseConfig, LayerwiseVAE
from baselines.latent.vae_loss import vae_loss
from baselines.texts import collate_pairs, encode_sources
from benchmark import api


@dataclass(frozen=True)
class CVAEDecoding(api.Settings):
    """How to draw latents and to decode."""

    spread: api.NotNegative = 1.0
    """Standard deviation of the latents, in those of their priors: the knob."""
    temperature: api.NotNegative = 0.0
    """Of the decoder; 0 is greedy."""

    @property
    def nfe(self) -> int | None:
        """One call for each token of the longest candidate."""
        return None

    @property
    def kind(self) -> api.CandidateKind:
        """Independent draws; a single text where nothing is drawn."""
        return "samples" if self.spread > 0 or self.temperature > 0 else "single"


class CVAESystem(api.NeuralSystem):
    """A one-to-many sequence-to-sequence VAE."""

    id: ClassVar[str] = "cvae"
    family: ClassVar[api.Family] = "latent"
    version: ClassVar[int] = 1
    capabilities: ClassVar[api.Capabilities] = api.Capabilities(trainable=True, knob="spread")
    Config: ClassVar[type] = LayerwiseConfig
    Decoding: ClassVar[type] = CVAEDecoding

    config: LayerwiseConfig
    module: LayerwiseVAE

    def __init__(self, config: LayerwiseConfig, resources: api.Resources) -> None:
        super().__init__(config, resources)
        lengths = resources.lengths
        self.module = LayerwiseVAE(
            config, resources.tokenizer.vocab_size, lengths.target, lengths.source
        )
        self.network = self.module.decoder

    def collate(self, examples: Sequence[api.Example]) -> api.Batch:
        """`source` `(batch, S)` and `target` `(batch, T)`, both ended by eos and padded."""
        return collate_pairs(examples, self.resources)

    def loss(self, batch: api.Batch, noise: api.Noise) -> api.LossTerms:
        """Cross entropy + beta KL, both in nats a text, per target token."""
        pad_id = self.resources.tokenizer.pad_id
        source, target = batch["source"], batch["target"]
        conditions, encoded = self.module.read(source, pad_id)
        texts, _ = self.module.read(target, pad_id)
        eps = noise.normal((self.module.latent,), stream="latent").to(encoded)
        found = self.module.chain.infer(texts, eps, conditions)
        memory = self._memory(
            encoded, source != pad_id, self.module.chain(found.latents, conditions)
        )
        return vae_loss(
            self.module.decoder,
            memory,
            target,
            found.kl,
            self.module.beta(),
            self.resources.tokenizer,
        )

    @torch.no_grad()
    def generate(
        self,
        sources: Sequence[str],
        decoding: CVAEDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: api.OnStep | None = None,
    ) -> api.Candidates:
        """`num_samples` candidates per source, each from a latent of its own."""
        if not sources:
            return []
        per_source = 1 if decoding.kind == "single" else num_samples
        self.module.eval()
        tokenizer, device = self.resources.tokenizer, self.module.decoder.tokens.weight.device
        read = encode_sources(tokenizer, sources, self.resources.lengths.source)
        tokens = read.padded(tokenizer.pad_id).to(device)
        conditions, encoded = self.module.read(tokens, tokenizer.pad_id)
        conditions = [c.repeat_interleave(per_source, 0) for c in conditions]
        noise = api.make_noise(seed, ids, per_source, device)
        eps = decoding.spread * noise.normal((self.module.latent,), stream="start")
        return decode(
            self.module.decoder,
            self._memory(
                encoded.repeat_interleave(per_source, 0),
                (tokens != tokenizer.pad_id).repeat_interleave(per_source, 0),
                self.module.chain(eps, conditions),
            ),
            self.resources,
            noise,
            temperature=decoding.temperature,
            truncated=read.truncated,
            num_samples=num_samples,
            on_step=on_step,
        )

    def _memory(self, encoded: Tensor, mask: Tensor, latents: Sequence[Tensor]) -> LatentMemory:
        decoder = self.module.decoder
        read = decoder.stack.remember(encoded, mask)
        return LatentMemory(
            read.keys, read.values, read.mask, read.encoded, decoder.factors(latents)
        )
