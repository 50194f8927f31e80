"""Compile the calls of a network temporarily, falling back to eager where that fails.

Only the forward of the network is compiled: whatever calls it, counts its calls or averages its
weights sees the original module. Compiled sums may round differently.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import Tensor, nn

from benchmark.runtime.network_forward import replaced_forward

Compilation = bool | Literal["cuda-graphs", "aot-eager"]
"""False runs as written; True compiles by torch's compiler; `cuda-graphs` records the kernels of a
call on a GPU too and replays them; `aot-eager` traces and compiles nothing, for tests."""

_log = logging.getLogger(__name__)


@contextmanager
def compiled(network: nn.Module | None, how: Compilation) -> Iterator[None]:
    """Within this context calls of `network` are compiled as `how` specifies.

    If compilation fails, one warning is logged and the network runs as written from then on.
    """
    if network is None or how is False:
        yield
        return
    with replaced_forward(network, _Compiled(network, network.forward, how)):
        yield


class _Compiled:
    """A forward that is compiled at its first call, and again for new shapes."""

    def __init__(self, network: nn.Module, eager: Callable[..., Any], how: Compilation) -> None:
        self.name, self.eager, self.how = type(network).__name__, eager, how
        self.fast: Callable[..., Any] | None = torch.compile(eager, **_options(how))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.fast is None:
            return self.eager(*args, **kwargs)
        try:
            if self.how != "cuda-graphs":
                return self.fast(*args, **kwargs)
            # The next replay overwrites the same memory, and solvers keep earlier predictions.
            torch.compiler.cudagraph_mark_step_begin()
            return _own(self.fast(*args, **kwargs))
        except Exception as error:
            if _is_out_of_memory(error):
                # As written it would need more, and every later call would be slow.
                raise
            # Any error of the compiler; an error of the network itself is raised again below.
            _log.warning("%s is not compiled: %s", self.name, _sentence(error))
            self.fast = None
        return self.eager(*args, **kwargs)


def _options(how: Compilation) -> dict[str, Any]:
    if how is True:
        # Widths differ from batch to batch; one more compilation for the first is saved.
        return {"dynamic": True}
    return {"mode": "reduce-overhead"} if how == "cuda-graphs" else {"backend": "aot_eager"}


def _is_out_of_memory(error: BaseException | None) -> bool:
    """Whether memory is what was missing, be it inside an error of the compiler."""
    while error is not None:
        if isinstance(error, torch.OutOfMemoryError):
            return True
        inner = getattr(error, "inner_exception", None)
        error = inner if isinstance(inner, BaseException) else error.__cause__
    return False


def _own(made: Any) -> Any:
    if isinstance(made, Tensor):
        return made.clone()
    if isinstance(made, tuple):
        return tuple(_own(part) for part in made)
    return made


def _sentence(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0] or type(error).__name__
