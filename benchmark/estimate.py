"""How long a plan will take, by a short trial of what is missing."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmark.plan import Cell, Plan, num_samples_of
from benchmark.store import Store

TRIAL_UPDATES = 6
TRIAL_SOURCES = 12


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
    from benchmark.generation import generate
    from benchmark.registry import load_system
    from benchmark.settings import fill
    from benchmark.stages.train import build_system
    from benchmark.suite import Budget
    from benchmark.training import Trainer

    task, suite = plan.tasks[cell.task], plan.suite
    system = build_system(cell, suite, task)
    total = 0.0
    if untrained:
        recipe, budget = suite.training_of(cell.system), suite.budget_of(cell.system, cell.task)
        small = min(recipe.batch, 64)
        trial = recipe.model_copy(update={"batch": small, "valid_examples": 1})
        with tempfile.TemporaryDirectory() as folder:
            # The first updates allocate and fill caches: the second trial is the one that counts.
            for number in range(2):
                summary = Trainer(
                    system,
                    task.train,
                    (),
                    recipe=trial,
                    budget=Budget(updates=TRIAL_UPDATES),
                    seed=cell.seed,
                    folder=Path(folder) / str(number),
                    device=device,
                ).run()
        seconds = summary.seconds / TRIAL_UPDATES * recipe.batch / small
        total += min(
            (budget.updates or 10**9) * seconds,
            (budget.tokens or 10**15) / max(1, summary.tokens) * summary.seconds,
            budget.seconds or 10**9,
        )
    elif cell.train_key is not None:
        trained = store.folder("train", cell.train_key) / "system"
        system = load_system(cell.system).load(trained, device)
    for setting, _ in missing:
        examples, samples = task.test[:TRIAL_SOURCES], num_samples_of(suite, setting)
        decoding = fill(type(system).Decoding, setting.decoding, "decoding")
        made = generate(
            system, examples, decoding, num_samples=samples, seed=cell.seed, batch=10**6,
            device=device,
        )  # fmt: skip
        total += made.cost.wall_s * len(task.test) / max(1, len(examples))
    return total
