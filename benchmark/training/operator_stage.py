"""Fit the operators of a guided system to the labelled examples and store them."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast

from benchmark.api import Steerable
from benchmark.api.checkpoint import IDENTITY
from benchmark.api.noise import row_seed
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.trial import Trial
from benchmark.generation.generate_stage import OPERATORS, open_trained
from benchmark.store.files import folder_digest, make_empty
from benchmark.store.provenance import provenance


def fit_operators(trial: Trial, context: RunContext) -> None:
    """Make the entry `trial.operators.key`."""
    planned = trial.operators
    assert planned is not None and trial.train_key is not None
    system = cast("Steerable", open_trained(trial, context))
    system.fit_operators(
        trial.task.train,
        planned.labelled,
        trial.task.attributes,
        planned.recipe,
        seed=row_seed(trial.seed, f"operators of {trial.system}", 0),
    )
    folder = make_empty(context.store.partial("operators", planned.key) / OPERATORS)
    system.save_operators(folder)
    record = {
        **trial.describe("operators"),
        "train": trial.train_key,
        "labels": len(planned.labelled),
        "recipe": asdict(planned.recipe),
        "operators_digest": folder_digest(folder, without=(IDENTITY,)),
        **provenance(context.device, trial.threads),
    }
    context.store.finish("operators", planned.key, record)
