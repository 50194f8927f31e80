"""The table of frontiers: every system by its whole curve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmark.records.schema import UNDEFINED, Interval
from benchmark.report.analysis.significance import BOLD_RULE
from benchmark.report.analysis.standings import AREA, SHORT, Standings, compute_standings
from benchmark.report.analysis.verdicts import task_verdicts, warn_of_seeds
from benchmark.report.data.columns import Column, Group
from benchmark.report.data.points import Board, Point
from benchmark.report.tables.table import (
    DAGGER,
    DASH,
    LETTERS,
    Footnote,
    Table,
    TableCell,
    TableRow,
    make_row,
    with_letters,
)

FRONTIER = "frontier"
"""Name of the table."""

_HOW = (
    "Front: how many of the settings no setting of any model beats in both diversity and quality."
    " Area: that of the region which the curve dominates, from (0, 0); a sweep that stops early has"
    " less of it. Equal diversity: the best quality at that diversity or more, on straight"
    " lines between settings and never beyond them. Equal cost: the best quality within the"
    " budget,"
    " with the knob of the main setting and whatever its diversity. Intervals and tests hold for"
    " the settings and shares as chosen on these sources; the area is not tested."
)


def build_frontier_table(board: Board, task: str) -> Table:
    """Every system by its whole curve: area, and quality at equal diversity and equal cost."""
    found = compute_standings(board, task)
    points = board.mains(task)
    columns = _make_columns(found) if found else ()
    rows = tuple(_make_frontier_row(board, point, columns, found) for point in points)
    about = "no quality was measured."
    if found is not None:
        told = (f"quality is {found.quality.label}.", _describe(found), _HOW, BOLD_RULE)
        about = " ".join(filter(None, (*told, warn_of_seeds(board))))
    verdicts = task_verdicts(board, task)
    return Table(
        task=task,
        title="Frontier",
        caption=f"{board.heading(task)}: {about}",
        columns=columns,
        rows=with_letters(rows, verdicts),
        footnotes=(
            *([LETTERS] if verdicts.of(*(column.id for column in columns)) else []),
            *(_write_footnotes(found) if found else ()),
        ),
        name=FRONTIER,
    )


def _make_columns(found: Standings) -> tuple[Column, ...]:
    digits = 1 if found.quality.metric.startswith("bleu_corpus") else 3

    def part(field: str, head: str, detail: str, decimals: int, about: str) -> Column:
        def read(point: Point) -> Interval:
            curve = found.curves.get(point.system)
            return UNDEFINED if curve is None else Interval(value=getattr(curve, field))

        return Column(
            f"curve.{field}", "frontier", head, detail, "none", read, digits=decimals, about=about
        )

    def value(column: str, group: Group, head: str, detail: str, about: str) -> Column:
        return Column(
            column, group, head, detail, "higher",
            lambda point: found.value(column, point.system), digits=digits, about=about,
        )  # fmt: skip

    parts = (
        part("settings", "Settings", "swept", 0, "sampled settings of the sweep"),
        part("front", "Front", "of them", 0, "settings that no setting of any model beats in both"),
        part("low", "Diversity", "from", 3, "smallest diversity that was measured"),
        part("high", "Diversity", "to", 3, "greatest diversity that was measured"),
        value(AREA, "frontier", "Area", "", "area under the frontier, from (0, 0)"),
    )
    standards = (
        value(s.id, "equal cost", f"≤ {s.shown}", s.unit, f"quality within {s.what}")
        if s.is_cost
        else value(s.id, "equal diversity", f"≥ {s.shown}", SHORT[s.id], f"quality at {s.what}")
        for s in found.standards
    )
    return (*(parts if found.curves else ()), *standards)


def _make_frontier_row(
    board: Board, point: Point, columns: tuple[Column, ...], found: Standings | None
) -> TableRow:
    row = make_row(board, point, columns)
    if found is None:
        return row
    settings = (*board.of(point.task, point.system, "sweep"), point)
    keys = tuple(dict.fromkeys(key for setting in settings for key in setting.keys("score")))
    entries = {
        name: TableCell(entry.interval, keys, dash=found.dashes.get((name, point.system), ""))
        for name, entry in row.entries.items()
    }
    return replace(row, entries=entries, marks=row.marks.replace(DAGGER, ""))


def _write_footnotes(found: Standings) -> Iterator[Footnote]:
    groups: frozenset[Group] = frozenset({"frontier", "equal diversity", "equal cost"})
    reasons: dict[str, list[str]] = {}
    for (_, system), reason in found.dashes.items():
        reasons.setdefault(reason, []).append(system)
    if reasons:
        told = "; ".join(f"{r} ({', '.join(dict.fromkeys(s))})" for r, s in reasons.items())
        yield Footnote(f"{DASH} stands for: {told}.", groups)


def _describe(found: Standings) -> str:
    told = "; ".join(f"{standard}, {standard.what}" for standard in found.standards)
    axis = f" Diversity is {found.diversity.short}." if found.diversity else ""
    return f"{axis.strip()} Held equal: {told}." if told else ""
