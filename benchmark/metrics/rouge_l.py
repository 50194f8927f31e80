"""ROUGE-L: the F of the longest common subsequence, as the package rouge-score computes it.

Tokens are runs of a to z and 0 to 9 after lower-casing, no stemmer, one text one sentence; of
several references the best counts. rouge-score drops every other letter, so that an answer in
Cyrillic would be nothing and "été" the word "t": where the texts of the task have other letters,
tokens are runs of letters and digits of any script, each letter and digit where its texts are
counted by characters, or the tokens of its language that have one. Of a text without any letter or
digit every sign is a token there, so that equal texts score 1.

Source: Lin, "ROUGE: a package for automatic evaluation of summaries" (2004), section 3, with
beta = 1; rouge-score 0.1.2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar
from unicodedata import category

import numpy as np
from numpy.typing import NDArray

from benchmark.api.token_unit import Unit
from benchmark.metrics.common_subsequence import common_lengths
from benchmark.metrics.interface import FloatArray, Item, Option, Scores, count_references
from benchmark.metrics.ngrams import Split
from benchmark.metrics.text import (
    PIECES_OPTION,
    TOKENS_OPTION,
    TokenMetric,
    fold,
    respell,
    split,
)

_KEPT = b"abcdefghijklmnopqrstuvwxyz0123456789"
_SPACED = bytes(byte if byte in _KEPT else ord(" ") for byte in range(256))
"""For every byte of UTF-8 itself or a space; letters beyond ASCII are of other bytes alone."""


@dataclass(frozen=True, slots=True)
class RougeL(TokenMetric):
    """ROUGE-L F, best reference; always lower-cased, as in rouge-score."""

    name = "rouge_l"
    title = "ROUGE-L"
    summary = "F of the longest common subsequence, as rouge-score"
    options: ClassVar[Mapping[str, Option]] = {**TOKENS_OPTION, **PIECES_OPTION}
    facts = "case:lower|tok:a-z0-9|stem:no|multiref:best|equals:rouge-score-0.1.2|version:1"

    def signed(self, facts: str) -> str:
        """See `TokenMetric.signed`."""
        if self.counted == "words" and self.script == "latin":
            return facts
        names = {"words": "words-of-any-script", "characters": "letters-and-digits"}
        tokens = names.get(self.counted) or self.signed_unit
        return f"case:lower|tok:{tokens}|stem:no|multiref:best|signs:if-alone|version:2"

    def split(self, text: str) -> list[str]:
        """The tokens of a text."""
        return self._splitter()(text)

    def _splitter(self) -> Split:
        """What `split` does, for many texts: what the options say is looked up once."""
        if self.counted == "words" and self.script == "latin":
            read: Split = _latin_words
        else:
            read = partial(_parts, counted=self.counted)
        return lambda text: read(respell(text, self.pieces))

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)` in [0, 1]."""
        signature = count_references(self.signature, items)
        split = self._splitter()
        compared = (
            (split(reference), texts)
            for item in items
            for texts in [[split(text) for text in item.candidates]]
            for reference in item.references
        )
        of_references = _f_measure(*common_lengths(compared)).reshape(-1, len(items[0].candidates))
        sizes = np.array([len(item.references) for item in items])
        best = np.maximum.reduceat(of_references, np.cumsum(sizes) - sizes, axis=0)
        return Scores(best, signature)

    def pairwise(self, items: Sequence[Item]) -> FloatArray:
        """`(S, K, K)`, symmetric."""
        split, num_samples = self._splitter(), len(items[0].candidates)
        compared = (
            (text, texts[i:])
            for item in items
            for texts in [[split(text) for text in item.candidates]]
            for i, text in enumerate(texts)
        )
        values = _f_measure(*common_lengths(compared)).reshape(len(items), -1)
        pairs = np.empty((len(items), num_samples, num_samples))
        row, column = np.triu_indices(num_samples)
        pairs[:, row, column] = pairs[:, column, row] = values
        return pairs


def _latin_words(text: str) -> list[str]:
    """Runs of a to z and 0 to 9; several times as fast as by a regular expression."""
    return text.lower().encode(errors="replace").translate(_SPACED).decode().split()


def _parts(text: str, counted: Unit) -> list[str]:
    """Tokens with letters or digits of any script; every sign of a text without any."""
    if counted in ("zh", "ja"):
        found = [t for t in split(text, "lower", counted) if any(map(_is_part, t))]
    else:
        runs = _runs(fold(text, "lower"))
        found = runs if counted == "words" else list("".join(runs))
    return found or split(text, "lower", "characters")


def _runs(text: str) -> list[str]:
    """Runs of letters, digits and their marks."""
    return "".join(c if _is_part(c) else " " for c in text).split()


def _is_part(character: str) -> bool:
    """Whether it is a letter, a digit, or a mark of one."""
    return character.isalnum() or category(character)[0] == "M"


def _f_measure(
    common: NDArray[np.int64], reference: NDArray[np.int64], candidate: NDArray[np.int64]
) -> FloatArray:
    """2 P R / (P + R) of lengths, in rouge-score's order of operations; 0 without P and R."""
    precision = common / np.maximum(candidate, 1)
    recall = common / np.maximum(reference, 1)
    both = precision + recall
    f_measure: FloatArray = 2 * precision * recall / np.where(common > 0, both, 1.0)
    return f_measure
