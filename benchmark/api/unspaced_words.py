"""Words for a tokeniser where some of a text is written without spaces between words.

Between spaces, every character of such a script is a word, and so is each run of other signs. All
but the first of them carry a mark that says that no space stands before them, so that nothing is
lost: "买iPhone 很好" is 买, +iPhone, 很, +好. Texts in other scripts are split at spaces alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from unicodedata import category

from benchmark.api.script import UNSPACED

JOINER = "\N{WORD JOINER}"
"""The mark: Unicode's sign for a place without a break."""


def split_words(text: str) -> list[str]:
    """The words of a text."""
    words = text.split()
    if text.isascii() or not UNSPACED.search(text):
        return words
    return [piece for word in words for piece in _pieces(word)]


def join_words(text: str) -> str:
    """The text of words with single spaces between them."""
    return text.replace(f" {JOINER}", "").removeprefix(JOINER)


def all_forms(words: Collection[str]) -> set[str]:
    """The words, and each character of a script without spaces both marked and not."""
    bare = {word.removeprefix(JOINER) for word in words}
    single = {word for word in bare if UNSPACED.match(word)}
    return {*words, *single, *(JOINER + word for word in single)}


def _pieces(word: str) -> list[str]:
    pieces: list[str] = []
    for part in re.split(f"({UNSPACED.pattern})", word):
        # A mark belongs to the character before it.
        start = next((i for i, sign in enumerate(part) if category(sign)[0] != "M"), len(part))
        if pieces and start and not UNSPACED.fullmatch(part):
            pieces[-1] += part[:start]
            part = part[start:]
        if part:
            pieces.append(part)
    return [pieces[0], *(JOINER + piece for piece in pieces[1:])]
