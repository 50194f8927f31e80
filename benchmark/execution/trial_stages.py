"""Run a trial: train, generate, score, each once; a failure is recorded, other trials continue.

Several processes of a launcher run a trial together. Only the first reads and writes the store,
determines what is missing, and scores.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from benchmark.api import System, UserError
from benchmark.experiment.plan import Plan
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.task_scoring import TaskScoring
from benchmark.experiment.trial import PlannedGeneration, Trial
from benchmark.runtime.distributed import ALONE, Processes, ProcessLostError
from benchmark.store.entries import Kind, Store
from benchmark.store.files import write_text

Rerun = Literal["missing", "failed", "stale", "all"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a trial."""

    trial: str
    made: int
    """Entries made by this call."""
    errors: tuple[str, ...]


def select(plan: Plan, store: Store, rerun: Rerun) -> list[Trial]:
    """Select the trials that a call has to examine; remove entries to be made again."""
    if rerun == "failed":
        return [trial for trial in plan.trials if _has_failed(trial, store)]
    if rerun != "missing":
        for trial in plan.trials:
            # What depends on a stale entry is stale too.
            stale = rerun == "all"
            for kind, key in trial.entries:
                stale = stale or _is_stale(store.record(kind, key))
                if stale:
                    store.forget(kind, key)
    return list(plan.trials)


def unfinished(trial: Trial, store: Store) -> bool:
    """Whether anything of a trial is missing, including scores with the current metrics."""
    return any(record is None for *_, record in _with_scores(trial, store))


def _has_failed(trial: Trial, store: Store) -> bool:
    tried = _with_scores(trial, store)
    return any(store.failure(kind, key) is not None for kind, key, _ in tried)


def _with_scores(trial: Trial, store: Store) -> Iterator[tuple[Kind, str, dict[str, Any] | None]]:
    """The entries with their records, each candidates entry followed by its current score."""
    for kind, key in trial.entries:
        record = store.record(kind, key)
        yield kind, key, record
        if kind == "generate" and record is not None:
            scored = trial.scoring.key(record["candidates_digest"])
            yield "score", scored, store.record("score", scored)


def _is_stale(record: dict[str, Any] | None) -> bool:
    from benchmark.store.provenance import code

    return record is not None and record["code"]["digest"] != code()["digest"]


def run_trial(trial: Trial, context: RunContext) -> Outcome:
    """Make what is missing of a trial.

    Raises:
        ProcessLostError: if one of several processes failed where the others did not.
    """
    errors: list[str] = []
    made = _train(trial, context, errors)
    if errors:
        return Outcome(trial.name, made, tuple(errors))

    @cache
    def system() -> System:
        from benchmark.generation.generate_stage import open_system

        return open_system(trial, context)

    for number, planned in enumerate(trial.generations):
        label = f"{planned.setting.label} ({number + 1} of {len(trial.generations)})"
        failed = len(errors)
        made += _generate(trial, planned, label, system, context, errors)
        if len(errors) == failed and context.processes.is_main:
            made += score_entry(planned.key, trial.scoring, context.store, errors)
    if trial.trace_key is not None and not errors and context.processes.is_main:
        made += _trace(trial, trial.trace_key, system, context, errors)
    return Outcome(trial.name, made, tuple(errors))


def _train(trial: Trial, context: RunContext, errors: list[str]) -> int:
    if trial.train_key is None:
        return 0
    with _attempt(context.store, "train", trial.train_key, errors, context.processes) as missing:
        if missing:
            from benchmark.training.train_stage import train

            train(trial, context)
            return 1
    return 0


def _generate(
    trial: Trial,
    planned: PlannedGeneration,
    label: str,
    system: Callable[[], System],
    context: RunContext,
    errors: list[str],
) -> int:
    with _attempt(context.store, "generate", planned.key, errors, context.processes) as missing:
        if missing:
            from benchmark.generation.generate_stage import generate_candidates

            def on_batch(done: int, total: int) -> None:
                context.on_stage(trial.name, "generate", done, total, label)

            generate_candidates(trial, planned, system(), context, on_batch)
            return 1
    return 0


def _trace(
    trial: Trial,
    key: str,
    system: Callable[[], System],
    context: RunContext,
    errors: list[str],
) -> int:
    with _attempt(context.store, "trace", key, errors, ALONE) as missing:
        if missing:
            from benchmark.generation.trace_stage import trace_decoding

            context.on_stage(trial.name, "trace", 0, 1, "")
            trace_decoding(trial, system(), context)
            return 1
    return 0


def score_entry(generate_key: str, scoring: TaskScoring, store: Store, errors: list[str]) -> int:
    """Score a finished candidates entry if needed; returns the number of entries made.

    Errors are recorded in the store and added to `errors`.
    """
    from benchmark.scoring.bootstrap import IntervalRecipe
    from benchmark.scoring.candidate_scores import score_candidates
    from benchmark.scoring.pairwise_cache import PairCache

    generated = store.record("generate", generate_key)
    assert generated is not None
    key = scoring.key(generated["candidates_digest"])
    with _attempt(store, "score", key, errors, ALONE) as missing:
        if not missing:
            return 0
        path = store.folder("generate", generate_key) / "candidates.jsonl"
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
        record, values = score_candidates(
            rows,
            scoring.metrics,
            mbr_utility=scoring.evaluation.mbr_utility,
            interval=IntervalRecipe(**scoring.evaluation.interval.model_dump()),
            mbr_utilities=scoring.evaluation.mbr.utilities,
            pairs=PairCache(store.root / "pairs", generated["candidates_digest"]),
        )
        text = "".join(
            json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in values
        )
        write_text(store.partial("score", key) / "values.jsonl", text)
        store.finish("score", key, record | {"candidates_digest": generated["candidates_digest"]})
        return 1
    return 0


@contextmanager
def _attempt(
    store: Store, kind: Kind, key: str, errors: list[str], processes: Processes
) -> Iterator[bool]:
    """Whether the entry is missing; errors inside are recorded and reported, not raised."""
    with store.lock(kind, key) if processes.is_main else nullcontext():
        is_missing = processes.broadcast(processes.is_main and store.record(kind, key) is None)
        message = trace = ""
        try:
            yield bool(is_missing)
        except Exception as error:  # other trials must continue, whatever it is
            text = " ".join(str(error).split()) or type(error).__name__
            message = text if isinstance(error, UserError) else f"{type(error).__name__}: {text}"
            trace = traceback.format_exc()
        try:
            message, trace = _agree_on_error(message, trace, processes)
        except ProcessLostError as lost:
            if lost.sentence:
                store.fail(kind, key, error=lost.sentence, traceback=trace)
            raise
        if message:
            errors.append(message)
            if processes.is_main:
                store.fail(kind, key, error=message, traceback=trace)


def _agree_on_error(message: str, trace: str, processes: Processes) -> tuple[str, str]:
    """The first error among the processes, with its traceback; empty if there is none."""
    everywhere = processes.gather_errors(message)
    if not any(everywhere):
        return "", ""
    rank = next(rank for rank, error in enumerate(everywhere) if error)
    message = everywhere[rank]
    if not all(everywhere):
        message = f"process {rank + 1} of {processes.count}: {message}"
    return message, processes.gather(trace)[rank]
