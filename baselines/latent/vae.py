"""The text VAE: a Transformer encoder pooled to a latent, and a causal decoder that reads it.

Source: LatentOps, arXiv 2208.00638, section 3.2: mean pooling to mu and log variance; the latent
enters the decoder as a memory of every layer and is added to the embeddings.
Deviates: trained from scratch, where the paper starts from BERT-small and GPT-2. So posteriors
start narrow and spread out: as wide as the prior, latents are noise, and the decoder learns to do
without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from baselines.attention import Cache, Memory
from baselines.encoder_decoder import Decoder, Encoder, EncoderDecoderConfig
from baselines.latent.vae_loss import RisingBeta
from benchmark.api import Count, NotNegative, Whole

_FIRST_LOG_VARIANCE, _FIRST_GAIN = -3.0, 4.0


@dataclass(frozen=True)
class VAEConfig(EncoderDecoderConfig):
    """The network and its objective."""

    latent: Count = 32
    """Dimensions of z."""
    beta: NotNegative = 0.05
    """Weight of the KL, in nats a text, against the cross entropy, in nats a text."""
    rise: Whole = 0
    """Updates over which `beta` rises from 0."""


class LatentDecoder(Decoder):
    """Predicts each token from the latent and the tokens before it."""

    def forward(self, tokens: Tensor, memory: Memory, cache: Cache | None = None) -> Tensor:
        """Logits `(rows, length, vocab)` of the tokens that follow `tokens` `(rows, length)`.

        With a cache, `tokens` continue what it holds, one position at a time.
        """
        start = 0 if cache is None else cache.length
        rows = tokens.size(0) // memory.encoded.size(0)
        latent = memory.encoded.repeat_interleave(rows, 0)
        x = self.dropout(self.embed(tokens, start) + latent)
        return self.tokens.logits(self.stack(x, memory, causal=True, cache=cache))


class Inferred(NamedTuple):
    """What the posterior says of some texts."""

    latents: Tensor
    """`(texts, latent)`."""
    kl: Tensor
    """KL(posterior || prior) in nats by text and part of the latent, `(texts, parts)`."""


class VAE(nn.Module):
    """q(z | x) and p(x | z)."""

    def __init__(
        self, encoder: Encoder, decoder: LatentDecoder, latent: int, beta: RisingBeta
    ) -> None:
        super().__init__()
        self.encoder, self.decoder, self.latent = encoder, decoder, latent
        self.beta = beta
        dim = decoder.stack.shape.dim
        self.posterior = make_posterior(dim, latent)
        self.unfold = nn.Linear(latent, dim)

    def encode(self, tokens: Tensor, pad_id: int) -> tuple[Tensor, Tensor]:
        """Mu and log variance `(texts, latent)` of texts `(texts, length)`."""
        mask = tokens != pad_id
        encoded = self.encoder(self.decoder.tokens(tokens), mask)
        # Padding is not pooled: the latent of a text must not depend on its batch.
        pooled = (encoded * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        mu, log_variance = self.posterior(pooled).chunk(2, dim=-1)
        return mu, log_variance

    def infer(self, tokens: Tensor, pad_id: int, noise: Tensor) -> Inferred:
        """The texts at `noise` standard deviations from their means; see `guided.LatentModel`."""
        rows = len(noise) // len(tokens)
        mu, log_variance = (x.repeat_interleave(rows, 0) for x in self.encode(tokens, pad_id))
        return Inferred(mu + torch.exp(0.5 * log_variance) * noise, kl(mu, log_variance))

    def remember(self, z: Tensor) -> Memory:
        """The latents `(rows, latent)` as the decoder reads them."""
        position = self.unfold(z)[:, None]
        mask = torch.ones(position.shape[:2], dtype=torch.bool, device=z.device)
        return self.decoder.stack.remember(position, mask)


def make_posterior(dim: int, latent: int) -> nn.Linear:
    """The layer that says mu and log variance `(texts, 2 * latent)` of what is pooled.

    Before training it is narrow and spread out, so that latents say something from the start.
    """
    layer = nn.Linear(dim, 2 * latent)
    with torch.no_grad():
        layer.bias[latent:] = _FIRST_LOG_VARIANCE
        layer.weight[:latent] *= _FIRST_GAIN
    return layer


def kl(mu: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mu, sigma^2) || N(0, I)) by dimension, in nats, `(texts, latent)`."""
    return 0.5 * (mu.square() + log_variance.exp() - 1 - log_variance)
