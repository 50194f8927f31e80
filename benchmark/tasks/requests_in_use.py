"""What limits and notes make of the examples of a control task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmark.api import Example, read_control


def content(example: Example) -> Example:
    """The example with the text to edit as its source, or its id where there is none.

    Control lines that are known are no leak, and a sentence under its own values is no copy.
    """
    control = read_control(example.source)
    text = control.text if control is not None else None
    return replace(example, source=example.id if text in (None, example.target) else text)


def evenly(examples: Sequence[Example], count: int | None) -> tuple[Example, ...]:
    """`count` examples, evenly spaced: the levels of composition stand one after the other."""
    if count is None or count >= len(examples):
        return tuple(examples)
    return tuple(examples[i * len(examples) // count] for i in range(count))
