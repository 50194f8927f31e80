"""The tables of frontiers, and of all pairs with their p values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pandas as pd

from benchmark.report.columns import Column, Group
from benchmark.report.figures.axes import Axis
from benchmark.report.layout import UNDEFINED, Interval, title_of
from benchmark.report.points import Board, Point
from benchmark.report.significance import (
    TEST,
    Pair,
    Verdicts,
    column_of,
    compared,
    letters,
    main_verdicts,
    tested,
)
from benchmark.report.standings import AREA, Standard, StandardId, Standings, standings
from benchmark.report.tables import (
    DAGGER,
    DASH,
    Entry,
    Footnote,
    Row,
    Table,
    make_row,
    with_letters,
)

FRONTIER, SIGNIFICANCE = "frontier", "significance"
"""Names of the tables."""

SHORT: Mapping[StandardId, str] = {
    "grammar": "as the grammar",
    "human": "as the references",
    "common": "all reach",
}

_HOW = (
    "Front: how many of the settings no setting of any model beats in both diversity and quality."
    " Area: of what the curve dominates, from no diversity and no quality; a sweep that stops early"
    " has less of it. Equal diversity: the best quality that is at least as varied, on straight"
    " lines between settings and never beyond them. Equal cost: the best quality within the budget,"
    " with the knob of the main setting and whatever its diversity."
)


def frontier_table(board: Board, task: str) -> Table:
    """Every system by its whole curve: area, and quality at equal diversity and equal cost."""
    found = standings(board, task)
    title = title_of(board.records.run.tasks, task)
    points = board.mains(task)
    columns = _frontier_columns(found) if found else ()
    rows = tuple(_frontier_row(board, point, columns, found) for point in points)
    about = "" if found is None else f"quality is {found.quality.label}. {_standards(found)}{_HOW}"
    return Table(
        task=task,
        title="Frontier",
        caption=f"{title}, task {task}: {about or 'no quality was measured.'}",
        columns=columns,
        rows=with_letters(rows, found.verdicts) if found else rows,
        footnotes=tuple(_remarks(found)) if found else (),
        signatures=(),
        name=FRONTIER,
    )


def significance_table(board: Board, task: str) -> Table:
    """Every tested quality as a matrix: differences above the diagonal, p values below."""
    verdicts, axes = main_verdicts(board, task), tested(board, task)
    points = compared(board, task)
    given = letters([p.system for p in points])
    title = title_of(board.records.run.tasks, task)
    columns = tuple(
        Column(
            p.system, "pairs", letter, p.system, "none", lambda _: UNDEFINED,
            about=f"against {p.system}",
        )
        for p in points
        for letter in [given[p.system]]
    )  # fmt: skip
    return Table(
        task=task,
        title="All pairs",
        caption=f"{title}, task {task}: above the diagonal the mean of the row minus that of the"
        " column, ± half of the interval of the difference (same resamples of sources and seeds for"
        " both); below it the adjusted p value. Bold: significant. " + TEST + " Both tests, apart"
        " and unrounded, stand in tables/*-pairs.csv.",
        columns=columns,
        rows=tuple(
            _pair_row(board, point, number, points, axis, verdicts, given)
            for axis in axes
            for number, point in enumerate(points)
        ),
        footnotes=(),
        signatures=(),
        name=SIGNIFICANCE,
    )


def pair_frame(board: Board, task: str) -> pd.DataFrame:
    """All comparisons of the main table and of the frontiers, one row each."""
    found = standings(board, task)
    tables = {"main": main_verdicts(board, task)}
    if found is not None:
        tables[FRONTIER] = found.verdicts
    fields = (
        "task", "table", "column", "first", "second", "difference", "low", "high",
        "p_randomisation", "p_bootstrap", "p_adjusted",
    )  # fmt: skip
    return pd.DataFrame(
        [
            (task, table, p.column, p.first, p.second, p.difference.value, p.difference.low,
             p.difference.high, p.p_randomisation, p.p_bootstrap, p.adjusted)
            for table, verdicts in tables.items()
            for p in verdicts.pairs
        ],
        columns=list(fields),
    )  # fmt: skip


def _frontier_columns(found: Standings) -> tuple[Column, ...]:
    digits = 1 if found.quality.metric.startswith("bleu_corpus") else 3

    def part(field: str, head: str, detail: str, decimals: int, about: str) -> Column:
        def read(point: Point) -> Interval:
            curve = found.curves.get(point.system)
            return UNDEFINED if curve is None else Interval(value=getattr(curve, field))

        return Column(
            f"curve.{field}", "frontier", head, detail, "none", read, digits=decimals, about=about
        )

    def value(column: str) -> Column:
        standard = next((s for s in found.standards if s.id == column), None)
        head, detail, about = _standard_head(standard)
        return Column(
            column,
            "frontier" if standard is None else "equal cost" if standard.is_cost else
            "equal diversity",
            head, detail, "higher",
            lambda point: found.value(column, point.system),
            digits=digits, about=about,
        )  # fmt: skip

    parts = (
        part("settings", "Settings", "swept", 0, "sampled settings of the sweep"),
        part("front", "Front", "of them", 0, "settings that no setting of any model beats in both"),
        part("low", "Diversity", "from", 3, "smallest diversity that was measured"),
        part("high", "Diversity", "to", 3, "greatest diversity that was measured"),
        value(AREA),
    )
    return (*(parts if found.curves else ()), *(value(s.id) for s in found.standards))


def _standard_head(standard: Standard | None) -> tuple[str, str, str]:
    if standard is None:
        return "Area", "", "area under the frontier, from (0, 0)"
    if standard.is_cost:
        return f"≤ {standard.shown}", standard.unit, f"quality within {standard.what}"
    return f"≥ {standard.shown}", SHORT[standard.id], f"quality at {standard.what}"


def _frontier_row(
    board: Board, point: Point, columns: tuple[Column, ...], found: Standings | None
) -> Row:
    row = make_row(board, point, columns)
    if found is None:
        return row
    keys = tuple(
        dict.fromkeys(
            key
            for setting in (*board.of(point.task, point.system, "sweep"), point)
            for key in setting.keys("score")
        )
    )
    entries = {
        name: Entry(entry.interval, keys, dash=found.dashes.get((name, point.system), ""))
        for name, entry in row.entries.items()
    }
    return replace(row, entries=entries, marks=row.marks.replace(DAGGER, ""))


def _remarks(found: Standings) -> Iterator[Footnote]:
    groups: frozenset[Group] = frozenset({"frontier", "equal diversity", "equal cost"})
    if found.verdicts.pairs:
        yield Footnote(
            "Raised letters: significantly better than the rows of these letters, by the paired"
            " bootstrap over sources and seeds, after Holm's correction over all pairs of models"
            " and all columns with letters. Randomisation has no say here: a place between two"
            " settings has no answers that could be swapped.",
            groups,
        )
    reasons: dict[str, list[str]] = {}
    for (_, system), reason in found.dashes.items():
        reasons.setdefault(reason, []).append(system)
    if reasons:
        told = "; ".join(f"{r} ({', '.join(dict.fromkeys(s))})" for r, s in reasons.items())
        yield Footnote(f"{DASH} stands for: {told}.", groups)


def _standards(found: Standings) -> str:
    told = "; ".join(
        f"at most {s.shown} {s.unit}, {s.what}" if s.is_cost else f"at least {s.shown}, {s.what}"
        for s in found.standards
    )
    axis = f" Diversity is {found.diversity.short}." if found.diversity else ""
    return f"{axis.strip()} Held equal: {told}. " if told else ""


def _pair_row(
    board: Board,
    point: Point,
    number: int,
    points: tuple[Point, ...],
    axis: Axis,
    verdicts: Verdicts,
    given: Mapping[str, str],
) -> Row:
    row = make_row(board, point, ())
    entries = {}
    for place, other in enumerate(points):
        pair = verdicts.pair(column_of(axis), point.system, other.system)
        keys = (*point.keys("score"), *other.keys("score"))
        entries[other.system] = _pair_entry(pair, keys, above=place > number)
    return replace(
        row,
        # Groups of rows are families elsewhere; here they are what was measured.
        family=axis.label,
        entries=entries,
        marks="",
        letter=given[point.system],
    )


def _pair_entry(pair: Pair | None, keys: tuple[str, ...], *, above: bool) -> Entry:
    if pair is None:
        return Entry(UNDEFINED, (), dash="not compared")
    shown = pair.difference if above else Interval(value=pair.adjusted)
    return Entry(shown, keys, bold=pair.significant)
