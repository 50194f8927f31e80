"""A task: three splits of examples, what is known about them, and their digests."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from benchmark.api import Example
from benchmark.api.control import Judge, read_control
from benchmark.api.token_unit import Unit
from benchmark.tasks.data_notes import DataNotes
from benchmark.tasks.splits import SPLITS, Split

Kind = Literal["controlled", "control", "jsonl"]
"""`controlled`: a grammar whose targets are listed; `control`: sentences with wanted attributes."""

Conditional = Callable[[str, float], Mapping[str, float]]
"""(source, temperature) to {target: probability}; empty for an unknown source."""


@dataclass(frozen=True, eq=False)
class Task:
    """Data of one task, after limits; `train` and `valid` may be empty, `test` may not.

    `conditional` is the true distribution of a controlled task, None on real data. It can be
    pickled. A task is equal to itself alone, so what follows from one can be cached.
    """

    id: str
    kind: Kind
    title: str
    version: int
    train: tuple[Example, ...]
    valid: tuple[Example, ...]
    test: tuple[Example, ...]
    conditional: Conditional | None = None
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The values of every attribute that a source can ask for; empty on other tasks."""
    judge: Judge | None = None
    """Decides what a candidate does with its control, where the task has attributes."""
    draw: Callable[[str, int, float], str] | None = None
    """(source, seed, temperature) to a draw of the true distribution, where it is known."""
    informed_draw: Callable[[Sequence[Example]], Callable[[str, int], str]] | None = None
    """Train examples to (source, seed) to a draw of what they leave possible, where it is known."""
    notes: DataNotes = field(default_factory=DataNotes)
    quality: str = ""
    """The metric of its main quality, see `benchmark.tasks.catalogue.QUALITIES`; empty = none."""
    tokens: Unit | None = None
    """What its folder says its texts are counted by; None where it does not say."""

    @property
    def edits(self) -> bool:
        """Whether its sources hold texts to be edited."""
        control = read_control(self.test[0].source) if self.attributes else None
        return control is not None and control.text is not None

    @functools.cached_property
    def split_digests(self) -> Mapping[Split, str]:
        """SHA-256 (hexadecimal) of each split: ids, sources, targets, references, order."""
        return {split: _digest(getattr(self, split)) for split in SPLITS}

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 (hexadecimal) of the version and the content of all splits."""
        parts = [self.version, *self.split_digests.values()]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _digest(examples: Sequence[Example]) -> str:
    rows = [
        # Examples without labels keep the digests that they had before there were any.
        [e.id, e.source, e.target, *e.references, *([dict(e.attributes)] if e.attributes else [])]
        for e in examples
    ]
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()
