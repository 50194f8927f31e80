"""What the records say in sentences: what is best, what copying scores, what failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmark.records.schema import UNDEFINED, TrialRecord
from benchmark.report.analysis.best_systems import Comparison, compare
from benchmark.report.analysis.equal_cost import describe_equal_cost
from benchmark.report.analysis.mbr_scaling import curved_points, utilities_of
from benchmark.report.data.axes import main_axis, quality_axes, quality_axis
from benchmark.report.data.columns import Column
from benchmark.report.data.points import CEILING, Board
from benchmark.report.data.wording import join_names, write_value
from benchmark.report.tables.published_tables import describe_published
from benchmark.report.tables.table import Table, TableCell, TableRow, last_line, with_bold
from benchmark.report.text.control_sentences import describe_control
from benchmark.tasks.data_notes import train_share


def write_sentences(board: Board, task: str) -> list[str]:
    """The summary of a task; every figure in it is computed from the records."""
    main, usual = main_axis(board, task), quality_axis(board, task)
    said: list[str] = []
    for axis in quality_axes(board, task):
        found = compare(board, task, axis)
        if found is None:
            continue
        said.append(_describe_best(found, axis.label))
        if axis == usual:
            said += _describe_copying(found, axis.label)
    said += describe_control(board, task)
    utility = next(iter(utilities_of(curved_points(board, task))), "")
    if main and (equal_cost := describe_equal_cost(board, task, main.metric, utility)):
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
            digits=1 if axis.metric.startswith("bleu_corpus") else 3,
            about=f"{axis.metric}, mean over candidates",
        )
        for task, axis in axes.items()
    )
    rows = tuple(_make_overview_row(board, system, columns) for system in board.systems)
    return Table(
        task="overview",
        title="Overview",
        caption="Main quality of every system, main setting. Bold: its interval overlaps the"
        " best one's; yardsticks take no part. ± is half of the interval.",
        columns=columns,
        rows=with_bold(rows, columns),
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


def _describe_best(found: Comparison, name: str) -> str:
    others = (*found.equals, *found.worse)
    if others and all(value.value == found.value.value for _, value in others):
        return f"On {name}, all systems score {write_value(found.value, short=True)}."
    best = f"{found.best} ({write_value(found.value)})"
    equals, worse = (
        join_names([f"{system} ({write_value(value, short=True)})" for system, value in systems])
        for systems in (found.equals, found.worse)
    )
    if not found.equals and not found.worse:
        return f"On {name}, {best} is the only model that was measured."
    if not found.equals:
        return f"On {name}, {best} is best, significantly better than {worse}."
    head = f"On {name}, {best} has the highest mean, not significantly different from {equals}"
    return (
        f"{head}; it is significantly better than {worse}."
        if worse
        else f"{head}: no system is significantly best."
    )


def _describe_copying(found: Comparison, name: str) -> Iterator[str]:
    if found.copy is None:
        return
    head = f"Copying the source scores {write_value(found.copy)} on {name}"
    if not found.below_copy:
        yield f"{head}; every system is significantly better."
    elif not found.beat_copy:
        yield f"{head}; no system is significantly better."
    else:
        yield f"{head}; not significantly better: {join_names(found.below_copy)}."
