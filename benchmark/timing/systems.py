"""Untrained systems of the registry, as sides of a measurement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from benchmark.api import Resources
from benchmark.experiment.configuration import fill
from benchmark.experiment.registry import load_system


def build_system(
    name: str, config: Mapping[str, object], resources: Resources, *, seed: int = 0
) -> Any:
    """A fresh system; `config` holds fields of its `Config`, `seed` decides its weights."""
    system_class = load_system(name)
    torch.manual_seed(seed)
    return system_class.build(fill(system_class.Config, config, f"{name}.config"), resources)


def make_decoding(system: Any, values: Mapping[str, Any]) -> Any:
    """The system's decoding with `values` over its defaults."""
    return fill(type(system).Decoding, values, f"{system.id}.decoding")
