"""The table of likelihoods: what a target costs in nats, and how far that is from the truth."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from benchmark.records.schema import UNDEFINED, Interval
from benchmark.report.analysis.likelihoods import TargetLikelihood, measure_likelihoods
from benchmark.report.data.columns import MINUS, Column, Group
from benchmark.report.data.points import Board, Point
from benchmark.report.tables.table import Footnote, Table, TableCell, TableRow, make_row
from benchmark.scoring.bootstrap import METHOD, SEEDS_METHOD
from benchmark.scoring.likelihoods import GAP, PER_WORD

LIKELIHOOD = "likelihood"
"""Name of the table."""

KINDS: Mapping[str, str] = {
    "exact": "exact",
    "lower bound": "upper bound",
    "pseudo": "pseudo",
}
"""What a figure is, by kind of log p: the table shows its negative."""

_GROUP: Group = "likelihood"


def build_likelihood_table(board: Board, task: str) -> Table:
    """Nats per reference word and end, and beyond the truth, of every system that has them.

    Nothing is bold: neither bounds nor pseudo-likelihoods say which system is better.
    """
    found = measure_likelihoods(board, task)
    columns = _make_columns(found)
    gap = (
        ", and the gap: nats per target beyond the true distribution of the task"
        if any(column.id == GAP for column in columns)
        else ""
    )
    return Table(
        task=task,
        title="Likelihood",
        caption=f"{board.heading(task)}: {MINUS}log p of the test targets in nats per reference"
        f" {_unit(found)} and end{gap}. Only exact figures may be compared with each other: an"
        " upper bound shows a system from one side alone, and a pseudo-likelihood is no"
        " probability of the text.",
        columns=columns,
        rows=tuple(_make_row(board, point, of, columns) for point, of in found.items()),
        footnotes=tuple(_write_footnotes(board, found)),
        name=LIKELIHOOD,
    )


def _make_columns(found: Mapping[Point, TargetLikelihood]) -> tuple[Column, ...]:
    def figure(name: str, head: str, detail: str, about: str) -> Column:
        def read(point: Point) -> Interval:
            return found[point].figures.get(name, UNDEFINED)

        return Column(name, _GROUP, head, detail, "lower", read, about=about)

    def draws(point: Point) -> Interval:
        return Interval(value=found[point].record.samples or math.nan)

    unit = _unit(found)
    columns = (
        figure(
            PER_WORD, f"{MINUS}log p", f"nats per {unit}",
            f"minus the log probability of all targets over their {unit}s and ends",
        ),
        figure(
            GAP, "Gap", "nats per target",
            "what a target costs beyond its true log probability, mean over the targets",
        ),
        Column(
            "draws", _GROUP, "Draws", "per target", "none", draws, digits=0,
            about="draws from which a bound is estimated",
        ),
    )  # fmt: skip
    return tuple(c for c in columns if any(c.read(point).defined for point in found))


def _make_row(
    board: Board, point: Point, of: TargetLikelihood, columns: tuple[Column, ...]
) -> TableRow:
    row = make_row(board, point, (), variant=KINDS[of.record.kind])
    entries = {column.id: TableCell(column.read(point), of.keys) for column in columns}
    return replace(row, entries=entries, marks="")


def _unit(found: Mapping[Point, TargetLikelihood]) -> str:
    counted = next((of.record.counted for of in found.values()), "words")
    return counted.removesuffix("s")


def _write_footnotes(board: Board, found: Mapping[Point, TargetLikelihood]) -> Iterator[Footnote]:
    groups = frozenset({_GROUP})
    scores = [trial.score for point in found for trial in point.trials if trial.score]
    seeds = sorted({seed for point in found for seed in point.seeds})
    sources = next((of.record.num_sources for of in found.values()), 0)
    level = f"{scores[0].interval.level * 100:g} % intervals" if scores else "intervals"
    method = METHOD + (f", {SEEDS_METHOD}" if len(seeds) > 1 else "")
    yield Footnote(
        f"{sources:,} targets, {'seed' if len(seeds) == 1 else 'seeds'}"
        f" {', '.join(map(str, seeds))}; {level}: {method}. Of the trained system at temperature"
        " 1, whatever the setting of the main table; of one spelling of a target in tokens.",
        groups,
    )
    steps = sorted({of.record.steps for of in found.values() if of.record.steps})
    if steps:
        yield Footnote(
            f"Bounds are those of a chain of {', '.join(map(str, steps))} steps.", groups
        )
    joined = {of.record.weighting for of in found.values()} - {None}
    if joined == {"importance"}:
        yield Footnote(
            "Bounds are importance-weighted: they fall towards the true figure with the number of"
            " draws.",
            groups,
        )
    lost = [f"{point.system} {of.unreachable:,}" for point, of in found.items() if of.unreachable]
    if lost:
        yield Footnote(
            f"Targets that a system cannot write are in none of its figures: {', '.join(lost)}.",
            groups,
        )
