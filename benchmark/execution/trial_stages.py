"""Run a trial: train, generate, score, each once; a failure is recorded, other trials continue.

Several processes of a launcher run a trial together. Only the first reads and writes the store,
determines what is missing, and scores. A trial is leased over all of its stages, so that of several
runs that share a store one works on it.
"""

from __future__ import annotations

import hashlib
import json
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from benchmark.api import System, UserError
from benchmark.experiment.plan import Plan
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.task_scoring import TaskScoring
from benchmark.experiment.trial import PlannedGeneration, Trial
from benchmark.generation.candidates_file import CANDIDATES
from benchmark.runtime.command_line import note
from benchmark.runtime.distributed import ALONE, Processes, ProcessLostError
from benchmark.runtime.stop_request import StoppedError, find_stop, raise_if_stopped
from benchmark.scoring.score_entries import find_score
from benchmark.store.entries import TRIAL, Kind, Store
from benchmark.store.files import write_text
from benchmark.store.lease import HeldError, LeaseLostError, Owner
from benchmark.store.provenance import code

Rerun = Literal["missing", "failed", "stale", "all"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a trial."""

    trial: str
    made: int
    """Entries made by this call."""
    errors: tuple[str, ...]
    held_by: Owner | None = None
    """Another process that works on it, or on what it needs: it has to be looked at again."""
    stopped: str = ""
    """Why it ended early, at a point where it resumes; empty if it did not."""


def select(plan: Plan, store: Store, rerun: Rerun) -> list[Trial]:
    """Select the trials that a call has to examine; remove entries to be made again."""
    if rerun == "failed":
        return [trial for trial in plan.trials if _has_failed(trial, store)]
    if rerun != "missing":
        for trial in plan.trials:
            # What depends on a stale entry is stale too.
            stale = rerun == "all"
            for kind, key in trial.entries:
                stale = stale or _is_stale(store.record(kind, key), trial)
                if stale:
                    store.forget(kind, key)
    return list(plan.trials)


def unfinished(trial: Trial, store: Store) -> bool:
    """Whether anything of a trial is missing, including scores with the current metrics."""
    return any(record is None for *_, record in _with_scores(trial, store))


def is_scored(store: Store, scoring: TaskScoring, generate_key: str) -> bool:
    """Whether candidates are there and have scores with the current metrics."""
    record = store.record("generate", generate_key)
    return record is not None and find_score(store, scoring, record)[1] is not None


def _has_failed(trial: Trial, store: Store) -> bool:
    tried = _with_scores(trial, store)
    return any(store.failure(kind, key) is not None for kind, key, _ in tried)


def _with_scores(trial: Trial, store: Store) -> Iterator[tuple[Kind, str, dict[str, Any] | None]]:
    """The entries with their records, each candidates entry followed by its current score."""
    for kind, key in trial.entries:
        record = store.record(kind, key)
        yield kind, key, record
        if kind == "generate" and record is not None:
            yield "score", *find_score(store, trial.scoring, record)


def _is_stale(record: dict[str, Any] | None, trial: Trial) -> bool:
    """Whether other code made an entry, or another source of a user's system."""
    from benchmark.store.provenance import code

    if record is None:
        return False
    changed = trial.source is not None and not trial.source.made(record)
    return changed or record["code"]["digest"] != code()["digest"]


def find_failures(trial: Trial, store: Store) -> dict[tuple[Kind, str], tuple[int, ...]]:
    """The recorded failures of a trial, each with what tells it from a later one."""
    marks = {(kind, key): store.failure_mark(kind, key) for kind, key, _ in _peek(trial, store)}
    return {entry: mark for entry, mark in marks.items() if mark is not None}


def is_there(trial: Trial, store: Store) -> bool:
    """Whether all of a trial is in the store, whole or not: what others finished a moment ago."""
    return all(found for *_, found in _peek(trial, store))


def _peek(trial: Trial, store: Store) -> Iterator[tuple[Kind, str, bool]]:
    """The entries and whether they are there, each candidates entry followed by its score."""
    for kind, key in trial.entries:
        record = store.peek(kind, key)
        yield kind, key, record is not None
        if kind == "generate" and record is not None:
            scored_as = trial.scoring.key(record["candidates_digest"])
            yield "score", scored_as, store.peek("score", scored_as) is not None


def release_leases(trial: Trial, store: Store, place: str, pids: Collection[int]) -> None:
    """Let others go on at once with a trial whose processes have ended without letting go.

    Args:
        trial: that they worked on.
        store: of the run.
        place: what `find_place` said where they were.
        pids: their numbers.
    """
    for kind, key in ((TRIAL, trial.key), *((kind, key) for kind, key, _ in _peek(trial, store))):
        store.release_for(kind, key, place, pids)


def run_trial(trial: Trial, context: RunContext) -> Outcome:
    """Make what is missing of a trial, unless another process works on it.

    Raises:
        ProcessLostError: if one of several processes failed where the others did not.
    """
    store, processes = context.store, context.processes
    code()  # is looked at once: before the code may be changed while it runs
    try:
        with _leased(store, TRIAL, trial.key, processes, timeout_s=0.0, what=trial.name):
            return _run_stages(trial, context)
    except HeldError as held:
        return Outcome(trial.name, 0, (), held_by=held.owner)
    except LeaseLostError as lost:
        note(f"note: {lost}")
        owner = store.find_owner(TRIAL, trial.key) or Owner("an unknown host", 0, "", trial.name)
        return Outcome(trial.name, 0, (), held_by=owner)
    except StoppedError as why:
        return Outcome(trial.name, 0, (), stopped=str(why))


def _run_stages(trial: Trial, context: RunContext) -> Outcome:
    store, processes = context.store, context.processes
    errors: list[str] = []
    made = 0

    @cache
    def system() -> System:
        from benchmark.generation.generate_stage import open_system

        return open_system(trial, context)

    def train_system() -> None:
        from benchmark.training.train_stage import train

        train(trial, context)

    def fit() -> None:
        from benchmark.training.operator_stage import fit_operators

        context.on_stage(trial.name, "operators", 0, 1, "")
        if processes.is_main:
            fit_operators(trial, context)

    def trace() -> None:
        from benchmark.generation.trace_stage import trace_decoding

        context.on_stage(trial.name, "trace", 0, 1, "")
        trace_decoding(trial, system(), context)

    def likelihood() -> None:
        from benchmark.scoring.likelihood_stage import score_likelihoods

        def on_batch(done: int, total: int) -> None:
            context.on_stage(trial.name, "likelihood", done, total, "")

        score_likelihoods(trial, system(), context, on_batch)

    if trial.train_key is not None:
        made += _make(store, "train", trial.train_key, train_system, errors, processes, 0.0)
    if trial.operators is not None and not errors:
        made += _make(store, "operators", trial.operators.key, fit, errors, processes, 0.0)
    if errors:
        return Outcome(trial.name, made, tuple(errors))
    decoded = trial.decoded
    for number, planned in enumerate(decoded):
        on_valid = ", valid" if planned.split == "valid" else ""
        label = f"{planned.setting.label}{on_valid} ({number + 1} of {len(decoded)})"

        def generate(planned: PlannedGeneration = planned, label: str = label) -> None:
            from benchmark.generation.generate_stage import generate_candidates

            def on_batch(done: int, total: int) -> None:
                context.on_stage(trial.name, "generate", done, total, label)
                if processes.count == 1 and done < total:
                    raise_if_stopped()

            generate_candidates(trial, planned, system(), context, on_batch)

        failed = len(errors)
        made += _make(store, "generate", planned.key, generate, errors, processes, 0.0)
        if len(errors) == failed and processes.is_main:
            made += score_entry(planned.key, trial.scoring, store, errors)
    if trial.trace_key is not None and not errors and processes.is_main:
        made += _make(store, "trace", trial.trace_key, trace, errors)
    if trial.likelihood_key is not None and not errors and processes.is_main:
        made += _make(store, "likelihood", trial.likelihood_key, likelihood, errors)
    return Outcome(trial.name, made, tuple(errors))


def score_entry(generate_key: str, scoring: TaskScoring, store: Store, errors: list[str]) -> int:
    """Score a finished candidates entry if needed; returns the number of entries made.

    Errors are recorded in the store and added to `errors`.
    """
    generated = store.record("generate", generate_key)
    if generated is None:
        errors.append("Its candidates are no longer in the store: run the same command again.")
        return 0
    digest = generated["candidates_digest"]
    key, _ = find_score(store, scoring, generated)

    def score() -> None:
        from benchmark.scoring.bootstrap import IntervalRecipe
        from benchmark.scoring.candidate_scores import score_candidates
        from benchmark.scoring.pairwise_cache import PairCache

        record, values = score_candidates(
            _read_candidates(store.folder("generate", generate_key), digest),
            scoring.metrics,
            mbr_utility=scoring.evaluation.mbr_utility,
            interval=IntervalRecipe(**scoring.evaluation.interval.model_dump()),
            mbr_utilities=scoring.evaluation.mbr.utilities,
            pairs=PairCache(store.root / "pairs", digest),
            script=scoring.script,
            unit=scoring.unit,
        )
        text = "".join(
            json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in values
        )
        write_text(store.partial("score", key) / "values.jsonl", text)
        store.finish("score", key, record | {"candidates_digest": digest})

    return _make(store, "score", key, score, errors)


def _read_candidates(folder: Path, digest: str) -> list[dict[str, Any]]:
    """The lines of a candidates file.

    Raises:
        UserError: if it is no longer what was generated.
    """
    path = folder / CANDIDATES
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise UserError(f"{path} was changed a moment ago: run the same command again.")
    return [json.loads(line) for line in data.decode("utf-8").split("\n")[:-1]]


def _make(
    store: Store,
    kind: Kind,
    key: str,
    make: Callable[[], None],
    errors: list[str],
    processes: Processes = ALONE,
    timeout_s: float | None = None,
) -> int:
    """Make an entry that is missing; returns the number of entries made.

    Errors are recorded in the store and added to `errors`, not raised.

    Args:
        timeout_s: seconds to wait for another process that makes it; None: until it has.

    Raises:
        HeldError: if another process makes it for longer.
        StoppedError: if the process is asked to stop.
    """
    with _leased(store, kind, key, processes, timeout_s=timeout_s):
        if not processes.broadcast(processes.is_main and store.record(kind, key) is None):
            return 0
        if why := processes.gather(find_stop())[0]:
            raise StoppedError(why)
        message = trace = ""
        try:
            make()
        except (StoppedError, LeaseLostError):
            raise
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
        if not message:
            return 1
        errors.append(message)
        if processes.is_main:
            store.fail(kind, key, error=message, traceback=trace)
        return 0


@contextmanager
def _leased(
    store: Store,
    kind: str,
    key: str,
    processes: Processes,
    *,
    timeout_s: float | None,
    what: str = "",
) -> Iterator[None]:
    """The first process holds the lease; where somebody else does, all raise the same error."""
    with ExitStack() as stack:
        owner: Owner | None = None
        if processes.is_main:
            try:
                stack.enter_context(store.lock(kind, key, timeout_s=timeout_s, what=what))
            except HeldError as held:
                owner = held.owner
        owner = processes.gather(owner)[0]
        if owner is not None:
            raise HeldError(owner)
        yield


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
