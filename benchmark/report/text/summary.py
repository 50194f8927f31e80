"""What the records say in sentences: what is best, what copying scores, what failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmark.records.schema import UNDEFINED, TrialRecord
from benchmark.report.analysis.mbr_scaling import curved_points, utilities_of
from benchmark.report.analysis.significance import BOLD_RULE, Ranking
from benchmark.report.analysis.verdicts import (
    column_of,
    find_saturation,
    rank_models,
    task_verdicts,
)
from benchmark.report.data.axes import Axis, main_axis, quality_axes, quality_axis
from benchmark.report.data.columns import Column
from benchmark.report.data.points import CEILING, COPY, Board
from benchmark.report.data.wording import OVERVIEW, join_names, write_value
from benchmark.report.tables.mbr_tables import describe_equal_cost
from benchmark.report.tables.published_tables import describe_published
from benchmark.report.tables.table import SPREAD, Table, TableCell, TableRow, last_line, with_bold
from benchmark.report.text.control_sentences import describe_control
from benchmark.tasks.data_notes import train_share


def write_sentences(board: Board, task: str) -> list[str]:
    """The summary of a task; every figure in it is computed from the records."""
    main, usual = main_axis(board, task), quality_axis(board, task)
    said: list[str] = []
    for axis in quality_axes(board, task):
        ranking = rank_models(board, task, axis)
        if ranking is None:
            continue
        said.append(_describe_best(ranking, axis.label))
        if axis == usual:
            said += _describe_copying(board, task, axis, ranking)
    if saturated := find_saturation(board, task):
        said.append(
            f"The task is saturated: on {saturated[0].label} every system lies within its interval"
            f" of the ceiling, {write_value(saturated[1], short=True)}, so this quality tells none"
            " of them apart from a perfect one."
        )
    said += describe_control(board, task)
    utility = next(iter(utilities_of(curved_points(board, task))), "")
    if main and (equal_cost := describe_equal_cost(board, task, utility)):
        said.append(equal_cost)
    ceiling = board.main(task, CEILING)
    if ceiling is not None and usual is not None and usual.read(ceiling).defined:
        score = write_value(usual.read(ceiling))
        said.append(
            f"Draws from the grammar itself score {score} on {usual.label}: a higher score than"
            " that does not mean a better model."
        )
    if published := describe_published(board.records, task):
        said.append(published)
    said += [
        f"{point.system} did not finish ({point.failures[0].status}"
        + (f": {last_line(point.failures[0].error)}" if point.failures[0].error else "")
        + ")."
        for point in board.mains(task)
        if not point.trials
    ]
    if not said and any(point.trials for point in board.mains(task)):
        said.append("No model was measured: the rows are yardsticks, to compare models with.")
    if not said:
        return ["All trials of this task failed."]
    notes = board.records.run.tasks[task].notes
    available = notes.get("available", {}).get("train", 0)
    return [*said, *train_share(available, notes.get("published_train"))]


def list_failures(board: Board) -> list[tuple[TrialRecord, str]]:
    """Trials that failed or are missing, and their settings: those that share one error at once."""
    found: dict[tuple[str, str, int, str], list[TrialRecord]] = {}
    for point in board.points:
        for trial in point.failures:
            found.setdefault((trial.task, trial.system, trial.seed, trial.error or ""), []).append(
                trial
            )
    return [(trials[0], ", ".join(c.setting.label for c in trials)) for trials in found.values()]


def build_overview_table(board: Board) -> Table:
    """The main quality of every system on every task."""
    axes = {task: axis for task in board.records.tasks if (axis := main_axis(board, task))}
    columns = tuple(
        Column(
            id=task,
            group="quality",
            head=board.title(task),
            detail=axis.label,
            direction="higher",
            read=axis.read,
            digits=1 if axis.bounds(board, task)[1] >= 50 else 3,
            about=f"{axis.metric}, mean over candidates",
        )
        for task, axis in axes.items()
    )
    rows = tuple(_make_overview_row(board, system, columns) for system in board.systems)
    return Table(
        task="all",
        title="Overview",
        caption=f"Main quality of every system, main setting. {SPREAD} {BOLD_RULE}",
        columns=columns,
        rows=with_bold(rows, {task: rank_models(board, task, axis) for task, axis in axes.items()}),
        name=OVERVIEW,
    )


def _make_overview_row(board: Board, system: str, columns: Sequence[Column]) -> TableRow:
    points = {column.id: board.main(column.id, system) for column in columns}
    present = [point for point in points.values() if point is not None]

    def entry(column: Column) -> TableCell:
        point = points[column.id]
        if point is None or not point.trials:
            reason = "not run" if point is None else point.failures[0].status
            return TableCell(UNDEFINED, (), dash=reason)
        return TableCell(column.read(point), point.keys("score"))

    info = board.records.run.systems[system]
    return TableRow(
        system=system,
        title=info.title,
        family=info.family,
        setting=present[0].label if present else "",
        kind=present[0].kind if present else "samples",
        entries={column.id: entry(column) for column in columns},
    )


def _describe_best(found: Ranking, name: str) -> str:
    top = found.values[found.best]
    if len(found.values) == 1:
        return f"On {name}, {found.best} ({write_value(top)}) is the only model that was measured."
    if all(value.value == top.value for value in found.values.values()):
        return f"On {name}, all systems score {write_value(top, short=True)}."
    equals, worse = (
        join_names([f"{s} ({write_value(found.values[s], short=True)})" for s in systems])
        for systems in (found.equals, found.worse)
    )
    best = f"{found.best} ({write_value(top)})"
    if not equals:
        return f"On {name}, {best} is best, significantly better than {worse}."
    head = f"On {name}, {best} has the highest mean, not significantly different from {equals}"
    return (
        f"{head}; it is significantly better than {worse}."
        if worse
        else f"{head}: no system is significantly best."
    )


def _describe_copying(board: Board, task: str, axis: Axis, found: Ranking) -> Iterator[str]:
    copy = board.main(task, COPY)
    if copy is None or not axis.read(copy).defined:
        return
    verdicts, column = task_verdicts(board, task), column_of(axis)
    below = [s for s in found.values if COPY not in verdicts.better_than(column, s)]
    head = f"Copying the source scores {write_value(axis.read(copy))} on {axis.label}"
    if not below:
        yield f"{head}; every system is significantly better."
    elif len(below) == len(found.values):
        yield f"{head}; no system is significantly better."
    else:
        yield f"{head}; not significantly better: {join_names(below)}."
