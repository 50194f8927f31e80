"""The tables of ablations: one checkpoint decoded in several ways, system by system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmark.records.reader import Records
from benchmark.records.schema import title_of
from benchmark.report.data.columns import metric_columns, work_columns
from benchmark.report.data.points import Board, Point
from benchmark.report.tables.table import (
    Table,
    TableRow,
    describe_protocol,
    make_footnotes,
    make_row,
    with_bold,
)

TITLES: Mapping[str, str] = {"policies": "One checkpoint, every policy"}
"""Titles of the ablations of the package."""


def build_ablation_table(board: Board, task: str, ablation: str) -> Table:
    """Every variant of an ablation beside the main setting, system by system."""
    groups = dict(_variants(board, task, ablation))
    points = tuple(point for group in groups.values() for point in group)
    metrics = {n: m for n, m in board.metrics(task).items() if _measured(points, n)}
    scores = [cell.score for point in points for cell in point.cells if cell.score]
    samples = max((score.num_samples for score in scores), default=0)
    columns = tuple(c for c in metric_columns(metrics, samples) if c.group != "form")
    columns = (*columns, *work_columns())
    columns = tuple(c for c in columns if any(c.read(p).defined for p in points)) or columns
    rows: list[TableRow] = []
    for group in groups.values():
        labels = variant_labels(group)
        # Bold within a system: what is compared is the decoding of one checkpoint.
        rows += with_bold(
            tuple(
                make_row(board, point, columns, variant=label)
                for point, label in zip(group, labels, strict=True)
            ),
            columns,
        )
    title = title_of(board.records.run.tasks, task)
    return Table(
        task=task,
        title=TITLES.get(ablation, f"One checkpoint, ablation {ablation}"),
        caption=f"{title}, task {task}: the rows of a system decode the same weights (those of"
        f" each seed) and differ in what the row says; (main) is the row of the main table."
        f" {describe_protocol(board, task)} Bold: within a system, not distinguishable from the"
        " best of the column, that is, the two intervals overlap.",
        columns=columns,
        rows=tuple(rows),
        footnotes=tuple(make_footnotes(points, columns)),
        signatures=tuple((m.title, m.signature) for m in metrics.values()),
        name=f"ablation-{ablation}",
    )


def variant_labels(points: Sequence[Point]) -> list[str]:
    """What each setting is, by its own values; the main setting comes first.

    A label holds the fields in which all others differ from the main setting, and those in
    which this one does.
    """
    main, *others = points
    changed = [_differing(point, main) for point in others]
    common = [name for name in main.decoding if changed and all(name in c for c in changed)]
    if not common:
        common = [name for name in main.decoding if any(name in c for c in changed)]
    labels = [_label(main, common) or main.label]
    if "main" in main.roles:
        labels[0] += " (main)"
    for point, own in zip(others, changed, strict=True):
        names = [name for name in point.decoding if name in common or name in own]
        labels.append(_label(point, names) or point.label)
    return labels


def _variants(board: Board, task: str, ablation: str) -> Iterator[tuple[str, tuple[Point, ...]]]:
    for system in board.systems:
        found = [p for p in board.of(task, system) if ablation in p.ablations]
        main = board.main(task, system)
        if found:
            others = [p for p in found if p is not main]
            yield system, (*((main,) if main is not None else ()), *others)


def ablations_of(records: Records, task: str) -> tuple[str, ...]:
    """Names of the ablations that a task has rows of."""
    names = (name for c in records.trial_records if c.task == task for name in c.setting.ablations)
    return tuple(dict.fromkeys(names))


def _measured(points: Sequence[Point], metric: str) -> bool:
    return any(name == metric for point in points for name, _ in point.measures)


def _differing(point: Point, main: Point) -> frozenset[str]:
    base = main.decoding
    return frozenset(n for n, value in point.decoding.items() if n not in base or base[n] != value)


def _label(point: Point, names: Sequence[str]) -> str:
    return ", ".join(f"{name}={_shown(point.decoding[name])}" for name in names)


def _shown(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:g}" if number else str(value)
