"""Points: what one system did under one setting on one task, all seeds together."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

from benchmark.api import DRAWN_KINDS, CandidateKind, Family
from benchmark.records.reader import Records
from benchmark.records.schema import (
    UNDEFINED,
    Interval,
    MetricScore,
    Parameters,
    Role,
    TrialRecord,
    title_of,
)
from benchmark.report.data.seed_pooling import pool

if TYPE_CHECKING:
    import pandas as pd

YARDSTICK = "yardstick"
FAMILIES = tuple(family for family in get_args(Family) if family != YARDSTICK)
"""Order of the families; those of plug-ins follow, yardsticks come last."""

COPY, CEILING, REFERENCE = "copy-source", "oracle", "reference"
TOKENIZER = "tokenizer-ceiling"
MADE_OF_REFERENCES = frozenset({REFERENCE, TOKENIZER})
"""Near perfect by construction where they are scored against themselves: never compared."""

BAYES = "bayes"
"""The ceiling at a number of labels."""


@dataclass(frozen=True, eq=False)
class Point:
    """One (task, system, setting) over its seeds.

    `trials` holds the seeds that succeeded, `failures` the others. `measures` maps (metric,
    statistic) to a value with its interval.
    """

    task: str
    system: str
    family: str
    label: str
    roles: frozenset[Role]
    knob: str | None
    knob_value: Any
    kind: CandidateKind
    trials: tuple[TrialRecord, ...]
    failures: tuple[TrialRecord, ...]
    measures: Mapping[tuple[str, str], Interval]
    ablations: tuple[str, ...] = ()
    train_examples: int | None = None
    """Examples of the train split that it learnt from; None where the number is not known."""

    tuned_trials: int | None = None
    """Trials of the search of its recipe; None where no record of one is known."""

    @property
    def yardstick(self) -> bool:
        """Whether this is a row to measure by, not a model."""
        return self.family == YARDSTICK

    @property
    def decoding(self) -> Mapping[str, Any]:
        """The complete setting."""
        return (self.trials or self.failures)[0].setting.decoding

    @property
    def labels(self) -> int | None:
        """Labelled examples that it learnt from; None where there are none or no seed finished."""
        return self.trials[0].labels if self.trials else None

    @property
    def labels_alone(self) -> bool:
        """Whether it learnt from labelled examples and from no other texts."""
        return bool(self.trials) and self.trials[0].labels_alone

    @property
    def sampled(self) -> bool:
        """Whether several candidates come from independent noise."""
        return self.kind in DRAWN_KINDS

    def measure(self, metric: str, statistic: str = "expected") -> Interval:
        """The value of a metric; undefined where it was not measured."""
        return self.measures.get((metric, statistic), UNDEFINED)

    def cost(self, name: str) -> float:
        """Mean of a field of `TrialCost` over the seeds, of seconds the median; NaN where unknown.

        A machine that does something else beside makes a time longer and never shorter.
        """
        found = [getattr(c.cost, name, math.nan) for c in self.trials]
        if name.startswith("seconds_"):
            return _median(found)
        return _mean(found)

    def valid_measure(self, metric: str, statistic: str = "expected") -> float:
        """The value of a metric on the valid split; NaN unless every seed has it."""
        parts = [c.valid.measures.get(metric, {}) if c.valid else {} for c in self.trials]
        return _mean_of_all([part.get(statistic, math.nan) for part in parts])

    def valid_cost(self, name: str) -> float:
        """Mean of a field of `TrialCost` on the valid split; NaN unless every seed has it."""
        return _mean_of_all(
            [getattr(c.valid.cost, name) if c.valid else math.nan for c in self.trials]
        )

    def training(self, name: str) -> float:
        """Mean of a field of `Training` or of `epochs` over the seeds; NaN where untrained."""
        if name == "epochs":
            return self.training("examples") / (self.train_examples or math.nan)
        found = (getattr(c.training, name, None) for c in self.trials)
        return _mean(math.nan if value is None else value for value in found)

    def status_share(self, status: str) -> float:
        """Share of the candidates with a status, over the seeds; NaN where none were counted."""
        counts = [c.statuses for c in self.trials if c.statuses]
        total = sum(sum(of.values()) for of in counts)
        return sum(of.get(status, 0) for of in counts) / total if total else math.nan

    def parameter_count(self, name: str) -> float:
        """A number of `Parameters`; NaN where it was not counted."""
        count = getattr(self.parameters, name, None)
        return math.nan if count is None else count

    @property
    def parameters(self) -> Parameters | None:
        """Numbers of parameters; None where they were not counted or there are none."""
        trained = [c.training.parameters for c in self.trials if c.training]
        counted = [p for p in (*(c.parameters for c in self.trials), *trained) if p is not None]
        largest = max(counted, key=lambda p: p.total, default=None)
        return largest if largest is not None and largest.total else None

    def keys(self, stage: Literal["train", "generate", "score"]) -> tuple[str, ...]:
        """The content keys behind the figures, one per seed."""
        keys = (getattr(trial.keys, stage) for trial in self.trials)
        return tuple(dict.fromkeys(key for key in keys if key is not None))

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds that succeeded."""
        return tuple(trial.seed for trial in self.trials)


