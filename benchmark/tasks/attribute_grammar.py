"""Grammars of sentences that carry attributes, with exact probabilities in closed form.

A sentence has a value of every attribute (sentiment, tense, ...). Its frame expresses some of
them, its words the others: a category of words may depend on one attribute, either by membership
(a dish is of one kitchen) or by inflection (a verb has one form a tense). Frames are drawn by
weight among those that fit the values, words independently within their category, so that

    p(text | a) = p(frame | a) prod_slots p(word | category, a),

and p(text | some values) is a mixture of these. Such a grammar is too large to list, but a parser
tells frame, words and values of a text at once, so every probability is one product.

The weight of the word of rank r (from 0) is 1 / (r + `FLATNESS`): a few hundred sentences show
the frequent words of a category and not the others, as in real text.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from benchmark.api import UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.tasks.grammar import pick

FLATNESS = 8.0

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


_Weighted = tuple[tuple[dict[str, str], SentenceFrame], float]
"""Values and a frame, and their weight."""


class AttributeGrammar:
    """Frames over categories of words.

    Args:
        task_id: the task, part of the seed of its splits.
        version: raised whenever a change of the grammar changes data.
        attributes: the values of every attribute.
        categories: the words by category.
        frames: at least one for each combination of the values that frames express.
        correlation: weights of pairs of values, `{(value, value): weight}`; 1 where not named.

    Raises:
        ValueError: if two frames can print one text, a word stands for two values, or a pattern
            names an unknown category.
    """

    def __init__(
        self,
        task_id: str,
        version: int,
        *,
        attributes: Mapping[str, tuple[str, ...]],
        categories: Mapping[str, Category],
        frames: Sequence[SentenceFrame],
        correlation: Mapping[tuple[str, str], float] | None = None,
    ) -> None:
        self.task_id, self.version = task_id, version
        self.attributes, self.categories = dict(attributes), dict(categories)
        self.frames = tuple(frames)
        self._pieces = {id(frame): _pieces(frame.pattern) for frame in self.frames}
        self._prior = dict(self._joint(correlation or {}))
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
        # The same few controls are asked for thousands of times.
        self._masses: dict[frozenset[tuple[str, str]], dict[tuple[str, ...], float]] = {}
        self._likely: dict[tuple[frozenset[tuple[str, str]], float], list[_Weighted]] = {}
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

    def log_prob(self, text: str, wanted: Values) -> float:
        """Log p(text | wanted), in nats; minus infinity for what cannot be.

        Raises:
            UserError: if `wanted` names an unknown attribute or value.
        """
        masses, parsed = self._consistent(wanted), self.parse(text)
        if parsed is None:
            return -math.inf
        mass = masses.get(tuple(parsed.values[name] for name in self.attributes), 0.0)
        if not mass:
            return -math.inf
        frames = self._frames_of(parsed.values)
        share = parsed.frame.weight / math.fsum(frame.weight for frame in frames)
        words = (
            math.log(self._shares(category, parsed.values)[parsed.words[slot]])
            for slot, category in self._slots(parsed.frame)
        )
        return math.log(mass) + math.log(share) + math.fsum(words)

    def sample(self, wanted: Values, generator: random.Random, *, temperature: float = 1.0) -> str:
        """One draw from p(text | wanted)^(1/temperature), renormalised; 0 takes the likeliest text.

        Raises:
            UserError: if `wanted` names an unknown attribute or value.
        """
        if temperature != 1:
            return self._sample_tempered(wanted, generator, temperature)
        masses = self._consistent(wanted)
        values = dict(zip(self.attributes, pick([*masses.items()], generator), strict=True))
        frame = pick([(f, f.weight) for f in self._frames_of(values)], generator)
        return self._fill(frame, values, generator, 1.0)

    def edits(self, text: str, wanted: Values) -> dict[str, float]:
        """The edited sentences with their probabilities; empty if `text` cannot be edited so.

        What expresses a changed attribute is drawn anew or inflected; all else stays.
        """
        found = self._edit_options(text, wanted)
        if found is None:
            return {}
        frame, options = found
        return {
            self._print(frame, dict(zip(options, words, strict=True))): math.prod(
                shares[word] for shares, word in zip(options.values(), words, strict=True)
            )
            for words in itertools.product(*options.values())
        }

    def sample_edit(
        self, text: str, wanted: Values, generator: random.Random, *, temperature: float = 1.0
    ) -> str:
        """One draw from `edits`, without listing them; temperature as in `sample`.

        Raises:
            ValueError: if `text` cannot be edited so.
        """
        found = self._edit_options(text, wanted)
        if found is None:
            raise ValueError(f"{self.task_id}: {text!r} cannot be edited to {dict(wanted)}")
        frame, options = found
        words = {
            slot: _pick_tempered(shares, generator, temperature) for slot, shares in options.items()
        }
        return self._print(frame, words)

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

    def projection(self, name: str, wanted: Values) -> dict[str, float]:
        """The distribution of one feature of the sentences, given the wanted values.

        Args:
            name: `frame` (its family), an attribute, or a category that every frame has once.
            wanted: values, as for `sample`.

        Raises:
            UserError: if `wanted` names an unknown attribute or value.
        """
        masses: dict[str, float] = {}
        for combination, mass in self._consistent(wanted).items():
            values = dict(zip(self.attributes, combination, strict=True))
            if name in values:
                shares = {values[name]: 1.0}
            elif name == "frame":
                frames = self._frames_of(values)
                total = math.fsum(frame.weight for frame in frames)
                shares = {}
                for frame in frames:
                    shares[frame.family] = shares.get(frame.family, 0.0) + frame.weight / total
            else:
                shares = {**self._shares(name, values)}
            for key, share in shares.items():
                masses[key] = masses.get(key, 0.0) + mass * share
        return masses

    def project(self, name: str, parsed: Parse) -> str:
        """The feature `name` of one sentence; see `projection`."""
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

    def _joint(
        self, correlation: Mapping[tuple[str, str], float]
    ) -> Iterator[tuple[tuple[str, ...], float]]:
        weights = {
            combination: math.prod(
                correlation.get(pair, 1.0) for pair in itertools.permutations(combination, 2)
            )
            for combination in itertools.product(*self.attributes.values())
        }
        total = math.fsum(weights.values())
        return ((combination, weight / total) for combination, weight in weights.items())

    def _consistent(self, wanted: Values) -> dict[tuple[str, ...], float]:
        """p(all values | wanted)."""
        known = self._masses.get(frozenset(wanted.items()))
        if known is None:
            known = self._masses[frozenset(wanted.items())] = self._renormalise(wanted)
        return known

    def _renormalise(self, wanted: Values) -> dict[tuple[str, ...], float]:
        for name, value in wanted.items():
            if value not in self.attributes.get(name, ()):
                known = self.attributes.get(name, self.attributes)
                what = f"value {value!r} of {name!r}" if name in self.attributes else f"{name!r}"
                raise UserError(
                    f"{self.task_id} has no attribute {what}: {suggestion(value, known)}"
                )
        names = tuple(self.attributes)
        fitting = {
            combination: mass
            for combination, mass in self._prior.items()
            if all(combination[names.index(name)] == value for name, value in wanted.items())
        }
        total = math.fsum(fitting.values())
        return {combination: mass / total for combination, mass in fitting.items()}

    def _frames_of(self, values: Values) -> list[SentenceFrame]:
        return [f for f in self.frames if all(values[n] == v for n, v in f.values.items())]

    def _sample_tempered(self, wanted: Values, generator: random.Random, temperature: float) -> str:
        asked = frozenset(wanted.items()), temperature
        if asked not in self._likely:
            self._likely[asked] = self._temper(wanted, temperature)
        values, frame = pick(self._likely[asked], generator)
        return self._fill(frame, values, generator, temperature)

    def _temper(self, wanted: Values, temperature: float) -> list[_Weighted]:
        """Values and frames with their weights at a temperature.

        Exact: what the words of a frame add to the normaliser is a product over its slots.
        """
        logs: list[tuple[dict[str, str], SentenceFrame, float]] = []
        for combination, mass in self._consistent(wanted).items():
            values = dict(zip(self.attributes, combination, strict=True))
            frames = self._frames_of(values)
            total = math.fsum(frame.weight for frame in frames)
            for frame in frames:
                log = _scaled(mass * frame.weight / total, temperature)
                for _, name in self._slots(frame):
                    shares = self._shares(name, values).values()
                    log += _log_normaliser(shares, temperature)
                logs.append((values, frame, log))
        top = max(log for *_, log in logs)
        likely = [((v, f), math.exp(log - top)) for v, f, log in logs]
        return likely if temperature else [max(likely, key=lambda item: item[1])]

    def _fill(
        self, frame: SentenceFrame, values: Values, generator: random.Random, temperature: float
    ) -> str:
        words = {
            slot: _pick_tempered(self._shares(category, values), generator, temperature)
            for slot, category in self._slots(frame)
        }
        return self._print(frame, words)

    def _edit_options(
        self, text: str, wanted: Values
    ) -> tuple[SentenceFrame, dict[str, Mapping[str, float]]] | None:
        """The frame of an edited sentence, and the words of every slot with their shares."""
        self._consistent(wanted)
        parsed = self.parse(text)
        values = {**parsed.values, **wanted} if parsed else {}
        frame = self._same_family(parsed.frame, values) if parsed else None
        if parsed is None or frame is None:
            return None
        options: dict[str, Mapping[str, float]] = {}
        for slot, name in self._slots(frame):
            category, word = self.categories[name], parsed.words[slot]
            attribute = category.attribute
            if not attribute or values[attribute] == parsed.values[attribute]:
                options[slot] = {word: 1.0}
            elif category.inflected:
                rank = self._rank[name, parsed.values[attribute], word]
                options[slot] = {category.words[values[attribute]][rank]: 1.0}
            else:
                options[slot] = self._shares(name, values)
        return frame, options

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

    def _shares(self, name: str, values: Values) -> Mapping[str, float]:
        attribute = self.categories[name].attribute
        return self._tables[name, values[attribute] if attribute else ""]

    @cached_property
    def _tables(self) -> Mapping[tuple[str, str], Mapping[str, float]]:
        """The share of every word, by category and value."""
        tables = {}
        for name, category in self.categories.items():
            for value, words in category.words.items():
                weights = [1 / (rank + FLATNESS) for rank in range(len(words))]
                shares = [weight / math.fsum(weights) for weight in weights]
                tables[name, value] = dict(zip(words, shares, strict=True))
        return tables

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


def _scaled(share: float, temperature: float) -> float:
    """Log share^(1/temperature), without the factor where temperature is 0."""
    return math.log(share) / (temperature or 1.0)


def _log_normaliser(shares: Iterable[float], temperature: float) -> float:
    """Log of the sum of share^(1/temperature); at 0 the log of the largest share."""
    if temperature == 0:
        return math.log(max(shares))
    return math.log(math.fsum(share ** (1 / temperature) for share in shares))


def _pick_tempered(
    shares: Mapping[str, float], generator: random.Random, temperature: float
) -> str:
    if temperature == 0:
        return max(shares, key=shares.__getitem__)
    if temperature == 1:
        return pick([*shares.items()], generator)
    return pick([(word, share ** (1 / temperature)) for word, share in shares.items()], generator)


def _pieces(pattern: str) -> tuple[str | tuple[str, str], ...]:
    """Words, and slots as (slot, category)."""
    pieces: list[str | tuple[str, str]] = []
    for token in pattern.split():
        slot, colon, category = token.strip("{}").partition(":")
        pieces.append((slot, category) if colon else token)
    return tuple(pieces)
