"""A causal decoder that keeps the keys of what it has read: one position at a time."""

from torch import Tensor

from baselines.attention import Cache, Memory
from baselines.encoder_decoder import Decoder
from baselines.source_rows import rows_of


class CachedStepper:
    """`baselines.left_to_right_search.Stepper` over a causal decoder."""

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
            like=memory.encoded,
        )

    def step(self, tokens: Tensor) -> Tensor:
        """Logits `(rows, vocab)` after one more token per row, `(rows,)`."""
        logits: Tensor = self.decoder(tokens[:, None], self.memory, self.cache)
        return logits[:, -1]

    def reorder(self, rows: Tensor) -> None:
        """Row r continues as a copy of `rows[r]`, which belongs to the same source."""
        self.cache.select(rows)

    def keep(self, sources: Tensor) -> None:
        """Drop all sources but those with indices `(n,)`, with all of their rows."""
        self.memory = self.memory.select(sources)
        self.cache.select(rows_of(sources, self.per_source))
