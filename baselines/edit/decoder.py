"""The network of the edit systems: one decoder that sees the whole text, with three heads.

Source: Levenshtein Transformer, arXiv 1905.11006, section 3.1 and figure 2.
"""

from typing import Literal

import torch
from torch import Tensor, nn

from baselines.attention import Memory
from baselines.encoder_decoder import Decoder, EncoderDecoderConfig

Head = Literal["deletion", "placeholder", "token"]


class EditDecoder(Decoder):
    """Scores one operation per call; the heads share the blocks, as in the official code.

    Args:
        config: of the network.
        vocab_size: of the shared token table.
        length: of the canvas, both marks included.
        max_insertions: placeholders that one slot may receive at once (K_max).
    """

    def __init__(
        self, config: EncoderDecoderConfig, vocab_size: int, length: int, *, max_insertions: int
    ) -> None:
        super().__init__(config, vocab_size, length)
        self.deletion = nn.Linear(config.dim, 2, bias=False)
        self.placeholder = nn.Linear(2 * config.dim, max_insertions + 1, bias=False)

    def forward(self, tokens: Tensor, inside: Tensor, memory: Memory, head: Head) -> Tensor:
        """Logits of one head over texts `tokens` `(rows, width)`.

        Args:
            tokens: marks, text, placeholders, padding.
            inside: True where there is no padding, `(rows, width)`.
            memory: encoded sources.
            head: which operation is scored.

        Returns:
            `(rows, width, 2)` for "deletion" (keep, delete), `(rows, width - 1,
            max_insertions + 1)` for "placeholder" (how many between a position and the next),
            `(rows, width, vocab)` for "token".
        """
        x = self.dropout(self.embed(tokens))
        hidden: Tensor = self.stack(x, memory, causal=False, mask=inside[:, None, None, :])
        if head == "deletion":
            return self.deletion(hidden)
        if head == "placeholder":
            return self.placeholder(torch.cat((hidden[:, :-1], hidden[:, 1:]), dim=-1))
        return self.tokens.logits(hidden)
