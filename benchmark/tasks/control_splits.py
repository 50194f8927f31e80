"""Splits of the control tasks: deterministic functions of (grammar, version).

`control` asks for sentences: every test example is one requested sentence, so the bootstrap is
over requests. `LEVELS` numbers of composed attributes have `CONTROLS` control lines each,
requested `REQUESTS` times. `control-edit` asks for a held-out sentence with other values of one to
three attributes. Both are trained on the same sentences, each under one to all of its own values:
training is not parallel. The valid split of `control-edit` edits the sentences of that of
`control`, so that a system trained on targets alone has one training for both. An edit never asks
for another length, which no rule of content defines, and several attributes are edited in short
sentences alone, whose edits can be listed.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import random
from collections.abc import Iterator, Mapping, Sequence

from benchmark.api import Example
from benchmark.api.control import Control
from benchmark.tasks.attribute_grammar import AttributeGrammar
from benchmark.tasks.control_answers import load_grammar
from benchmark.tasks.grammar import pick
from benchmark.tasks.own_values import some_of
from benchmark.tasks.sentence_forms import Values
from benchmark.tasks.splits import Split

TRAIN, VALID = 12_000, 198
CONTROLS, REQUESTS = 8, 63
"""Control lines of a level, and requests of each: with 8 candidates 504 draws a line."""

EDITED = ("sentiment", "tense", "food")
EDITS = 504
"""Edits of a level, the same number for every combination of attributes."""

DRAWS = 4
"""Draws from the true distribution of an edit; the distinct ones are its references."""


@functools.cache
def splits(grammar_id: str, *, edit: bool) -> Mapping[Split, tuple[Example, ...]]:
    """The splits of a control task, drawn once in a process."""
    grammar = load_grammar(grammar_id)
    train, valid = _own(grammar, "train", TRAIN, edit), _own(grammar, "valid", VALID, edit)
    if not edit:
        return {"train": train, "valid": valid, "test": tuple(_requests(grammar))}
    return {
        "train": train,
        "valid": tuple(_edits_of_valid(grammar, valid)),
        "test": tuple(_edits_of_test(grammar, {example.target for example in train})),
    }


def control_lines(grammar: AttributeGrammar, level: int) -> list[Values]:
    """`CONTROLS` control lines that name `level` attributes, spread over all combinations."""
    queues = []
    for names in itertools.combinations(grammar.attributes, level):
        lines = [
            dict(zip(names, values, strict=True))
            for values in itertools.product(*(grammar.attributes[name] for name in names))
        ]
        # Python promises `random` to give the same numbers for good, and `shuffle` not.
        generator = _generator(grammar, f"control lines of {names}")
        queues.append(sorted(lines, key=lambda _: generator.random()))
    in_turn = itertools.chain.from_iterable(itertools.zip_longest(*queues))
    return list(itertools.islice(filter(None, in_turn), CONTROLS))


def _own(grammar: AttributeGrammar, split: Split, count: int, edit: bool) -> tuple[Example, ...]:
    """Sentences under some of their own values, so that lines of every length are learnt."""
    generator, lines = _generator(grammar, split), _generator(grammar, f"{split} lines")
    examples = []
    for number in range(1, count + 1):
        text = grammar.sample({}, generator)
        parsed = grammar.parse(text)
        assert parsed is not None
        values = {name: parsed.values[name] for name in grammar.attributes}
        source = str(Control(some_of(values, lines), text if edit else None))
        examples.append(Example(f"{split}-{number}", source, text, (text,), values))
    return tuple(examples)


def _requests(grammar: AttributeGrammar) -> Iterator[Example]:
    generator, number = _generator(grammar, "test"), 0
    for level in range(1, len(grammar.attributes) + 1):
        for wanted in control_lines(grammar, level):
            for _ in range(REQUESTS):
                number += 1
                text = grammar.sample(wanted, generator)
                yield Example(f"test-{number}", str(Control(wanted)), text, (text,), wanted)


def _edits_of_valid(grammar: AttributeGrammar, valid: Sequence[Example]) -> Iterator[Example]:
    """The sentences of valid, each with another value of one attribute."""
    generator = _generator(grammar, "edit valid")
    for number, (example, name) in enumerate(zip(valid, itertools.cycle(EDITED), strict=False)):
        yield _edit(grammar, f"valid-{number + 1}", example.target, (name,), generator)


def _edits_of_test(grammar: AttributeGrammar, known: set[str]) -> Iterator[Example]:
    generator, number = _generator(grammar, "edit test"), 0
    for level in range(1, len(EDITED) + 1):
        combinations = list(itertools.combinations(EDITED, level))
        values = {} if level == 1 else {"length": "short"}
        for names in combinations:
            for _ in range(EDITS // len(combinations)):
                number += 1
                text = _held_out(grammar, values, known, generator)
                yield _edit(grammar, f"test-{number}", text, names, generator)


def _edit(
    grammar: AttributeGrammar,
    name: str,
    text: str,
    changed: Sequence[str],
    generator: random.Random,
) -> Example:
    parsed = grammar.parse(text)
    assert parsed is not None
    wanted = {
        attribute: pick(
            [(v, 1.0) for v in grammar.attributes[attribute] if v != parsed.values[attribute]],
            generator,
        )
        for attribute in changed
    }
    drawn = (grammar.sample_edit(text, wanted, generator) for _ in range(DRAWS))
    references = tuple(dict.fromkeys(drawn))
    values = {**parsed.values, **wanted}
    return Example(name, str(Control(wanted, text)), references[0], references, values)


def _held_out(
    grammar: AttributeGrammar, values: Values, known: set[str], generator: random.Random
) -> str:
    while (text := grammar.sample(values, generator)) in known:
        pass
    return text


def _generator(grammar: AttributeGrammar, purpose: str) -> random.Random:
    text = f"{grammar.task_id}/{grammar.version}/{purpose}"
    return random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest()))
