"""The encoder-decoder Transformer, written from left to right: system `transformer`.

Source: Vaswani et al., arXiv 1706.03762 (label smoothing: section 5.4; tied embeddings: 3.4).
Deviates: layer norm before the sublayers by default, positions learned by default.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from baselines.attention import BlockShape, Cache, Memory, Norm
from baselines.autoregressive.decoding import AutoregressiveDecoding, decode
from baselines.autoregressive.objective import next_token_loss
from baselines.autoregressive.search import Alphabet
from baselines.embedding import Positions
from baselines.encoder_decoder import Decoder, Encoder, EncoderDecoder
from baselines.texts import encode_sources, encode_targets, never_generated, read_texts
from benchmark.api import (
    Batch,
    Candidates,
    Capabilities,
    Example,
    Family,
    LossTerms,
    NeuralSystem,
    Noise,
    OnStep,
    Resources,
    make_noise,
)


@dataclass(frozen=True)
class TransformerConfig:
    """The network and its objective."""

    dim: int = 128
    heads: int = 4
    ffn: int = 256
    """Hidden width of the feed-forward networks."""
    encoder_layers: int = 2
    decoder_layers: int = 2
    dropout: float = 0.1
    norm: Norm = "pre"
    """Layer norm before the sublayers, or behind the residual sum ("post", as in the paper)."""
    positions: Positions = "learned"
    label_smoothing: float = 0.0
    """Share of the mass that is spread over the vocabulary in training (the paper: 0.1).

    A smoothed model puts that mass on wrong words also when it is sampled.
    """


class CausalDecoder(Decoder):
    """Predicts each token from the source and the tokens before it."""

    def forward(self, tokens: Tensor, memory: Memory, cache: Cache | None = None) -> Tensor:
        """Logits `(rows, length, vocab)` of the tokens that follow `tokens` `(rows, length)`.

        With a cache, `tokens` continue what it holds, one position at a time.
        """
        start = 0 if cache is None else cache.length
        x = self.dropout(self.embed(tokens, start))
        return self.tokens.logits(self.stack(x, memory, causal=True, cache=cache))


class TransformerSystem(NeuralSystem):
    """Encoder-decoder Transformer: greedy, (diverse) beam, sampling by temperature and top-p."""

    id: ClassVar[str] = "transformer"
    family: ClassVar[Family] = "autoregressive"
    version: ClassVar[int] = 1
    capabilities: ClassVar[Capabilities] = Capabilities(
        trainable=True, knob="temperature", likelihood=True, length="free"
    )
    Config: ClassVar[type] = TransformerConfig
    Decoding: ClassVar[type] = AutoregressiveDecoding

    config: TransformerConfig

    def __init__(self, config: TransformerConfig, resources: Resources) -> None:
        super().__init__(config, resources)
        shape = BlockShape(config.dim, config.heads, config.ffn, config.dropout, config.norm)
        lengths, positions = resources.lengths, config.positions
        self._model = EncoderDecoder(
            Encoder(config.encoder_layers, shape, length=lengths.source, positions=positions),
            CausalDecoder(
                resources.tokenizer.vocab_size,
                config.decoder_layers,
                shape,
                length=lengths.target,
                positions=positions,
            ),
        )
        self.module = self._model
        # The encoder runs once and does not count.
        self.network = self._model.decoder

    def collate(self, examples: Sequence[Example]) -> Batch:
        """`source` `(batch, S)` and `target` `(batch, T)`, both ended by eos and padded."""
        tokenizer, lengths = self.resources.tokenizer, self.resources.lengths
        sources = encode_sources(tokenizer, [e.source for e in examples], lengths.source)
        targets = encode_targets(tokenizer, [e.target for e in examples], lengths.target)
        return {
            "source": sources.padded(tokenizer.pad_id),
            "target": targets.padded(tokenizer.pad_id),
        }

    def loss(self, batch: Batch, noise: Noise) -> LossTerms:
        """Cross entropy in nats a target token, with label smoothing; draws no noise."""
        tokenizer = self.resources.tokenizer
        target: Tensor = batch["target"]
        memory = self._model.encode(batch["source"], tokenizer.pad_id)
        start = target.new_full((target.size(0), 1), tokenizer.bos_id)
        logits = self._model.decoder(torch.cat((start, target[:, :-1]), dim=1), memory)
        inside = target != tokenizer.pad_id
        return next_token_loss(logits, target, inside, self.config.label_smoothing)

    @torch.no_grad()
    def generate(
        self,
        sources: Sequence[str],
        decoding: AutoregressiveDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: OnStep | None = None,
    ) -> Candidates:
        """`num_samples` candidates a source; a single one is decoded once and repeated.

        Raises:
            UserError: if the beam is narrower than `num_samples`, or `max_length` longer than
                the canvas.
        """
        tokenizer, lengths = self.resources.tokenizer, self.resources.lengths
        max_length = decoding.length(self.id, lengths.target, num_samples)
        if not sources:
            return []
        encoded = encode_sources(tokenizer, sources, lengths.source)
        self._model.eval()
        device = next(self._model.parameters()).device
        memory = self._model.encode(encoded.padded(tokenizer.pad_id).to(device), tokenizer.pad_id)
        forbidden = torch.tensor([*never_generated(tokenizer), tokenizer.pad_id], device=device)
        return decode(
            CachedStepper(self._model.decoder, memory, decoding.rows(num_samples), max_length),
            Alphabet(tokenizer.bos_id, tokenizer.eos_id, tokenizer.pad_id, forbidden),
            decoding,
            tokenizer,
            truncated=encoded.truncated,
            max_length=max_length,
            num_samples=num_samples,
            noise=lambda rows: make_noise(seed, ids, rows, device),
            device=device,
            on_step=on_step,
        )

    def read_state(
        self, state: Tensor, sources: Sequence[str], decoding: AutoregressiveDecoding
    ) -> list[str]:
        """See `benchmark.api.Traceable`."""
        return read_texts(self.resources.tokenizer, state)


class CachedStepper:
    """`baselines.autoregressive.search.Stepper` over a `CausalDecoder`."""

    def __init__(self, decoder: Decoder, memory: Memory, per_source: int, max_length: int) -> None:
        self.decoder = decoder
        self.memory = memory
        self.per_source = per_source
        stack = decoder.stack
        self.cache = Cache(
            len(stack.blocks),
            memory.mask.size(0) * per_source,
            capacity=max_length,
            shape=stack.shape,
            like=memory.keys[0],
        )

    def step(self, tokens: Tensor) -> Tensor:
        """Logits `(rows, vocab)` after one more token a row, `(rows,)`."""
        logits: Tensor = self.decoder(tokens[:, None], self.memory, self.cache)
        return logits[:, -1]

    def reorder(self, rows: Tensor) -> None:
        """Row r goes on as a copy of `rows[r]`, which is of the same source."""
        self.cache.select(rows)

    def keep(self, sources: Tensor) -> None:
        """Drop all sources but those with indices `(n,)`, with all of their rows."""
        self.memory = self.memory.select(sources)
        rows = sources[:, None] * self.per_source
        rows = rows + torch.arange(self.per_source, device=rows.device)
        self.cache.select(rows.flatten())