class Board:
    """All points of a run."""

    def __init__(self, records: Records) -> None:
        self.records = records
        grouped: dict[tuple[str, str, str], list[TrialRecord]] = {}
        for trial in records.trial_records:
            grouped.setdefault((trial.task, trial.system, trial.setting.label), []).append(trial)
        self.points = tuple(_make_point(records, trials) for trials in grouped.values())
        self._of: dict[tuple[str, str], list[Point]] = {}
        for point in self.points:
            self._of.setdefault((point.task, point.system), []).append(point)
        self._metrics: dict[str, dict[str, MetricScore]] = {}

    @cached_property
    def systems(self) -> tuple[str, ...]:
        """Ids of the systems that have trials, family by family, yardsticks last."""
        info = self.records.run.systems
        families = dict.fromkeys(
            (*FAMILIES, *(s.family for s in info.values() if s.family != YARDSTICK), YARDSTICK)
        )
        rank = {family: i for i, family in enumerate(families)}
        present = {point.system for point in self.points}
        return tuple(sorted((s for s in info if s in present), key=lambda s: rank[info[s].family]))

    @cached_property
    def models(self) -> tuple[str, ...]:
        """The systems that are not yardsticks."""
        return tuple(s for s in self.systems if self.records.run.systems[s].family != YARDSTICK)

    @property
    def names(self) -> str:
        """What figures call systems and tasks."""
        tasks = self.records.run.tasks
        return " ".join((*self.systems, *tasks, *(task.title for task in tasks.values())))

    def title(self, task: str) -> str:
        """The title of a task."""
        return title_of(self.records.run.tasks, task)

    def heading(self, task: str) -> str:
        """The title of a task with its id: how a caption begins."""
        return f"{self.title(task)}, task {task}"

    def of(self, task: str, system: str, role: Role | None = None) -> tuple[Point, ...]:
        """The points of a system on a task, in the order of the plan."""
        found = self._of.get((task, system), [])
        return tuple(point for point in found if role is None or role in point.roles)

    def main(self, task: str, system: str) -> Point | None:
        """The point that is in the table; None if the system was not run on the task."""
        points = self.of(task, system, "main")
        return points[0] if points else None

    def mains(self, task: str) -> tuple[Point, ...]:
        """The rows of the table of a task, in order."""
        found = (self.main(task, system) for system in self.systems)
        return tuple(point for point in found if point is not None)

    def sweeps(self, task: str, system: str) -> tuple[tuple[Point, ...], ...]:
        """The curves of a system over its knobs, each in the order of the knob."""
        curves: dict[str | None, list[Point]] = {}
        for point in self.of(task, system, "sweep"):
            if point.trials and _is_number(point.knob_value):
                curves.setdefault(point.knob, []).append(point)
        main = self.main(task, system)
        if main is not None and main.trials and _is_number(main.knob_value):
            curve = curves.get(main.knob, [])
            if main not in curve and _belongs(main, curve, main.knob):
                curve.append(main)
        return tuple(tuple(sorted(c, key=lambda p: p.knob_value)) for c in curves.values())

    def nfe_curve(self, task: str, system: str) -> tuple[Point, ...]:
        """The points of a system over its number of function evaluations."""
        points = [p for p in self.of(task, system, "nfe") if p.trials]
        main = self.main(task, system)
        knob = self.records.run.systems[system].nfe_knob
        if main is not None and main.trials and main not in points and _belongs(main, points, knob):
            points.append(main)
        return tuple(sorted(points, key=lambda p: p.cost("depth")))

    def quality(self, task: str) -> str:
        """The metric that the task names as its main quality; empty where it names none."""
        return self.records.run.tasks[task].quality

    def metrics(self, task: str) -> Mapping[str, MetricScore]:
        """What the metrics of a task are, by id, in the order of the records."""
        if task not in self._metrics:
            self._metrics[task] = self._gather_metrics(task)
        return self._metrics[task]

    def _gather_metrics(self, task: str) -> dict[str, MetricScore]:
        found: dict[str, MetricScore] = {}
        for point in self.points:
            if point.task == task:
                for trial in point.trials:
                    for name, metric in (trial.score.metrics if trial.score else {}).items():
                        found.setdefault(name, metric)
        return found

    def frame(self, task: str) -> pd.DataFrame:
        """All figures of a task in long form, one row per value, with their score keys."""
        import pandas as pd

        rows = [
            {
                "task": point.task,
                "system": point.system,
                "family": point.family,
                "setting": point.label,
                "roles": " ".join(sorted(point.roles)),
                "kind": point.kind,
                "knob": point.knob,
                "knob_value": point.knob_value,
                "nfe": point.cost("depth"),
                "seconds_per_candidate": point.cost("seconds_per_candidate"),
                "metric": metric,
                "statistic": statistic,
                "value": interval.value,
                "low": interval.low,
                "high": interval.high,
                "seeds": len(point.trials),
                "score_keys": " ".join(point.keys("score")),
            }
            for point in self.points
            if point.task == task
            for (metric, statistic), interval in point.measures.items()
        ]
        return pd.DataFrame(rows)


