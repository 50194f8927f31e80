"""The tables of a task beside the main one, in order."""

from __future__ import annotations

from benchmark.records.reader import Records
from benchmark.report.analysis.likelihoods import has_likelihoods
from benchmark.report.data.points import Board
from benchmark.report.tables.ablation_table import (
    ABLATION,
    ablations_of,
    build_ablation_table,
)
from benchmark.report.tables.composition_table import (
    COMPOSITION,
    build_composition_table,
    has_composition,
)
from benchmark.report.tables.cost_table import COST, build_cost_table
from benchmark.report.tables.frontier_table import FRONTIER, build_frontier_table
from benchmark.report.tables.likelihood_table import LIKELIHOOD, build_likelihood_table
from benchmark.report.tables.mbr_tables import build_choosing_tables, choosing_names
from benchmark.report.tables.published_tables import (
    PUBLISHED,
    build_published_table,
    comparable_figures,
)
from benchmark.report.tables.significance_table import SIGNIFICANCE, build_significance_table
from benchmark.report.tables.strata_table import build_strata_tables, strata_names
from benchmark.report.tables.table import Table
from benchmark.report.tables.undrawn_table import UNDRAWN, build_undrawn_table, has_undrawn


def supplementary_names(records: Records, task: str) -> tuple[str, ...]:
    """Names of the supplementary tables of a task, in order."""
    ablations = (f"{ABLATION}{name}" for name in ablations_of(records, task))
    published = (PUBLISHED,) if comparable_figures(records, task) else ()
    composition = (COMPOSITION,) if has_composition(records, task) else ()
    undrawn = (UNDRAWN,) if has_undrawn(records, task) else ()
    likelihood = (LIKELIHOOD,) if has_likelihoods(records, task) else ()
    return (
        *composition,
        FRONTIER,
        SIGNIFICANCE,
        *undrawn,
        *ablations,
        *choosing_names(records, task),
        *likelihood,
        *strata_names(records, task),
        COST,
        *published,
    )


def build_supplementary_tables(board: Board, task: str) -> tuple[Table, ...]:
    """The tables of `supplementary_names`."""
    records = board.records
    tables = [
        *([build_composition_table(board, task)] if has_composition(records, task) else []),
        build_frontier_table(board, task),
        build_significance_table(board, task),
        *([build_undrawn_table(board, task)] if has_undrawn(records, task) else []),
        *(build_ablation_table(board, task, name) for name in ablations_of(records, task)),
        *build_choosing_tables(board, task),
        *([build_likelihood_table(board, task)] if has_likelihoods(records, task) else []),
        *build_strata_tables(board, task),
        build_cost_table(board, task),
    ]
    if comparable_figures(records, task):
        tables.append(build_published_table(board, task))
    return tuple(tables)
