"""Between tokens and vectors: embedding, tied logits, rounding and clamp."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

_BLOCK_ELEMENTS = 2**25
"""Scores held at a time in the nearest-embedding search (128 MiB of float32)."""


class Readout(nn.Module):
    """The embedding matrix EMB and the output layer tied to it.

    Source: arXiv 2205.14217, section 4.1 (end-to-end embeddings, p_theta(w | z_0)).
    Deviates: the bias of the output layer starts at zero, not at random.
    """

    def __init__(self, vocab_size: int, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(vocab_size, dim))
        self.bias = nn.Parameter(torch.zeros(vocab_size))

    def embed(self, ids: Tensor) -> Tensor:
        """EMB(w): `(batch, length)` ids to `(batch, length, dim)`."""
        return functional.embedding(ids, self.table())

    def table(self) -> Tensor:
        """The embedding of every token `(vocab, dim)`."""
        return self.weight

    def logits(self, z: Tensor) -> Tensor:
        """Scores of p_theta(w | z): `(..., dim)` to `(..., vocab)`."""
        return functional.linear(z, self.table(), self.bias)

    def nll(self, z: Tensor, ids: Tensor) -> Tensor:
        """-log p_theta(w | z) `(batch, length)`, with the scores of a few positions at a time."""
        flat, words = z.flatten(0, 1), ids.flatten()
        block = _block(self.table())
        if len(flat) <= block:
            nll = self._nll(flat, words)
        else:
            # Activations of a block are recomputed in the backward pass, not kept.
            nll = torch.cat(
                [
                    checkpoint(self._nll, *part, use_reentrant=False)
                    for part in zip(flat.split(block), words.split(block), strict=True)
                ]
            )
        return nll.view(ids.shape)

    def most_likely(self, z: Tensor) -> Tensor:
        """The argmax of p_theta(w | z): ids `(batch, length)`."""
        return _best_rows(z, self.table(), self.bias)

    def nearest(self, z: Tensor) -> Tensor:
        """Ids `(batch, length)` of the embeddings nearest to `z` (squared distance).

        Source: arXiv 2205.14217, section 4.2 (rounding).
        """
        table = self.table()
        # |z - e|^2 = |z|^2 - 2 (z.e - |e|^2 / 2): |z|^2 is the same for all e.
        return _best_rows(z, table, -0.5 * table.square().sum(-1))

    def clamp(self, z: Tensor) -> Tensor:
        """`z` moved to its nearest embeddings.

        Source: arXiv 2205.14217, section 4.2 (the clamping trick).
        """
        return self.embed(self.nearest(z))

    def _nll(self, z: Tensor, ids: Tensor) -> Tensor:
        return functional.cross_entropy(self.logits(z), ids, reduction="none")


def _block(table: Tensor) -> int:
    """Positions whose scores over `table` are held at once."""
    return max(1, _BLOCK_ELEMENTS // len(table))


def _best_rows(z: Tensor, table: Tensor, offset: Tensor) -> Tensor:
    """The argmax over the rows e of `table` of z.e + offset, without all scores at once."""
    flat = z.reshape(-1, z.shape[-1])
    best = [torch.addmm(offset, part, table.T).argmax(-1) for part in flat.split(_block(table))]
    return torch.cat(best).view(z.shape[:-1])
