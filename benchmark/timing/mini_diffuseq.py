"""The `diffuseq` of suite mini as a side of a measurement: built, trained, sampled."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.api import Example, Lengths
from benchmark.experiment.recipes import Budget
from benchmark.experiment.suite import load_suite
from benchmark.experiment.system_factory import resources
from benchmark.metrics import Item, make_metric
from benchmark.tasks import Task
from benchmark.timing.systems import build_system, make_decoding
from benchmark.training.trainer import Trainer

SMALLER: Mapping[str, object] = {"width": 48, "layers": 3, "ffn": 96}
"""For measurements that need many updates or thousands of calls on one core."""


def build_diffuseq(
    task: Task, config: Mapping[str, object], *, lengths: Lengths | None = None, seed: int = 0
) -> Any:
    """A fresh `diffuseq` of suite mini, but for the fields in `config`.

    Args:
        task: brings the vocabulary.
        config: fields of its `Config` instead of the suite's.
        lengths: the canvas; None is the suite's for `task`.
        seed: of the weights.
    """
    suite = load_suite("mini")
    known = resources(task, suite.tasks[task.id])
    if lengths is not None:
        known = replace(known, lengths=lengths)
    values = {**suite.systems["diffuseq"].config, **config}
    return build_system("diffuseq", values, known, seed=seed)


def train_diffuseq(system: Any, task: Task, *, updates: int | None = None) -> None:
    """Train by suite mini's recipe; `updates` None is its budget too."""
    suite = load_suite("mini")
    budget = suite.budget_of("diffuseq", task.id) if updates is None else Budget(updates=updates)
    recipe = suite.training_of("diffuseq")
    with tempfile.TemporaryDirectory() as folder:
        Trainer(
            system, task.train, [], recipe=recipe, budget=budget, seed=1, folder=Path(folder)
        ).run()


def write_texts(
    system: Any, examples: Sequence[Example], decoding: Mapping[str, Any], *, num_samples: int = 1
) -> list[list[str]]:
    """`num_samples` texts per example, with seed 1 and `decoding` over the system's defaults."""
    made = system.generate(
        [e.source for e in examples],
        make_decoding(system, decoding),
        num_samples=num_samples,
        seed=1,
        ids=[e.id for e in examples],
    )
    return [[candidate.text for candidate in of_source] for of_source in made]


def join_texts(examples: Sequence[Example], texts: Sequence[Sequence[str]]) -> list[Item]:
    """Examples with the candidates that answer them."""
    return [
        Item(id=e.id, source=e.source, references=e.references, candidates=tuple(of_source))
        for e, of_source in zip(examples, texts, strict=True)
    ]


def score_texts(
    task: Task, examples: Sequence[Example], texts: Sequence[Sequence[str]]
) -> dict[str, NDArray[np.float64]]:
    """Sentence BLEU against all references and validity by source, means over candidates.

    Args:
        task: controlled.
        examples: those that were answered.
        texts: candidates of each.
    """
    items = join_texts(examples, texts)
    metrics = make_metric("bleu_sent_m4"), make_metric("validity", conditional=task.conditional)
    return {metric.id: metric.score(items).values.mean(1) for metric in metrics}


def describe_network(system: Any, task: Task) -> str:
    """Network and task, for a record."""
    config = system.config
    return (
        f"suite mini's diffuseq with width {config.width}, {config.layers} layers and ffn"
        f" {config.ffn}, task {task.id}"
    )
