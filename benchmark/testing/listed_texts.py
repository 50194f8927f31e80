"""A task so small that all its texts can be listed: over them, likelihoods have to sum to 1."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from benchmark.api import Example, Lengths, Resources

LISTED = Lengths(source=8, target=4)
"""The canvas of a task whose texts can all be listed: a few words of two letters."""
TRUTH = {"a b": 0.5, "b": 0.3, "b a": 0.2}
"""Its true distribution, whatever the source is."""


class _TwoLetters:
    """`benchmark.api.Tokenizer` of the listed texts: each has one spelling."""

    vocab_size = 7
    pad_id, bos_id, eos_id, sep_id, mask_id, unk_id = 0, 1, 2, 3, 4, 4
    special_ids = frozenset(range(5))

    def encode(self, text: str) -> list[int]:
        return [5 + "ab".index(word) for word in text.split()]

    def decode(self, ids: Sequence[int]) -> str:
        return " ".join("ab"[i - 5] for i in ids if i not in self.special_ids)

    def save(self, path: Path) -> None:
        raise NotImplementedError


@lru_cache(maxsize=1)
def listed_examples() -> tuple[Example, ...]:
    """Every text that a canvas of `LISTED` can hold, as the target of one source."""
    words = (itertools.product("ab", repeat=length) for length in range(LISTED.target + 1))
    texts = [" ".join(text) for text in itertools.chain.from_iterable(words)]
    return tuple(Example(f"text {text}", "a b a", text, (text,)) for text in texts)


@lru_cache(maxsize=1)
def listed_resources() -> Resources:
    """Examples drawn as `TRUTH` says, and a tokenizer for them."""
    train = tuple(
        Example(f"{text} {copy}", "a b a", text, (text,))
        for text, share in TRUTH.items()
        for copy in range(round(20 * share))
    )
    return Resources(
        tokenizer=_TwoLetters(),
        lengths=LISTED,
        train=train,
        references={example.id: example.references for example in listed_examples()},
        conditional=lambda source, temperature: TRUTH,
    )
