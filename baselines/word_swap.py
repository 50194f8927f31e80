"""Editing by exchanging words: the yardstick `word-swap`, which knows counts and nothing else.

A word marks a value where labelled sentences with it outweigh those with the other values. An edit
replaces the markers of other values by markers of the wanted one, those that stand behind the same
word where there are any. Texts without spaces between words are taken character by character.

Source: Li et al., arXiv 1804.06437, section 3.1 (salience) and the `TemplateBased` baseline.
Deviates: single words in place of n-grams, and replacements by context in place of retrieval.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

from baselines.yardsticks import CopyDecoding, RankedTexts, RankedYardstick, YardstickConfig
from benchmark import api

SMOOTHING = 1.0


@dataclass(frozen=True)
class WordSwapConfig(YardstickConfig):
    """When a word marks a value."""

    salience: Annotated[float, api.Range(1)] = 3.0
    """Least ratio of the (smoothed) counts of a word under the value and under all others."""


class WordSwap(RankedYardstick):
    """Replaces the words that mark other values than the wanted ones."""

    id: ClassVar[str] = "word-swap"
    capabilities: ClassVar[api.Capabilities] = api.Capabilities(trainable=False, reads_train=True)
    Config: ClassVar[type] = WordSwapConfig
    Decoding: ClassVar[type] = CopyDecoding
    config: WordSwapConfig

    @cached_property
    def _joint(self) -> str:
        """What stands between two words."""
        script = api.detect_script(example.target for example in self.resources.train)
        return "" if script == "unspaced" else " "

    def _words(self, text: str) -> list[str]:
        return text.split() if self._joint else list(text)

    @cached_property
    def _counts(self) -> Mapping[str, Mapping[str, Counter[str]]]:
        """By attribute and value in how many labelled sentences a word stands."""
        counts: dict[str, dict[str, Counter[str]]] = {}
        for example in self.resources.train:
            for name, value in example.attributes.items():
                of_value = counts.setdefault(name, {}).setdefault(value, Counter())
                of_value.update(dict.fromkeys(self._words(example.target), 1))
        return counts

    @cached_property
    def _pairs(self) -> Mapping[tuple[str, str], Counter[tuple[str, str]]]:
        """By attribute and value how often a word stands behind another."""
        pairs: dict[tuple[str, str], Counter[tuple[str, str]]] = {}
        for example in self.resources.train:
            words = self._words(example.target)
            for label in example.attributes.items():
                pairs.setdefault(label, Counter()).update(zip(["", *words], words, strict=False))
        return pairs

    def _ranked(self, sources: Sequence[str], ids: Sequence[str], most: int) -> RankedTexts:
        return [[self._edit(api.read_control(source))] for source in sources]

    def _edit(self, control: api.Control | None) -> str:
        """The edited text; empty where there is none to edit."""
        words = self._words(control.text or "") if control else []
        for name, value in control.wanted.items() if control else ():
            words = [
                self._replacement(name, value, word, before)
                for before, word in zip(["", *words], words, strict=False)
            ]
        return self._joint.join(words)

    def _replacement(self, name: str, value: str, word: str, before: str) -> str:
        values = self._counts.get(name, {})
        if not any(self._marks(name, other, word) for other in values if other != value):
            return word
        markers = [w for w in values.get(value, ()) if self._marks(name, value, w)]
        seen = self._pairs.get((name, value), Counter())
        # Equal counts are settled by the alphabet, so that no order of counting decides.
        ranked = sorted(markers, key=lambda w: (-seen[before, w], -values[value][w], w))
        return ranked[0] if ranked else word

    def _marks(self, name: str, value: str, word: str) -> bool:
        values = self._counts[name]
        inside = values.get(value, Counter())[word]
        outside = sum(counts[word] for other, counts in values.items() if other != value)
        return (inside + SMOOTHING) / (outside + SMOOTHING) >= self.config.salience
