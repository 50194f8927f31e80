"""All figures of a report, each with the caption that it needs to be read alone."""

from __future__ import annotations

from collections.abc import Iterator

from benchmark.report.analysis.mbr_scaling import INFLATED, curved_points, utilities_of
from benchmark.report.analysis.mbr_scaling import describe_protocol as scaling_protocol
from benchmark.report.data.axes import COVERAGE, planes
from benchmark.report.data.control_points import has_control
from benchmark.report.data.points import Board
from benchmark.report.data.wording import OVERVIEW
from benchmark.report.figures.control_figures import control_plots
from benchmark.report.figures.cost_curves import NFE, SECONDS, draw_cost
from benchmark.report.figures.frontier import draw_frontier, draw_overview
from benchmark.report.figures.mbr_curves import draw_candidates
from benchmark.report.figures.plot import Plot
from benchmark.report.figures.training_curves import collect_logs, draw_training

CURVES = (
    "Every curve is one system over its knob, from few and good to varied; large marks: the setting"
    " of the table."
)


def overview_plot(board: Board) -> Plot:
    """The frontier of all tasks side by side."""
    return Plot(
        OVERVIEW,
        "Quality against diversity, all tasks",
        f"{CURVES} Each panel zooms to where the systems differ: what is far below is named at its"
        " edge.",
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
        f"{CURVES}{_name_knobs(board, task)}"
        + (" Where coverage falls, further variety is noise." if known else "")
        + f" {_count_sources(board, task)}",
        lambda: draw_frontier(board, task),
    )
    yield Plot(
        f"{stem}-nfe",
        f"{quality} against network calls",
        "Calls are counted by hooks; large marks: the setting of the table"
        f"{', hollow: without guidance' if is_asked else ''}.",
        lambda: draw_cost(board, task, NFE),
    )
    yield Plot(
        f"{stem}-seconds",
        f"{quality} against time",
        "Seconds per candidate on the machine of the run, tokenising included; numbers: network"
        f" calls at the ends of a curve{'; hollow: without guidance' if is_asked else ''}.",
        lambda: draw_cost(board, task, SECONDS),
    )
    yield Plot(
        f"{stem}-training",
        "Training",
        "Above: loss in training (lines) and on the valid split (marks), not comparable between"
        " objectives; below: quality on the valid split." + _mention_seeds(board, task),
        lambda: draw_training(board, task),
    )
    if curved_points(board, task):
        yield Plot(
            f"{stem}-mbr",
            f"{quality} against the number of candidates",
            _explain_mbr_curves(board, task),
            lambda: draw_candidates(board, task),
        )


def _count_sources(board: Board, task: str) -> str:
    """Sources, candidates, seeds and level behind a figure; the table says the method."""
    trials = [c for p in board.mains(task) for c in p.trials if c.score is not None]
    if not trials or trials[0].score is None:
        return "All trials of this task failed."
    score, seeds = trials[0].score, sorted({trial.seed for trial in trials})
    return (
        f"{score.num_sources:,} sources, {score.num_samples} candidates each,"
        f" {'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}; shaded:"
        f" {score.interval.level * 100:g} % intervals."
    )


def _name_knobs(board: Board, task: str) -> str:
    """What the numbers at the ends of the curves are."""
    knobs: dict[str, dict[str, None]] = {}
    for system in board.systems:
        for curve in board.sweeps(task, system):
            knobs.setdefault(curve[0].knob or "knob", {})[system] = None
    told = "; ".join(
        f"{knob} ({', '.join(systems)})" if len(knobs) > 1 else knob
        for knob, systems in knobs.items()
    )
    return f" Numbers at the ends: {told}." if told else ""


def _explain_mbr_curves(board: Board, task: str) -> str:
    """How to read the curves over numbers of candidates."""
    points = curved_points(board, task)
    return (
        f"The choice of minimum Bayes risk among n draws, by {utilities_of(points)[0]}. Left: over"
        " n; right: over the network rows that they cost (dotted: the smallest budget that buys"
        f" every model a draw). {INFLATED} {scaling_protocol(points)}"
    )


def _mention_seeds(board: Board, task: str) -> str:
    most = max((len(seeds) for seeds in collect_logs(board, task).values()), default=0)
    return f" One line per seed ({most} seeds)." if most > 1 else ""
