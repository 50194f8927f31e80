"""The tables of strata: quality and diversity on halves of the sources that differ in a fact."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from benchmark.records.reader import Records
from benchmark.records.schema import Interval, base
from benchmark.report.analysis.strata import (
    Fact,
    Strata,
    Stratum,
    compute_strata,
    split_sources,
)
from benchmark.report.data.axes import VARIETY, Axis
from benchmark.report.data.columns import DETERMINISTIC, Column, Group, keep_measured
from benchmark.report.data.points import Board, Point
from benchmark.report.tables.table import SPREAD, Table, make_footnotes, make_row

QUALITY, DIVERSITY = "strata", "strata-diversity"
"""Names of the tables."""

_HEADS: Mapping[Fact, str] = {"length": "Length", "overlap": "Overlap", "likeness": "Likeness"}

_FACTS: Mapping[Fact, str] = {
    "length": "words of the source (characters where there are no spaces)",
    "overlap": "share of its runs of four words that are in train",
    "likeness": "sentence BLEU of the source against the references, what a copy scores",
}


def strata_names(records: Records, task: str) -> tuple[str, ...]:
    """Names of the tables of a task; none where its records do not describe its sources."""
    if not split_sources(records, task):
        return ()
    trials = (trial for trial in records.trial_records if trial.task == task and trial.score)
    measured = {base(name) for trial in trials if trial.score for name in trial.score.metrics}
    is_varied = any(axis.metric in measured for axis in VARIETY)
    return (QUALITY, DIVERSITY) if is_varied else (QUALITY,)


def build_strata_tables(board: Board, task: str) -> tuple[Table, ...]:
    """The tables of `strata_names`."""
    found = compute_strata(board, task)
    if found is None:
        return ()
    return tuple(
        _build(board, task, found, axis, name)
        for axis, name in zip(found.axes, (QUALITY, DIVERSITY), strict=False)
    )


def _build(board: Board, task: str, found: Strata, axis: Axis, name: str) -> Table:
    group: Group = "quality" if name == QUALITY else "diversity"
    points = board.mains(task)
    columns = keep_measured(
        (_make_column(board, task, found, axis, stratum, group) for stratum in found.sources),
        points,
    )
    facts = dict.fromkeys(stratum.fact for stratum in found.sources)
    sizes = {
        fact: " and ".join(f"{n:,}" for s, n in found.sources.items() if s.fact == fact)
        for fact in facts
    }
    said = "; ".join(f"{_HEADS[f].lower()}: {_FACTS[f]} ({sizes[f]} sources)" for f in facts)
    return Table(
        task=task,
        title=f"{group.capitalize()} by kind of source",
        caption=f"{board.heading(task)}: {axis.label} of the main settings on the halves of the"
        f" sources that differ in a fact; {said}. {SPREAD} No tests: a difference between halves"
        " may have another cause than the fact that splits them.",
        columns=columns,
        rows=tuple(make_row(board, point, columns) for point in points),
        footnotes=tuple(make_footnotes(points, columns)),
        name=name,
    )


def _make_column(
    board: Board, task: str, found: Strata, axis: Axis, stratum: Stratum, group: Group
) -> Column:
    metric = board.metrics(task)[axis.metric]
    return Column(
        id=f"{axis.metric}.{stratum.fact}-{'high' if stratum.upper else 'low'}",
        group=group,
        head=_HEADS[stratum.fact],
        detail=str(stratum),
        direction="higher",
        read=partial(_read, found, axis, stratum),
        digits=1 if metric.range[1] >= 50 else 3,
        undrawn=DETERMINISTIC if group == "diversity" else frozenset(),
        about=f"{axis.label}, sources with {stratum.fact} {stratum}",
    )


def _read(found: Strata, axis: Axis, stratum: Stratum, point: Point) -> Interval:
    return found.read(point, axis, stratum)
