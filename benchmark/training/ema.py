"""The exponential moving average (EMA) of the weights, and its use within the system."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel


def moving_average(module: nn.Module, decay: float, *, warmup: bool = True) -> AveragedModel | None:
    """An exponential moving average of the weights; None for decay 0.

    Args:
        module: whose weights are averaged, from those that it has now.
        decay: share of the average that an update keeps.
        warmup: whether the decay after n updates is min(decay, (1 + n) / (10 + n)), which forgets
            the random initialisation in short trainings; .9999 is reached after 90,000 updates.
            Without, it is `decay` from the first update on, as in the code of DiffuSeq.
    """
    if decay == 0:
        return None

    def multi_avg(averaged: Any, current: Any, num_averaged: Any) -> None:
        count = float(num_averaged)
        kept = min(decay, (1.0 + count) / (10.0 + count)) if warmup else decay
        torch._foreach_lerp_(list(averaged), list(current), 1.0 - kept)

    average = AveragedModel(module, multi_avg_fn=multi_avg)
    if not warmup:
        # At 0 the first update would replace the first weights, not average over them.
        average.n_averaged.fill_(1)
    return average


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
