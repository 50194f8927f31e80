"""The tables of ablations: one checkpoint decoded in several ways, system by system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmark.records.reader import Records
from benchmark.report.analysis.verdicts import compare_variants
from benchmark.report.data.columns import keep_measured, metric_columns, work_columns
from benchmark.report.data.points import Board, Point
from benchmark.report.tables.table import (
    Table,
    TableRow,
    count_candidates,
    describe_protocol,
    make_footnotes,
    make_row,
    with_bold,
)

ABLATION = "ablation-"
"""How the names of the tables begin."""

TITLES: Mapping[str, str] = {"policies": "One checkpoint, every policy"}
"""Titles of the ablations of the package."""


def build_ablation_table(board: Board, task: str, ablation: str) -> Table:
    """Every variant of an ablation beside the main setting, system by system."""
    groups = dict(_variants(board, task, ablation))
    points = tuple(point for group in groups.values() for point in group)
    present = {name for point in points for name, _ in point.measures}
    metrics = {n: m for n, m in board.metrics(task).items() if n in present}
    measured = metric_columns(metrics, count_candidates(points))
    columns = (*(c for c in measured if c.group != "form"), *work_columns())
    columns = keep_measured(columns, points) or columns
    rows: list[TableRow] = []
    for group in groups.values():
        labelled = zip(group, write_variant_labels(group), strict=True)
        of_system = [make_row(board, p, columns, variant=label) for p, label in labelled]
        named = zip(of_system, group, strict=True)
        # Bold within a system: what is compared is the decoding of one checkpoint.
        points_of = {row.name: point for row, point in named if point.trials}
        rows += with_bold(of_system, compare_variants(board, task, points_of))
    return Table(
        task=task,
        title=TITLES.get(ablation, f"One checkpoint, ablation {ablation}"),
        caption=f"{board.heading(task)}: the rows of a system decode the same weights (those of"
        f" each seed) and differ in what the row says; (main) is the row of the main table."
        f" {describe_protocol(board, task)} Bold: within a system, the best of the column and those"
        " that it is not significantly better than, by the tests of the other tables over the"
        " variants of the system.",
        columns=columns,
        rows=tuple(rows),
        footnotes=tuple(make_footnotes(points, columns)),
        signatures=tuple((m.title, m.signature) for m in metrics.values()),
        name=f"{ABLATION}{ablation}",
    )


def write_variant_labels(points: Sequence[Point]) -> list[str]:
    """What each setting is, by its own values; the main setting comes first.

    A label holds the fields in which all others differ from the main setting, and those in
    which this one does.
    """
    main, *others = points
    changed = [_find_changes(point, main) for point in others]
    common = [name for name in main.decoding if changed and all(name in c for c in changed)]
    if not common:
        common = [name for name in main.decoding if any(name in c for c in changed)]
    labels = [_write_label(main, common) or main.label]
    if "main" in main.roles:
        labels[0] += " (main)"
    for point, own in zip(others, changed, strict=True):
        names = [name for name in point.decoding if name in common or name in own]
        labels.append(_write_label(point, names) or point.label)
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


def _find_changes(point: Point, main: Point) -> frozenset[str]:
    base = main.decoding
    return frozenset(n for n, value in point.decoding.items() if n not in base or base[n] != value)


def _write_label(point: Point, names: Sequence[str]) -> str:
    return ", ".join(f"{name}={_write_value(point.decoding[name])}" for name in names)


def _write_value(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:g}" if number else str(value)
