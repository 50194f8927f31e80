"""Which columns of a table go into its LaTeX: a page is narrow, so few do by default.

The tables in Markdown and CSV hold all of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from benchmark.api import UserError
from benchmark.api.did_you_mean import suggestion
from benchmark.records.schema import base
from benchmark.report.analysis.standings import AREA
from benchmark.report.data.columns import Column
from benchmark.report.tables.ablation_table import ABLATION
from benchmark.report.tables.composition_table import COMPOSITION
from benchmark.report.tables.cost_table import COST
from benchmark.report.tables.frontier_table import FRONTIER
from benchmark.report.tables.mbr_tables import MBR, OTHERS
from benchmark.report.tables.published_tables import PUBLISHED
from benchmark.report.tables.table import Table

MOST, FEWEST = 6, 4
"""Columns of a preset, as far as the table has as many."""

_MAIN = (
    r"^(control|validity|sari|bleu_sent_m4)\b.*\.expected$",
    r"^coverage\b",
    r"^bleu_sent_m4\b.*\.mbr$",
    r"^rouge_l\b",
    r"^self_bleu\b",
    r"^cost\.depth$",
    r"^cost\.seconds_per_candidate$",
)

_PRESETS: Mapping[str, Sequence[str]] = {
    FRONTIER: (r"^(grammar|human|common|depth|seconds_per_candidate)$", rf"^{AREA}$"),
    MBR: (r"\.mbr@(1|5|20)$", r"\.oracle@", r"@budget$"),
    OTHERS: (r"\.mbr@(1|20)$",),
    COMPOSITION: (r"^control\.", r"^(kept|source_bleu)\b"),
    PUBLISHED: (r"",),
    COST: (
        r"^parameters\.total$",
        r"^training\.(updates|seconds)$",
        r"^cost\.",
    ),
}
"""Patterns of ids by name of a table, the most important first; other names show everything."""

_QUOTAS: Mapping[str, int] = {"quality": 3, "diversity": 1, "cost": 2}
"""How many columns of a kind the preset of a main table has; known answers are qualities."""

_HEAD = "% Columns: "


def choose_columns(table: Table, wanted: Collection[str] = ()) -> tuple[Column, ...]:
    """The columns of the LaTeX of a table, in its order.

    Args:
        table: any table of a report.
        wanted: ids of columns, in place of the preset where the table has one of them.
    """
    chosen = tuple(column for column in table.columns if column.id in wanted)
    if chosen and not table.part("pairs"):
        return chosen
    if table.name in _PRESETS:
        found = _rank(table.columns, _PRESETS[table.name])[:MOST]
    elif not table.name or table.name.startswith(ABLATION):
        found = _choose_main(table)
    else:
        return table.columns
    others = [column for column in table.columns if column not in found]
    found += others[: max(0, FEWEST - len(found))]
    return tuple(column for column in table.columns if column in found)


def check_columns(wanted: Iterable[str], tables: Iterable[Table]) -> None:
    """See that some table has each of the columns.

    Raises:
        UserError: for a column that none has.
    """
    known = {c.id for table in tables for c in table.columns if c.group != "pairs"}
    for name in wanted:
        if name not in known:
            raise UserError(f"No table has the column {name!r}: {suggestion(name, known)}")


def read_columns(path: Path) -> tuple[str, ...]:
    """The ids of the columns that a kept LaTeX table says it has; empty where it does not."""
    if not path.exists():
        return ()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((tuple(x[len(_HEAD) :].split()) for x in lines if x.startswith(_HEAD)), ())


def write_columns(columns: Collection[Column]) -> str:
    """The comment that `read_columns` reads."""
    return _HEAD + " ".join(column.id for column in columns)


def _choose_main(table: Table) -> list[Column]:
    """Qualities first, tested ones before all, then one diversity and the cost, each once."""
    tested = {name for row in table.rows for name, entry in row.entries.items() if entry.beats}
    ranked = _rank([c for c in table.columns if c.id in tested], _MAIN, others=True)
    ranked += _rank(table.columns, _MAIN, others=True)
    # Of the variants of a metric (lower case, one attribute) only the first.
    once = {_what(column): column for column in reversed(ranked)}
    left, found = dict(_QUOTAS), []
    for column in sorted(once.values(), key=ranked.index):
        kind = "quality" if column.group == "known answers" else column.group
        if left.get(kind, 0):
            left[kind] -= 1
            found.append(column)
    return found


def _what(column: Column) -> tuple[str, str]:
    name, _, statistic = column.id.rpartition(".")
    return base(name), statistic


def _rank(
    columns: Sequence[Column], patterns: Sequence[str], *, others: bool = False
) -> list[Column]:
    """The columns that a pattern finds, pattern by pattern; the others after them if wanted."""
    every = (*patterns, "") if others else patterns
    found = (c for pattern in every for c in columns if re.search(pattern, c.id))
    return list(dict.fromkeys(found))
