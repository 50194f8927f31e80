"""A system whose share of right answers is a known function of its recipe: highest at 0.6."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from toy import Toy, ToyConfig

from benchmark.api import Candidate, load_weights, read_folder

ANSWERS: dict[str, str] = {}
"""A right answer by source; a test fills it with those of the valid split."""
SEEN: list[str] = []
"""Ids of all examples that were decoded."""


@dataclass(frozen=True)
class KnownConfig(ToyConfig):
    place: float = 0.2
    broken: bool = False


class Known(Toy):
    id: ClassVar[str] = "known"
    Config = KnownConfig

    def generate(self, sources, decoding, *, num_samples, seed, ids, on_step=None):
        if self.config.broken:
            raise RuntimeError("broken on purpose")
        SEEN.extend(ids)
        self.network(self._ids(sources))
        right = 1 - abs(self.config.place - 0.6)
        known = sorted(ANSWERS)
        found = [known.index(s) < right * len(known) if s in ANSWERS else False for s in sources]
        return [
            [Candidate(ANSWERS[s] if ok else "wrong", "ok")] * num_samples
            for s, ok in zip(sources, found, strict=True)
        ]

    @classmethod
    def load(cls, path, device):
        system = cls.build(*read_folder(path, KnownConfig))
        load_weights(path, system.module, device)
        return system
