"""The loss of a system as a module, with its precision and gradient scaling."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from benchmark.api import System
from benchmark.experiment.recipes import TrainingRecipe

WIDE = 128
"""Width from which bf16 pays on a processor that has units for it: .7 of the time of float32 and
less, measured from 96 to 768; below, the conversions cost about what the products save."""


class Objective(nn.Module):
    """The loss as the forward of a module; matrix products within it use bf16 if configured."""

    def __init__(self, system: System, *, device: str, is_bf16: bool) -> None:
        super().__init__()
        self.module = system.module
        self._loss = system.loss
        self._autocast = partial(
            torch.autocast, device_type=device, dtype=torch.bfloat16, enabled=is_bf16
        )

    def forward(
        self, batch: dict[str, Any], noise: Any
    ) -> tuple[Tensor, dict[str, Tensor], int, str]:
        """Total, terms, tokens of the batch, and what the total is a mean over."""
        with self._autocast():
            terms = self._loss(batch, noise)
        return terms.total.float(), terms.terms, terms.tokens, terms.mean_over


def is_bf16(recipe: TrainingRecipe, device: str, module: nn.Module) -> bool:
    """Whether matrix products use bf16: as the recipe sets, or where it pays.

    Args:
        recipe: its `precision`; `auto` = on GPUs that have it, and on processors that have it for
            networks of at least `WIDE`.
        device: its type, such as `cpu`.
        module: of the system.
    """
    if recipe.precision != "auto":
        return recipe.precision == "bf16"
    if device != "cpu":
        return torch.cuda.is_bf16_supported()
    # Earlier versions of torch do not tell.
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    has_units = any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16"))
    return has_units and find_width(module) >= WIDE


def find_width(module: nn.Module) -> int:
    """The width of a network: the largest number that both sides of some matrix reach."""
    return max((min(p.shape) for p in module.parameters() if p.ndim == 2), default=0)


def move_batch(batch: dict[str, Any], device: torch.device) -> dict[str, Any]:
    """A batch with its tensors on the device."""
    return {
        name: _move(value, device) if isinstance(value, Tensor) else value
        for name, value in batch.items()
    }


def divide_gradients(parameters: Iterable[nn.Parameter], by: float) -> None:
    """Turn the gradients of a sum into those of a mean."""
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad /= by


def learn_from_all(module: nn.Module, join: Callable[[Tensor], Tensor] | None) -> None:
    """Give the parts that learn from the rows they see access to those of all processes."""
    for part in module.modules():
        hook: Callable[[Any], None] | None = getattr(part, "learn_from_all", None)
        if hook is not None:
            hook(join)


def _move(tensor: Tensor, device: torch.device) -> Tensor:
    # From pinned memory a copy does not wait for what the device still has to do.
    pinned = tensor.pin_memory() if device.type == "cuda" else tensor
    return pinned.to(device, non_blocking=True)
