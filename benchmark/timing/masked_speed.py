"""`nat` and `cmlm` against those of fairseq, through the one interface of all systems.

How long a text becomes is predicted by both sides, so both are first trained briefly on
targets of one length: then they write canvases of that length, and the counts show it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from benchmark.api import Example, System, UserError, make_noise
from benchmark.experiment.registry import load_system
from benchmark.timing.alternation import Contender, alternate
from benchmark.timing.random_texts import SIZES, Size, examples, resources
from benchmark.timing.speed_result import Result, Skipped
from benchmark.timing.systems import build_system, make_decoding

UPDATES, TEACHING_BATCH = 60, 16


@dataclass(frozen=True)
class Player:
    """A system and how it decodes like the other one."""

    system: str
    decoding: Mapping[str, Any] = field(default_factory=dict)


CONFIG: Mapping[str, Any] = {"norm": "post", "positions": "sinusoidal", "dropout": 0.0}
"""Of all; the size of the network comes with the measurement."""

PAIRS: Mapping[str, tuple[Player, Player]] = {
    "nat": (Player("nat", {"nfe": 1, "temperature": 0.0}), Player("fairseq-nat")),
    "cmlm": (Player("cmlm", {"nfe": 10, "temperature": 0.0}), Player("fairseq-cmlm", {"nfe": 10})),
}
"""Ours and theirs."""


def measure(name: str, *, repeats: int) -> Result | Skipped:
    """A measurement `PAIR-SIZE`, such as `cmlm-128`; skipped where a system is not installed."""
    pair, _, size = name.rpartition("-")
    return measure_pair(name, PAIRS[pair], SIZES[size], repeats=repeats)


def measure_pair(
    name: str, pair: tuple[Player, Player], size: Size, *, repeats: int, updates: int = UPDATES
) -> Result | Skipped:
    """Decode one batch on both sides.

    Args:
        name: of the measurement.
        pair: ours and theirs.
        size: of network and texts.
        repeats: timed runs of each side.
        updates: how long both learn the length first.
    """
    try:
        for player in pair:
            load_system(player.system)
    except UserError as error:
        return Skipped(name, str(error))
    batch = examples(size, size.batch)
    ours, theirs = alternate(
        *(_prepare(player, size, batch, updates) for player in pair),
        sentences=size.batch,
        repeats=repeats,
    )
    return Result(
        name,
        ours,
        theirs,
        f"most probable tokens, one length, {size}; each trained for {updates} updates that a"
        f" target has {size.target} tokens, end included; tokenising included",
    )


def _prepare(player: Player, size: Size, batch: Sequence[Example], updates: int) -> Contender:
    system = build_system(player.system, {**size.network, **CONFIG}, resources(size))
    decoding = make_decoding(system, player.decoding)
    _teach_length(system, examples(size, TEACHING_BATCH), updates)
    sources, ids = [e.source for e in batch], [e.id for e in batch]

    def run() -> None:
        system.generate(sources, decoding, num_samples=1, seed=0, ids=ids)

    return Contender(player.system, run, network=system.network, module=system.module)


def _teach_length(system: System, batch: Sequence[Example], updates: int) -> None:
    module = system.module
    assert module is not None
    optimiser = torch.optim.Adam(module.parameters(), lr=1e-3)
    module.train()
    for update in range(updates):
        noise = make_noise(update, [example.id for example in batch])
        optimiser.zero_grad()
        system.loss(system.collate(batch), noise).total.backward()
        optimiser.step()
    module.eval()
