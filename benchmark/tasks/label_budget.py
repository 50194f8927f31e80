"""What a system may see of a task whose sentences are labelled for a part only.

The budget counts labels in all: the first N examples of train. A guided system is trained on the
targets alone and fits its operators on the labelled examples afterwards, so its training is the
same under every budget, and for generation and editing. Every other system is conditional: it
learns `own attributes => own text`, and where there is no label, a source that names none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from benchmark.api import Example
from benchmark.api.control import Control, read_control
from benchmark.tasks.task import Task


def count_labels(task: Task, budget: int | None) -> int:
    """The number of labelled train examples under a budget; None = all."""
    return len(task.train[:budget])


def labelled(task: Task, budget: int | None) -> tuple[Example, ...]:
    """The train examples whose labels may be used, as text and attributes alone."""
    return tuple(
        replace(_text_alone(example), attributes=example.attributes)
        for example in task.train[:budget]
    )


def visible(task: Task, budget: int | None, *, guided: bool) -> Task:
    """The task as a system sees it: valid and test as they are, train under the budget.

    Args:
        budget: number of labelled examples; None = all.
        guided: whether the system is trained on targets alone.
    """
    if not task.attributes:
        return task
    if guided:
        train = tuple(map(_text_alone, task.train))
        return replace(task, train=train, valid=tuple(map(_text_alone, task.valid)))
    return replace(task, train=_conditional(task.train, budget))


def _conditional(train: Sequence[Example], budget: int | None) -> tuple[Example, ...]:
    count = len(train) if budget is None else budget
    rest = (
        replace(example, source=_unlabelled(example.source), attributes={})
        for example in train[count:]
    )
    return (*train[:count], *rest)


def _unlabelled(source: str) -> str:
    control = read_control(source)
    return str(Control({}, control.text)) if control else ""


def _text_alone(example: Example) -> Example:
    """The sentence that the example is about: the one to be edited, or the target."""
    control = read_control(example.source)
    text = control.text if control and control.text else example.target
    return Example(example.id, "", text, (text,))
