"""What the train split says about the values of sentences: the ceiling at a number of labels.

A reader who knows the patterns of a grammar, but not which words express which value, learns that
from labels, and from sentences without any: whatever expresses an attribute in one sentence
expresses one value of it. So the expressions of an attribute fall into groups, and a label names
the value of the whole group. A group that no label names has each value with equal probability,
whatever the other groups have: that two large ones will hardly share a value is not used, which
matters only at a handful of labels. Given that, the posterior is exact, and its draws are the
ceiling of every system that has learnt from the same sentences and answers as they are distributed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from benchmark.api import Example
from benchmark.tasks.attribute_grammar import AttributeGrammar
from benchmark.tasks.sentence_forms import Expression, Values

MOST_DRAWS = 100_000
"""Draws after which a wanted value is held to be impossible."""


class ControlPosterior:
    """p(values | text, train) under the patterns of a grammar.

    Args:
        grammar: its patterns, probabilities of words and names of values are known; which word
            expresses which value is not.
        train: sentences; `attributes` holds the labels of those that have any.
    """

    def __init__(self, grammar: AttributeGrammar, train: Sequence[Example]) -> None:
        self.grammar = grammar
        self._parents: dict[Expression, Expression] = {}
        self._named: dict[Expression, str] = {}
        labels: list[tuple[Expression, str]] = []
        for example in train:
            parsed = grammar.parse(example.target)
            if parsed is None:
                continue
            for attribute, found in grammar.expressions(parsed).items():
                for other in found[1:]:
                    self._parents[self._root(other)] = self._root(found[0])
                if attribute in example.attributes:
                    labels.append((found[0], example.attributes[attribute]))
        self._named = {self._root(expression): value for expression, value in labels}
        self._known = frozenset(
            attribute
            for attribute, all_of_it in grammar.all_expressions().items()
            if all(self._root(expression) in self._named for expression in all_of_it)
        )

    def probability(self, text: str, wanted: Values) -> float:
        """p(wanted | text, train); 0 outside the grammar."""
        parsed = self.grammar.parse(text)
        if parsed is None:
            return 0.0
        found = self.grammar.expressions(parsed)
        return math.prod(
            self._of_attribute(found[name], value, len(self.grammar.attributes[name]))
            for name, value in wanted.items()
        )

    def draw(self, wanted: Values, seed: int) -> str:
        """A draw of p(text | wanted, train); empty where nothing can have the wanted values."""
        generator = random.Random(seed)
        # Of an attribute whose every expression has a name nothing is uncertain.
        sure = {name: value for name, value in wanted.items() if name in self._known}
        rest = {name: value for name, value in wanted.items() if name not in self._known}
        for _ in range(MOST_DRAWS):
            text = self.grammar.sample(sure, generator)
            if not rest or generator.random() < self.probability(text, rest):
                return text
        return ""

    def _of_attribute(self, found: Sequence[Expression], value: str, values: int) -> float:
        names = {self._named.get(self._root(expression)) for expression in found} - {None}
        if not names:
            return 1.0 / values
        return float(value in names)

    def _root(self, expression: Expression) -> Expression:
        while (parent := self._parents.get(expression, expression)) != expression:
            # Halving the path keeps long chains short.
            self._parents[expression] = self._parents.get(parent, parent)
            expression = parent
        return expression
