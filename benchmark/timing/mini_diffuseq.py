"""The `diffuseq` of suite mini as a side of a measurement: built, trained, sampled."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmark.api import DecodingProtocol, Example, Lengths
from benchmark.experiment.configuration import fill
from benchmark.experiment.registry import load_system
from benchmark.experiment.suite import Budget, load_suite
from benchmark.experiment.system_factory import resources
from benchmark.metrics import Item
from benchmark.tasks import Task
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
    system_class = load_system("diffuseq")
    values = {**suite.systems["diffuseq"].config, **config}
    torch.manual_seed(seed)
    return system_class.build(fill(system_class.Config, values, "diffuseq.config"), known)


def train_diffuseq(system: Any, task: Task, *, updates: int | None = None) -> None:
    """Train by suite mini's recipe; `updates` None is its budget too."""
    suite = load_suite("mini")
    budget = suite.budget_of("diffuseq", task.id) if updates is None else Budget(updates=updates)
    recipe = suite.training_of("diffuseq")
    with tempfile.TemporaryDirectory() as folder:
        Trainer(
            system, task.train, [], recipe=recipe, budget=budget, seed=1, folder=Path(folder)
        ).run()


def make_decoding(system: Any, values: Mapping[str, Any]) -> Any:
    """The system's decoding with `values` over its defaults."""
    return fill(type(system).Decoding, values, "diffuseq.decoding")


def write_texts(
    system: Any, examples: Sequence[Example], decoding: DecodingProtocol, *, num_samples: int = 1
) -> list[list[str]]:
    """`num_samples` texts per example, with seed 1."""
    made = system.generate(
        [e.source for e in examples],
        decoding,
        num_samples=num_samples,
        seed=1,
        ids=[e.id for e in examples],
    )
    return [[candidate.text for candidate in of_source] for of_source in made]


def as_items(examples: Sequence[Example], texts: Sequence[Sequence[str]]) -> list[Item]:
    """Texts as metrics read them."""
    return [
        Item(id=e.id, source=e.source, references=e.references, candidates=tuple(of_source))
        for e, of_source in zip(examples, texts, strict=True)
    ]


def describe_network(system: Any, task: Task) -> str:
    """Network and task, for a record."""
    config = system.config
    return (
        f"suite mini's diffuseq with width {config.width}, {config.layers} layers and ffn"
        f" {config.ffn}, task {task.id}"
    )
