"""The table of frontiers: every system by its whole curve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmark.records.schema import UNDEFINED, Interval
from benchmark.report.analysis.significance import BOLD_RULE
from benchmark.report.analysis.standings import (
    AREA,
    NO_PLACES,
    SHORT,
    Standard,
    Standings,
    compute_standings,
    offered,
)
from benchmark.report.analysis.verdicts import task_verdicts, warn_of_seeds
from benchmark.report.data.columns import Column, Group
from benchmark.report.data.points import Board, Point
from benchmark.report.data.wording import join_names
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

if TYPE_CHECKING:
    import pandas as pd

FRONTIER = "frontier"
"""Name of the table."""

_HOW = (
    "Front: how many of the settings no setting of any model beats in both diversity and quality."
    " Area: that of the region which the curve dominates, from (0, 0); a sweep that stops early has"
    " less of it. Equal diversity: the best quality at that diversity or more, on straight"
    " lines between settings and never beyond them. Equal cost: the best quality within the"
    " budget, with the knob of the main setting and whatever its diversity. Settings, shares and"
    " levels were chosen on the valid split, among as many settings as the table says; quality,"
    " and what a place has or costs, are of the test split. Intervals and tests hold for the places"
    " as chosen; the area is not tested."
)


def build_frontier_table(board: Board, task: str) -> Table:
    """Every system by its curve: area, and quality at equal diversity and equal cost."""
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
            *(_write_footnotes(board, task, found) if found else ()),
        ),
        name=FRONTIER,
    )


def build_place_frame(board: Board, task: str) -> pd.DataFrame:
    """What stands for each system where something is held equal: a row for each setting."""
    import pandas as pd

    heads = (
        "task", "standard", "level", "unit", "system", "setting", "share", "chosen_among",
        "valid_quality", "valid_level", "test_quality", "test_level", "score_keys",
    )  # fmt: skip
    found = compute_standings(board, task)
    rows = [] if found is None else list(_list_places(found, board, task))
    return pd.DataFrame(rows, columns=list(heads))


def _list_places(found: Standings, board: Board, task: str) -> Iterator[tuple[object, ...]]:
    for standard, places in found.choice.items():
        for system, place in places.items():
            among = len(offered(board, task, standard, system))
            for point, share in place.items():
                yield (
                    task, standard.id, standard.shown, standard.unit, system, point.label, share,
                    among,
                    found.quality.read_valid(point), found.level_of(standard, point, valid=True),
                    found.quality.read(point).value, found.level_of(standard, point),
                    " ".join(point.keys("score")),
                )  # fmt: skip


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

    def spent(standard: Standard) -> Column:
        group: Group = "equal cost" if standard.is_cost else "equal diversity"
        return Column(
            f"{standard.id}.spent", group, "Spent" if standard.is_cost else "Has",
            standard.unit or "diversity", "none",
            lambda point: Interval(value=found.spent(standard, point.system)),
            digits=3, about="what it has or costs on the test split",
        )  # fmt: skip

    standards = [
        column
        for s in found.standards
        for column in (
            value(s.id, "equal cost", f"≤ {s.shown}", s.unit, f"quality within {s.what}")
            if s.is_cost
            else value(
                s.id, "equal diversity", f"≥ {s.shown}", SHORT[s.id], f"quality at {s.what}"
            ),
            spent(s),
        )
    ]
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


def _write_footnotes(board: Board, task: str, found: Standings) -> Iterator[Footnote]:
    budget = next((s for s in found.standards if s.is_cost), None)
    if budget is not None:
        by_count: dict[int, list[str]] = {}
        for system in found.choice[budget]:
            by_count.setdefault(len(offered(board, task, budget, system)), []).append(system)
        told = "; ".join(f"{n} of {join_names(of)}" for n, of in sorted(by_count.items()))
        costs: frozenset[Group] = frozenset({"equal cost"})
        yield Footnote(f"Places at equal cost are chosen among so many settings: {told}.", costs)
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
    return f"{axis.strip()} Held equal: {told}." if told else NO_PLACES
