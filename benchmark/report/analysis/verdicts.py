"""Who is best on a task: the one comparison that all tables, sentences and the page word.

The columns that are compared are the qualities of the main table, the standards of
`benchmark.report.analysis.standings` and the choices of `benchmark.report.analysis.equal_cost`.
They are one family of tests, so that equal numbers get equal verdicts wherever they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from benchmark.records.schema import Interval
from benchmark.report.analysis.equal_cost import choose_at_equal_cost, equal_cost_column
from benchmark.report.analysis.mbr_scaling import curved_points, utilities_of
from benchmark.report.analysis.resampled_scores import task_draws
from benchmark.report.analysis.significance import Ranking, Verdicts, compare_all
from benchmark.report.analysis.standings import compute_standings
from benchmark.report.data.axes import Axis, main_axis, quality_axes
from benchmark.report.data.points import CEILING, MADE_OF_REFERENCES, Board, Point
from benchmark.report.data.seed_pooling import seed_parts
from benchmark.report.data.wording import join_names
from benchmark.scoring.bootstrap import Bounds, Parts


def column_of(axis: Axis) -> str:
    """The id of the column of the main table that holds a quality."""
    return f"{axis.metric}.{axis.statistic}"


def compared_points(board: Board, task: str) -> tuple[Point, ...]:
    """The rows of the main table that are compared.

    The references are left out, as they are and through a tokeniser: scored against themselves they
    are perfect by construction.
    """
    mains = board.mains(task)
    return tuple(p for p in mains if p.trials and p.system not in MADE_OF_REFERENCES)


@lru_cache(maxsize=64)
def task_verdicts(board: Board, task: str) -> Verdicts:
    """All comparisons of a task."""
    draws, standings = task_draws(board, task), compute_standings(board, task)
    columns: dict[str, dict[str, Parts]] = {}
    bounds: dict[str, Bounds] = {}
    for axis in quality_axes(board, task):
        rows = {p.system: draws.mix({p: 1.0}, axis) for p in compared_points(board, task)}
        columns[column_of(axis)], bounds[column_of(axis)] = rows, axis.bounds(board, task)
    if standings is not None:
        quality, metric = standings.quality, standings.quality.metric
        for standard, places in standings.choice.items():
            columns[standard.id] = {
                system: draws.mix(place, quality)
                for system, place in places.items()
                if system in board.models
            }
            bounds[standard.id] = quality.bounds(board, task)
        for utility in utilities_of(curved_points(board, task)):
            found = choose_at_equal_cost(board, task, metric, utility)
            if found is not None:
                columns[equal_cost_column(metric, utility)] = dict(found.parts)
    # Where no values per source were kept, there is nothing to test.
    known = {name: {row: of for row, of in rows.items() if of} for name, rows in columns.items()}
    return compare_all(known, level=draws.recipe.level, bounds=bounds)


def rank_models(board: Board, task: str, axis: Axis) -> Ranking | None:
    """The models by their main settings on a quality of the main table."""
    values = {p.system: axis.read(p) for p in board.mains(task) if p.trials and not p.yardstick}
    return task_verdicts(board, task).rank(column_of(axis), values)


def compare_variants(
    board: Board, task: str, points: Mapping[str, Point]
) -> dict[str, Ranking | None]:
    """Settings of one system, which share its seeds, on the qualities of the task: a family apart.

    Args:
        board: the points.
        task: of the points.
        points: by the name of a row.

    Returns:
        By the column of the main table.
    """
    axes = {(axis.metric, axis.statistic): axis for axis in quality_axes(board, task)}
    columns: dict[str, dict[str, Parts]] = {column_of(axis): {} for axis in axes.values()}
    common: tuple[str, ...] = ()
    for name, point in points.items():
        sources, found = seed_parts(board.records, point.trials, axes)
        common = common or sources
        if sources == common:
            for statistic, parts in found.items():
                columns[column_of(axes[statistic])][name] = parts
    verdicts = compare_all(columns, systems={name: p.system for name, p in points.items()})
    return {
        column_of(axis): verdicts.rank(
            column_of(axis), {name: axis.read(point) for name, point in points.items()}
        )
        for axis in axes.values()
    }


def warn_of_seeds(board: Board) -> str:
    """What holds for whom, where models have one seed or two; empty where all have more."""
    mains = [p for task in board.records.tasks for p in board.mains(task)]
    models = [p for p in mains if p.trials and not p.yardstick]
    told = []
    for count, name, means in (
        (1, "One seed", "differences are between these trained networks, not between methods"),
        (2, "Two seeds", "only a difference far beyond that between seeds can be shown; take five"),
    ):
        few = dict.fromkeys(p.system for p in models if len(p.trials) == count)
        if few:
            of = "" if len(few) == len({p.system for p in models}) else f" of {join_names([*few])}"
            told.append(f"{name}{of}: {means}.")
    return " ".join(told)


def find_saturation(board: Board, task: str) -> tuple[Axis, Interval] | None:
    """The main quality of a task and its ceiling, where every model lies within its interval of it.

    The ceiling is what the grammar itself scores, else the end of the range. A model lies within
    its interval of it if that is at most half of the interval away.
    """
    axis = main_axis(board, task)
    values = [axis.read(p) for p in board.mains(task) if axis and p.trials and not p.yardstick]
    if axis is None or not values:
        return None
    grammar = board.main(task, CEILING)
    top = axis.read(grammar) if grammar is not None else Interval(value=axis.bounds(board, task)[1])
    is_near = all(v.bounded and top.value - v.value <= v.half_width for v in values)
    return (axis, top) if is_near and top.defined else None
