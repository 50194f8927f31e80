"""The table of composition: success by the number of attributes that are asked for at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from benchmark.records.reader import Records
from benchmark.records.schema import Interval, base
from benchmark.report.analysis.composition import (
    CEILINGS,
    Composition,
    compute_composition,
    measured_axes,
)
from benchmark.report.data.axes import CONTROL, Axis
from benchmark.report.data.columns import Column, keep_measured
from benchmark.report.data.control_points import find_unguided, has_edits
from benchmark.report.data.points import Board, Point
from benchmark.report.tables.table import (
    DAGGER,
    Table,
    TableRow,
    describe_protocol,
    make_row,
    note_judge,
)

COMPOSITION = "composition"
"""Name of the table."""

HEADS = {
    "control": "Success",
    **{axis.metric: f"Of {name}" for name, axis in CEILINGS.items()},
    "kept": "Kept",
    "source_bleu": "Source BLEU",
}
"""Heads of columns by metric; others have the label of their axis."""


def has_composition(records: Records, task: str) -> bool:
    """Whether the records of a task say how many attributes each source asks for."""
    keys = (
        trial.keys.score
        for trial in records.trial_records
        if trial.task == task and trial.score and CONTROL.metric in trial.score.metrics
    )
    key = next(filter(None, keys), None)
    return key is not None and any(row.wanted for row in records.values(key).values())


def build_composition_table(board: Board, task: str) -> Table:
    """Success, the share of the ceiling, sentences and content kept, by number of attributes."""
    edits = has_edits(board, task)
    kept = "; what it keeps is the reconstruction, the ceiling of content kept" if edits else ""
    found = compute_composition(board, task) or Composition({}, {})
    rows = list(_list_rows(board, task))
    columns = keep_measured(
        _make_columns(found, measured_axes(board, task)), [point for point, _ in rows]
    )
    noun = "changed" if edits else "asked for"
    counts = ", ".join(f"{number} ({count:,} sources)" for number, count in found.sources.items())
    made = tuple(_make_row(board, point, columns, variant, found) for point, variant in rows)
    return Table(
        task=task,
        title=f"Attributes {noun} at once",
        caption=f"{board.heading(task)}: by number of attributes {noun} at once: {counts}. Success:"
        " share of candidates that are sentences with every wanted value. Of oracle or bayes:"
        " success over that of a ceiling, from the same resamples; bayes is the ceiling at a number"
        f" of labels. Unguided: the same system with its knob at 0, the base rate{kept}."
        " Bold: the best success of the models that learnt from as many labels and those that it is"
        " not significantly better than, by the tests of the other tables."
        f" {describe_protocol(board, task)}",
        columns=columns,
        rows=made,
        footnotes=note_judge(board, task),
        name=COMPOSITION,
    )


def _list_rows(board: Board, task: str) -> Iterator[tuple[Point, str]]:
    """The rows of the main table, each followed by itself unguided and with other labels."""
    for point in board.mains(task):
        unguided = find_unguided(board, task, point.system)
        labels = f"{point.labels:,} labels" if point.labels is not None else ""
        yield point, labels
        if unguided is not None and unguided is not point:
            yield unguided, "unguided"
        for other in board.of(task, point.system, "labels"):
            alone = " alone" if other.labels_alone else ""
            yield other, f"{other.labels:,} labels{alone}" if other.labels is not None else ""


def _make_row(
    board: Board, point: Point, columns: tuple[Column, ...], variant: str, found: Composition
) -> TableRow:
    row = make_row(board, point, columns, variant=variant)
    leads = {f"{CONTROL.metric}.{number}" for leader, number in found.leaders if leader is point}
    entries = {name: replace(entry, bold=name in leads) for name, entry in row.entries.items()}
    return replace(row, setting=point.label, marks=row.marks.replace(DAGGER, ""), entries=entries)


def _make_columns(found: Composition, axes: tuple[Axis, ...]) -> tuple[Column, ...]:
    return tuple(
        Column(
            id=f"{axis.metric.replace(' ', '_')}.{number}",
            group="known answers",
            head=HEADS.get(base(axis.metric), axis.label.capitalize()),
            detail=str(number),
            direction="higher",
            read=partial(_read, found, axis, number),
            about=f"{axis.label}, {number} attributes",
        )
        for axis in (axes[0], *CEILINGS.values(), *axes[1:])
        for number in found.sources
    )


def _read(found: Composition, axis: Axis, number: int, point: Point) -> Interval:
    return found.read(point, axis, number)
