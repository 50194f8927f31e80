"""Grammars of sentences that carry attributes, with exact probabilities in closed form.

Frames are drawn by weight among those that fit the values, words independently within their
category, so that

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
from functools import cached_property

from benchmark.api import UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.tasks.grammar import pick
from benchmark.tasks.sentence_forms import Category, SentenceForms, SentenceFrame, Values

FLATNESS = 8.0

_Weighted = tuple[tuple[dict[str, str], SentenceFrame], float]
"""Values and a frame, and their weight."""


class AttributeGrammar(SentenceForms):
    """Sentences with their probabilities.

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
        super().__init__(task_id, attributes, categories, frames)
        self.version = version
        self._prior = dict(self._joint(correlation or {}))
        # The same few controls are asked for thousands of times.
        self._masses: dict[frozenset[tuple[str, str]], dict[tuple[str, ...], float]] = {}
        self._likely: dict[tuple[frozenset[tuple[str, str]], float], list[_Weighted]] = {}

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
