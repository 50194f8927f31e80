"""The exponential moving average (EMA) of the weights, and its use within the system."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel


def moving_average(module: nn.Module, decay: float) -> AveragedModel | None:
    """An exponential moving average that forgets the random initialisation in short trainings.

    The effective decay after n updates is min(decay, (1 + n) / (10 + n)); None for decay 0.
    """
    if decay == 0:
        return None

    def multi_avg(averaged: Any, current: Any, num_averaged: Any) -> None:
        count = float(num_averaged)
        weight = 1.0 - min(decay, (1.0 + count) / (10.0 + count))
        torch._foreach_lerp_(list(averaged), list(current), weight)

    return AveragedModel(module, multi_avg_fn=multi_avg)


@contextmanager
def averaged_weights(module: nn.Module, average: AveragedModel | None) -> Iterator[None]:
    """The averaged weights inside `module` while the block runs; its own ones afterwards."""
    if average is None:
        yield
        return
    own = {name: value.detach().clone() for name, value in module.named_parameters()}
    _fill(module, dict(average.module.named_parameters()))
    try:
        yield
    finally:
        _fill(module, own)


@torch.no_grad()
def _fill(module: nn.Module, values: dict[str, Any]) -> None:
    for name, parameter in module.named_parameters():
        parameter.copy_(values[name])
