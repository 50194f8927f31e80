"""Decode the test split with one setting and store the candidates."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from benchmark.api import System
from benchmark.experiment.configuration import fill
from benchmark.experiment.plan import Cell
from benchmark.experiment.registry import load_system
from benchmark.experiment.settings import Setting, num_samples_of, sources_of
from benchmark.experiment.suite import Suite
from benchmark.experiment.system_factory import build_system, parameter_counts, vocab_size
from benchmark.generation.candidates_file import CANDIDATES, candidate_lines
from benchmark.generation.measured_generation import OnProgress, generate
from benchmark.runtime.compilation import compiled
from benchmark.runtime.distributed import ALONE, Processes
from benchmark.store.entries import Store
from benchmark.store.files import file_digest, write_text
from benchmark.store.provenance import provenance
from benchmark.tasks import Task


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
    num_samples, sources = num_samples_of(suite, setting), sources_of(task, setting)
    decoding = fill(type(system).Decoding, setting.decoding, "decoding")
    with compiled(system.network, suite.evaluation.compile):
        made = generate(
            system,
            sources,
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
    write_text(path, "".join(candidate_lines(sources, made.candidates)))
    count = max(1, len(sources) * num_samples)
    record = {
        "stage": "generate",
        "task": cell.task,
        "system": cell.system,
        "seed": cell.seed,
        "train": cell.train_key,
        "setting": asdict(setting),
        "num_sources": len(sources),
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
