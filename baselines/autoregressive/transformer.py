"""The encoder-decoder Transformer, written from left to right: system `transformer`.

Source: Vaswani et al., arXiv 1706.03762 (label smoothing: section 5.4; tied embeddings: 3.4).
Deviates: layer norm before the sublayers by default, positions learned by default.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from baselines.attention import Cache, Memory
from baselines.autoregressive.system import AutoregressiveSystem, ReadSources, TeacherForced
from baselines.cached_stepper import CachedStepper
from baselines.encoder_decoder import Decoder, Encoder, EncoderDecoder, EncoderDecoderConfig
from baselines.left_to_right_search import Alphabet
from baselines.texts import collate_pairs
from benchmark import api


@dataclass(frozen=True)
class TransformerConfig(EncoderDecoderConfig):
    """The network and its objective."""

    label_smoothing: api.Share = 0.0
    """Share of the mass that is spread over the vocabulary in training (the paper: 0.1).

    A smoothed model also puts that mass on wrong words in sampling.
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


class TransformerSystem(AutoregressiveSystem):
    """Encoder-decoder Transformer: greedy, (diverse) beam, sampling by temperature and top-p."""

    id: ClassVar[str] = "transformer"
    Config: ClassVar[type] = TransformerConfig

    config: TransformerConfig
    module: EncoderDecoder

    def __init__(self, config: TransformerConfig, resources: api.Resources) -> None:
        super().__init__(config, resources)
        self.module = EncoderDecoder(
            Encoder(config, resources.lengths.source),
            CausalDecoder(config, resources.tokenizer.vocab_size, resources.lengths.target),
        )
        # The encoder runs once and does not count.
        self.network = self.module.decoder

    def collate(self, examples: Sequence[api.Example]) -> api.Batch:
        """`source` `(batch, S)` and `target` `(batch, T)`, both ended by eos and padded."""
        return collate_pairs(examples, self.resources)

    def _teach(self, batch: api.Batch) -> TeacherForced:
        tokenizer = self.resources.tokenizer
        target: Tensor = batch["target"]
        memory = self.module.encode(batch["source"], tokenizer.pad_id)
        start = target.new_full((target.size(0), 1), tokenizer.bos_id)
        logits = self.module.decoder(torch.cat((start, target[:, :-1]), dim=1), memory)
        return TeacherForced(logits, target, target != tokenizer.pad_id)

    def _read(self, sources: Sequence[str], per_source: int, max_length: int) -> ReadSources:
        tokenizer = self.tokenizer
        memory, truncated = self.module.encode_texts(
            tokenizer, sources, self.resources.lengths.source
        )
        return ReadSources(
            CachedStepper(self.module.decoder, memory, per_source, max_length),
            Alphabet(
                tokenizer.bos_id,
                tokenizer.eos_id,
                tokenizer.pad_id,
                self._forbidden(memory.mask.device),
            ),
            truncated,
        )
