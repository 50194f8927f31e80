"""Peak resident memory of sampling over the number of steps.

`diffuseq-memory`: every figure is that of a fresh process, since a process that once held much
memory keeps it. All take the same network, sources and solver; `diffuseq` keeps one state,
`published` keeps all of them, as the official code does.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmark.tasks import load_task
from benchmark.timing.measured_curves import Curves
from benchmark.timing.mini_diffuseq import SMALLER, build_diffuseq, describe_network, write_texts
from benchmark.timing.peak_memory import peak_bytes_alone, process_peak_bytes
from benchmark.timing.published_diffuseq import PublishedDiffuSeq

TASK = "paraphrase"
STEPS = (20, 200, 2000)
SOURCES = 16
SIDES = ("diffuseq", "published")


def measure(name: str, *, repeats: int) -> Curves:
    """The measurement `diffuseq-memory`; one process per figure, so `repeats` is not used."""
    return compare()


def compare(steps: Sequence[int] = STEPS, *, sources: int = SOURCES) -> Curves:
    """Peak of `ru_maxrss` of both sides at every number of steps."""
    task = load_task(TASK)
    system = build_diffuseq(task, SMALLER)
    peaks = {side: [_peak_bytes(side, n, sources) for n in steps] for side in SIDES}
    return Curves(
        "diffuseq-memory",
        f"{describe_network(system, task)}, not trained, {sources} rows at once; peak resident"
        " memory of a process that samples once, libraries included (ru_maxrss)",
        over="network calls",
        curves={
            side: [
                {"network calls": n, "peak MiB": p / 2**20}
                for n, p in zip(steps, of_side, strict=True)
            ]
            for side, of_side in peaks.items()
        },
        found={
            "bytes_a_step": {
                side: round((of_side[-1] - of_side[0]) / (steps[-1] - steps[0]), 1)
                for side, of_side in peaks.items()
            }
        },
    )


def _peak_bytes(side: str, steps: int, sources: int) -> int:
    return peak_bytes_alone(__name__, [side, str(steps), str(sources)])


def _sample(side: str, steps: int, sources: int) -> None:
    """Sample once, by a chain of as many steps as calls are made."""
    task = load_task(TASK)
    system = build_diffuseq(task, {**SMALLER, "diffusion_steps": steps})
    examples = task.test[:sources]
    if side == "diffuseq":
        write_texts(system, examples, {"nfe": steps})
    else:
        PublishedDiffuSeq(system).write(system.canvas, [e.source for e in examples], seed=1)


if __name__ == "__main__":
    _sample(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write(f"{process_peak_bytes()}\n")
