"""The sentences of an attribute grammar: frames over categories of words.

A sentence has a value of every attribute (sentiment, tense, ...). Its frame expresses some of
them, its words the others: a category of words may depend on one attribute, either by membership
(a dish is of one kitchen) or by inflection (a verb has one form a tense). A parser tells frame,
words and values of a text at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

Values = Mapping[str, str]
"""Attributes with their values."""

Expression = tuple[str, str, str]
"""What a reader sees of the value of an attribute: (attribute, category, word), or (attribute,
"", value) for the words that a frame itself spells."""


@dataclass(frozen=True, slots=True)
class Category:
    """The words that can fill a slot, by value of the attribute that they express.

    `words` has one list under the empty text if they express none. With `inflected`, the words of
    one rank are forms of one lexeme; otherwise no word stands under two values.
    """

    words: Mapping[str, tuple[str, ...]]
    attribute: str = ""
    inflected: bool = False


@dataclass(frozen=True, slots=True)
class SentenceFrame:
    """A pattern of words and `{slot:category}`, of a family that says the same in all values."""

    family: str
    values: Values
    pattern: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Parse:
    """What a sentence of the grammar consists of."""

    frame: SentenceFrame
    words: Mapping[str, str]
    """By slot."""
    values: Values
    """Of every attribute."""


class SentenceForms:
    """Frames over categories of words, and what their sentences express.

    Args:
        task_id: the task, for messages.
        attributes: the values of every attribute.
        categories: the words by category.
        frames: at least one for each combination of the values that frames express.

    Raises:
        ValueError: if two frames can print one text, a word stands for two values, or a pattern
            names an unknown category.
    """

    def __init__(
        self,
        task_id: str,
        attributes: Mapping[str, tuple[str, ...]],
        categories: Mapping[str, Category],
        frames: Sequence[SentenceFrame],
    ) -> None:
        self.task_id = task_id
        self.attributes, self.categories = dict(attributes), dict(categories)
        self.frames = tuple(frames)
        self._pieces = {id(frame): _pieces(frame.pattern) for frame in self.frames}
        self._rank = {
            (name, value, word): rank
            for name, category in self.categories.items()
            for value, words in category.words.items()
            for rank, word in enumerate(words)
        }
        self._value_of = {
            (name, word): value
            for name, category in self.categories.items()
            for value, words in category.words.items()
            for word in words
        }
        self._check()

    def parse(self, text: str) -> Parse | None:
        """Frame, words and values of a sentence; None outside the grammar."""
        tokens = text.split()
        for frame in self._of_length.get(len(tokens), ()):
            words = self._match(frame, tokens)
            values = None if words is None else self._values(frame, words)
            if words is not None and values is not None:
                return Parse(frame, words, values)
        return None

    def content(self, parsed: Parse, changed: Sequence[str]) -> tuple[object, ...]:
        """What an edit of the attributes `changed` has to keep, as a value to compare."""
        kept: list[object] = [parsed.frame.family]
        kept += [(n, v) for n, v in sorted(parsed.frame.values.items()) if n not in changed]
        for slot, name in self._slots(parsed.frame):
            category = self.categories[name]
            value = parsed.values[category.attribute] if category.attribute else ""
            if category.inflected:
                kept.append((slot, self._rank[name, value, parsed.words[slot]]))
            elif category.attribute not in changed:
                kept.append((slot, parsed.words[slot]))
        return tuple(kept)

    def expressions(self, parsed: Parse) -> dict[str, list[Expression]]:
        """By attribute everything in a sentence that expresses its value."""
        found: dict[str, list[Expression]] = {name: [] for name in self.attributes}
        for name, value in parsed.frame.values.items():
            if self._spells(parsed.frame, name):
                found[name].append((name, "", value))
        for slot, category in self._slots(parsed.frame):
            attribute = self.categories[category].attribute
            if attribute:
                found[attribute].append((attribute, category, parsed.words[slot]))
        return found

    def all_expressions(self) -> dict[str, list[Expression]]:
        """By attribute everything that can express a value of it."""
        found: dict[str, dict[Expression, None]] = {name: {} for name in self.attributes}
        for frame in self.frames:
            for name, value in frame.values.items():
                if self._spells(frame, name):
                    found[name][name, "", value] = None
        for category, described in self.categories.items():
            for words in described.words.values() if described.attribute else ():
                for word in words:
                    found[described.attribute][described.attribute, category, word] = None
        return {name: [*expressions] for name, expressions in found.items()}

    def project(self, name: str, parsed: Parse) -> str:
        """The feature `name` of one sentence; see `AttributeGrammar.projection`."""
        if name in parsed.values:
            return parsed.values[name]
        if name == "frame":
            return parsed.frame.family
        return next(
            parsed.words[s] for s, category in self._slots(parsed.frame) if category == name
        )

    def vocabulary(self) -> frozenset[str]:
        """Every token that can occur in a sentence."""
        words = {word for _, _, word in self._rank}
        for pieces in self._pieces.values():
            words |= {piece for piece in pieces if isinstance(piece, str)}
        return frozenset(words)

    @cached_property
    def _of_length(self) -> dict[int, list[SentenceFrame]]:
        frames: dict[int, list[SentenceFrame]] = {}
        for frame in self.frames:
            frames.setdefault(len(self._pieces[id(frame)]), []).append(frame)
        return frames

    def _frames_of(self, values: Values) -> list[SentenceFrame]:
        return [f for f in self.frames if all(values[n] == v for n, v in f.values.items())]

    def _spells(self, frame: SentenceFrame, attribute: str) -> bool:
        """Whether the words of the frame itself tell the value of the attribute."""
        alike = (other for other in self.frames if other.pattern.split() == frame.pattern.split())
        return len({other.values.get(attribute) for other in alike}) == 1

    def _same_family(self, frame: SentenceFrame, values: Values) -> SentenceFrame | None:
        """The frame of the same family and the same slots for other values."""
        slots = self._slots(frame)
        for other in self._frames_of(values):
            if other.family == frame.family and self._slots(other) == slots:
                return other
        return None

    def _slots(self, frame: SentenceFrame) -> list[tuple[str, str]]:
        return [piece for piece in self._pieces[id(frame)] if not isinstance(piece, str)]

    def _match(self, frame: SentenceFrame, tokens: Sequence[str]) -> dict[str, str] | None:
        words: dict[str, str] = {}
        for piece, token in zip(self._pieces[id(frame)], tokens, strict=True):
            if isinstance(piece, str):
                if piece != token:
                    return None
            elif (piece[1], token) not in self._value_of:
                return None
            else:
                words[piece[0]] = token
        return words

    def _values(self, frame: SentenceFrame, words: Mapping[str, str]) -> Values | None:
        """The value of every attribute; None where the words of a sentence disagree."""
        values = dict(frame.values)
        for slot, name in self._slots(frame):
            attribute = self.categories[name].attribute
            if attribute:
                value = self._value_of[name, words[slot]]
                if values.setdefault(attribute, value) != value:
                    return None
        return values

    def _print(self, frame: SentenceFrame, words: Mapping[str, str]) -> str:
        return " ".join(
            piece if isinstance(piece, str) else words[piece[0]]
            for piece in self._pieces[id(frame)]
        )

    def _check(self) -> None:
        for (name, word), value in self._value_of.items():
            values = [v for v, words in self.categories[name].words.items() if word in words]
            if values != [value]:
                raise ValueError(f"{self.task_id}: {word!r} of {name!r} stands for {values}")
        for frame in self.frames:
            for _, name in self._slots(frame):
                if name not in self.categories:
                    raise ValueError(f"{self.task_id}: no category {name!r} for {frame.pattern!r}")
            expressed = {self.categories[name].attribute for _, name in self._slots(frame)}
            if missing := set(self.attributes) - expressed - set(frame.values):
                raise ValueError(f"{self.task_id}: {frame.pattern!r} expresses no {missing}")
        for first, second in itertools.combinations(self.frames, 2):
            if self._overlap(first, second):
                raise ValueError(f"{self.task_id}: two frames for one text: {first}, {second}")

    def _overlap(self, first: SentenceFrame, second: SentenceFrame) -> bool:
        """Whether both frames can print one text."""
        pieces = self._pieces[id(first)], self._pieces[id(second)]
        if len(pieces[0]) != len(pieces[1]):
            return False
        return all(
            self._texts(first, a) & self._texts(second, b) for a, b in zip(*pieces, strict=True)
        )

    def _texts(self, frame: SentenceFrame, piece: str | tuple[str, str]) -> set[str]:
        if isinstance(piece, str):
            return {piece}
        category = self.categories[piece[1]]
        value = frame.values.get(category.attribute)
        listed = category.words.values() if value is None else [category.words[value]]
        return set(itertools.chain.from_iterable(listed))


def _pieces(pattern: str) -> tuple[str | tuple[str, str], ...]:
    """Words, and slots as (slot, category)."""
    pieces: list[str | tuple[str, str]] = []
    for token in pattern.split():
        slot, colon, category = token.strip("{}").partition(":")
        pieces.append((slot, category) if colon else token)
    return tuple(pieces)
