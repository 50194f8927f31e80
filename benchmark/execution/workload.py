"""What a trial has to compute, stage by stage, in numbers that decide how long it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from benchmark.execution.speed_records import way_of_setting, way_of_training
from benchmark.experiment.recipes import Budget
from benchmark.experiment.trial import PlannedGeneration, Trial
from benchmark.store.entries import content_key


@dataclass(frozen=True)
class Work:
    """One entry that a trial makes; fields as in `benchmark.execution.speed_records.Speed`."""

    kind: str
    key: str
    """Of the entry; of a score that of its candidates, which are not known before."""
    system: str
    task: str
    config: str
    way: str
    device: str
    calls: float
    size: float | None
    """None where it is bounded by tokens or seconds alone."""
    chars: float
    tokens: float | None = None
    """Bound of the tokens of a training; None = no bound."""
    seconds: float | None = None
    """Bound of the seconds of a training; None = no bound."""
    batch: int = 1
    """Examples of an update of a training."""

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Work:
        """From what `asdict` gives."""
        return cls(**{field.name: values[field.name] for field in fields(cls)})


def list_work(trial: Trial, device: str) -> list[Work]:
    """What all entries of a trial need, in the order in which they are made."""
    config = content_key(asdict(trial.config)) if trial.train_key else ""
    usual: dict[str, Any] = {
        "system": trial.system,
        "task": trial.task.id,
        "config": config,
        "way": "",
        "device": device,
        "calls": 1.0,
        "chars": trial.chars,
    }
    found: list[Work] = []
    if trial.train_key:
        way = way_of_training(trial.training.model_dump(mode="json"))
        bounds = _bound(trial.budget, trial.training.batch)
        found.append(Work(**usual | {"way": way} | bounds, kind="train", key=trial.train_key))
    if trial.operators:
        found.append(Work(**usual, kind="operators", key=trial.operators.key, size=1))
    for planned in trial.decoded:
        made = usual | _describe(planned) | {"key": planned.key}
        found.append(Work(**made, kind="generate"))
        scored = {"way": str(planned.num_samples), "system": "", "config": "", "calls": 1.0}
        found.append(Work(**made | scored, kind="score"))
    main = trial.main
    if trial.trace_key and (recipe := trial.evaluation.trace):
        size = min(recipe.sources, len(trial.task.test)) * main.num_samples
        made = usual | _describe(main) | {"key": trial.trace_key, "size": size}
        found.append(Work(**made, kind="trace"))
    if trial.likelihood_key:
        made = usual | {"key": trial.likelihood_key, "size": len(trial.task.test)}
        found.append(Work(**made, kind="likelihood"))
    return found


def _bound(budget: Budget, batch: int) -> dict[str, Any]:
    size = None if budget.updates is None else float(budget.updates * batch)
    tokens = None if budget.tokens is None else float(budget.tokens)
    return {"size": size, "tokens": tokens, "seconds": budget.seconds, "batch": batch}


def _describe(planned: PlannedGeneration) -> dict[str, Any]:
    setting = asdict(planned.setting)
    return {
        "way": way_of_setting(setting),
        "calls": float(setting["nfe"] or 1),
        "size": float(len(planned.sources) * planned.num_samples),
    }
