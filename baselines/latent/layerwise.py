"""The networks of DELLA: an encoder read at every layer, and a decoder whose values hold latents.

Source: DELLA, Hu et al., arXiv 2207.06130, section 3.3 and equation 9.
Deviates: padding is not pooled, where the released code pools it, so that there the latent of a
text depends on the longest text of its batch; `fusion: sum-of-products` is the product of rank r
that the paper names, where its equation 9 and the code sum before they multiply, which is a single
product whatever r; states are normed before they are pooled; trained from scratch, where the paper
starts from GPT-2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from baselines.attention import Cache, Memory
from baselines.encoder_decoder import Decoder, Encoder, EncoderDecoderConfig
from baselines.latent.latent_chain import LatentChain
from baselines.latent.vae import Inferred
from baselines.latent.vae_loss import RisingBeta
from benchmark.api import Count, NotNegative, UserError, Whole

Fusion = Literal["sum-of-products", "released"]


@dataclass(frozen=True)
class LayerwiseConfig(EncoderDecoderConfig):
    """The network and its objective; one latent for each layer."""

    latent: Count = 16
    """Dimensions of the latent of a layer."""
    fusion: Fusion = "sum-of-products"
    """`released` sums over the rank before it multiplies: rank one whatever `rank` is."""
    rank: Count = 4
    share: bool = True
    """Whether encoder and decoder are the same blocks, as in the paper."""
    beta: NotNegative = 0.05
    """Weight of the KL, in nats a text, against the cross entropy, in nats a text."""
    rise: Whole = 0
    """Updates over which `beta` rises from 0."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.encoder_layers != self.decoder_layers:
            raise UserError(
                f"encoder_layers {self.encoder_layers} and decoder_layers"
                f" {self.decoder_layers} differ: each layer has a latent, set both alike."
            )


@dataclass(frozen=True, slots=True)
class LatentMemory(Memory):
    """What a decoder reads: the latents of each row, and the source if any."""

    factors: tuple[Tensor, ...]
    """U_j z_l by layer, `(rows, rank, dim)`."""

    def select(self, sources: Tensor) -> LatentMemory:
        """The memory of the rows with indices `(n,)`."""
        return LatentMemory(
            tuple(keys[sources] for keys in self.keys),
            tuple(values[sources] for values in self.values),
            self.mask[sources],
            self.encoded[sources],
            tuple(factor[sources] for factor in self.factors),
        )


class LowRankFusion(nn.Module):
    """Value vectors v that a latent z changes: sum over j of W_j v * U_j z.

    Source: Liu et al., arXiv 1806.00064, equation 5; there too a 1 is appended to both, which is
    the bias here.
    """

    def __init__(self, dim: int, latent: int, rank: int, fusion: Fusion) -> None:
        super().__init__()
        self.rank, self.fusion = rank, fusion
        self.of_values = nn.Linear(dim, rank * dim)
        self.of_latent = nn.Linear(latent, rank * dim)
        # The product starts near one times W v, so that values pass before latents mean anything.
        nn.init.ones_(self.of_latent.bias)

    def factor(self, z: Tensor) -> Tensor:
        """U_j z `(rows, rank, dim)` of latents `(rows, latent)`."""
        return self.of_latent(z).unflatten(-1, (self.rank, -1))

    def forward(self, factor: Tensor, values: Tensor) -> Tensor:
        """Fused values `(rows, length, dim)` of values of that shape."""
        parts = self.of_values(values).unflatten(-1, (self.rank, -1))
        if self.fusion == "released":
            return parts.sum(-2) * factor.sum(-2)[:, None]
        return (parts * factor[:, None]).sum(-2)


