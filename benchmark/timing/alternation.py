"""Timing that is fair to both: warm, in turn, several times, by seconds of the processor.

On a machine with other work to do a run waits for it, so that wall time says more of the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from torch import nn

from benchmark.generation.measured_generation import CostMeter
from benchmark.timing.speed_result import Side


@dataclass(frozen=True)
class Contender:
    """One side of a comparison."""

    name: str
    run: Callable[[], object]
    """What is timed: writes all texts, or makes some updates."""
    _: KW_ONLY
    network: nn.Module | None = None
    """What is called for it, if anything."""
    module: nn.Module | None = None
    """What holds its parameters."""
    warm_up: Callable[[], object] | None = None
    """A shorter run for a side without a network: one that has nothing to count."""


def alternate(
    ours: Contender, theirs: Contender, *, sentences: int, repeats: int
) -> tuple[Side, Side]:
    """Time both in turn, so that what slows the processor down affects both alike.

    The first run of each warms it up and is counted, not timed; then each takes its turn
    `repeats` times, and which comes first changes from turn to turn.

    Args:
        ours: first side.
        theirs: second side.
        sentences: texts that a run writes, pairs that it learns from, or updates.
        repeats: timed runs of each side.
    """
    sides = (ours, theirs)
    meters = []
    for side in sides:
        (side.warm_up or side.run)()
        meter = CostMeter(side.network)
        if side.network is not None:
            with meter.running():
                side.run()
        meters.append(meter)
    seconds: tuple[list[float], list[float]] = ([], [])
    outputs: list[object] = [None, None]
    for turn in range(repeats):
        for which in (0, 1) if turn % 2 == 0 else (1, 0):
            started = time.process_time()
            outputs[which] = sides[which].run()
            seconds[which].append(time.process_time() - started)
    first, second = (
        Side(
            name=side.name,
            sentences=sentences,
            seconds=tuple(taken),
            calls=meter.calls,
            positions=meter.tokens / sentences,
            parameters=sum(p.numel() for p in side.module.parameters()) if side.module else 0,
            output=output,
        )
        for side, taken, meter, output in zip(sides, seconds, meters, outputs, strict=True)
    )
    return first, second
