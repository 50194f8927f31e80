"""`latentops` against `diffusion-lm` at 200 guided steps: the "two orders of magnitude" claimed.

Both are those of suite mini and follow the same requests, which name all attributes, in one
process: `control-1` writes one sentence at a time, `control-50` fifty at once, as the released
scripts do. Trained briefly, so that texts end where sentences do; how well they follow is measured
by the suite, not here.

Source: arXiv 2208.00638, table 4 (seconds for 150 sentences); arXiv 2205.14217, appendix C (80 s
for 50 controlled sentences at 200 steps).
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from benchmark.api import Example, Steerable
from benchmark.experiment.configuration import fill
from benchmark.experiment.recipes import Budget
from benchmark.experiment.suite import Suite, load_suite
from benchmark.experiment.system_factory import resources
from benchmark.tasks import Task, load_task
from benchmark.tasks.label_budget import labelled, visible
from benchmark.timing.alternation import Contender, alternate
from benchmark.timing.speed_result import Result
from benchmark.timing.systems import build_system, make_decoding
from benchmark.training.trainer import Trainer

SYSTEMS: Mapping[str, Mapping[str, Any]] = {"latentops": {}, "diffusion-lm": {"nfe": 200}}
"""Both sides, with what differs from their main setting in the suite."""
SENTENCES: Mapping[str, int] = {"control-1": 1, "control-50": 50}
"""Sentences that are written at once."""
UPDATES = 600


def measure(name: str, *, repeats: int) -> Result:
    """The measurement `control-1` or `control-50`."""
    return measure_sentences(name, repeats=repeats)


def measure_sentences(name: str, *, repeats: int, updates: int = UPDATES) -> Result:
    """Sentences per second of both.

    Args:
        name: of the measurement.
        repeats: timed runs of each side.
        updates: how long both are trained first.
    """
    suite, task = load_suite("mini"), load_task("control")
    composed = [e for e in task.test if len(e.attributes) == len(task.attributes)]
    requests = composed[:: len(composed) // SENTENCES[name]][: SENTENCES[name]]
    sides = (
        _contender(suite, task, system, changes, requests, updates)
        for system, changes in SYSTEMS.items()
    )
    first, second = alternate(*sides, sentences=len(requests), repeats=repeats)
    return Result(
        name,
        first,
        second,
        f"suite mini's systems after {updates} updates, task control, all four attributes,"
        f" sentences at once: {len(requests)}; diffusion-lm at {SYSTEMS['diffusion-lm']['nfe']}"
        " guided steps; calls of the operators are timed and not counted",
    )


def _contender(
    suite: Suite,
    task: Task,
    name: str,
    changes: Mapping[str, Any],
    requests: Sequence[Example],
    updates: int,
) -> Contender:
    recipe, task_recipe = suite.systems[name], suite.tasks[task.id]
    seen = visible(task, task_recipe.labels, guided=True)
    system = build_system(name, recipe.config, resources(seen, task_recipe))
    with tempfile.TemporaryDirectory() as folder:
        Trainer(
            system,
            seen.train,
            [],
            recipe=suite.training_of(name),
            budget=Budget(updates=updates),
            seed=1,
            folder=Path(folder),
        ).run()
    cast("Steerable", system).fit_operators(
        seen.train,
        labelled(task, task_recipe.labels),
        task.attributes,
        fill(type(system).OperatorConfig, recipe.operators, f"{name}.operators"),
        seed=1,
    )
    decoding = make_decoding(system, {**recipe.decoding, **changes})
    sources, ids = [e.source for e in requests], [e.id for e in requests]

    def run() -> list[str]:
        made = system.generate(sources, decoding, num_samples=1, seed=1, ids=ids)
        return [candidates[0].text for candidates in made]

    return Contender(name, run, network=system.network, module=system.module)