class Pooling(nn.Module):
    """The mean of positions, weighted by learned attention."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(dim) * 0.02)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """`(texts, dim)` of states `(texts, length, dim)`; `mask` is True where a token is."""
        scores = nn.functional.gelu(states @ self.weight).masked_fill(~mask, -torch.inf)
        return (scores.softmax(-1)[..., None] * states).sum(1)


class FusedDecoder(Decoder):
    """A causal decoder; the values of its layer l are fused with z_l."""

    def __init__(
        self, config: LayerwiseConfig, vocab_size: int, length: int, *, reads_source: bool
    ) -> None:
        super().__init__(config, vocab_size, length, reads_source=reads_source)
        self.fusions = nn.ModuleList(
            LowRankFusion(config.dim, config.latent, config.rank, config.fusion)
            for _ in range(config.decoder_layers)
        )

    def factors(self, latents: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """What the latents of the layers multiply values by; see `LatentMemory`."""
        pairs = zip(self.fusions, latents, strict=True)
        return tuple(fusion.factor(z) for fusion, z in pairs)  # type: ignore[operator]

    def forward(self, tokens: Tensor, memory: LatentMemory, cache: Cache | None = None) -> Tensor:
        """Logits `(rows, length, vocab)` of the tokens that follow `tokens` `(rows, length)`.

        With a cache, `tokens` continue what it holds, one position at a time.
        """
        start = 0 if cache is None else cache.length
        fuse = [partial(f, u) for f, u in zip(self.fusions, memory.factors, strict=True)]
        x = self.dropout(self.embed(tokens, start))
        return self.tokens.logits(self.stack(x, memory, causal=True, cache=cache, fuse=fuse))


class LayerwiseVAE(nn.Module):
    """q(z_1 .. z_L | x) and p(x | z_1 .. z_L), or the same given a source."""

    def __init__(
        self, config: LayerwiseConfig, vocab_size: int, length: int, source_length: int = 0
    ) -> None:
        super().__init__()
        dim, layers = config.dim, config.encoder_layers
        is_conditional = source_length > 0
        self.encoder = Encoder(config, max(length, source_length))
        self.decoder = FusedDecoder(config, vocab_size, length, reads_source=is_conditional)
        if config.share:
            _share(self.encoder, self.decoder)
        self.pools = nn.ModuleList(Pooling(dim) for _ in range(layers))
        self.chain = LatentChain(layers, config.latent, dim, dim if is_conditional else 0)
        self.beta = RisingBeta(config.beta, config.rise)
        self.latent = layers * config.latent

    def read(self, tokens: Tensor, pad_id: int) -> tuple[list[Tensor], Tensor]:
        """Texts `(texts, length)` pooled at every layer, and the states of the last layer."""
        mask = tokens != pad_id
        states = self.encoder.states(self.decoder.tokens(tokens), mask)[1:]
        normed = [self.encoder.norm(state) for state in states]
        return [pool(x, mask) for pool, x in zip(self.pools, normed, strict=True)], normed[-1]

    def infer(self, tokens: Tensor, pad_id: int, noise: Tensor) -> Inferred:
        """The latents of texts; see `LatentChain.infer` and `guided.LatentModel`."""
        rows = len(noise) // len(tokens)
        texts = [pooled.repeat_interleave(rows, 0) for pooled in self.read(tokens, pad_id)[0]]
        return self.chain.infer(texts, noise)

    def remember(self, eps: Tensor) -> LatentMemory:
        """The latents with noise `eps` `(rows, latent)` as the decoder reads them."""
        mask = torch.ones(len(eps), 1, 1, 1, dtype=torch.bool, device=eps.device)
        factors = self.decoder.factors(self.chain(eps))
        return LatentMemory((), (), mask, eps[:, None], factors)


def _share(encoder: Encoder, decoder: Decoder) -> None:
    """Let the decoder use the blocks of the encoder; fusion and cross-attention stay its own."""
    for own, block in zip(decoder.stack.blocks, encoder.blocks, strict=True):
        for name in ("attention", "around_attention", "ffn", "around_ffn"):
            setattr(own, name, getattr(block, name))
    decoder.stack.norm = encoder.norm
