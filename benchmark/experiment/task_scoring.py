"""How the candidates of a task are scored: metrics and utilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from benchmark.api import UserError
from benchmark.api.folding import compose
from benchmark.api.token_unit import Unit, unit_of
from benchmark.experiment.recipes import Evaluation, TaskRecipe
from benchmark.experiment.suite import Suite
from benchmark.literature.published_figures import TASKS as PUBLISHED_TASKS
from benchmark.metrics import Metric, Script, detect_script, make_metric
from benchmark.metrics.encoder import INSTALL, MissingEncoderError
from benchmark.metrics.utility import Utility, make_utilities
from benchmark.store.entries import content_key
from benchmark.tasks import Task

CURVES = 2
"""Part of the key of scores: raised when their content apart from the metrics changes."""

TRACED = ("bleu_sent_m4", "rouge_l", "self_bleu", "div_4", "validity", "coverage")
"""Metrics measured along a trace: quality and diversity, none of them slow."""

ENGLISH = "the encoder that is installed reads English; name another as NAME:encoder=FOLDER"
"""Why a task in another script is left out."""


@dataclass(frozen=True)
class TaskScoring:
    """The evaluation of a suite, resolved for one task."""

    evaluation: Evaluation
    task_digest: str
    script: Script
    """Of the references."""
    unit: Unit
    """What the text metrics count: see `benchmark.api.token_unit`."""
    unit_from: Literal["suite", "folder", "data"]
    """Who decided that; `data` is the script of the references."""
    composed: bool
    """Whether all texts that are compared are written in the form in which they are compared."""
    metrics: tuple[Metric, ...]
    """Includes the metrics of known answers where the task has them."""
    utilities: tuple[Utility, ...]
    """`mbr_utility`, which makes the choice in the table, comes first."""
    quality: str = ""
    """Id of the metric that is the main quality; empty where none is named or measured."""
    remarks: tuple[str, ...] = ()
    """A sentence for each metric that should be measured and is not."""

    @property
    def traced(self) -> list[Metric]:
        """The metrics that are measured at the steps of a trace."""
        return [metric for metric in self.metrics if metric.id.partition(":")[0] in TRACED]

    @property
    def identity(self) -> dict[str, Any]:
        """What determines scores besides the candidates."""
        return {
            "stage": "score",
            "task": self.task_digest,
            "metrics": {m.id: m.signature for m in self.metrics},
            "mbr_utility": self.evaluation.mbr_utility,
            "mbr_utilities": {u.id: u.signature for u in self.utilities},
            "curves": CURVES,
            "interval": self.evaluation.interval.model_dump(),
            # Such texts were once compared as they are written.
            **({} if self.composed else {"form": "NFC"}),
        }

    @property
    def compared(self) -> str:
        """Id of the metric by which systems are compared; empty where there is none.

        Validity where the answers are known, else the main quality.
        """
        known = any(metric.id == "validity" for metric in self.metrics)
        return "validity" if known else self.quality

    def metric(self, name: str) -> Metric:
        """The metric of this id, which is measured."""
        return next(metric for metric in self.metrics if metric.id == name)

    def key(self, candidates_digest: str) -> str:
        """The key of the scores of a candidates file."""
        return score_key(self.identity, candidates_digest)


def score_key(identity: Mapping[str, Any], candidates_digest: str) -> str:
    """The key of scores: see `TaskScoring.identity`."""
    return content_key({**identity, "candidates": candidates_digest})


def resolve_scoring(suite: Suite, task: Task) -> TaskScoring:
    """The evaluation of `suite` on `task`.

    Raises:
        UserError: for an unknown metric, one that needs what the task does not have, a utility that
            cannot compare candidates, or a main quality that is none.
    """
    evaluation = suite.evaluation
    # A task outside the suite is scored with the metrics that the suite uses everywhere.
    recipe = suite.tasks.get(task.id, suite.other_tasks)
    specs = [*evaluation.metrics, *(recipe.metrics if recipe else ())]
    if task.id in PUBLISHED_TASKS:
        specs += evaluation.published_metrics
    if recipe is not None and recipe.quality is not None:
        specs.append(recipe.quality)
    if task.conditional is not None:
        specs += evaluation.controlled_metrics
    if task.judge is not None:
        specs += evaluation.control_metrics
    script = detect_script(text for example in task.test for text in example.references)
    unit, unit_from = resolve_unit(recipe, task, script)
    make = partial(
        make_metric, conditional=task.conditional, judge=task.judge, script=script, unit=unit
    )
    metrics = [make(spec) for spec in dict.fromkeys(specs)]
    remarks: list[str] = []
    if task.conditional is None and task.judge is None:
        wanted = [*evaluation.semantic_metrics, *(recipe.semantic_metrics if recipe else ())]
        semantic, remarks = _make_semantic(wanted, task.id, script, make)
        known = {metric.id for metric in metrics}
        metrics += [metric for metric in semantic if metric.id not in known]
    declared = make(recipe.quality).id if recipe and recipe.quality else task.quality
    quality = _find_quality(declared, metrics)
    if declared and not quality and task.conditional is None:
        remarks.append(
            f"{task.id}: its main quality, {declared}, is not measured, so the report takes the"
            f" first metric in its place: name it in tasks.{task.id}.metrics."
        )
    utilities = make_utilities((evaluation.mbr_utility, *evaluation.mbr.utilities), script, unit)
    return TaskScoring(
        evaluation=evaluation,
        task_digest=task.digest,
        script=script,
        unit=unit,
        unit_from=unit_from,
        composed=all(
            text == compose(text) for e in task.test for text in (e.source, *e.references)
        ),
        metrics=tuple(metrics),
        utilities=utilities,
        quality=quality,
        remarks=tuple(remarks),
    )


def resolve_unit(
    recipe: TaskRecipe | None, task: Task, script: Script
) -> tuple[Unit, Literal["suite", "folder", "data"]]:
    """What the texts of a task are counted by, and who decided that."""
    if recipe is not None and recipe.tokens is not None:
        return recipe.tokens, "suite"
    if task.tokens is not None:
        return task.tokens, "folder"
    return unit_of(script), "data"


def _find_quality(declared: str, metrics: Sequence[Metric]) -> str:
    """The first metric that is the declared one, with whatever options; empty if none is.

    Raises:
        UserError: if more of it is not better, or it has no value for a text.
    """
    found = next((m for m in metrics if declared in (m.id, m.name)), None)
    if found is None:
        return ""
    if found.direction != "higher" or found.level == "set":
        raise UserError(
            f"Metric {found.id!r} cannot be the main quality: name one that has a value for each"
            " text, of which more is better."
        )
    return found.id


def _make_semantic(
    specs: Sequence[str], task: str, script: Script, make: Callable[[str], Metric]
) -> tuple[list[Metric], list[str]]:
    """The metrics whose encoder is installed and reads the task, and a sentence on the others."""
    metrics: list[Metric] = []
    left_out: dict[str, list[str]] = {}
    for spec in dict.fromkeys(specs):
        if script not in ("latin", "accented") and "encoder=" not in spec:
            left_out.setdefault(ENGLISH, []).append(spec)
            continue
        try:
            metrics.append(make(spec))
        except MissingEncoderError:
            left_out.setdefault(f"`{INSTALL}` provides their encoder", []).append(spec)
    return metrics, [
        f"{task}: {', '.join(names)} not measured: {why}." for why, names in left_out.items()
    ]
