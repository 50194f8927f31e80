"""All figures of a report, each with the caption that it needs to be read alone."""

from __future__ import annotations

from collections.abc import Iterator

from benchmark.report.analysis.mbr_scaling import INFLATED, curved_points, utilities_of
from benchmark.report.analysis.mbr_scaling import describe_protocol as scaling_protocol
from benchmark.report.data.axes import COVERAGE, planes
from benchmark.report.data.control_points import has_control
from benchmark.report.data.points import Board
from benchmark.report.figures.control_figures import control_plots
from benchmark.report.figures.cost_curves import NFE, SECONDS, draw_cost
from benchmark.report.figures.frontier import draw_frontier, draw_overview
from benchmark.report.figures.marks import crowded
from benchmark.report.figures.mbr_curves import draw_candidates
from benchmark.report.figures.plot import Plot
from benchmark.report.figures.training_curves import collect_logs, draw_training
from benchmark.report.tables.table import describe_protocol


def overview_plot(board: Board) -> Plot:
    """The frontier of all tasks side by side."""
    return Plot(
        "overview",
        "Quality against diversity, all tasks",
        f"{_explain(board, board.records.tasks)} Grey and dashed: the grammar itself over its"
        " temperature, where a task has one. Horizontal line: copying the source.",
        lambda: draw_overview(board),
    )


def task_plots(board: Board, task: str, stem: str) -> Iterator[Plot]:
    """The figures of a task; `stem` begins the names of their files."""
    known = any(quality == COVERAGE for _, quality in planes(board, task))
    is_asked = has_control(board, task)
    quality = "Success" if is_asked else "Quality"
    yield from control_plots(board, task, stem)
    yield Plot(
        f"{stem}-frontier",
        f"{quality} against diversity",
        f"{_explain(board, (task,))} Shaded: pointwise interval of the quality along a curve"
        " (sources resampled for all systems together, Student's t over the seeds)."
        + (" Where coverage falls, further variety is noise." if known else "")
        + f" {describe_protocol(board, task)}",
        lambda: draw_frontier(board, task),
    )
    yield Plot(
        f"{stem}-nfe",
        f"{quality} against network calls",
        "Calls are counted by hooks; logarithmic axis. Large marks: the setting of the table;"
        f" hollow marks: {'without guidance' if is_asked else 'deterministic systems'}."
        " Lines: copying the source, and draws from the grammar where there is one.",
        lambda: draw_cost(board, task, NFE),
    )
    yield Plot(
        f"{stem}-seconds",
        f"{quality} against time",
        "Seconds per candidate on the machine of the run, tokenising included; logarithmic axis."
        " Numbers: network calls at the ends of a curve."
        + (" Hollow: without guidance." if is_asked else ""),
        lambda: draw_cost(board, task, SECONDS),
    )
    yield Plot(
        f"{stem}-training",
        "Training",
        "Above: training loss (lines) and validation loss (marks), not smoothed; losses of"
        " different objectives are not comparable with each other. Below: quality on examples"
        " of the valid split." + _mention_seeds(board, task),
        lambda: draw_training(board, task),
    )
    if curved_points(board, task):
        yield Plot(
            f"{stem}-mbr",
            f"{quality} against the number of candidates",
            _explain_mbr_curves(board, task),
            lambda: draw_candidates(board, task),
        )


def _explain(board: Board, tasks: tuple[str, ...]) -> str:
    """How to read a frontier: what the numbers and marks are."""
    knobs: dict[str, dict[str, None]] = {}
    for system in board.systems:
        for task in tasks:
            for curve in board.sweeps(task, system):
                knobs.setdefault(curve[0].knob or "knob", {})[system] = None
    told = "; ".join(
        f"{knob} ({', '.join(systems)})" if len(knobs) > 1 else knob
        for knob, systems in knobs.items()
    )
    numbers = f" Numbers at the ends: {told}." if told else ""
    return (
        "Up is better, right is more varied; every curve is one system over its knob."
        f"{numbers} Large marks: the setting of the table. Whiskers: confidence intervals"
        f"{', at the large and the hollow marks' if crowded(board) else ''}. Hollow"
        " marks at the left: deterministic systems, which have no sampling diversity. Arrows at an"
        " edge: yardsticks far off the scale, with their value."
    )


def _explain_mbr_curves(board: Board, task: str) -> str:
    """How to read the curves over numbers of candidates."""
    points = curved_points(board, task)
    return (
        "Minimum Bayes risk chooses among n draws of the main setting, by"
        f" {utilities_of(points)[0]}. At n = 1 it is the mean of all draws; of 2 neither can be"
        " outvoted, so an asymmetry of the utility decides. Left: over n; right: over the network"
        " rows that n draws cost (logarithmic); dotted vertical line: the smallest"
        " budget that buys every model a draw. A row is a whole text for some systems and one word"
        f" for others. {INFLATED} Bands:"
        " confidence intervals. Hollow: one answer or a ranked list, from which no other number"
        f" can be drawn. {scaling_protocol(points)}"
    )


def _mention_seeds(board: Board, task: str) -> str:
    most = max((len(seeds) for seeds in collect_logs(board, task).values()), default=0)
    return f" One line per seed ({most} seeds)." if most > 1 else ""
