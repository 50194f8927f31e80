"""Run cells: train, generate, score, each once; a failure is kept and the others go on.

Several processes of a launcher go through a cell together. The first one alone reads and writes
the store, says what is missing, and scores.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from benchmark.api import System, UserError
from benchmark.experiment.plan import Cell, Plan, load, metrics_of, utilities_of
from benchmark.experiment.suite import Suite
from benchmark.runtime.distributed import ALONE, Processes, ProcessLostError
from benchmark.store.entries import Kind, Store, content_key
from benchmark.store.files import write_text
from benchmark.tasks import Task

CURVES = 1
"""Part of the key of scores: raised when what they hold beside the metrics changes."""

Rerun = Literal["missing", "failed", "stale", "all"]

OnStage = Callable[[str, str, int, int, str], None]
"""Called with (cell, stage, done, total, what to print beside the bar)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a cell."""

    cell: str
    made: int
    """Entries made by this call."""
    errors: tuple[str, ...]


def entries(cell: Cell) -> list[tuple[Kind, str]]:
    """The entries of a cell whose keys are known before it runs."""
    trained: list[tuple[Kind, str]] = [("train", cell.train_key)] if cell.train_key else []
    traced: list[tuple[Kind, str]] = [("trace", cell.trace_key)] if cell.trace_key else []
    return [*trained, *(("generate", key) for key in cell.generate_keys), *traced]


def select(plan: Plan, store: Store, rerun: Rerun) -> list[Cell]:
    """The cells that a call has to look at; entries to be made again are removed."""
    if rerun == "missing":
        return list(plan.cells)
    if rerun == "failed":
        return [cell for cell in plan.cells if _has_failed(cell, plan, store)]
    for cell in plan.cells:
        # What stands on a stale entry is stale too.
        stale = rerun == "all"
        for kind, key in entries(cell):
            stale = stale or _is_stale(store.record(kind, key))
            if stale:
                store.forget(kind, key)
    return list(plan.cells)


def unfinished(cell: Cell, plan: Plan, store: Store) -> bool:
    """Whether anything of a cell is missing, scores with the present metrics included."""
    return any(record is None for *_, record in _with_scores(cell, plan, store))


def _has_failed(cell: Cell, plan: Plan, store: Store) -> bool:
    tried = _with_scores(cell, plan, store)
    return any(store.failure(kind, key) is not None for kind, key, _ in tried)


def _with_scores(
    cell: Cell, plan: Plan, store: Store
) -> Iterator[tuple[Kind, str, dict[str, Any] | None]]:
    """The entries with their records, and after candidates their scores with present metrics."""
    for kind, key in entries(cell):
        record = store.record(kind, key)
        yield kind, key, record
        if kind == "generate" and record is not None:
            scored = score_key(plan.suite, plan.tasks[cell.task], record["candidates_digest"])
            yield "score", scored, store.record("score", scored)


def _is_stale(record: dict[str, Any] | None) -> bool:
    from benchmark.store.provenance import code

    return record is not None and record["code"]["digest"] != code()["digest"]


def run_cell(
    cell: Cell,
    suite: Suite,
    data_dir: Path | None,
    store: Store,
    *,
    device: str,
    on_stage: OnStage,
    tensorboard: Path | None = None,
    processes: Processes = ALONE,
) -> Outcome:
    """Make what is missing of a cell.

    Raises:
        ProcessLostError: if one of several processes failed where the others did not.
    """
    made = 0
    errors: list[str] = []
    task = _task(suite, cell.task, data_dir)
    if cell.train_key is not None:
        with _attempt(store, "train", cell.train_key, errors, processes) as missing:
            if missing:
                from benchmark.training.train_stage import train

                def on_update(done: int, total: int, text: str) -> None:
                    on_stage(cell.name, "train", done, total, text)

                train(
                    cell, suite, task, store,
                    device=device, on_progress=on_update, tensorboard=tensorboard,
                    processes=processes,
                )  # fmt: skip
                made += 1
        if errors:
            return Outcome(cell.name, made, tuple(errors))
    system: System | None = None
    for number, (setting, key) in enumerate(zip(cell.settings, cell.generate_keys, strict=True)):
        label = f"{setting.label} ({number + 1} of {len(cell.settings)})"
        failed = len(errors)
        with _attempt(store, "generate", key, errors, processes) as missing:
            if missing:
                from benchmark.generation.generate_stage import generate_candidates, open_system

                system = system or open_system(cell, suite, task, store, device)

                def on_batch(done: int, total: int, label: str = label) -> None:
                    on_stage(cell.name, "generate", done, total, label)

                generate_candidates(
                    cell, setting, key, system, suite, task, store,
                    device=device, on_progress=on_batch, processes=processes,
                )  # fmt: skip
                made += 1
        if len(errors) == failed and processes.is_main:
            made += score_entry(key, suite, task, store, errors)
    if cell.trace_key is not None and not errors and processes.is_main:
        with _attempt(store, "trace", cell.trace_key, errors, ALONE) as missing:
            if missing:
                from benchmark.generation.generate_stage import open_system
                from benchmark.generation.trace_stage import trace_decoding

                system = system or open_system(cell, suite, task, store, device)
                on_stage(cell.name, "trace", 0, 1, "")
                trace_decoding(cell, system, suite, task, store, device=device)
                made += 1
    return Outcome(cell.name, made, tuple(errors))


def score_key(suite: Suite, task: Task, candidates_digest: str) -> str:
    """The key of the scores of a candidates file."""
    evaluation = suite.evaluation
    return content_key(
        {
            "stage": "score",
            "candidates": candidates_digest,
            "task": task.digest,
            "metrics": {m.id: m.signature for m in metrics_of(suite, task)},
            "mbr_utility": evaluation.mbr_utility,
            "mbr_utilities": {u.id: u.signature for u in utilities_of(suite)},
            "curves": CURVES,
            "interval": evaluation.interval.model_dump(),
        }
    )


def score_entry(
    generate_key: str, suite: Suite, task: Task, store: Store, errors: list[str]
) -> int:
    """Score a finished entry of candidates where that is missing; the number of entries made.

    What goes wrong is kept in the store and added to `errors`.
    """
    from benchmark.scoring.bootstrap import IntervalRecipe
    from benchmark.scoring.candidate_scores import score_candidates
    from benchmark.scoring.pairwise_cache import PairCache

    generated = store.record("generate", generate_key)
    assert generated is not None
    key = score_key(suite, task, generated["candidates_digest"])
    with _attempt(store, "score", key, errors, ALONE) as missing:
        if not missing:
            return 0
        path = store.folder("generate", generate_key) / "candidates.jsonl"
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
        record, values = score_candidates(
            rows,
            metrics_of(suite, task),
            mbr_utility=suite.evaluation.mbr_utility,
            interval=IntervalRecipe(**suite.evaluation.interval.model_dump()),
            mbr_utilities=suite.evaluation.mbr.utilities,
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
    """Whether the entry is missing; what goes wrong inside is kept and told, not raised."""
    with store.lock(kind, key) if processes.is_main else nullcontext():
        is_missing = processes.first(processes.is_main and store.record(kind, key) is None)
        told = trace = ""
        try:
            yield bool(is_missing)
        except Exception as error:  # the other cells must go on, whatever it is
            text = " ".join(str(error).split()) or type(error).__name__
            told = text if isinstance(error, UserError) else f"{type(error).__name__}: {text}"
            trace = traceback.format_exc()
        try:
            told, trace = _settled(told, trace, processes)
        except ProcessLostError as lost:
            if lost.sentence:
                store.fail(kind, key, error=lost.sentence, traceback=trace)
            raise
        if told:
            errors.append(told)
            if processes.is_main:
                store.fail(kind, key, error=told, traceback=trace)


def _settled(told: str, trace: str, processes: Processes) -> tuple[str, str]:
    """What went wrong in any of the processes, with its traceback; empty if nothing did."""
    everywhere = processes.settle(told)
    if not any(everywhere):
        return "", ""
    rank = next(rank for rank, error in enumerate(everywhere) if error)
    told = everywhere[rank]
    if not all(everywhere):
        told = f"process {rank + 1} of {processes.count}: {told}"
    return told, processes.gather(trace)[rank]


@lru_cache(maxsize=8)
def _cached_task(suite_yaml: str, task: str, data_dir: Path | None) -> Task:
    import yaml

    return load(Suite.model_validate(yaml.safe_load(suite_yaml)), task, data_dir)


def _task(suite: Suite, task: str, data_dir: Path | None) -> Task:
    return _cached_task(suite.yaml(), task, data_dir)
