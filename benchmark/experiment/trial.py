"""A trial: one system on one task with one seed, resolved once, with the keys of its entries.

A key is a hash of everything that determines the content of an entry, so a new metric never
generates again, a new setting never trains again, and a finished trial is never redone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

from benchmark.api import DecodingProtocol, Example, System
from benchmark.experiment.recipes import Budget, Evaluation, TaskRecipe, TrainingRecipe
from benchmark.experiment.settings import Setting
from benchmark.experiment.system_source import SystemSource
from benchmark.experiment.task_scoring import TaskScoring
from benchmark.experiment.weight_choice import WeightChoice
from benchmark.store.entries import Kind, content_key
from benchmark.tasks import Task
from benchmark.tasks.label_budget import LabelBudget


@dataclass(frozen=True)
class PlannedGeneration:
    """One setting of a trial: how it decodes, how many candidates, and which sources."""

    key: str
    setting: Setting
    decoding: DecodingProtocol
    """The setting's decoding as the system's own dataclass."""
    num_samples: int
    """Candidates per source; a deterministic setting has one."""
    sources: tuple[Example, ...]
    """The part of the split that is decoded."""
    split: Literal["test", "valid"] = "test"
    valid: PlannedGeneration | None = None
    """The same on the valid split, where places on curves are chosen; None if none are."""


@dataclass(frozen=True)
class FittedOperators:
    """The operators of a guided system: what they are fitted to, and how."""

    key: str
    labelled: tuple[Example, ...]
    recipe: Any
    """Complete, of the type `system_class.OperatorConfig`."""


@dataclass(frozen=True)
class Trial:
    """One system on one task with one seed; nothing below the plan resolves any of it again."""

    task: Task
    task_recipe: TaskRecipe
    scoring: TaskScoring
    system: str
    system_class: type[System]
    seed: int
    config: Any
    """Complete, of the type `system_class.Config`."""
    training: TrainingRecipe
    budget: Budget
    threads: int
    train_key: str | None
    """None if nothing is trained."""
    operators: FittedOperators | None
    """None unless the system is guided and the task has attributes."""
    generations: tuple[PlannedGeneration, ...]
    """One per setting; the row of the table comes first."""
    trace_key: str | None
    """None if no trace is requested, or the system exposes no steps."""
    likelihood_key: str | None = None
    """None if no likelihoods are requested, or the system has none on this task."""
    labels: LabelBudget | None = None
    """What it learns from; None where its answers do not depend on labels."""
    choice: WeightChoice | None = None
    """How the weights that are kept are chosen; None = the last ones are."""
    suite: str = ""
    """Name of the suite."""
    source: SystemSource | None = None
    """Of a plug-in; None for the systems of this package, whose source is that of the code."""
    row: str = ""
    """What records and reports call the system; see `benchmark.experiment.registry.row_names`."""
    quality_decoding: DecodingProtocol | None = None
    """How the quality curve of training decodes; None as the main setting."""

    @property
    def name(self) -> str:
        """Name in printed text."""
        name = f"{self.task.id} / {self.system} / seed {self.seed}"
        return f"{name} / labels {self.labels}" if self.main.setting.roles == ("labels",) else name

    @property
    def key(self) -> str:
        """The key of its lease: trials that leave the same entries have the same."""
        return content_key({"entries": self.entries})

    @cached_property
    def chars(self) -> float:
        """Characters of a source and its target, on average over the first test examples."""
        first = self.task.test[:200]
        total = sum(len(example.source) + len(example.target) for example in first)
        return round(total / max(1, len(first)), 1)

    def describe(self, stage: str) -> dict[str, Any]:
        """The beginning of the record of one of its entries."""
        named = {"stage": stage, "task": self.task.id, "system": self.system, "seed": self.seed}
        named["chars"] = self.chars
        return named | ({"source": self.source.as_dict()} if self.source else {})

    @property
    def evaluation(self) -> Evaluation:
        """The evaluation: what is generated, and how it is scored."""
        return self.scoring.evaluation

    @property
    def main(self) -> PlannedGeneration:
        """The setting that is the row of the table."""
        return self.generations[0]

    @property
    def recipe(self) -> dict[str, dict[str, Any]]:
        """Its complete `config`, `training`, `budget` and `decoding`, of the main setting."""
        return {
            "config": asdict(self.config),
            "training": self.training.model_dump(),
            "budget": self.budget.model_dump(),
            "decoding": dict(self.main.setting.decoding),
        }

    @property
    def decoded(self) -> tuple[PlannedGeneration, ...]:
        """All that is decoded: every setting, followed by the same on the valid split."""
        return tuple(of for test in self.generations for of in (test, test.valid) if of is not None)

    @property
    def entries(self) -> list[tuple[Kind, str]]:
        """The entries whose keys are known before the trial runs."""
        trained: list[tuple[Kind, str]] = [("train", self.train_key)] if self.train_key else []
        traced: list[tuple[Kind, str]] = [("trace", self.trace_key)] if self.trace_key else []
        fitted: list[tuple[Kind, str]] = (
            [("operators", self.operators.key)] if self.operators else []
        )
        made: list[tuple[Kind, str]] = [("generate", of.key) for of in self.decoded]
        scored: list[tuple[Kind, str]] = (
            [("likelihood", self.likelihood_key)] if self.likelihood_key else []
        )
        return [*trained, *fitted, *made, *traced, *scored]
