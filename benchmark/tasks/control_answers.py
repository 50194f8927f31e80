"""What is known about a control task with a grammar: judgements, draws, shares of features."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmark.api import Example, UserError
from benchmark.api.control import Control, Judgement, read_control, require_control
from benchmark.tasks.attribute_grammar import AttributeGrammar
from benchmark.tasks.control_posterior import ControlPosterior
from benchmark.tasks.grammar import tempered
from benchmark.tasks.grammars import FOLDER
from benchmark.tasks.sentence_forms import Parse

FEATURES = ("frame", "dish", "adjective")
"""Features, besides the attributes, whose distribution is known: each sentence has one value of
each (of two adjectives, the first)."""


@dataclass(frozen=True)
class ControlAnswers:
    """The known answers of a task; picklable, since it names its grammar."""

    grammar_id: str
    name = "task"
    language_model = None

    def ceilings(self) -> Mapping[str, float]:
        """None: a parser decides."""
        return {}

    def remarks(self) -> Sequence[str]:
        """None: a parser decides."""
        return ()

    @property
    def grammar(self) -> AttributeGrammar:
        """The grammar, built once in a process."""
        return load_grammar(self.grammar_id)

    @property
    def attributes(self) -> Mapping[str, tuple[str, ...]]:
        """The values of every attribute."""
        return self.grammar.attributes

    def judge(self, source: str, text: str) -> Judgement:
        """What `text` does with the control line `source`.

        Raises:
            UserError: if `source` is no control line of the task.
        """
        control, parsed = self._control(source), _parse(self.grammar_id, text)
        if parsed is None:
            missed = None if control.text is None else False
            return Judgement(False, dict.fromkeys(control.wanted, False), missed, missed)
        wanted = {name: parsed.values[name] == value for name, value in control.wanted.items()}
        if control.text is None:
            return Judgement(True, wanted)
        original = self._parsed(control.text)
        changed = [n for n, value in control.wanted.items() if original.values[n] != value]
        others = [name for name in self.attributes if name not in control.wanted]
        return Judgement(
            True,
            wanted,
            self.grammar.content(parsed, changed) == self.grammar.content(original, changed),
            all(parsed.values[name] == original.values[name] for name in others),
        )

    def draw(self, source: str, seed: int, temperature: float) -> str:
        """A draw from p^(1/temperature), p being the true distribution of what `source` asks for.

        Raises:
            UserError: if `source` is no control line of the task.
        """
        control, generator = self._control(source), random.Random(seed)
        if control.text is None:
            return self.grammar.sample(control.wanted, generator, temperature=temperature)
        return self.grammar.sample_edit(
            control.text, control.wanted, generator, temperature=temperature
        )

    def informed_draw(self, train: Sequence[Example]) -> Callable[[str, int], str]:
        """(source, seed) to a draw of what the sentences and labels of `train` leave possible.

        See `control_posterior`; the source asks for a new sentence.
        """
        posterior = ControlPosterior(self.grammar, train)
        return lambda source, seed: posterior.draw(self._control(source).wanted, seed)

    def features(self, text: str) -> dict[str, str] | None:
        """The features and attributes of a sentence; None outside the grammar."""
        parsed = _parse(self.grammar_id, text)
        if parsed is None:
            return None
        return {name: self.grammar.project(name, parsed) for name in self.feature_names}

    @property
    def feature_names(self) -> Sequence[str]:
        """Names in `features` and `shares`."""
        return (*FEATURES, *self.attributes)

    def shares(self, source: str, feature: str) -> Mapping[str, float]:
        """The true distribution of a feature under the control line `source` without a text."""
        wanted = tuple(sorted(self._control(source).wanted.items()))
        return _shares(self.grammar_id, feature, wanted)

    def _control(self, source: str) -> Control:
        return require_control(source, self.grammar_id)

    def _parsed(self, text: str) -> Parse:
        parsed = _parse(self.grammar_id, text)
        if parsed is None:
            raise UserError(f"{self.grammar_id}: {text!r} is not a sentence of the grammar.")
        return parsed


def conditional(grammar_id: str, source: str, temperature: float) -> Mapping[str, float]:
    """Every valid edit with p^(1/temperature), renormalised; empty for what is no edit.

    Raises:
        UserError: if the temperature is not a positive number.
    """
    return tempered(_edits(grammar_id, source), temperature)


@functools.cache
def load_grammar(grammar_id: str) -> AttributeGrammar:
    """The attribute grammar of a control task."""
    from benchmark.tasks.attribute_grammar_file import read_attribute_grammar

    return read_attribute_grammar(FOLDER / f"{grammar_id}.yaml")


# Every metric judges every candidate.
@functools.lru_cache(maxsize=65_536)
def _parse(grammar_id: str, text: str) -> Parse | None:
    return load_grammar(grammar_id).parse(text)


@functools.lru_cache(maxsize=1024)
def _edits(grammar_id: str, source: str) -> Mapping[str, float]:
    control = read_control(source)
    if control is None or control.text is None:
        return {}
    return load_grammar(grammar_id).edits(control.text, control.wanted)


@functools.cache
def _shares(
    grammar_id: str, feature: str, wanted: tuple[tuple[str, str], ...]
) -> Mapping[str, float]:
    return load_grammar(grammar_id).projection(feature, dict(wanted))
