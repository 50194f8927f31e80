"""ROUGE-L: the F of the longest common subsequence, as the package rouge-score computes it.

Tokens are runs of a to z and 0 to 9 after lower-casing, no stemmer, one text one sentence; of
several references the best counts. rouge-score drops every other letter, so that an answer in
Cyrillic would be nothing and "été" the word "t": where the texts of the task have other letters,
tokens are runs of letters and digits of any script, each letter and digit where its texts are
counted by characters, or the tokens of its language that have one. Of a text without any letter or
digit every sign is a token there, so that equal texts score 1.
The longest common subsequence is found bit-parallel: one addition and a few logical operations on
one integer per token.

Source: Lin, "ROUGE: a package for automatic evaluation of summaries" (2004), section 3, with
beta = 1; rouge-score 0.1.2. Hyyrö, "Bit-parallel LCS-length computation revisited" (2004).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar
from unicodedata import category

import numpy as np

from benchmark.metrics.interface import FloatArray, Item, Option, Scores, count_references
from benchmark.metrics.text import PIECES_OPTION, TOKENS_OPTION, TokenMetric, fold, respell, split

_TOKEN = re.compile(r"[a-z0-9]+")


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
        text = respell(text, self.pieces)
        if self.counted == "words" and self.script == "latin":
            return _TOKEN.findall(text.lower())
        if self.counted in ("zh", "ja"):
            found = [t for t in split(text, "lower", self.counted) if any(map(_is_part, t))]
        else:
            runs = _runs(fold(text, "lower"))
            found = runs if self.counted == "words" else list("".join(runs))
        return found or split(text, "lower", "characters")

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)` in [0, 1]."""
        signature = count_references(self.signature, items)
        values = []
        for item in items:
            references = [_Pattern(self.split(text)) for text in item.references]
            candidates = [self.split(text) for text in item.candidates]
            values.append([max(r.f_measure(tokens) for r in references) for tokens in candidates])
        return Scores(np.array(values, dtype=np.float64), signature)

    def pairwise(self, items: Sequence[Item]) -> FloatArray:
        """`(S, K, K)`, symmetric."""
        num_samples = len(items[0].candidates)
        pairs = np.ones((len(items), num_samples, num_samples))
        for row, item in zip(pairs, items, strict=True):
            texts = [self.split(text) for text in item.candidates]
            for i, pattern in enumerate(map(_Pattern, texts)):
                for j in range(i, num_samples):
                    row[i, j] = row[j, i] = pattern.f_measure(texts[j])
        return pairs


def _runs(text: str) -> list[str]:
    """Runs of letters, digits and their marks."""
    return "".join(c if _is_part(c) else " " for c in text).split()


def _is_part(character: str) -> bool:
    """Whether it is a letter, a digit, or a mark of one."""
    return character.isalnum() or category(character)[0] == "M"


class _Pattern:
    """A text prepared for comparison with many others: for each token its positions as bits."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.length = len(tokens)
        self.ones = (1 << self.length) - 1
        self.places: dict[str, int] = {}
        for position, token in enumerate(tokens):
            self.places[token] = self.places.get(token, 0) | 1 << position

    def common(self, tokens: Sequence[str]) -> int:
        """Length of the longest common subsequence."""
        state, ones, places = self.ones, self.ones, self.places
        for token in tokens:
            if hits := state & places.get(token, 0):
                state = (state + hits | state - hits) & ones
        return self.length - state.bit_count()

    def f_measure(self, tokens: Sequence[str]) -> float:
        """2 P R / (P + R), in rouge-score's order of operations."""
        common = self.common(tokens)
        if common == 0:
            return 0.0
        precision, recall = common / len(tokens), common / self.length
        return 2 * precision * recall / (precision + recall)
