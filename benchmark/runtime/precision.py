"""The precision in which a network decodes: only its own products change, all else stays float32.

What a network returns is float32 again, so that solvers, clamps, searches and draws do not notice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import Tensor, nn

from benchmark.runtime.network_forward import replaced_forward

Precision = Literal["float32", "tf32", "bf16", "auto"]
"""float32; `tf32`, products of a GPU with 10 bits behind the point, float32 on a CPU; `bf16`, by
autocast; `auto`, bf16 where a GPU supports it, otherwise float32."""
Used = Literal["float32", "tf32", "bf16"]


def resolve_precision(asked: Precision, device: str) -> Used:
    """The precision that is used on `device`."""
    is_cpu = device == "cpu"
    if asked == "auto":
        return "bf16" if not is_cpu and torch.cuda.is_bf16_supported() else "float32"
    return "float32" if asked == "tf32" and is_cpu else asked


@contextmanager
def calculating(network: nn.Module | None, used: Used, device: str) -> Iterator[None]:
    """Within this context calls of `network` use the precision `used`."""
    if network is None or used == "float32":
        yield
        return
    converted = _Converted(network.forward, used, torch.device(device).type)
    with replaced_forward(network, converted):
        yield


class _Converted:
    """A forward in another precision, with results in float32."""

    def __init__(self, forward: Callable[..., Any], used: Used, device_type: str) -> None:
        self.forward, self.used, self.device_type = forward, used, device_type

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.used == "tf32":
            with _tf32():
                return self.forward(*args, **kwargs)
        with torch.autocast(self.device_type, torch.bfloat16):
            made = self.forward(*args, **kwargs)
        return _in_float32(made)


@contextmanager
def _tf32() -> Iterator[None]:
    products = torch.backends.cuda.matmul
    before = products.fp32_precision
    products.fp32_precision = "tf32"
    try:
        yield
    finally:
        products.fp32_precision = before


def _in_float32(made: Any) -> Any:
    if isinstance(made, Tensor):
        return made.float() if made.dtype == torch.bfloat16 else made
    if type(made) in (tuple, list):
        return type(made)(_in_float32(part) for part in made)
    if isinstance(made, dict):  # the outputs of transformers are dictionaries with attributes
        for name, part in made.items():
            if isinstance(part, Tensor):
                made[name] = _in_float32(part)
    return made
