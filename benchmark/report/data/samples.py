"""Samples side by side: what every system wrote for the same sources."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from benchmark.api import read_control
from benchmark.records.schema import ExampleValues, Sample
from benchmark.report.data.axes import CONTROL, quality_axis
from benchmark.report.data.control_points import has_control
from benchmark.report.data.points import Board, Point

SOURCES = 20
"""The first sources of the split, not selected; as many as records keep."""

PRINTED = 3
"""Of these, how many are shown in print and where scripts are off."""

SHOWN = 3
"""Different candidates of a system that are shown there."""


@dataclass(frozen=True)
class Text:
    """A candidate, and how often the system wrote exactly the same.

    `valid` is None where the task does not know its answers, `quality` where it was not
    measured for each candidate.
    """

    text: str
    status: str
    valid: bool | None
    chosen: bool
    """Whether it is the one that MBR takes."""
    quality: float | None = None
    count: int = 1
    remark: str = ""
    """Where attributes are asked for: what a candidate misses or has changed."""


@dataclass(frozen=True)
class Answers:
    """What one system wrote for one source."""

    system: str
    kind: str
    setting: str
    texts: tuple[Text, ...]


@dataclass(frozen=True)
class SampleBlock:
    """One source with its references and the candidates of all systems.

    Where attributes are asked for, `source` is the text to be edited, empty where there is none.
    """

    id: str
    source: str
    references: tuple[str, ...]
    answers: tuple[Answers, ...]
    wanted: Mapping[str, str] = field(default_factory=dict)
    """The values that are asked for, by attribute."""


@dataclass(frozen=True)
class Edits:
    """The first candidate of a system for every source."""

    system: str
    setting: str
    texts: tuple[tuple[SampleBlock, Text], ...]


def list_edits(blocks: Iterable[SampleBlock]) -> list[Edits]:
    """The first candidates system by system, in the order of the table."""
    found: dict[tuple[str, str], list[tuple[SampleBlock, Text]]] = {}
    for block in blocks:
        for said in block.answers:
            found.setdefault((said.system, said.setting), []).append((block, said.texts[0]))
    return [Edits(system, setting, tuple(texts)) for (system, setting), texts in found.items()]


def gather_blocks(board: Board, task: str) -> list[SampleBlock]:
    """The sample blocks of a task, from the first seed of every main setting.

    There are none where the records keep no texts.

    Raises:
        UserError: if the samples or values of a finished trial are missing.
    """
    if not board.records.keeps_texts:
        return []
    is_asked, axis = has_control(board, task), quality_axis(board, task)
    found: dict[str, Sample] = {}
    answers: dict[str, list[Answers]] = {}
    for point in board.mains(task):
        trial = next((c for c in point.trials if c.keys.generate and c.keys.score), None)
        if trial is None or trial.keys.generate is None or trial.keys.score is None:
            continue
        samples = board.records.samples(trial.keys.generate)
        values = board.records.values(trial.keys.score)
        for name, sample in list(samples.items())[:SOURCES]:
            found.setdefault(name, sample)
            said = _gather(point, sample, values.get(name), axis.metric if axis else "")
            answers.setdefault(name, []).append(said)
    return [
        _make_block(sample, tuple(answers[name]), is_asked=is_asked)
        for name, sample in list(found.items())[:SOURCES]
    ]


def _make_block(sample: Sample, answers: tuple[Answers, ...], *, is_asked: bool) -> SampleBlock:
    control = read_control(sample.source) if is_asked else None
    references = tuple(sample.references)
    if control is None:
        return SampleBlock(sample.id, sample.source, references, answers)
    return SampleBlock(sample.id, control.text or "", references, answers, control.wanted)


def _gather(point: Point, sample: Sample, values: ExampleValues | None, quality: str) -> Answers:
    measured = values.metrics if values is not None else {}
    validity = measured.get(CONTROL.metric, measured.get("validity"))
    qualities = measured.get(quality)
    single = point.kind == "single"
    chosen = values.mbr_index if values is not None and len(sample.candidates) > 1 else None
    merged: dict[tuple[str, str], Text] = {}
    for number, candidate in enumerate(sample.candidates[: 1 if single else None]):
        valid = _value_at(validity, number)
        text = Text(
            text=candidate.text,
            status=candidate.status,
            valid=None if valid is None else valid > 0.5,
            chosen=number == chosen and not single,
            quality=_value_at(qualities, number),
            remark=_describe(measured, number) if CONTROL.metric in measured else "",
        )
        same = (candidate.text, candidate.status)
        if same in merged:
            before = merged[same]
            text = replace(before, chosen=before.chosen or text.chosen, count=before.count + 1)
        merged[same] = text
    return Answers(point.system, point.kind, point.label, tuple(merged.values()))


def _describe(measured: Mapping[str, Any], number: int) -> str:
    """What a candidate does wrong; the attributes that it misses where each is measured."""
    if _value_at(measured.get("sentence"), number) == 0:
        return "no sentence"
    names = {name: name.partition("attribute=")[2] for name in measured if "attribute=" in name}
    missed = [name for metric, name in names.items() if _value_at(measured[metric], number) == 0]
    said = [f"misses {', '.join(missed)}"] if missed else []
    if _value_at(measured.get("kept"), number) == 0:
        said.append("content changed")
    return "; ".join(said)


def _value_at(values: object, number: int) -> float | None:
    """The value of a candidate where there is one for each; None where it is undefined."""
    if not isinstance(values, Iterable):
        return None
    listed = list(values)
    value = listed[number] if number < len(listed) else None
    return value if isinstance(value, int | float) and math.isfinite(value) else None
