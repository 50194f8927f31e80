"""Counts of what a GPU would be asked for, taken where there is none.

A forward pass and sampling run on fake tensors of a CUDA device, which compute nothing. Autograd
does not, so an update is counted on the CPU: the same operators, less copies to the device.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)

_VIEWS = frozenset(
    {
        "view",
        "_unsafe_view",
        "reshape",
        "expand",
        "permute",
        "transpose",
        "t",
        "slice",
        "select",
        "unsqueeze",
        "squeeze",
        "detach",
        "alias",
        "as_strided",
        "split",
        "split_with_sizes",
        "unbind",
        "unfold",
        "lift_fresh",
        "empty",
        "empty_strided",
        "empty_like",
        "new_empty",
    }
)
"""Operators that start no kernel."""
_WAITS = frozenset(
    {
        "_local_scalar_dense",
        "nonzero",
        "masked_select",
        "bincount",
        "_unique2",
        "equal",
    }
)
"""Operators whose result the host needs before it can go on."""


class DeviceCounts(TorchDispatchMode):
    """Counts, by operator, kernels, waits of the host for the device, and copies between them."""

    def __init__(self, device_type: str = "cuda") -> None:
        super().__init__()
        self.device_type = device_type
        self.kernels: Counter[str] = Counter()
        self.waits: Counter[str] = Counter()
        self.copies: Counter[str] = Counter()

    def totals(self) -> dict[str, int]:
        """Kernels, waits and copies, over all operators."""
        return {
            "kernels": self.kernels.total(),
            "waits": self.waits.total(),
            "copies": self.copies.total(),
        }

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        name, kwargs = func.overloadpacket.__name__, kwargs or {}
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        if name in ("_local_scalar_dense", "is_nonzero") and self.device_type == "cuda":
            self._count(self.waits, name, given)
            return False if name == "is_nonzero" else 0
        made = func(*args, **kwargs)
        tensors = [*given, *(leaf for leaf in tree_leaves(made) if isinstance(leaf, Tensor))]
        has_mask = name.startswith("index") and any(t.dtype == torch.bool for t in given[1:])
        if name in _WAITS or has_mask:
            self._count(self.waits, name, tensors)
        if name in ("_to_copy", "copy_") and len({t.device.type for t in tensors}) > 1:
            self.copies[name] += 1
            if not (kwargs.get("non_blocking") or (name == "copy_" and args[2:] == (True,))):
                self.waits[name] += 1
        elif name == "scalar_tensor" or name in _VIEWS:
            pass
        else:
            self._count(self.kernels, name, tensors)
        return made

    def _count(self, counter: Counter[str], name: str, tensors: list[Tensor]) -> None:
        if any(tensor.device.type == self.device_type for tensor in tensors):
            counter[name] += 1


class _Methods(TorchFunctionMode):
    """Methods of a tensor that need the driver, by operators that a fake tensor has."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if func is torch.tensor and torch.device((kwargs or {}).get("device") or "cpu") != CPU:
            values = {name: value for name, value in kwargs.items() if name != "device"}
            return torch.ops.aten._to_copy(torch.tensor(*args, **values), device=CUDA)
        if args and isinstance(args[0], Tensor) and args[0].device.type == "cuda":
            if name == "__getitem__":
                return _index(args[0], args[1])
            if name == "__setitem__":
                return torch.ops.aten.index_put_(args[0], [args[1]], args[2])
            if name in ("__int__", "__float__", "__bool__", "item"):
                kind = {"__int__": int, "__bool__": bool}.get(name, float)
                return kind(torch.ops.aten._local_scalar_dense(args[0]))
            if name == "tolist":
                torch.ops.aten._to_copy(args[0], device=CPU)
                return np.zeros(tuple(args[0].shape), dtype=int).tolist()
            if name == "nonzero":
                torch.ops.aten._local_scalar_dense(args[0].sum())
                return torch.zeros((args[0].numel(), args[0].ndim), dtype=torch.int64, device=CUDA)
        return func(*args, **(kwargs or {}))


def _index(tensor: Tensor, key: Any) -> Tensor:
    parts = list(key) if isinstance(key, tuple) else [key]
    used = sum(part is not None and part is not Ellipsis for part in parts)
    if Ellipsis in [part for part in parts if not isinstance(part, Tensor)]:
        at = next(i for i, part in enumerate(parts) if part is Ellipsis)
        parts[at : at + 1] = [slice(None)] * (tensor.ndim - used)
    dim, chosen = 0, []
    for part in parts:
        if part is None:
            tensor = torch.ops.aten.unsqueeze(tensor, dim)
        elif isinstance(part, int):
            tensor = torch.ops.aten.select(tensor, dim, part)
            continue
        elif isinstance(part, slice):
            tensor = torch.ops.aten.slice(tensor, dim, part.start, part.stop, part.step or 1)
        else:
            chosen = [*chosen, *[None] * (dim - len(chosen)), part]
        dim += 1
    return torch.ops.aten.index(tensor, chosen) if chosen else tensor


@contextmanager
def fake_cuda() -> Iterator[DeviceCounts]:
    """Within this context tensors of a CUDA device can be made, and what is asked of it counts.

    A number that is read back is 0.
    """
    pin = Tensor.pin_memory
    Tensor.pin_memory = lambda self, *_: self  # type: ignore[assignment,method-assign]
    try:
        with FakeTensorMode(allow_non_fake_inputs=True), DeviceCounts() as counts, _Methods():
            yield counts
    finally:
        Tensor.pin_memory = pin  # type: ignore[method-assign]


def move(module: nn.Module) -> None:
    """Put the weights and buffers of a module on the fake device, within `fake_cuda`."""
    for part in module.modules():
        for name, weight in part._parameters.items():
            if weight is not None:
                part._parameters[name] = nn.Parameter(weight.detach().to(CUDA))
        for name, buffer in part._buffers.items():
            if buffer is not None:
                part._buffers[name] = buffer.to(CUDA)
