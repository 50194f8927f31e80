"""What the records say in sentences: what is best, what copying scores, what failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmark.records.schema import Interval, title_of
from benchmark.report.analysis.best_systems import Comparison, compare
from benchmark.report.analysis.equal_cost import describe_equal_cost
from benchmark.report.analysis.mbr_scaling import scaled, utilities_of
from benchmark.report.data.axes import main_axis, quality_axis
from benchmark.report.data.columns import Column
from benchmark.report.data.points import CEILING, Board
from benchmark.report.tables.published_tables import describe_published
from benchmark.report.tables.table import Table, TableCell, TableRow, last_line, with_bold
from benchmark.tasks.data_notes import train_share


@dataclass(frozen=True)
class Failure:
    """A trial that did not finish."""

    task: str
    system: str
    seed: int
    setting: str
    status: str
    error: str


def write_sentences(board: Board, task: str) -> list[str]:
    """The summary of a task; every figure in it is computed from the records."""
    main, usual = main_axis(board, task), quality_axis(board, task)
    said: list[str] = []
    for axis in dict.fromkeys(a for a in (main, usual) if a is not None):
        found = compare(board, task, axis)
        if found is None:
            continue
        said.append(_best(found, axis.label))
        if axis == usual:
            said += _copy(found, axis.label)
    utility = next(iter(utilities_of(scaled(board, task))), "")
    if main and (equal_cost := describe_equal_cost(board, task, main.metric, utility)):
        said.append(equal_cost)
    ceiling = board.main(task, CEILING)
    if ceiling is not None and usual is not None and usual.read(ceiling).defined:
        said.append(
            f"Draws from the grammar itself score {_number(usual.read(ceiling))} on {usual.label}:"
            " a higher score than that does not mean a better model."
        )
    if published := describe_published(board.records, task):
        said.append(published)
    said += [
        f"{point.system} did not finish ({point.failures[0].status}"
        + (f": {last_line(point.failures[0].error)}" if point.failures[0].error else "")
        + ")."
        for point in board.mains(task)
        if not point.cells
    ]
    if not said:
        return ["All trials of this task failed."]
    info = board.records.run.tasks.get(task)
    notes = info.notes if info is not None else {}
    return [
        *said,
        *train_share(notes.get("available", {}).get("train", 0), notes.get("published_train")),
    ]


def list_failures(board: Board) -> list[Failure]:
    """Trials that failed or are missing; settings that share one error are listed once."""
    found: dict[tuple[str, str, int, str], list[tuple[str, str]]] = {}
    for point in board.points:
        for cell in point.failures:
            key = (cell.task, cell.system, cell.seed, cell.error or "")
            found.setdefault(key, []).append((cell.setting.label, cell.status))
    return [
        Failure(
            task, system, seed, ", ".join(label for label, _ in settings), settings[0][1], error
        )
        for (task, system, seed, error), settings in found.items()
    ]


def build_overview_table(board: Board) -> Table:
    """The main quality of every system on every task."""
    axes = {task: axis for task in board.records.tasks if (axis := main_axis(board, task))}
    columns = tuple(
        Column(
            id=task,
            group="quality",
            head=title_of(board.records.run.tasks, task),
            detail=axis.label,
            direction="higher",
            read=axis.read,
            digits=1 if axis.metric.startswith("bleu_corpus") else 3,
            about=f"{axis.metric}, mean over candidates",
        )
        for task, axis in axes.items()
    )
    rows = tuple(_overview_row(board, system, columns) for system in board.systems)
    return Table(
        task="overview",
        title="Overview",
        caption="Main quality of every system, main setting. Bold: its interval overlaps the"
        " best one's; yardsticks take no part. ± is half of the interval.",
        columns=columns,
        rows=with_bold(rows, columns),
        footnotes=(),
        signatures=(),
    )


def _overview_row(board: Board, system: str, columns: Sequence[Column]) -> TableRow:
    points = {column.id: board.main(column.id, system) for column in columns}
    present = [point for point in points.values() if point is not None]

    def entry(column: Column) -> TableCell:
        point = points[column.id]
        if point is None or not point.cells:
            reason = "not run" if point is None else point.failures[0].status
            return TableCell(Interval(value=float("nan")), (), dash=reason)
        return TableCell(column.read(point), point.keys("score"))

    info = board.records.run.systems[system]
    return TableRow(
        system=system,
        title=info.title,
        family=info.family,
        setting=present[0].label if present else "",
        status="ok",
        kind=present[0].kind if present else "samples",
        marks="",
        entries={column.id: entry(column) for column in columns},
    )


def _best(found: Comparison, name: str) -> str:
    others = (*found.equals, *found.worse)
    if others and all(value.value == found.value.value for _, value in others):
        return f"On {name}, all systems score {_number(found.value, short=True)}."
    best = f"{found.best} ({_number(found.value)})"
    worse = _listed([f"{system} ({_number(value, short=True)})" for system, value in found.worse])
    if not found.equals and not found.worse:
        return f"On {name}, {best} is the only model that was measured."
    equals = _listed([f"{s} ({_number(v, short=True)})" for s, v in found.equals])
    if not found.equals:
        return f"On {name}, {best} is best, significantly better than {worse}."
    head = f"On {name}, {best} has the highest mean, not significantly different from {equals}"
    return (
        f"{head}; it is significantly better than {worse}."
        if worse
        else f"{head}: no system is significantly best."
    )


def _copy(found: Comparison, name: str) -> Iterator[str]:
    if found.copy is None:
        return
    head = f"Copying the source scores {_number(found.copy)} on {name}"
    if not found.below_copy:
        yield f"{head}; every system is significantly better."
    elif not found.beat_copy:
        yield f"{head}; no system is significantly better."
    else:
        yield f"{head}; not significantly better: {_listed(found.below_copy)}."


def _number(interval: Interval, *, short: bool = False) -> str:
    """A value with its interval; corpus scores have one decimal, scores up to 1 three."""
    digits = 1 if interval.value > 2 else 3
    value = f"{interval.value:.{digits}f}"
    if short or not interval.bounded or interval.half_width < 1e-9:
        return value
    return f"{value} [{interval.low:.{digits}f}, {interval.high:.{digits}f}]"


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
