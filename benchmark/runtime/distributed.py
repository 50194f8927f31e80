"""The processes of one run: the rank of this one, its share, and collective operations.

A launcher (`accelerate launch`, `torchrun`) starts the same command several times. The
processes then train data parallel, divide up generation, and leave all writing to the first.
Two groups connect them: the main one carries tensors where they lie (nccl between GPUs, gloo
between CPUs), the control one carries numbers and objects between hosts and may wait for days,
since the other processes wait there while the first writes or scores. A run without a launcher is
`ALONE`, for which everything here is an identity.

torch sends objects as pickles. The rule against loading pickles is about files and third-party
data; these come from processes of the same command, which trust each other anyway.
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
"""How long a failed process waits for the others to reach the same end."""

_PATIENCE = timedelta(days=30)


class ProcessLostError(Exception):
    """The processes cannot continue together; `sentence` is empty if another one reports why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def merge_round_robin(parts: Sequence[Sequence[T]]) -> list[T]:
    """Undo `Processes.round_robin`: the items of all processes in their original order."""
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
        """Whether this is the process that writes files and prints."""
        return self.rank == 0

    def share(self, size: int) -> slice:
        """The contiguous part of `size` rows that this process takes.

        The parts cover all rows in order of rank; their lengths differ by at most one.
        """
        return slice(self.rank * size // self.count, (self.rank + 1) * size // self.count)

    def round_robin(self, items: Sequence[T]) -> Sequence[T]:
        """Every `count`-th item, starting at this process's rank."""
        return items[self.rank :: self.count]

    def gather_round_robin(self, part: Sequence[T]) -> list[T]:
        """The results of all processes for the items of `round_robin`, in their order."""
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
        """The first process's number, such as a reading of its clock."""
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
        """Wait until all processes arrive."""
        self.sums([0.0])

    def gather_errors(self, error: str) -> list[str]:
        """The error of each process in a piece of work; empty where it succeeded.

        Raises:
            ProcessLostError: if this process failed while the others still wait for it inside the
                work, or if another process failed in that way.
        """
        if self.count == 1:
            return [error]
        from torch import distributed

        # No other code here uses this kind of collective: a process that still waits inside the
        # work cannot mistake it for the one that it waits for.
        meeting = distributed.barrier(self.control, async_op=True)
        try:
            meeting.wait(timedelta(seconds=GRACE_S) if error else _PATIENCE)
            return self.gather(error)
        except RuntimeError as lost:
            # A process that has exited ends the barrier at once, and has reported why.
            is_left_alone = not meeting.is_completed()
            message = f"process {self.rank + 1} of {self.count}: {error}"
            raise ProcessLostError(message if is_left_alone else "") from lost

    def leave(self) -> None:
        """Leave the process group."""
        if self.count == 1:
            return
        from torch import distributed

        self.barrier()
        distributed.destroy_process_group()


ALONE = Processes()
"""A run without a launcher."""


def count_launched() -> int:
    """How many processes the launcher started; 1 without one.

    Raises:
        UserError: if `accelerate launch` was asked for several and started one.
    """
    count = _read_number("WORLD_SIZE", 1, least=1)
    # `accelerate launch --cpu --num_processes 2` starts one process, with an address for more.
    is_cpu = os.environ.get("ACCELERATE_USE_CPU", "").lower() in ("1", "true")
    if is_cpu and "WORLD_SIZE" not in os.environ and "MASTER_PORT" in os.environ:
        raise UserError(
            "accelerate launch --cpu starts only one process: launch several with"
            " torchrun --nproc-per-node N -m benchmark.run --device cpu."
        )
    return count


def _read_number(name: str, default: int, *, least: int = 0) -> int:
    text = os.environ.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and least <= int(text) < 10**6):
        raise UserError(
            f"The variable {name} of the environment is {text!r} and no number of a launcher: unset"
            " it."
        )
    return int(text)


def _check_launcher(count: int) -> None:
    """Refuse variables that some other program has set.

    Raises:
        UserError: if some are missing or contradict each other.
    """
    advice = "unset it, or start the command with torchrun or accelerate launch"
    missing = [name for name in _NEEDED if not os.environ.get(name)]
    if missing:
        raise UserError(
            f"WORLD_SIZE is {count} in the environment and {', '.join(missing)} is missing:"
            f" {advice}."
        )
    rank, local = _read_number("RANK", 0), _read_number("LOCAL_RANK", 0)
    _read_number("LOCAL_WORLD_SIZE", 1, least=1)
    _read_number("MASTER_PORT", 0)
    if rank >= count or local > rank:
        raise UserError(
            f"WORLD_SIZE is {count} in the environment, RANK {rank} and LOCAL_RANK {local}:"
            f" {advice}."
        )


_NEEDED = ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
"""What every launcher sets beside `WORLD_SIZE`."""
MEETING_S = 30.0
"""How long processes that no launcher watches wait for each other at the beginning."""


def start(device: str) -> Processes:
    """Join the process group of the launcher; `device` is as `choose_device` returns it.

    On GPUs, the device `cuda` means the GPU of this process from now on.

    Raises:
        UserError: if this machine has fewer GPUs than processes, or one GPU is named for all.
    """
    if count_launched() == 1:
        return ALONE
    if ":" in device:
        raise UserError(
            f"--device {device}: a launcher gives each process its own GPU; use --device cuda."
        )
    import torch
    from accelerate import PartialState

    here = _read_number("LOCAL_WORLD_SIZE", 1, least=1)
    if device != "cpu" and here > torch.cuda.device_count():
        raise UserError(
            f"{here} processes were started but torch finds {torch.cuda.device_count()} GPUs:"
            " start one process per GPU, or use --device cpu."
        )
    _check_launcher(count_launched())
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        _meet(device)
    state = PartialState(cpu=device == "cpu")
    control = torch.distributed.new_group(backend="gloo", timeout=_PATIENCE)
    return Processes(state.process_index, state.num_processes, control)


def _meet(device: str) -> None:
    """Join processes that were started by hand, or find out that there are none.

    Raises:
        UserError: if the others do not come.
    """
    from torch import distributed
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    rank, count = int(os.environ["RANK"]), count_launched()
    host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    try:
        patience = timedelta(seconds=MEETING_S)
        store = TCPStore(host, port, count, is_master=rank == 0, timeout=patience)
    except (RuntimeError, ValueError, OSError) as error:
        raise UserError(
            f"WORLD_SIZE is {count} in the environment, and the other processes did not come to"
            f" {host}:{port} within {MEETING_S:.0f} seconds: unset it, or start all of them with"
            " torchrun or accelerate launch."
        ) from error
    store.set_timeout(_PATIENCE)
    backend = "gloo" if device == "cpu" else "nccl"
    distributed.init_process_group(backend, store=store, rank=rank, world_size=count)
