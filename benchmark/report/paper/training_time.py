"""Quality over training: Figure 2 of the second version of DiffuSeq (arXiv 2310.05793)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.records.schema import Event
from benchmark.report.data.points import Board
from benchmark.report.figures.legend import make_legend
from benchmark.report.figures.marks import look_of, set_limits
from benchmark.report.figures.palette import solid
from benchmark.report.figures.panel_grid import PanelGrid
from benchmark.report.figures.training_curves import collect_logs
from benchmark.report.paper.curve_panels import make_task_panels

QUALITY = "bleu_sent_m4"


@dataclass(frozen=True)
class TrainingCurve:
    """The quality on the valid split over one training; all of equal length."""

    updates: tuple[float, ...]
    seconds: tuple[float, ...]
    quality: tuple[float, ...]


def quality_over_training(board: Board, task: str) -> dict[str, list[TrainingCurve]]:
    """Sentence BLEU on examples of the valid split, by system and seed."""
    found: dict[str, list[TrainingCurve]] = {}
    for system, seeds in collect_logs(board, task).items():
        told = [progress for log in seeds if (progress := progress_of(log)).updates]
        if told:
            found[system] = told
    return found


def progress_of(log: Sequence[Event]) -> TrainingCurve:
    """What a log says about quality.

    The seconds of a validation are those of training at its update, between the lines of the
    log that give them: validating is not training.
    """
    told = [e for e in log if math.isfinite(e.quality.get(QUALITY, math.nan))]
    clock = [(e.update, e.seconds) for e in log if math.isfinite(e.seconds)]
    updates = [float(event.update) for event in told]
    if clock:
        at, seconds = zip((0, 0.0), *clock, strict=True)
        elapsed = np.interp(updates, at, seconds).tolist()
    else:
        elapsed = [math.nan] * len(updates)
    return TrainingCurve(tuple(updates), tuple(elapsed), tuple(e.quality[QUALITY] for e in told))


def draw_training_time(board: Board, tasks: Sequence[str]) -> PanelGrid:
    """Two panels per task: quality over seconds above, over updates below."""
    looks = look_of(board)
    grid, panels = make_task_panels(board, tasks, rows_each=2)
    drawn = [quality_over_training(board, task) for task in tasks]
    for found, (above, below) in zip(drawn, panels, strict=True):
        for ax, field, label in (
            (above.ax, "seconds", "seconds of training"),
            (below.ax, "updates", "updates"),
        ):
            ys: list[float] = []
            for system, seeds in found.items():
                look = looks[system]
                for curve in seeds:
                    places = getattr(curve, field), curve.quality
                    ax.plot(*places, color=look.colour, linestyle=look.line, zorder=3)
                    ax.plot(*places, zorder=4, **solid(look))
                    ys += curve.quality
            set_limits(ax, ys=ys)
            ax.set_xlim(left=0)
            ax.set_xlabel(label)
            ax.set_ylabel("sentence BLEU, valid split")
    grid.finish(make_legend(board, drawn))
    return grid
