"""The processes of one run: which one this is, what its share is, and what all of them agree on.

A launcher (`accelerate launch`, `torchrun`) starts the same command several times. The
processes then train data parallel, share out generation, and leave all writing to the first.
Two groups connect them: the main one carries tensors where they lie (nccl between GPUs, gloo
between CPUs), the control one carries numbers and texts between hosts and may wait for days,
since the others wait there while the first writes or scores. A run without a launcher is
`ALONE`, for which everything here is an identity.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from benchmark.api import UserError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Parameter

T = TypeVar("T")

GRACE_S = 5.0
"""How long a process that failed waits for the others to come to the same end."""

_POLL_S = 0.02
_LOST = "benchmark/lost"
_PATIENCE = timedelta(days=30)
_BUCKET = 2**24
"""Numbers that are summed over processes at once."""


class ProcessLostError(Exception):
    """The processes cannot go on together; `sentence` is empty where another one tells why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def share(size: int, rank: int, count: int) -> slice:
    """The contiguous part of `size` rows that process `rank` of `count` takes.

    The parts cover all rows in order of rank; their lengths differ by one at most.
    """
    return slice(rank * size // count, (rank + 1) * size // count)


def dealt(items: Sequence[T], rank: int, count: int) -> Sequence[T]:
    """Every `count`-th item, beginning with number `rank`."""
    return items[rank::count]


def collected(hands: Sequence[Sequence[T]]) -> list[T]:
    """What `dealt` gave to the processes, in the order that it had before."""
    size = sum(len(hand) for hand in hands)
    return [hands[i % len(hands)][i // len(hands)] for i in range(size)]


@dataclass(frozen=True, slots=True)
class Processes:
    """Process `rank` of `count`.

    All methods but `share` and `deal` are meetings: every process has to call them, in the
    same order.
    """

    rank: int = 0
    count: int = 1
    control: Any = None
    """The group between hosts; None for one process."""
    store: Any = None
    """The launcher's store of keys and values, which outlives every process."""

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self.rank == 0

    def share(self, size: int) -> slice:
        """The rows of this process."""
        return share(size, self.rank, self.count)

    def deal(self, items: Sequence[T]) -> Sequence[T]:
        """The items of this process."""
        return dealt(items, self.rank, self.count)

    def collect(self, hand: Sequence[T]) -> list[T]:
        """All items that were dealt, in order; they have to be JSON."""
        return collected(self.gather(hand))

    def gather(self, value: T) -> list[T]:
        """The values of all processes in order of rank; they have to be JSON."""
        if self.count == 1:
            return [value]
        import torch
        from torch import distributed

        text = json.dumps(value).encode()
        sizes = [int(s) for s in self.sums([len(text) * (r == self.rank) for r in self._ranks])]
        sent = torch.zeros(max(sizes), dtype=torch.uint8)
        sent[: len(text)] = torch.frombuffer(bytearray(text), dtype=torch.uint8)
        received = [torch.empty_like(sent) for _ in self._ranks]
        distributed.all_gather(received, sent, group=self.control)
        return [
            json.loads(part[:size].numpy().tobytes())
            for part, size in zip(received, sizes, strict=True)
        ]

    def first(self, number: float) -> float:
        """The number of the first process, such as one that comes from a clock."""
        if self.count == 1:
            return number
        import torch
        from torch import distributed

        told = torch.tensor(number, dtype=torch.float64)
        distributed.broadcast(told, src=0, group=self.control)
        return float(told)

    def sums(self, numbers: Sequence[float]) -> list[float]:
        """The sums over processes, in float64: exact for counts."""
        if self.count == 1:
            return list(numbers)
        import torch
        from torch import distributed

        total = torch.tensor(numbers, dtype=torch.float64)
        distributed.all_reduce(total, group=self.control)
        return total.tolist()

    def add_gradients(self, parameters: Iterable[Parameter]) -> None:
        """Turn the gradients of every process into their sum.

        A parameter that no process used keeps None; one that only others used gets theirs.
        """
        if self.count == 1:
            return
        import torch
        from torch import distributed

        known = list(parameters)
        used = self.sums([float(p.grad is not None) for p in known])
        gradients = []
        for parameter, users in zip(known, used, strict=True):
            if users and parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            if parameter.grad is not None:
                gradients.append(parameter.grad)
        waiting = []
        for bucket in _buckets(gradients):
            flat = torch.cat([gradient.flatten() for gradient in bucket])
            waiting.append((bucket, flat, distributed.all_reduce(flat, async_op=True)))
        for bucket, flat, work in waiting:
            work.wait()
            parts = flat.split([gradient.numel() for gradient in bucket])
            for gradient, part in zip(bucket, parts, strict=True):
                gradient.copy_(part.view_as(gradient))

    def join(self, rows: Tensor) -> Tensor:
        """The rows `(n, ...)` of all processes in order of rank, on the device of `rows`."""
        if self.count == 1:
            return rows
        import torch
        from torch import distributed

        sizes = [int(s) for s in self.sums([len(rows) * (r == self.rank) for r in self._ranks])]
        sent = rows.new_zeros(max(sizes), *rows.shape[1:])
        sent[: len(rows)] = rows
        received = [torch.empty_like(sent) for _ in self._ranks]
        distributed.all_gather(received, sent)
        return torch.cat([part[:size] for part, size in zip(received, sizes, strict=True)])

    def copy_first(self, tensors: Iterable[Tensor]) -> None:
        """Overwrite the tensors with those of the first process."""
        if self.count == 1:
            return
        from torch import distributed

        for tensor in tensors:
            distributed.broadcast(tensor.detach(), src=0)

    def wait(self) -> None:
        """Go on when all have come."""
        self.sums([0.0])

    def settle(self, error: str) -> list[str]:
        """How a piece of work ended in every process: what went wrong, or nothing.

        Raises:
            ProcessLostError: if this process failed and the others do not come, since they wait
                for it in the midst of the work; or if another one was left so.
        """
        if self.count == 1:
            return [error]
        # Not a collective: of those a process that failed alone could never leave again.
        try:
            meeting = self.store.add(f"benchmark/meetings/{self.rank}", 1)
            places = [f"benchmark/{meeting}/{rank}" for rank in self._ranks]
            self.store.set(places[self.rank], f"error {error}")
            until = time.monotonic() + GRACE_S if error else math.inf
            while not self.store.check(places):
                if time.monotonic() > until or self.store.check([_LOST]):
                    told = f"process {self.rank + 1} of {self.count}: {error}"
                    is_first = self.store.add(_LOST, 1) == 1
                    raise ProcessLostError(told if is_first else "")
                time.sleep(_POLL_S)
            texts = [self.store.get(place).decode() for place in places]
            return [text.removeprefix("error ") for text in texts]
        except RuntimeError as gone:  # and so is the launcher, which keeps the store
            raise ProcessLostError("") from gone

    def end(self) -> None:
        """Take leave of the others."""
        if self.count == 1:
            return
        from torch import distributed

        self.wait()
        distributed.destroy_process_group()

    @property
    def _ranks(self) -> range:
        return range(self.count)


ALONE = Processes()
"""A run without a launcher."""


def launched() -> int:
    """How many processes the launcher started; 1 without one.

    Raises:
        UserError: if `accelerate launch` was asked for several and started one.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    # `accelerate launch --cpu --num_processes 2` starts one process, with an address for more.
    is_cpu = os.environ.get("ACCELERATE_USE_CPU", "").lower() in ("1", "true")
    if is_cpu and "WORLD_SIZE" not in os.environ and "MASTER_PORT" in os.environ:
        raise UserError(
            "accelerate launch starts a single process with --cpu: launch several with"
            " torchrun --nproc-per-node N -m benchmark.run --device cpu."
        )
    return count


def start(device: str) -> Processes:
    """Meet the other processes of the launcher; `device` is cpu or cuda.

    On GPUs the device `cuda` is from here on the one of this process.

    Raises:
        UserError: if this machine has fewer GPUs than processes.
    """
    if launched() == 1:
        return ALONE
    import torch
    from accelerate import PartialState

    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if device != "cpu" and here > torch.cuda.device_count():
        raise UserError(
            f"{here} processes were started where torch sees {torch.cuda.device_count()} GPUs:"
            " start as many as there are, or use --device cpu."
        )
    state = PartialState(cpu=device == "cpu")
    control = torch.distributed.new_group(backend="gloo", timeout=_PATIENCE)
    store = torch.distributed.distributed_c10d._get_default_store()
    return Processes(state.process_index, state.num_processes, control, store)


def _buckets(tensors: Sequence[Tensor]) -> list[list[Tensor]]:
    """Tensors of one type in groups that are worth a message."""
    made: list[list[Tensor]] = []
    room = 0
    for tensor in tensors:
        if not made or room < tensor.numel() or made[-1][0].dtype != tensor.dtype:
            made.append([])
            room = _BUCKET
        made[-1].append(tensor)
        room -= tensor.numel()
    return made
