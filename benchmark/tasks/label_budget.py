"""What a system may see of a task whose sentences are labelled for a part only.

The budget counts labels in all: the first N examples of train. A guided system is trained on the
targets alone and fits its operators on the labelled examples afterwards, so its training is the
same under every budget, and for generation and editing. Every other system is conditional: it
learns `own attributes => own text`, and where there is no label, a source that names none; or, from
labels alone, the labelled examples and nothing else.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmark.api import Example
from benchmark.api.control import Control, read_control
from benchmark.tasks.task import Task

ALONE = "-alone"
"""Behind a number of labels: nothing is learnt from texts without one."""


@dataclass(frozen=True, slots=True)
class LabelBudget:
    """What may be seen of the labels of a task."""

    count: int
    """Labelled train examples, in all."""
    alone: bool = False
    """Whether conditional systems see nothing but these."""

    def __str__(self) -> str:
        """As `--labels` reads it."""
        return f"{self.count}{ALONE if self.alone else ''}"


def read_budget(task: Task, written: int | str | None) -> LabelBudget:
    """A budget as a suite writes it: a number, `200-alone`, or None = all labels."""
    if isinstance(written, str):
        return LabelBudget(len(task.train[: int(written.removesuffix(ALONE))]), alone=True)
    return LabelBudget(len(task.train[:written]))


@functools.lru_cache(maxsize=16)
def labelled(task: Task, budget: int | None) -> tuple[Example, ...]:
    """The train examples whose labels may be used, as text and attributes alone."""
    return tuple(
        replace(_text_alone(example), attributes=example.attributes)
        for example in task.train[:budget]
    )


# Trials share what they see: it is made, hashed and sent to another process once.
@functools.lru_cache(maxsize=16)
def visible(task: Task, budget: int | None, *, guided: bool, labels_alone: bool = False) -> Task:
    """The task as a system sees it: valid and test as they are, train under the budget.

    Args:
        budget: number of labelled examples; None = all.
        guided: whether the system is trained on targets alone.
        labels_alone: whether a conditional system sees the labelled examples and no others.
    """
    if not task.attributes:
        return task
    if guided:
        train = tuple(map(_text_alone, task.train))
        return replace(task, train=train, valid=tuple(map(_text_alone, task.valid)))
    if labels_alone:
        return replace(task, train=task.train[:budget])
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
