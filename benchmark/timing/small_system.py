"""The network of the measurements that need many updates or thousands of calls on one core."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from benchmark.api import Lengths
from benchmark.experiment.configuration import fill
from benchmark.experiment.registry import load_system
from benchmark.experiment.suite import load_suite
from benchmark.experiment.system_factory import resources
from benchmark.tasks import Task

SMALLER = {"width": 48, "layers": 3, "ffn": 96}
"""What differs from the `diffuseq` of suite mini."""


def smaller_system(
    task: Task, *, lengths: Lengths | None = None, seed: int = 0, **config: object
) -> Any:
    """A fresh `diffuseq` of suite mini, but for `SMALLER` and `config`.

    Args:
        lengths: the canvas; None is the suite's for `task`.
        seed: of the weights.
        config: fields of its `Config`.
    """
    suite = load_suite("mini")
    known = resources(task, suite.tasks[task.id])
    if lengths is not None:
        known = replace(known, lengths=lengths)
    system_class = load_system("diffuseq")
    values = {**suite.systems["diffuseq"].config, **SMALLER, **config}
    torch.manual_seed(seed)
    return system_class.build(fill(system_class.Config, values, "diffuseq.config"), known)


def conditions(system: Any, task: Task) -> str:
    """Network and task, for a record."""
    config = system.config
    return (
        f"suite mini's diffuseq with width {config.width}, {config.layers} layers and ffn"
        f" {config.ffn}, task {task.id}"
    )
