"""The network of all masked systems: predicts every token of x_0 from x_t and the source.

Source: the bidirectional decoder of Mask-Predict (arXiv 1904.09324, section 3.1); the time
embedding is that of D3PM, the length head that of Mask-Predict, section 3.3.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from baselines.attention import Memory
from baselines.embedding import TimeEmbedding
from baselines.encoder_decoder import Decoder, EncoderDecoderConfig
from baselines.masked.prediction import Take

LOGITS_AT_ONCE = 2**23
"""Logits that are held at a time where only what is taken of them is kept: 32 MiB, the largest
block that the allocator of glibc keeps for the process. Far fewer would read the whole table too
often."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Where logits are wanted, and what of them."""

    where: Tensor
    """True at n positions, `(rows, length)`."""
    take: Take


class Denoiser(Decoder):
    """Bidirectional decoder over the target canvas.

    Args:
        config: of the network.
        vocab_size: ids, the mask included.
        length: positions of the canvas.
        time: whether x_t comes with its time, which the masks of an absorbing chain reveal.
        lengths: number of length classes of the target, predicted from the mean of the encoded
            source; 0 means no length head.
    """

    def __init__(
        self,
        config: EncoderDecoderConfig,
        vocab_size: int,
        length: int,
        *,
        time: bool = False,
        lengths: int = 0,
    ) -> None:
        super().__init__(config, vocab_size, length)
        self.time = TimeEmbedding(config.dim) if time else None
        self.length_head = nn.Linear(config.dim, lengths) if lengths else None

    def forward(
        self,
        x_t: Tensor,
        memory: Memory,
        t: Tensor,
        present: Tensor | None = None,
        *,
        reading: Reading | None = None,
    ) -> Tensor | tuple[Tensor, ...]:
        """Logits of x_0, `(rows, length, vocab)`, or what `reading` takes of them, `(n,)` each.

        Args:
            x_t: tokens `(rows, length)`; the rows of one source are neighbours.
            memory: of the sources.
            t: times `(rows,)`.
            present: True where a row has a token `(rows, length)`; None means everywhere.
            reading: what is wanted of the logits; None means all.
        """
        x = self.embed(x_t)
        if self.time is not None:
            x = x + self.time(t)[:, None, :]
        mask = None if present is None else present[:, None, None, :]
        hidden = self.stack(self.dropout(x), memory, causal=False, mask=mask)
        if reading is None:
            return self.tokens.logits(hidden)
        vectors = hidden[reading.where]
        most = max(1, LOGITS_AT_ONCE // self.tokens.num_embeddings)
        count = max(1, -(-len(vectors) // most))
        size = max(1, -(-len(vectors) // count))
        parts = [slice(start, start + size) for start in range(0, max(len(vectors), 1), size)]
        taken = [reading.take(self.tokens.logits(vectors[part]), part) for part in parts]
        return tuple(torch.cat(kept) for kept in zip(*taken, strict=True))

    def length_logits(self, memory: Memory) -> Tensor:
        """Scores `(sources, lengths)` of the lengths 1, 2, ... of the target, marks not counted.

        Raises:
            ValueError: if the network was built without a length head.
        """
        if self.length_head is None:
            raise ValueError("this denoiser has no length head")
        mask = memory.mask.flatten(1)[..., None]
        mean = (memory.encoded * mask).sum(1) / mask.sum(1)
        return self.length_head(mean)
