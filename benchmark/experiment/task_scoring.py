"""How the candidates of a task are scored: metrics and utilities."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.experiment.suite import Evaluation, Suite
from benchmark.literature.published_figures import TASKS as PUBLISHED_TASKS
from benchmark.metrics import Metric, Script, detect_script, make_metric
from benchmark.metrics.utility import Utility, make_utilities
from benchmark.store.entries import content_key
from benchmark.tasks import Task

CURVES = 2
"""Part of the key of scores: raised when their content apart from the metrics changes."""

TRACED = ("bleu_sent_m4", "rouge_l", "self_bleu", "div_4", "validity", "coverage")
"""Metrics measured along a trace: quality and diversity, none of them slow."""


@dataclass(frozen=True)
class TaskScoring:
    """The evaluation of a suite, resolved for one task."""

    evaluation: Evaluation
    task_digest: str
    script: Script
    """Of the references: it decides what the text metrics count."""
    metrics: tuple[Metric, ...]
    """Includes the metrics of known answers where the task has them."""
    utilities: tuple[Utility, ...]
    """`mbr_utility`, which makes the choice in the table, comes first."""

    @property
    def traced(self) -> list[Metric]:
        """The metrics that are measured at the steps of a trace."""
        return [metric for metric in self.metrics if metric.id.partition(":")[0] in TRACED]

    def key(self, candidates_digest: str) -> str:
        """The key of the scores of a candidates file."""
        return content_key(
            {
                "stage": "score",
                "candidates": candidates_digest,
                "task": self.task_digest,
                "metrics": {m.id: m.signature for m in self.metrics},
                "mbr_utility": self.evaluation.mbr_utility,
                "mbr_utilities": {u.id: u.signature for u in self.utilities},
                "curves": CURVES,
                "interval": self.evaluation.interval.model_dump(),
            }
        )


def resolve_scoring(suite: Suite, task: Task) -> TaskScoring:
    """The evaluation of `suite` on `task`.

    Raises:
        UserError: for an unknown metric, one that needs what the task does not have, or a utility
            that cannot compare candidates.
    """
    evaluation = suite.evaluation
    # A task outside the suite is scored with the metrics that the suite uses everywhere.
    recipe = suite.tasks.get(task.id, suite.other_tasks)
    specs = [*evaluation.metrics, *(recipe.metrics if recipe else ())]
    if task.id in PUBLISHED_TASKS:
        specs += evaluation.published_metrics
    if task.conditional is not None:
        specs += evaluation.controlled_metrics
    if task.judge is not None:
        specs += evaluation.control_metrics
    script = detect_script(text for example in task.test for text in example.references)
    metrics = [
        make_metric(spec, conditional=task.conditional, judge=task.judge, script=script)
        for spec in dict.fromkeys(specs)
    ]
    utilities = make_utilities((evaluation.mbr_utility, *evaluation.mbr.utilities), script)
    return TaskScoring(evaluation, task.digest, script, tuple(metrics), utilities)