def _make_point(records: Records, trials: list[TrialRecord]) -> Point:
    first = trials[0]
    good = tuple(c for c in trials if c.status == "ok")
    return Point(
        task=first.task,
        system=first.system,
        family=first.family,
        label=first.setting.label,
        roles=frozenset(role for trial in trials for role in trial.setting.roles),
        knob=first.setting.knob,
        knob_value=first.setting.knob_value,
        kind=first.setting.kind,
        trials=good,
        failures=tuple(c for c in trials if c.status != "ok"),
        measures=pool(records, good),
        ablations=tuple(dict.fromkeys(name for c in trials for name in c.setting.ablations)),
        tuned_trials=records.run.systems[first.system].tuned_trials,
        train_examples=first.labels
        if first.labels_alone
        else records.run.tasks[first.task].counts.get("train"),
    )


def _belongs(point: Point, curve: Sequence[Point], knob: str | None) -> bool:
    """Whether a point differs from those of a curve in the knob of the curve alone."""

    def rest(other: Point) -> dict[str, Any]:
        decoding = other.trials[0].setting.decoding
        return {name: value for name, value in decoding.items() if name != knob}

    return bool(curve) and all(rest(point) == rest(other) for other in curve)


def _mean(values: Iterable[float]) -> float:
    return _mean_of_all([value for value in values if math.isfinite(value)])


def _median(values: Iterable[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return statistics.median(known) if known else math.nan


def _mean_of_all(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
