"""Splits of the control tasks on real texts: deterministic functions of the files.

Train and valid are the texts under one to all of their own values, so that training is not
parallel. For editing the control line holds the text as well. A test example is one request:

- generation: every combination of values that texts of the test file have, at each number of named
  attributes, asked for equally often; the reference is a text of the test file with these values;
- editing: the text of a line with its rewrite by a person as reference; where there is none, an
  attribute of two values is asked for the other way round, and the text itself is the reference, so
  that overlap with it says how much was kept, and nothing else;
- slots: the attributes of the line, as they are.
"""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Iterator, Mapping, Sequence

from benchmark.api import Example, UserError
from benchmark.api.control import Control
from benchmark.tasks.labelled_lines import LabelledLine
from benchmark.tasks.own_values import some_of

REQUESTS = 400
"""Least number of requests where the file has control lines alone."""


def values_of(*files: Sequence[LabelledLine]) -> dict[str, tuple[str, ...]]:
    """The values of every attribute that occur in the files, sorted."""
    found: dict[str, set[str]] = {}
    for line in itertools.chain(*files):
        for name, value in itertools.chain(line.attributes.items(), line.rewritten.items()):
            found.setdefault(name, set()).add(value)
    return {name: tuple(sorted(values)) for name, values in sorted(found.items())}


def own(
    lines: Sequence[LabelledLine], folder: str, split: str, *, edit: bool
) -> tuple[Example, ...]:
    """Texts under some of their own values.

    Args:
        lines: of a file; those without a text are left out.
        folder: name of the task's folder, by which the named values are drawn.
        split: name in the ids.
        edit: whether the control line holds the text.
    """
    named = _generator(folder, split)
    examples = []
    for line in lines:
        for text in line.texts[:1]:
            control = Control(some_of(line.attributes, named), text if edit else None)
            name = f"{split}-{line.number}"
            examples.append(Example(name, str(control), text, (text,), line.attributes))
    return tuple(examples)


def requests(
    lines: Sequence[LabelledLine], attributes: Mapping[str, Sequence[str]]
) -> tuple[Example, ...]:
    """The test of a generation task.

    Args:
        lines: of the test file.
        attributes: the values that can be asked for.
    """
    if not all(line.form in ("slots", "request") for line in lines):
        return tuple(_spread(lines, attributes))
    times = 1 if any(line.texts for line in lines) else -(-REQUESTS // len(lines))
    numbered = itertools.chain.from_iterable(itertools.repeat(line, times) for line in lines)
    examples = []
    for number, line in enumerate(numbered, start=1):
        # A request without an answer has its own values for a reference: they must stand in it.
        references = line.texts or (" ".join(line.attributes.values()),)
        name, source = f"test-{number}", str(Control(line.attributes))
        examples.append(Example(name, source, references[0], references, line.attributes))
    return tuple(examples)


def edits(
    lines: Sequence[LabelledLine], attributes: Mapping[str, Sequence[str]], task_id: str
) -> tuple[Example, ...]:
    """The test of an editing task.

    Args:
        lines: of the test file.
        attributes: the values of every attribute.
        task_id: for the message.

    Raises:
        UserError: if there is nothing to be edited.
    """
    examples: list[Example] = []
    for line in lines:
        for wanted, references in _changes(line, attributes):
            source = str(Control(wanted, line.texts[0]))
            values = {**line.attributes, **wanted}
            name = f"test-{len(examples) + 1}"
            examples.append(Example(name, source, references[0], references, values))
    if not examples:
        raise UserError(
            f"task '{task_id}' has nothing to edit: its test file needs rewrites "
            '("src", "trg", "attributes", "target_attributes"), or an attribute of two values'
        )
    return tuple(examples)


def _changes(
    line: LabelledLine, attributes: Mapping[str, Sequence[str]]
) -> list[tuple[dict[str, str], tuple[str, ...]]]:
    """What is asked for, with the references."""
    if line.rewrites:
        old = line.attributes
        return [({n: v for n, v in line.rewritten.items() if old.get(n) != v}, line.rewrites)]
    flipped = []
    for name, value in line.attributes.items():
        others = [other for other in attributes.get(name, ()) if other != value]
        if line.texts and len(others) == 1:
            flipped.append(({name: others[0]}, line.texts[:1]))
    return flipped


def _spread(
    lines: Sequence[LabelledLine], attributes: Mapping[str, Sequence[str]]
) -> Iterator[Example]:
    pool = [(line.attributes, text) for line in lines for text in line.texts[:1]]
    pool += [(line.rewritten, text) for line in lines for text in line.rewrites[:1]]
    pool = [
        (values, text)
        for values, text in pool
        if all(value in attributes.get(name, ()) for name, value in values.items())
    ]
    names = sorted({name for values, _ in pool for name in values})
    number = 0
    for level in range(1, len(names) + 1):
        texts: dict[tuple[tuple[str, str], ...], list[str]] = {}
        for values, text in pool:
            for chosen in itertools.combinations(names, level):
                if all(name in values for name in chosen):
                    wanted = tuple((name, values[name]) for name in chosen)
                    texts.setdefault(wanted, []).append(text)
        times = max(1, len(lines) // len(names) // max(1, len(texts)))
        for wanted in sorted(texts):
            for text in itertools.islice(itertools.cycle(texts[wanted]), times):
                number += 1
                source = str(Control(dict(wanted)))
                yield Example(f"test-{number}", source, text, (text,), dict(wanted))


def _generator(folder: str, purpose: str) -> random.Random:
    text = f"{folder}/own values/{purpose}"
    return random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest()))
