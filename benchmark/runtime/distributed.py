"""The processes of one run: which one this is, what its share is, and what all of them agree on.

A launcher (`accelerate launch`, `torchrun`) starts the same command several times. The
processes then train data parallel, share out generation, and leave all writing to the first.
Two groups connect them: the main one carries tensors where they lie (nccl between GPUs, gloo
between CPUs), the control one carries numbers and objects between hosts and may wait for days,
since the others wait there while the first writes or scores. A run without a launcher is
`ALONE`, for which everything here is an identity.

torch sends objects as pickles. The rule that no pickle is loaded is about files and what other
people made; these come from the same command, whose processes trust each other anyway.
"""

from __future__ import annotations

import os
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

_PATIENCE = timedelta(days=30)


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


def round_robin(items: Sequence[T], rank: int, count: int) -> Sequence[T]:
    """Every `count`-th item, beginning with number `rank`."""
    return items[rank::count]


def merge_round_robin(parts: Sequence[Sequence[T]]) -> list[T]:
    """What `round_robin` gave to the processes, in the order that it had before."""
    size = sum(len(part) for part in parts)
    return [parts[i % len(parts)][i // len(parts)] for i in range(size)]


@dataclass(frozen=True, slots=True)
class Processes:
    """Process `rank` of `count`.

    All methods but `share` and `round_robin` are collective: every process has to call them, in
    the same order.
    """

    rank: int = 0
    count: int = 1
    control: Any = None
    """The group between hosts; None for one process."""

    @property
    def is_main(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self.rank == 0

    def share(self, size: int) -> slice:
        """The rows of this process."""
        return share(size, self.rank, self.count)

    def round_robin(self, items: Sequence[T]) -> Sequence[T]:
        """Every `count`-th item, beginning with that of this process."""
        return round_robin(items, self.rank, self.count)

    def gather_round_robin(self, part: Sequence[T]) -> list[T]:
        """What all processes made of the items of `round_robin`, in the order of the items."""
        return merge_round_robin(self.gather(part))

    def gather(self, value: T) -> list[T]:
        """The values of all processes in order of rank; anything that can be pickled."""
        if self.count == 1:
            return [value]
        from torch import distributed

        values: list[Any] = [None] * self.count
        distributed.all_gather_object(values, value, group=self.control)
        return values

    def broadcast(self, number: float) -> float:
        """The number of the first process, such as one that comes from a clock."""
        return self.sums([number if self.is_main else 0.0])[0]

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
        waiting = []
        for parameter, users in zip(known, used, strict=True):
            if users and parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            if parameter.grad is not None:
                waiting.append(distributed.all_reduce(parameter.grad, async_op=True))
        for work in waiting:
            work.wait()

    def gather_rows(self, rows: Tensor) -> Tensor:
        """The rows `(n, ...)` of all processes in order of rank, on the device of `rows`."""
        if self.count == 1:
            return rows
        import torch
        from torch import distributed

        sizes = self.gather(len(rows))
        sent = rows.new_zeros(max(sizes), *rows.shape[1:])
        sent[: len(rows)] = rows
        received = [torch.empty_like(sent) for _ in sizes]
        distributed.all_gather(received, sent)
        return torch.cat([part[:size] for part, size in zip(received, sizes, strict=True)])

    def broadcast_tensors(self, tensors: Iterable[Tensor]) -> None:
        """Overwrite the tensors with those of the first process."""
        if self.count == 1:
            return
        from torch import distributed

        for tensor in tensors:
            distributed.broadcast(tensor.detach(), src=0)

    def barrier(self) -> None:
        """Go on when all have come."""
        self.sums([0.0])

    def gather_errors(self, error: str) -> list[str]:
        """How a piece of work ended in every process: what went wrong, or nothing.

        Raises:
            ProcessLostError: if this process failed and the others do not come, since they wait
                for it in the midst of the work; or if another one was left so.
        """
        if self.count == 1:
            return [error]
        from torch import distributed

        # A kind of collective that nothing else here is: a process that still waits for this one
        # in the midst of the work does not take it for what it waits for.
        meeting = distributed.barrier(self.control, async_op=True)
        try:
            meeting.wait(timedelta(seconds=GRACE_S) if error else _PATIENCE)
            return self.gather(error)
        except RuntimeError as lost:
            # A process that is gone ends the meeting at once, and has told why.
            is_left_alone = not meeting.is_completed()
            told = f"process {self.rank + 1} of {self.count}: {error}"
            raise ProcessLostError(told if is_left_alone else "") from lost

    def leave(self) -> None:
        """Leave the process group."""
        if self.count == 1:
            return
        from torch import distributed

        self.barrier()
        distributed.destroy_process_group()


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
    return Processes(state.process_index, state.num_processes, control)
