"""Samples side by side: what every system wrote for the same sources."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from benchmark.report.points import Board, Point
from benchmark.report.records import ExampleValues, Sample

SOURCES = 12
"""The first sources of the split: they are not chosen."""

SHOWN = 3
"""Candidates of a system that are shown."""


@dataclass(frozen=True)
class Text:
    """A candidate: `valid` is None where the task does not know its answers."""

    text: str
    status: str
    valid: bool | None
    chosen: bool
    """Whether it is the one that MBR takes."""


@dataclass(frozen=True)
class Answers:
    """What one system wrote for one source."""

    system: str
    kind: str
    texts: tuple[Text, ...]


@dataclass(frozen=True)
class Block:
    """One source with its references and the candidates of all systems."""

    id: str
    source: str
    references: tuple[str, ...]
    answers: tuple[Answers, ...]


def blocks(board: Board, task: str) -> list[Block]:
    """The sample blocks of a task, from the first seed of every main setting.

    Raises:
        UserError: if the samples or values of a finished cell are missing.
    """
    found: dict[str, Sample] = {}
    answers: dict[str, list[Answers]] = {}
    for point in board.mains(task):
        cell = next((c for c in point.cells if c.keys.generate and c.keys.score), None)
        if cell is None or cell.keys.generate is None or cell.keys.score is None:
            continue
        samples = board.records.samples(cell.keys.generate)
        values = board.records.values(cell.keys.score)
        for name, sample in list(samples.items())[:SOURCES]:
            found.setdefault(name, sample)
            answers.setdefault(name, []).append(_answers(point, sample, values.get(name)))
    return [
        Block(name, sample.source, tuple(sample.references), tuple(answers[name]))
        for name, sample in list(found.items())[:SOURCES]
    ]


def _answers(point: Point, sample: Sample, values: ExampleValues | None) -> Answers:
    validity = values.metrics.get("validity") if values is not None else None
    count = 1 if point.kind == "single" else SHOWN
    texts = tuple(
        Text(
            text=candidate.text,
            status=candidate.status,
            valid=_is_valid(validity, number),
            chosen=values is not None
            and values.mbr_index == number
            and len(sample.candidates) > 1
            and point.kind != "single",
        )
        for number, candidate in enumerate(sample.candidates[:count])
    )
    return Answers(point.system, point.kind, texts)


def _is_valid(validity: object, number: int) -> bool | None:
    if not isinstance(validity, Iterable):
        return None
    listed = list(validity)
    if number >= len(listed) or listed[number] is None or math.isnan(listed[number]):
        return None
    return bool(listed[number] > 0.5)
