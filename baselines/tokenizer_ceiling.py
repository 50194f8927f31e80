"""What a tokeniser lets anybody score: the references, encoded and decoded again.

A lower-casing tokeniser loses capitals, word pieces lose accents, spaces and words outside their
vocabulary, characters what is rare. The systems that write through it cannot do better, while the
copied source and the references never pass it. So the yardstick `tokenizer-ceiling` is the
`reference` of those systems.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from baselines.yardsticks import RankedTexts, Reference, YardstickConfig
from benchmark import api


@dataclass(frozen=True)
class TokenizerCeilingConfig(YardstickConfig):
    """Which tokeniser."""

    tokenizer: str | None = None
    """Folder or hub id of a published model, such as that of `gpt2.init`; None is the task's own,
    which all systems share that are trained from scratch."""


class TokenizerCeiling(Reference):
    """The references through a tokeniser and back."""

    id: ClassVar[str] = "tokenizer-ceiling"
    Config: ClassVar[type] = TokenizerCeilingConfig

    config: TokenizerCeilingConfig

    @cached_property
    def _tokenizer(self) -> api.Tokenizer:
        if self.config.tokenizer is None:
            return self.resources.tokenizer
        from baselines.autoregressive.pretrained import load_tokenizer

        return load_tokenizer(self.config.tokenizer)

    def _ranked(self, sources: Sequence[str], ids: Sequence[str], most: int) -> RankedTexts:
        tokenizer = self._tokenizer
        return [
            [tokenizer.decode(tokenizer.encode(text)) for text in texts]
            for texts in super()._ranked(sources, ids, most)
        ]
