"""The figures of the papers: what they show, how ours differ, and what is missing."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from benchmark.report.analysis.mbr_scaling import curved_points
from benchmark.report.analysis.mbr_scaling import describe_protocol as scaling_protocol
from benchmark.report.data.points import Board
from benchmark.report.figures.panel_grid import PanelGrid
from benchmark.report.paper.candidate_count import candidate_curves, draw_candidates
from benchmark.report.paper.curve_panels import MANY
from benchmark.report.paper.generation_process import draw_generation, trace_axes, trace_curves
from benchmark.report.paper.step_count import draw_speed, draw_steps, has_steps
from benchmark.report.paper.trade_off import draw_trade_off, trade_off_plane
from benchmark.report.paper.training_time import draw_training_time, quality_over_training

Has = Callable[[Board, str], bool]
Draw = Callable[[Board, Sequence[str]], PanelGrid]
Describe = Callable[[Board, Sequence[str]], str]


class FigureTexts(BaseModel):
    """What `paper_figures.yaml` says about a figure.

    `theirs` says what the paper's shows, `ours` how the redrawn one differs; `makes` is what has
    to be added to the call of the run where the records do not hold what is drawn.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    theirs: str
    ours: str
    makes: str


@dataclass(frozen=True)
class PaperFigure:
    """A figure of a paper.

    `name` is its file without suffix. `has` says whether the records of a task hold what is
    drawn, `drawn_from` how many sources or seeds are behind the figures.
    """

    name: str
    texts: FigureTexts
    has: Has
    draw: Draw
    drawn_from: Describe

    def tasks(self, board: Board) -> tuple[str, ...]:
        """The tasks that can be drawn."""
        return tuple(task for task in board.records.tasks if self.has(board, task))

    def missing(self, board: Board) -> str:
        """A sentence on the tasks that cannot be drawn, with the call that makes the records."""
        drawn = self.tasks(board)
        lacking = [task for task in board.records.tasks if task not in drawn]
        if not lacking:
            return ""
        run = board.records.run
        words = ["--task", *lacking, "--suite", run.suite]
        if any(run.tasks[task].kind == "jsonl" for task in lacking):
            words += ["--data-dir", "DATA"]
        call = f"python -m benchmark.run {shlex.join(words)} {self.texts.makes}"
        return f"There are no records of it for {', '.join(lacking)}: `{call}` makes them."


def list_paper_figures() -> tuple[PaperFigure, ...]:
    """All of them, in the order of the papers: arXiv 2210.08933, then arXiv 2310.05793."""
    text = Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    texts = TypeAdapter(dict[str, FigureTexts]).validate_python(yaml.safe_load(text))
    parts: dict[str, tuple[Has, Draw, Describe]] = {
        "figure-3-candidates": (
            lambda board, task: bool(candidate_curves(board, task)),
            draw_candidates,
            _describe_curves,
        ),
        "figure-4-trade-off": (
            lambda board, task: trade_off_plane(board, task) is not None,
            draw_trade_off,
            _describe_sources,
        ),
        "figure-5-generation": (_has_trace, draw_generation, _describe_traces),
        "figure-6-steps": (has_steps, draw_steps, _describe_sources),
        "v2-figure-2-training": (
            lambda board, task: bool(quality_over_training(board, task)),
            draw_training_time,
            lambda board, tasks: "Means of the seeds.",
        ),
        "v2-figure-3-speed": (has_steps, draw_speed, _describe_sources),
    }
    return tuple(PaperFigure(name, texts[name], *of_figure) for name, of_figure in parts.items())


def write_caption(figure: PaperFigure, board: Board) -> str:
    """What the paper's figure shows, how ours differs, and what it was drawn from."""
    texts, drawn_from = figure.texts, figure.drawn_from(board, figure.tasks(board))
    return f"The paper shows {texts.theirs} Ours: {texts.ours.format(many=MANY)} {drawn_from}"


def _has_trace(board: Board, task: str) -> bool:
    return any(trace_curves(board, task, axis) for axis in trace_axes(board, task))


def _describe_traces(board: Board, tasks: Sequence[str]) -> str:
    keys = {c.keys.trace for c in board.records.trial_records if c.keys.trace and c.task in tasks}
    traces = [board.records.trace(key) for key in sorted(keys)]
    sources = sorted({trace.num_sources for trace in traces})
    counted = f"{' or '.join(map(str, sources))} sources per task"
    return f"{counted}; bands, up to {MANY} systems, are intervals over them."


def _describe_curves(board: Board, tasks: Sequence[str]) -> str:
    return " ".join(f"{task}: {scaling_protocol(curved_points(board, task))}" for task in tasks)


def _describe_sources(board: Board, tasks: Sequence[str]) -> str:
    counts = []
    for task in tasks:
        scores = (c.score for p in board.mains(task) for c in p.trials if c.score)
        if score := next(scores, None):
            counts.append(f"{task} {score.num_sources:,}")
    return f"Sources: {', '.join(counts)}."
