"""The tables of a task beside the main one, in order."""

from __future__ import annotations

from benchmark.records.reader import Records
from benchmark.report.data.points import Board
from benchmark.report.tables.ablation_table import ablation_table, ablations_of
from benchmark.report.tables.cost_table import COST, cost_table
from benchmark.report.tables.frontier_table import FRONTIER, frontier_table
from benchmark.report.tables.mbr_tables import choosing_names, choosing_tables
from benchmark.report.tables.published_tables import published_names, published_tables
from benchmark.report.tables.significance_table import SIGNIFICANCE, significance_table
from benchmark.report.tables.table import Table


def supplementary_names(records: Records, task: str) -> tuple[str, ...]:
    """Names of the supplementary tables of a task, in order."""
    ablations = (f"ablation-{name}" for name in ablations_of(records, task))
    choosing, published = choosing_names(records, task), published_names(records, task)
    return (FRONTIER, SIGNIFICANCE, *ablations, *choosing, COST, *published)


def supplementary_tables(board: Board, task: str) -> tuple[Table, ...]:
    """The tables of `supplementary_names`."""
    ablated = (ablation_table(board, task, name) for name in ablations_of(board.records, task))
    return (
        frontier_table(board, task),
        significance_table(board, task),
        *ablated,
        *choosing_tables(board, task),
        cost_table(board, task),
        *published_tables(board, task),
    )
