"""How long a plan will take, by a short trial of what is missing."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from benchmark.api import System
from benchmark.experiment.plan import Cell, Plan
from benchmark.experiment.settings import Setting, num_samples_of, sources_of
from benchmark.store.entries import Store

TRIAL_UPDATES = 6
TRIAL_SOURCES = 12
TRIAL_NFE = 10
"""Network calls of a trial; more are reckoned in proportion."""
SLOW_S = 2.0
"""A first trial of one update of few examples, or of one source, that takes longer is enough."""


def seconds_left(cell: Cell, plan: Plan, store: Store, device: str) -> float:
    """Seconds that the missing entries of a cell will take in one process; a rough figure."""
    missing = [
        (setting, key)
        for setting, key in zip(cell.settings, cell.generate_keys, strict=True)
        if store.record("generate", key) is None
    ]
    untrained = cell.train_key is not None and store.record("train", cell.train_key) is None
    if not missing and not untrained:
        return 0.0
    from benchmark.experiment.registry import load_system
    from benchmark.experiment.system_factory import build_system

    task, suite = plan.tasks[cell.task], plan.suite
    system = build_system(cell, suite, task)
    total = 0.0
    if untrained:
        total += _training_s(system, cell, plan, device)
    elif cell.train_key is not None:
        trained = store.folder("train", cell.train_key) / "system"
        system = load_system(cell.system).load(trained, device)
    return total + sum(_decoding_s(system, setting, cell, plan, device) for setting, _ in missing)


def _training_s(system: System, cell: Cell, plan: Plan, device: str) -> float:
    from benchmark.experiment.suite import Budget
    from benchmark.training.trainer import Trainer

    task, suite = plan.tasks[cell.task], plan.suite
    recipe, budget = suite.training_of(cell.system), suite.budget_of(cell.system, cell.task)
    few = min(recipe.batch, 4)
    many = min(recipe.batch, 64)
    with tempfile.TemporaryDirectory() as folder:
        # The first updates allocate and fill caches: the last trial is the one that counts.
        for number, (batch, updates) in enumerate(((few, 1), (many, 2), (many, TRIAL_UPDATES))):
            trial = recipe.model_copy(update={"batch": batch, "valid_examples": 1})
            summary = Trainer(
                system,
                task.train,
                (),
                recipe=trial,
                budget=Budget(updates=updates),
                seed=cell.seed,
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


def _decoding_s(system: System, setting: Setting, cell: Cell, plan: Plan, device: str) -> float:
    from benchmark.experiment.configuration import fill
    from benchmark.generation.measured_generation import generate

    test = sources_of(plan.tasks[cell.task], setting)
    samples = num_samples_of(plan.suite, setting)
    decoding = fill(type(system).Decoding, setting.decoding, "decoding")
    knob, calls = system.capabilities.nfe_knob, 1.0
    asked = getattr(decoding, knob) if knob else None
    if knob and isinstance(asked, int) and asked > TRIAL_NFE:
        decoding, calls = replace(decoding, **{knob: TRIAL_NFE}), asked / TRIAL_NFE
    seconds = 0.0
    for sources, candidates in ((1, 1), (min(TRIAL_SOURCES, len(test)), samples)):
        # A ranked list costs the same however few are asked for: a slow one is overrated.
        made = generate(
            system, test[:sources], decoding,
            num_samples=candidates, seed=cell.seed, batch=10**6, device=device,
        )  # fmt: skip
        share = sources * candidates / (len(test) * samples)
        seconds = calls * made.cost.wall_s / max(share, 1e-9)
        if made.cost.wall_s > SLOW_S:
            break
    return seconds
