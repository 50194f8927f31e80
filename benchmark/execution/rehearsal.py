"""A few updates and a few candidates of a system, to learn how fast it is where nobody knows."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from benchmark.api import Steerable, System
from benchmark.execution.speed_records import Speed
from benchmark.execution.workload import Work
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.trial import FittedOperators, PlannedGeneration, Trial

REHEARSED_UPDATES = 6
REHEARSED_TRAIN = 1000
REHEARSED_SOURCES = 12
REHEARSED_EXAMPLES = 64
REHEARSED_NFE = 10
"""Network calls of a rehearsal; more are extrapolated in proportion."""
SLOW_S = 1.0
"""Seconds: a first rehearsal, of one update or one source, that takes longer is enough."""


def rehearse(trial: Trial, context: RunContext, works: Sequence[Work]) -> list[Speed]:
    """How fast a trial trains and decodes its main setting, as if its stages had been measured.

    Args:
        trial: with none of its entries needed.
        context: of the run.
        works: `list_work(trial)`.
    """
    from benchmark.experiment.system_factory import build_system

    # How long an update takes depends on the lengths of texts and hardly on how many there are.
    task = replace(trial.task, train=trial.task.train[:REHEARSED_TRAIN])
    short = replace(trial, task=task)
    system = build_system(short)
    if trial.operators is not None:
        _fit_operators(system, short, trial.operators)
    found = []
    for work in works:
        if work.kind == "train":
            seconds = _training_s(system, short, context.device)
            size = work.size or work.tokens or 1.0
            found.append(_as_speed(work, size, work.tokens or 0.0, seconds))
        elif work.kind == "generate" and work.key == trial.main.key:
            seconds = _decoding_s(system, trial.main, short, context.device)
            found.append(_as_speed(work, work.size or 1.0, 0.0, seconds))
    return found


def _as_speed(work: Work, size: float, tokens: float, seconds: float) -> Speed:
    return Speed(
        kind=work.kind, system=work.system, task=work.task, config=work.config, way=work.way,
        device=work.device, calls=work.calls, size=size, tokens=tokens, chars=work.chars,
        seconds=seconds,
    )  # fmt: skip


def _fit_operators(system: System, trial: Trial, planned: FittedOperators) -> None:
    """Operators of any quality: how long they take to follow does not depend on it."""
    cast("Steerable", system).fit_operators(
        trial.task.train[:REHEARSED_EXAMPLES],
        planned.labelled[:REHEARSED_EXAMPLES],
        trial.task.attributes,
        planned.recipe,
        seed=trial.seed,
    )


def _training_s(system: System, trial: Trial, device: str) -> float:
    from benchmark.experiment.recipes import Budget
    from benchmark.training.trainer import Trainer

    recipe, budget = trial.training, trial.budget
    few = min(recipe.batch, 4)
    many = min(recipe.batch, 64)
    with tempfile.TemporaryDirectory() as folder:
        # The first updates allocate memory and fill caches: only the last rehearsal counts.
        for number, (batch, updates) in enumerate(((few, 1), (many, 2), (many, REHEARSED_UPDATES))):
            rehearsed = recipe.model_copy(update={"batch": batch, "valid_examples": 1})
            summary = Trainer(
                system,
                trial.task.train,
                (),
                recipe=rehearsed,
                budget=Budget(updates=updates),
                seed=trial.seed,
                folder=Path(folder) / str(number),
                device=device,
            ).run()
            if summary.seconds > SLOW_S:
                break
    scale = recipe.batch / batch
    return min(
        (budget.updates or 10**9) * summary.seconds / summary.updates * scale,
        (budget.tokens or 10**15) / max(1, summary.tokens) * summary.seconds,
        budget.seconds or 10**9,
    )


def _decoding_s(system: System, planned: PlannedGeneration, trial: Trial, device: str) -> float:
    from benchmark.generation.measured_generation import generate

    decoding: Any = planned.decoding
    knob, calls = system.capabilities.nfe_knob, 1.0
    asked = getattr(decoding, knob) if knob else None
    if knob and isinstance(asked, int) and asked > REHEARSED_NFE:
        decoding, calls = replace(decoding, **{knob: REHEARSED_NFE}), asked / REHEARSED_NFE
    asked_of, samples = planned.sources, planned.num_samples

    def rehearse(sources: int, candidates: int) -> float:
        made = generate(
            system, asked_of[:sources], decoding,
            num_samples=candidates, seed=trial.seed, batch=10**6, device=device,
        )  # fmt: skip
        return made.cost.wall_s

    sources = candidates = 1
    if (wall_s := rehearse(1, 1)) > SLOW_S:
        # The first call may learn what later ones use.
        # A ranked list costs the same however few are requested: a slow one is overestimated.
        wall_s = rehearse(1, 1)
    else:
        sources, candidates = min(REHEARSED_SOURCES, len(asked_of)), samples
        wall_s = rehearse(sources, candidates)
    return calls * wall_s * len(asked_of) * samples / (sources * candidates)
