"""Generation by the harness: batches of rows, and measured cost.

Several processes receive the same whole batches that one would decode, so that not even rounding
depends on their number.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmark.api import Candidates, Cost, DecodingProtocol, Example, Generation, System
from benchmark.runtime.distributed import ALONE, Processes

OnProgress = Callable[[int, int], None]
"""Called with (done, total)."""


class CostMeter:
    """Counts and times the calls of a network by hooks.

    On an accelerator the network's seconds come from device events, so that counting does not force
    synchronisation.
    """

    def __init__(self, network: nn.Module | None) -> None:
        self.network = network
        self.calls = 0
        self.rows = 0
        self.tokens = 0
        self.host_s = 0.0
        self._events: list[tuple[Any, Any]] = []
        self._started: Any = None

    @contextmanager
    def running(self) -> Iterator[CostMeter]:
        """Count while the block runs."""
        if self.network is None:
            yield self
            return
        before = self.network.register_forward_pre_hook(self._before, with_kwargs=True)
        after = self.network.register_forward_hook(self._after)
        try:
            yield self
        finally:
            before.remove()
            after.remove()

    @property
    def network_s(self) -> float:
        """Seconds inside the network so far."""
        return self.host_s + sum(a.elapsed_time(b) for a, b in self._events) / 1e3

    def _before(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        tensors = (value for value in (*args, *kwargs.values()) if isinstance(value, Tensor))
        first = next(tensors)
        self.calls += 1
        self.rows += first.shape[0]
        self.tokens += first.shape[0] * (first.shape[1] if first.ndim > 1 else 1)
        self._started = time.perf_counter() if first.device.type == "cpu" else _event()

    def _after(self, module: nn.Module, args: tuple[Any, ...], output: object) -> None:
        if isinstance(self._started, float):
            self.host_s += time.perf_counter() - self._started
        else:
            self._events.append((self._started, _event()))


def generate(
    system: System,
    examples: Sequence[Example],
    decoding: DecodingProtocol,
    *,
    num_samples: int,
    seed: int,
    batch: int,
    device: str = "cpu",
    on_progress: OnProgress | None = None,
    processes: Processes = ALONE,
) -> Generation:
    """Candidates for every example, in order, and their cost.

    Args:
        batch: rows (sources times candidates) decoded at once; at least one source.
        processes: divide up the batches; each gets all candidates. Their seconds are added up, so
            that a cost does not depend on their number, and the peak is that of the largest.

    Raises:
        RuntimeError: if the system does not return `num_samples` candidates per source.
    """
    module = system.module
    if module is not None:
        module.eval()
    sources_at_once = max(1, batch // num_samples)
    # Sources of similar length share a batch, so that little of it is padding.
    order = sorted(range(len(examples)), key=lambda i: len(examples[i].source))
    batches = [
        order[first : first + sources_at_once] for first in range(0, len(order), sources_at_once)
    ]
    decoded: list[Candidates] = []
    done = 0
    meter = CostMeter(system.network)
    steering = CostMeter(getattr(system, "operators", None))
    depth_sum = operator_sum = 0.0
    if examples and module is not None:
        system.generate(
            [examples[0].source], decoding, num_samples=1, seed=seed, ids=[examples[0].id]
        )
    _reset_peak(device)
    started = time.perf_counter()
    with meter.running(), steering.running():
        for chosen in processes.round_robin(batches):
            calls_before, steered_before = meter.calls, steering.calls
            made = system.generate(
                [examples[i].source for i in chosen],
                decoding,
                num_samples=num_samples,
                seed=seed,
                ids=[examples[i].id for i in chosen],
            )
            _check_counts(made, len(chosen), num_samples, system.id)
            depth_sum += (meter.calls - calls_before) * len(chosen)
            operator_sum += (steering.calls - steered_before) * len(chosen)
            decoded.append(made)
            done += len(chosen)
            if on_progress is not None:
                on_progress(min(done * processes.count, len(order)), len(order))
    if device != "cpu":
        torch.cuda.synchronize()
    wall_s = time.perf_counter() - started
    peak_bytes = _peak_bytes(device)
    depth_sum, operator_sum, rows, tokens, network_s, wall_s = processes.sums(
        [depth_sum, operator_sum, meter.rows, meter.tokens, meter.network_s, wall_s]
    )
    count = max(1, len(examples) * num_samples)
    cost = Cost(
        depth=depth_sum / max(1, len(examples)),
        rows=rows / count,
        tokens=tokens / count,
        network_s=network_s,
        wall_s=wall_s,
        peak_bytes=max(processes.gather(peak_bytes)),
        operator_calls=operator_sum / max(1, len(examples)),
    )
    candidates: Candidates = [[] for _ in examples]
    for chosen, made in zip(batches, processes.gather_round_robin(decoded), strict=True):
        for index, of_source in zip(chosen, made, strict=True):
            candidates[index] = of_source
    return Generation(candidates, cost)


def _check_counts(made: Candidates, sources: int, num_samples: int, system: str) -> None:
    counts = {len(of_source) for of_source in made}
    if len(made) != sources or counts - {num_samples}:
        raise RuntimeError(
            f"System {system} was asked for {num_samples} candidates for each of {sources}"
            f" sources and returned {sorted(counts)} for {len(made)}."
        )


def _event() -> Any:
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def _reset_peak(device: str) -> None:
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats()
        return
    try:  # Linux resets the high-water mark of a process on request
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _peak_bytes(device: str) -> int:
    if device != "cpu":
        return int(torch.cuda.max_memory_allocated())
    try:
        status = Path("/proc/self/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    except (OSError, StopIteration):
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
