"""Where spaces stand between words and marks: what word pieces forget, learnt from texts.

A tokeniser like that of BERT splits off every mark and forgets whether a space stood beside it, so
"i'm a triple" comes back as "i ' m a triple". Which is right depends on the texts: some are written
as people write ("learn?"), others with every mark apart ("learn ?"). So the texts of the train
split are counted: the space between two words by these two and the kinds of their neighbours, else
by the two alone, else by kinds. A kind is the mark itself, or word, number of so many digits,
ideograph. Quotation marks open and close in turn.

Where nothing was counted, as without texts, the rule is that of `clean_up_tokenization` of
transformers, with which the official code of DiffuSeq decodes: no space before `.?!,` and none
beside an apostrophe between two words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

CONTINUATION = "##"
"""Before a word piece that goes on with its word."""

LEAST = 3
"""Times that a place must have been seen."""

QUOTE = '"'
CLOSERS = (".", "?", "!", ",")
APOSTROPHE = "'"

Word = tuple[str, int, int]
"""A word or mark, and where it begins and ends in its text."""

Context = tuple[str, str, str, str]
"""A place between the second and the third of four words; the outer ones may be missing."""


@dataclass(frozen=True)
class Spacing:
    """Whether a space stands at a place: tables from narrow to wide, then the usual rule."""

    tables: tuple[Mapping[str, bool], ...] = ()

    def join(self, pieces: Sequence[str]) -> str:
        """The text of word pieces."""
        words = _name_quotes(join_pieces(pieces))
        parts = []
        for index, word in enumerate(words):
            if index and self._is_apart(_context(words, index)):
                parts.append(" ")
            parts.append(QUOTE if word[0] == QUOTE else word)
        return "".join(parts)

    def _is_apart(self, context: Context) -> bool:
        if not _is_open(context):
            return True
        for table, key in zip(self.tables, _keys(context), strict=False):
            if key in table:
                return table[key]
        return _is_usually_apart(context)


def learn_spacing(texts: Iterable[Sequence[Word]]) -> Spacing:
    """What the words of texts show; the order of the texts does not matter.

    Args:
        texts: the words and marks of each, as `join_pieces` makes them.
    """
    counts: tuple[Counter[str], ...] = ()
    apart: tuple[Counter[str], ...] = ()
    for text in texts:
        words = _name_quotes([word for word, *_ in text])
        for index in range(1, len(words)):
            context = _context(words, index)
            if not _is_open(context):
                continue
            keys = _keys(context)
            counts = counts or tuple(Counter() for _ in keys)
            apart = apart or tuple(Counter() for _ in keys)
            is_apart = text[index][1] > text[index - 1][2]
            for key, seen, spaced in zip(keys, counts, apart, strict=True):
                seen[key] += 1
                spaced[key] += is_apart
    tables = list(map(_decide, counts, apart))
    for narrow, wide in ((0, 1), (2, 3)) if tables else ():
        tables[narrow] = {
            key: found
            for key, found in tables[narrow].items()
            if found != tables[wide].get(" ".join(key.split(" ")[1:3]))
        }
    return Spacing(tuple(tables))


def _decide(seen: Counter[str], spaced: Counter[str]) -> dict[str, bool]:
    """By place whether a space stands there more often than not."""
    return {key: 2 * spaced[key] >= number for key, number in seen.items() if number >= LEAST}


def join_pieces(pieces: Iterable[str]) -> list[str]:
    """Word pieces put together to words and marks."""
    words: list[str] = []
    for piece in pieces:
        if words and piece.startswith(CONTINUATION):
            words[-1] += piece.removeprefix(CONTINUATION)
        else:
            words.append(piece)
    return words


def _name_quotes(words: Sequence[str]) -> list[str]:
    """The words, with opening and closing quotation marks told apart."""
    named, is_open = [], False
    for word in words:
        if word == QUOTE:
            is_open = not is_open
            named.append(QUOTE + ("(" if is_open else ")"))
        else:
            named.append(word)
    return named


def _context(words: Sequence[str], index: int) -> Context:
    before = words[index - 2] if index > 1 else ""
    after = words[index + 1] if index + 1 < len(words) else ""
    return before, words[index - 1], words[index], after


def _kind(word: str) -> str:
    if word.isdecimal():
        return "0" * min(len(word), 4)
    if not any(map(str.isalnum, word)):
        return word
    return "a" if ord(word[0]) < 0x2E80 else "字"


def _is_open(context: Context) -> bool:
    """Whether the tokeniser forgets the space: it always stands between two plain words."""
    return not all(_kind(word)[0] in "a0" for word in context[1:3])


def _keys(context: Context) -> tuple[str, ...]:
    _, left, right, _ = context
    kinds = [_kind(word) for word in context]
    return (
        " ".join((kinds[0], left, right, kinds[3])),
        " ".join((left, right)),
        " ".join(kinds),
        " ".join(kinds[1:3]),
    )


def _is_usually_apart(context: Context) -> bool:
    before, left, right, after = context
    if right in CLOSERS:
        return False
    is_between = right == APOSTROPHE and after and after not in CLOSERS
    return not is_between and not (left == APOSTROPHE and before)
