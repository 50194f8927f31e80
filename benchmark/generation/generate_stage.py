"""Decode sources with one setting and store the candidates."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import asdict
from typing import cast

from benchmark.api import Steerable, System, UnnamedCheckpointWarning, check_identity
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.system_factory import build_system, count_parameters, vocab_size
from benchmark.experiment.trial import PlannedGeneration, Trial
from benchmark.generation.candidates_file import CANDIDATES, candidate_lines
from benchmark.generation.measured_generation import OnProgress, generate
from benchmark.runtime.compilation import compiled
from benchmark.runtime.precision import calculating, resolve_precision
from benchmark.store.files import file_digest, write_text
from benchmark.store.provenance import provenance

OPERATORS = "operators"
"""Folder of the operators in their entry."""


def open_system(trial: Trial, context: RunContext) -> System:
    """The trained system of a trial with its operators, or a fresh one if nothing is trained."""
    if trial.train_key is None:
        return build_system(trial)
    system = open_trained(trial, context)
    if trial.operators is not None:
        fitted = context.store.folder("operators", trial.operators.key) / OPERATORS
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnnamedCheckpointWarning)
            cast("Steerable", system).load_operators(fitted, trial.operators.recipe)
    return system


def open_trained(trial: Trial, context: RunContext) -> System:
    """The trained system of a trial, without operators."""
    assert trial.train_key is not None
    folder = context.store.folder("train", trial.train_key) / "system"
    with warnings.catch_warnings():
        # The key says which system an entry of an earlier version is of.
        warnings.simplefilter("ignore", UnnamedCheckpointWarning)
        check_identity(folder, trial.system_class)
        return trial.system_class.load(folder, context.device)


def generate_candidates(
    trial: Trial,
    planned: PlannedGeneration,
    system: System,
    context: RunContext,
    on_progress: OnProgress | None = None,
) -> None:
    """Make the entry `planned.key`: `candidates.jsonl` and its cost.

    With several processes, all decode and only the first writes.
    """
    asked = trial.evaluation.precision
    used = resolve_precision(asked, context.device)
    with (
        calculating(system.network, used, context.device),
        compiled(system.network, trial.evaluation.compile),
    ):
        made = generate(
            system,
            planned.sources,
            planned.decoding,
            num_samples=planned.num_samples,
            seed=trial.seed,
            batch=trial.evaluation.batch,
            device=context.device,
            on_progress=on_progress,
            processes=context.processes,
        )
    if not context.processes.is_main:
        return
    path = context.store.partial("generate", planned.key) / CANDIDATES
    write_text(path, "".join(candidate_lines(planned.sources, made.candidates)))
    count = max(1, len(planned.sources) * planned.num_samples)
    record = {
        **trial.describe("generate"),
        "train": trial.train_key,
        "setting": asdict(planned.setting),
        "split": planned.split,
        "num_sources": len(planned.sources),
        "num_samples": planned.num_samples,
        "batch": trial.evaluation.batch,
        # Entries in float32 look as those of earlier versions.
        **({} if asked == "float32" else {"precision": {"asked": asked, "used": used}}),
        "candidates_digest": file_digest(path),
        "statuses": dict(
            sorted(Counter(c.status for of_source in made.candidates for c in of_source).items())
        ),
        "cost": asdict(made.cost) | {"seconds_per_candidate": made.cost.wall_s / count},
        "parameters": count_parameters(system, vocab_size(trial)),
        **provenance(context.device, trial.threads),
        "processes": context.processes.count,
    }
    context.store.finish("generate", planned.key, record)
