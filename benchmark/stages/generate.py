"""Decode the test split with one setting and store the candidates."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict

from benchmark.api import Candidate, Example, Generation, System
from benchmark.compiling import compiled
from benchmark.generation import OnProgress, generate
from benchmark.plan import Cell, Setting, num_samples_of
from benchmark.processes import ALONE, Processes
from benchmark.provenance import provenance
from benchmark.registry import load_system
from benchmark.settings import fill
from benchmark.stages.train import build_system, parameter_counts, vocab_size
from benchmark.store import Store, file_digest, write_text
from benchmark.suite import Suite
from benchmark.tasks import Task

CANDIDATES = "candidates.jsonl"


def open_system(cell: Cell, suite: Suite, task: Task, store: Store, device: str) -> System:
    """The trained system of a cell, or a fresh one where nothing is trained."""
    if cell.train_key is None:
        return build_system(cell, suite, task)
    folder = store.folder("train", cell.train_key) / "system"
    return load_system(cell.system).load(folder, device)


def generate_candidates(
    cell: Cell,
    setting: Setting,
    key: str,
    system: System,
    suite: Suite,
    task: Task,
    store: Store,
    *,
    device: str,
    on_progress: OnProgress | None = None,
    processes: Processes = ALONE,
) -> None:
    """Make the entry `key`: `candidates.jsonl` and what it cost.

    Of several processes all decode, and the first alone writes.
    """
    num_samples = num_samples_of(suite, setting)
    decoding = fill(type(system).Decoding, setting.decoding, "decoding")
    with compiled(system.network, suite.evaluation.compile):
        made = generate(
            system,
            task.test,
            decoding,
            num_samples=num_samples,
            seed=cell.seed,
            batch=suite.evaluation.batch,
            device=device,
            on_progress=on_progress,
            processes=processes,
        )
    if not processes.is_main:
        return
    path = store.partial("generate", key) / CANDIDATES
    write_text(path, "".join(_lines(task.test, made)))
    count = max(1, len(task.test) * num_samples)
    record = {
        "stage": "generate",
        "task": cell.task,
        "system": cell.system,
        "seed": cell.seed,
        "train": cell.train_key,
        "setting": asdict(setting),
        "num_sources": len(task.test),
        "num_samples": num_samples,
        "batch": suite.evaluation.batch,
        "candidates_digest": file_digest(path),
        "statuses": dict(
            sorted(Counter(c.status for of_source in made.candidates for c in of_source).items())
        ),
        "cost": asdict(made.cost) | {"seconds_per_candidate": made.cost.wall_s / count},
        "parameters": parameter_counts(system, vocab_size(suite, task)),
        **provenance(device, suite.threads),
        "processes": processes.count,
    }
    store.finish("generate", key, record)


def _lines(examples: tuple[Example, ...], made: Generation) -> list[str]:
    return [
        json.dumps(
            {
                "id": example.id,
                "source": example.source,
                "references": list(example.references),
                "candidates": [_plain(candidate) for candidate in of_source],
            },
            ensure_ascii=False,
        )
        + "\n"
        for example, of_source in zip(examples, made.candidates, strict=True)
    ]


def _plain(candidate: Candidate) -> dict[str, object]:
    """Log-probabilities are cut to what survives another batch size."""
    logprob = None if candidate.logprob is None else round(candidate.logprob, 3)
    return {"text": candidate.text, "status": candidate.status, "logprob": logprob}
