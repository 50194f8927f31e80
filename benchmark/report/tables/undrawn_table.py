"""The table of answers that are not drawn: every system that has such a setting, side by side.

A system that only takes the most probable tokens stands in the main table beside the draws of
others; here it stands beside what those write at temperature 0.
"""

from __future__ import annotations

from dataclasses import replace

from benchmark.api import DRAWN_KINDS
from benchmark.records.reader import Records
from benchmark.records.schema import TrialRecord
from benchmark.report.analysis.verdicts import compare_variants
from benchmark.report.data.columns import Group, keep_measured, metric_columns, work_columns
from benchmark.report.data.points import YARDSTICK, Board, Point
from benchmark.report.tables.table import (
    DAGGER,
    Table,
    describe_protocol,
    make_footnotes,
    make_row,
    with_bold,
)

UNDRAWN = "undrawn"
"""Name of the table."""

_GROUPS: frozenset[Group] = frozenset({"quality", "known answers"})


def has_undrawn(records: Records, task: str) -> bool:
    """Whether a system of a task has no draws, and one that has can do without them."""
    of_task = [t for t in records.trial_records if t.task == task and t.family != YARDSTICK]
    without = [t for t in of_task if t.setting.kind not in DRAWN_KINDS]
    never = {t.system for t in without if "main" in t.setting.roles}
    return bool(never) and any(t.system not in never and _is_of_curve(t) for t in without)


def _is_of_curve(trial: TrialRecord) -> bool:
    return trial.setting.kind == "single" and "sweep" in trial.setting.roles


def build_undrawn_table(board: Board, task: str) -> Table:
    """One row a system: its main setting if that is not drawn, else its curve's setting that is."""
    points = tuple(
        point
        for system in board.models
        for point in [_find_undrawn(board, task, system)]
        if point is not None
    )
    metrics = board.metrics(task)
    measured = metric_columns(metrics, 1, first=board.quality(task))
    wanted = [c for c in measured if c.group in _GROUPS and c.id.endswith(".expected")]
    columns = keep_measured((*wanted, *work_columns()), points)
    rows = [make_row(board, p, columns, variant=_name_setting(p)) for p in points]
    compared = {r.name: p for r, p in zip(rows, points, strict=True) if p.trials}
    kept = [n for n in make_footnotes(points, columns) if not n.text.startswith(DAGGER)]
    return Table(
        task=task,
        title="Without draws",
        caption=f"{board.heading(task)}: the most probable text of each system that was asked"
        " for it, the mean over a list where a setting makes one; (main) is the row of the main"
        " table."
        f" {describe_protocol(board, task)} Bold: the best and those that it is not significantly"
        " better than, by the tests of the other tables.",
        columns=columns,
        rows=with_bold(
            # That nothing is drawn is what the table is about.
            (replace(row, marks=row.marks.replace(DAGGER, "")) for row in rows),
            compare_variants(board, task, compared),
        ),
        footnotes=tuple(kept),
        signatures=tuple((m.title, m.signature) for m in metrics.values()),
        name=UNDRAWN,
    )


def _find_undrawn(board: Board, task: str, system: str) -> Point | None:
    main = board.main(task, system)
    if main is not None and not main.sampled:
        return main
    curve = board.of(task, system, "sweep")
    return next((point for point in curve if point.kind == "single"), None)


def _name_setting(point: Point) -> str:
    is_main = "main" in point.roles and point.label != "main"
    return f"{point.label} (main)" if is_main else point.label
