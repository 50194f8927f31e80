"""Peak memory of training and sampling as texts, vocabulary, candidates and steps grow.

`memory-length`, `memory-vocabulary`, `memory-candidates` and `memory-calls`: each figure is that of
a process of its own, since a process that once held much memory keeps it. Networks are alike, texts
are random, and nothing has learnt anything: memory does not depend on the weights.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from benchmark.experiment.recipes import Budget, TrainingRecipe
from benchmark.generation.measured_generation import generate
from benchmark.timing.measured_curves import Curves
from benchmark.timing.peak_memory import peak_bytes_alone, process_peak_bytes
from benchmark.timing.random_texts import Size, examples, resources
from benchmark.timing.systems import build_system, make_decoding
from benchmark.training.trainer import Trainer

Work = Literal["training", "sampling"]

USUAL = Size(dim=96, heads=4, ffn=192, layers=2, vocab=1000, source=32, target=32, batch=32)
"""The network of suite mini."""
ROWS = 128
"""Decoded at once: `evaluation.batch`."""
SOURCES = 16
CALLS = 8
UPDATES = 3

SIDES: Mapping[str, tuple[Mapping[str, object], str | None]] = {
    "diffuseq": (
        {"embedding_dim": 16, "width": 96, "layers": 4, "heads": 4, "ffn": 192, "time_dim": 64},
        "nfe",
    ),
    "d3pm-absorbing": ({**USUAL.network, "timesteps": 1000}, "nfe"),
    "cmlm": (USUAL.network, "nfe"),
    "transformer": (USUAL.network, None),
}
"""By system, its configuration, and the field of its decoding that is the number of calls."""

AXES: Mapping[str, tuple[str, Sequence[int], Sequence[Work]]] = {
    "memory-length": ("tokens of a text", (16, 32, 64, 128, 256), ("training", "sampling")),
    "memory-vocabulary": ("entries", (1000, 4000, 16000, 32000), ("training", "sampling")),
    "memory-candidates": ("candidates", (1, 4, 16, 64), ("sampling",)),
    "memory-calls": ("network calls", (4, 32, 256), ("sampling",)),
}
"""By measurement, what grows, how far, and in which work."""


def measure(name: str, *, repeats: int) -> Curves:
    """One of `AXES`; one process a figure, so `repeats` is not used."""
    return compare(name, AXES[name][1])


def compare(name: str, values: Sequence[int]) -> Curves:
    """Peaks of every system at every value of what grows."""
    over, _, works = AXES[name]
    curves = {}
    for system, (_, calls) in SIDES.items():
        if name == "memory-calls" and calls is None:
            continue  # it makes one call a token
        curves[system] = [
            {
                over: value,
                **{f"{work} MiB": _peak_bytes(name, system, work, value) / 2**20 for work in works},
            }
            for value in values
        ]
    return Curves(
        name,
        f"{USUAL}; {UPDATES} updates, or {SOURCES} sources with {CALLS} calls and {ROWS} rows at"
        " once, but for what grows; peak resident memory of a process, libraries included"
        " (ru_maxrss)",
        over=over,
        curves=curves,
    )


def _peak_bytes(name: str, system: str, work: Work, value: int) -> int:
    return peak_bytes_alone(__name__, [json.dumps([name, system, work, value])])


def _work(name: str, system: str, work: Work, value: int) -> None:
    size = USUAL
    if name == "memory-length":
        size = replace(size, source=value, target=value)
    if name == "memory-vocabulary":
        size = replace(size, vocab=value)
    config, calls = SIDES[system]
    built = build_system(system, config, resources(size))
    if work == "training":
        _train(built, size)
        return
    decoding: dict[str, Any] = {calls: CALLS} if calls else {"method": "sample"}
    if name == "memory-calls" and calls:
        decoding = {calls: value}
    generate(
        built,
        examples(size, SOURCES),
        make_decoding(built, decoding),
        num_samples=value if name == "memory-candidates" else 1,
        seed=1,
        batch=ROWS,
    )


def _train(system: Any, size: Size) -> None:
    recipe = TrainingRecipe(batch=size.batch, ema_decay=0.99)
    with tempfile.TemporaryDirectory() as folder:
        Trainer(
            system,
            examples(size, 2 * size.batch),
            [],
            recipe=recipe,
            budget=Budget(updates=UPDATES),
            seed=1,
            folder=Path(folder),
        ).run()


if __name__ == "__main__":
    _work(*json.loads(sys.argv[1]))
    sys.stdout.write(f"{process_peak_bytes()}\n")
