"""How likely real texts are: an n-gram model of the train file, which no system ever sees.

It is fitted to all texts of train, whatever limits a suite sets, when the first text is asked
about; no guide uses it. Texts are lower-cased. Tokens are words and single punctuation marks, or
characters where there are no spaces between words.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

from benchmark.api.folding import fold
from benchmark.store.files import file_digest
from benchmark.tasks.kneser_ney import KneserNey
from benchmark.tasks.labelled_lines import read_labelled

VERSION = 1
"""Incremented when a change here alters figures."""

ORDER = 4
"""Held-out texts have nearly the same likelihood under order 5, and less under order 3."""

_TOKEN = re.compile(r"\w+(?:'\w+)?|[^\w\s]")
# "do n't" of tokenised texts and "don't" of people are the same token.
_CUT_OFF = re.compile(r"\s+(n't|'(?:s|m|re|ve|ll|d))\b")


@dataclass(frozen=True)
class TextLikelihood:
    """The model of a folder; picklable, since it names its files."""

    train: Path
    """What it is fitted to."""
    held_out: Path
    """Texts to compare with: valid, or the test where there is none."""
    characters: bool
    """Whether the texts are of a script without spaces between words."""

    @functools.cached_property
    def name(self) -> str:
        """See `benchmark.api.control.LanguageModel`."""
        digest = file_digest(self.train)[:8]
        tokens = "characters" if self.characters else "words"
        return f"kneser-ney-{ORDER}-{tokens}-{digest}-v{VERSION}"

    def log_probability(self, text: str) -> float:
        """See `benchmark.api.control.LanguageModel`."""
        return _log_probability(self.train, self.characters, text)

    def of_held_out(self) -> float | None:
        """See `benchmark.api.control.LanguageModel`."""
        return _of_held_out(self.train, self.held_out, self.characters)


@functools.lru_cache(maxsize=2**17)
def _log_probability(train: Path, characters: bool, text: str) -> float:
    found = _fitted(train, characters).log_probabilities(_split(text, characters))
    return sum(found) / len(found)


@functools.lru_cache(maxsize=8)
def _of_held_out(train: Path, held_out: Path, characters: bool) -> float | None:
    texts = [line.texts[0] for line in read_labelled(held_out).lines if line.texts]
    found = [_log_probability(train, characters, text) for text in texts]
    return sum(found) / len(found) if found else None


@functools.lru_cache(maxsize=2)
def _fitted(train: Path, characters: bool) -> KneserNey:
    """Fitted once in a process."""
    lines = (line for line in read_labelled(train).lines if line.texts)
    return KneserNey((_split(line.texts[0], characters) for line in lines), ORDER)


def _split(text: str, characters: bool) -> list[str]:
    text = fold(text, lowercase=True)
    if characters:
        return list("".join(text.split()))
    return _TOKEN.findall(_CUT_OFF.sub(r"\1", text))
