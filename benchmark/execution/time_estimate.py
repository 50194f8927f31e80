"""Estimate how long a plan will take, by a short rehearsal of what is missing."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from benchmark.api import Steerable, System
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.trial import FittedOperators, PlannedGeneration, Trial

REHEARSED_UPDATES = 6
REHEARSED_SOURCES = 12
REHEARSED_EXAMPLES = 64
REHEARSED_NFE = 10
"""Network calls of a rehearsal; more are extrapolated in proportion."""
SLOW_S = 2.0
"""Seconds: a first rehearsal, of one update or one source, that takes longer is enough."""


def estimate_seconds(trial: Trial, context: RunContext) -> float:
    """A rough estimate of the seconds that the missing entries of a trial take in one process."""
    store = context.store
    missing = [of for of in trial.decoded if store.record("generate", of.key) is None]
    untrained = trial.train_key is not None and store.record("train", trial.train_key) is None
    if not missing and not untrained:
        return 0.0
    from benchmark.experiment.system_factory import build_system
    from benchmark.generation.generate_stage import open_system

    fitted = trial.operators
    if fitted is None or store.record("operators", fitted.key) is not None:
        system = build_system(trial) if untrained else open_system(trial, context)
    else:
        system = build_system(trial)
        _fit_operators(system, trial, fitted)
    total = _training_s(system, trial, context.device) if untrained else 0.0
    return total + sum(_decoding_s(system, planned, trial, context.device) for planned in missing)


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
    from benchmark.experiment.suite import Budget
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
