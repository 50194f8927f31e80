"""Which weights of a training are kept: the last, or the best of those that were validated.

The best are found on valid examples behind those on which settings are chosen, so that neither
choice sees the examples of the other. What is best: the lowest loss for autoregressive systems,
whose loss is a likelihood, and for guided ones and on tasks with attributes, where a judge must not
choose; for all others the best main quality of the task, of one candidate for each source with the
main setting, since their losses are bounds or parts of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmark.api import Example, System
from benchmark.experiment.recipes import LEAST_EXAMPLES, TrainingRecipe
from benchmark.experiment.task_scoring import TaskScoring
from benchmark.tasks import Task

LOSS = "loss"
"""The measure that is the objective of training, of which less is better."""


@dataclass(frozen=True, slots=True)
class WeightChoice:
    """By what the kept weights are chosen, and on which valid examples."""

    measure: str
    """`loss`, or the id of a metric of the task, of which more is better."""
    first: int
    """Place of the first example in the valid split."""
    count: int

    def of(self, task: Task) -> tuple[Example, ...]:
        """The examples."""
        return task.valid[self.first : self.first + self.count]

    def deciding(self, scoring: TaskScoring, decoding: Mapping[str, Any]) -> dict[str, Any]:
        """The part of the key of a training that it adds.

        Args:
            decoding: the main setting.
        """
        places = {"first": self.first, "count": self.count}
        if self.measure == LOSS:
            return places | {"measure": LOSS}
        signature = scoring.metric(self.measure).signature
        return places | {"measure": signature, "decoding": dict(decoding)}


def choose_weights(
    training: TrainingRecipe, task: Task, scoring: TaskScoring, system_class: type[System]
) -> WeightChoice | None:
    """How the weights of a system are chosen on a task; None if the last ones are kept."""
    if training.keep == "last" or not system_class.capabilities.trainable:
        return None
    first = scoring.evaluation.valid_sources or 0
    count = min(training.keep_examples, len(task.valid) - first)
    if count < LEAST_EXAMPLES:
        return None
    return WeightChoice(_find_measure(task, scoring, system_class), first, count)


def explain_last(training: TrainingRecipe, task: Task, scoring: TaskScoring) -> str:
    """Why the last weights are kept where the best are asked for; empty if they are not."""
    first = scoring.evaluation.valid_sources or 0
    held = max(0, len(task.valid) - first)
    if training.keep == "last" or held >= LEAST_EXAMPLES:
        return ""
    return (
        f"{task.id}: the last weights are kept: choosing the best needs {LEAST_EXAMPLES} valid"
        f" examples, and {held} are left beside the {first} on which settings are chosen."
    )


def _find_measure(task: Task, scoring: TaskScoring, system_class: type[System]) -> str:
    is_guided = system_class.capabilities.control == "guided"
    if system_class.family == "autoregressive" or is_guided or task.judge is not None:
        return LOSS
    return scoring.compared or LOSS
