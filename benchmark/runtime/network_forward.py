"""Another forward for a network, for a while: how calls are compiled or take another precision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn


@contextmanager
def replaced_forward(network: nn.Module, forward: Callable[..., Any]) -> Iterator[None]:
    """Within this context calls of `network` are those of `forward`."""
    hidden = vars(network).get("forward")
    network.forward = forward
    try:
        yield
    finally:
        # An attribute of the instance was hiding the method of the class, or another attribute.
        del network.forward
        if hidden is not None:
            network.forward = hidden
