"""Probabilistic synchronous grammars: sources with all of their targets and exact probabilities.

This is the language; the grammars written in it are the files in `benchmark/tasks/grammars`.

A grammar has frames. A frame is a source pattern with slots and weighted target patterns that
share the slots, so every target is a function of the content of the source. A pattern is written
as text:

- ``{name:category}`` draws an entry of the category: in a source a slot, in a target a latent
  choice; later mentions of the name repeat it, so that a text agrees with itself;
- ``{name}`` prints the entry of a slot or choice, ``{name.form}`` one of its forms (an
  inflection, a synonym set, a pronoun); ``{name:category.form}`` draws and prints a form;
- ``{name:category!slot}``, in a target, draws an entry that differs from that of `slot`.

A form with several options is drawn anew at every mention; a source uses forms with one option
only, so that it can be parsed. All sets are finite and small: the distribution over targets is
enumerated, never estimated.
"""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from benchmark.api import UserError

Options = tuple[tuple[str, float], ...]
"""Texts with their probabilities."""

_MENTION = re.compile(r"\{(\w+)(?::(\w+)(?:!(\w+))?)?(?:\.(\w+))?\}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One word or phrase of a category, its weight in the source, and its other forms."""

    text: str
    weight: float
    forms: Mapping[str, Options]


@dataclass(frozen=True, slots=True)
class Rule:
    """One target pattern of a frame with its weight."""

    weight: float
    target: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One source pattern with its weight and target patterns."""

    weight: float
    source: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class _Mention:
    """A parsed `{...}`: an optional fresh draw, and the form to print."""

    name: str
    category: str | None
    differs: str | None
    form: str | None


_T = TypeVar("_T")
_Piece = str | _Mention
_Binding = Mapping[str, Entry]


def entry(text: str, weight: float = 1.0, **forms: str | Mapping[str, float]) -> Entry:
    """An entry; a form is one text, or texts with weights."""
    options: dict[str, Options] = {}
    for name, value in forms.items():
        weights = {value: 1.0} if isinstance(value, str) else value
        if min(weights.values()) <= 0:
            raise ValueError(f"{text!r}, form {name!r}: weights must be positive")
        total = math.fsum(weights.values())
        options[name] = tuple((word, weight / total) for word, weight in weights.items())
    return Entry(text, weight, options)


def synonyms(words: Mapping[str, float], form: str = "syn") -> tuple[Entry, ...]:
    """Entries that can each be rewritten as any of `words`, with these weights."""
    return tuple(entry(word, 1.0, **{form: words}) for word in words)


class Grammar:
    """A set of frames over categories of entries.

    Args:
        task_id: the task, part of the seed of its splits.
        version: raised whenever a change of the grammar changes data.
        categories: category name to entries.
        frames: source patterns with target patterns.

    Raises:
        ValueError: if a pattern names an unknown category, slot or form, or a weight is not
            positive.
    """

    def __init__(
        self,
        task_id: str,
        version: int,
        *,
        categories: Mapping[str, tuple[Entry, ...]],
        frames: tuple[Frame, ...],
    ) -> None:
        self.task_id = task_id
        self.version = version
        self.categories = dict(categories)
        self.frames = frames
        self._sources = tuple(_parse(frame.source) for frame in frames)
        self._targets = tuple(
            tuple((rule.weight, _parse(rule.target)) for rule in frame.rules) for frame in frames
        )
        for frame, pieces, targets in zip(frames, self._sources, self._targets, strict=True):
            self._check(frame, pieces, targets)
        # (category, form of a slot) to the entry behind each text.
        self._printed = {
            (piece.category, piece.form): {
                _only(item, piece.form): item for item in self.categories[piece.category]
            }
            for pieces in self._sources
            for piece in pieces
            if isinstance(piece, _Mention) and piece.category
        }
        self._matchers = tuple(self._matcher(pieces) for pieces in self._sources)

    def sources(self) -> Iterator[tuple[str, float]]:
        """Every source with its probability, in the order of the grammar."""
        total = math.fsum(frame.weight for frame in self.frames)
        for frame, pieces in zip(self.frames, self._sources, strict=True):
            slots = _slots(pieces)
            pools = [self.categories[category] for category in slots.values()]
            mass = frame.weight / total
            for pool in pools:
                mass /= math.fsum(item.weight for item in pool)
            for chosen in itertools.product(*pools):
                binding = dict(zip(slots, chosen, strict=True))
                yield _print(pieces, binding), mass * math.prod(item.weight for item in chosen)

    def distribution(self, source: str) -> dict[str, float]:
        """Every valid target of `source` with its probability; empty outside the grammar.

        Targets come in the order of the grammar; two derivations of one text are summed.
        """
        parsed = self._derivation(source)
        return self._expand(*parsed) if parsed else {}

    def sample(self, source: str, generator: random.Random) -> str:
        """One draw from `distribution`, by ancestral sampling: much faster than listing it.

        Raises:
            ValueError: if the grammar cannot produce `source`.
        """
        parsed = self._derivation(source)
        if parsed is None:
            raise ValueError(f"{self.task_id}: not a source of the grammar: {source!r}")
        index, binding = parsed
        targets = self._targets[index]
        words = []
        for piece in pick([(pieces, weight) for weight, pieces in targets], generator):
            if isinstance(piece, str):
                words.append(piece)
                continue
            draws = self._realise(piece, binding)
            text, binding = pick([((t, bound), mass) for t, mass, bound in draws], generator)
            words.append(text)
        return " ".join(words)

    def vocabulary(self) -> frozenset[str]:
        """Every token that can occur in a source or a target."""
        words: set[str] = set()
        for pool in self.categories.values():
            for item in pool:
                words.update(item.text.split())
                for options in item.forms.values():
                    words.update(itertools.chain.from_iterable(text.split() for text, _ in options))
        for pieces in itertools.chain(
            self._sources, (target for targets in self._targets for _, target in targets)
        ):
            for piece in pieces:
                words.update(piece.split() if isinstance(piece, str) else ())
        return frozenset(words)

    def _derivation(self, source: str) -> tuple[int, _Binding] | None:
        """The frame of `source` and the entries of its slots."""
        for index, (matcher, pieces) in enumerate(zip(self._matchers, self._sources, strict=True)):
            match = matcher.fullmatch(source)
            binding = self._bind(pieces, match) if match else {}
            # The pattern of a repeated slot matches any entry: agreement is checked here.
            if match and _print(pieces, binding) == source:
                return index, binding
        return None

    def _bind(self, pieces: tuple[_Piece, ...], match: re.Match[str]) -> dict[str, Entry]:
        return {
            piece.name: self._printed[piece.category, piece.form][match.group(piece.name)]
            for piece in pieces
            if isinstance(piece, _Mention) and piece.category
        }

    def _expand(self, index: int, binding: _Binding) -> dict[str, float]:
        masses: dict[str, float] = {}
        total = math.fsum(weight for weight, _ in self._targets[index])
        for weight, pieces in self._targets[index]:
            derivations: list[tuple[str, float, _Binding]] = [("", weight / total, binding)]
            for piece in pieces:
                derivations = [
                    (f"{text} {more}" if text else more, mass * share, extended)
                    for text, mass, bound in derivations
                    for more, share, extended in self._realise(piece, bound)
                ]
            for text, mass, _ in derivations:
                masses[text] = masses.get(text, 0.0) + mass
        return masses

    def _realise(self, piece: _Piece, binding: _Binding) -> Iterable[tuple[str, float, _Binding]]:
        """The texts of one piece with their probabilities; a new draw extends the binding."""
        if isinstance(piece, str):
            return ((piece, 1.0, binding),)
        if piece.category is None:
            item = binding[piece.name]
            return [(text, share, binding) for text, share in _shares(item, piece.form)]
        drawn = self.categories[piece.category]
        if piece.differs is not None:
            drawn = tuple(item for item in drawn if item is not binding[piece.differs])
        total = math.fsum(item.weight for item in drawn)
        return [
            (text, item.weight / total * share, {**binding, piece.name: item})
            for item in drawn
            for text, share in _shares(item, piece.form)
        ]

    def _matcher(self, pieces: tuple[_Piece, ...]) -> re.Pattern[str]:
        slots = _slots(pieces)
        parts = []
        for piece in pieces:
            if isinstance(piece, str):
                parts.append(re.escape(piece))
                continue
            texts = "|".join(
                re.escape(_only(item, piece.form)) for item in self.categories[slots[piece.name]]
            )
            parts.append(f"(?P<{piece.name}>{texts})" if piece.category else f"(?:{texts})")
        return re.compile(" ".join(parts))

    def _check(
        self,
        frame: Frame,
        source: tuple[_Piece, ...],
        targets: tuple[tuple[float, tuple[_Piece, ...]], ...],
    ) -> None:
        slots = _slots(source)
        for piece in source:
            if isinstance(piece, _Mention):
                pool = self.categories.get(slots.get(piece.name, ""), ())
                if not pool or piece.differs or any(_only(e, piece.form) == "" for e in pool):
                    raise ValueError(f"{self.task_id}: bad slot {piece.name!r} in {frame.source!r}")
        entries = itertools.chain.from_iterable(self.categories.values())
        weights = [frame.weight, *(w for w, _ in targets), *(item.weight for item in entries)]
        if not targets or min(weights) <= 0:
            raise ValueError(f"{self.task_id}: a weight in {frame.source!r} is not positive")
        for rule in frame.rules:
            bound = dict(slots)
            for piece in _parse(rule.target):
                if isinstance(piece, str):
                    continue
                if piece.differs is not None and piece.differs not in bound:
                    raise ValueError(
                        f"{self.task_id}: unbound {piece.differs!r} in {rule.target!r}"
                    )
                if piece.category is not None:
                    bound[piece.name] = piece.category
                pool = self.categories.get(bound.get(piece.name, ""), ())
                fits = piece.form is None or all(piece.form in e.forms for e in pool)
                if not fits or len(pool) < (2 if piece.differs else 1):
                    raise ValueError(f"{self.task_id}: bad mention {piece} in {rule.target!r}")


def tempered(distribution: Mapping[str, float], temperature: float) -> dict[str, float]:
    """p^(1/temperature), renormalised over the same targets; 1 leaves it as it is.

    Raises:
        UserError: if the temperature is not a positive number.
    """
    if not temperature > 0:
        raise UserError(
            f"temperature {temperature} of a controlled task: give a number greater than 0"
        )
    if temperature == 1.0 or not distribution:
        return dict(distribution)
    # Logarithms, shifted by the largest: p^(1/temperature) underflows at low temperatures.
    logs = {text: math.log(mass) / temperature for text, mass in distribution.items()}
    top = max(logs.values())
    masses = {text: math.exp(value - top) for text, value in logs.items()}
    total = math.fsum(masses.values())
    return {text: mass / total for text, mass in masses.items()}


def pick(weighted: Sequence[tuple[_T, float]], generator: random.Random) -> _T:
    """One of the items, drawn by weight with one uniform number."""
    mark = generator.random() * math.fsum([weight for _, weight in weighted])
    for item, weight in weighted:
        mark -= weight
        if mark < 0:
            return item
    return weighted[-1][0]


def _slots(pieces: tuple[_Piece, ...]) -> dict[str, str]:
    """Slot name to category, in order."""
    return {p.name: p.category for p in pieces if isinstance(p, _Mention) and p.category}


def _shares(item: Entry, form: str | None) -> Options:
    """The texts of a form with their probabilities."""
    return item.forms[form] if form else ((item.text, 1.0),)


def _only(item: Entry, form: str | None) -> str:
    """The one text of a form; empty where there is none or a choice."""
    if form is None:
        return item.text
    options = item.forms.get(form, ())
    return options[0][0] if len(options) == 1 else ""


def _print(pieces: tuple[_Piece, ...], binding: _Binding) -> str:
    return " ".join(
        piece if isinstance(piece, str) else _only(binding[piece.name], piece.form)
        for piece in pieces
    )


def _parse(pattern: str) -> tuple[_Piece, ...]:
    pieces: list[_Piece] = []
    for token in pattern.split():
        match = _MENTION.fullmatch(token)
        if match is None and ("{" in token or "}" in token):
            raise ValueError(f"bad mention {token!r} in pattern {pattern!r}")
        if match:
            pieces.append(_Mention(*match.groups()))
        elif pieces and isinstance(pieces[-1], str):
            pieces[-1] += f" {token}"
        else:
            pieces.append(token)
    return tuple(pieces)
