"""Random texts of a stated length over a vocabulary of a stated size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.api import Example, Lengths, Resources
from benchmark.api.tokenizers import (
    SPECIAL_TOKENS,
    SubwordTokenizer,
    TokenizerRecipe,
    train_tokenizer,
)


@dataclass(frozen=True)
class Size:
    """A network, a vocabulary, and the texts that go through them."""

    dim: int
    heads: int
    ffn: int
    layers: int
    """Of the encoder, and as many of the decoder."""
    vocab: int
    """Entries, special tokens included."""
    source: int = 32
    """Tokens of a source, end included."""
    target: int = 32
    """Tokens of a target that are written."""
    batch: int = 64

    @property
    def network(self) -> dict[str, object]:
        """The fields of the configuration of an encoder-decoder of this size."""
        return {
            "dim": self.dim,
            "heads": self.heads,
            "ffn": self.ffn,
            "encoder_layers": self.layers,
            "decoder_layers": self.layers,
        }

    def __str__(self) -> str:
        return (
            f"dim {self.dim}, {self.layers} + {self.layers} layers, ffn {self.ffn},"
            f" {self.heads} heads, vocabulary {self.vocab:,}; batch {self.batch},"
            f" sources of {self.source} random tokens"
        )


SIZES = {
    "128": Size(dim=128, heads=4, ffn=256, layers=2, vocab=1000),
    "256": Size(dim=256, heads=4, ffn=512, layers=2, vocab=8000),
}
"""The sizes that are measured, by the end of the name of a measurement."""


def vocabulary(size: Size) -> SubwordTokenizer:
    """A vocabulary of whole words with `size.vocab` entries."""
    words = (f"w{i}" for i in range(size.vocab - len(SPECIAL_TOKENS)))
    return train_tokenizer(words, TokenizerRecipe(kind="word"))


def examples(size: Size, count: int) -> list[Example]:
    """Pairs of unrelated random texts; with their ends they have the tokens of `size`."""
    rng = np.random.default_rng(0)
    words = size.vocab - len(SPECIAL_TOKENS)

    def text(tokens: int) -> str:
        return " ".join(f"w{i}" for i in rng.integers(words, size=tokens - 1))

    pairs = [(text(size.source), text(size.target)) for _ in range(count)]
    return [Example(str(i), s, t, (t,)) for i, (s, t) in enumerate(pairs)]


def resources(size: Size) -> Resources:
    """What a system of this size is built with; the canvas has room for its own marks."""
    return Resources(vocabulary(size), Lengths(size.source + 2, size.target + 2))
