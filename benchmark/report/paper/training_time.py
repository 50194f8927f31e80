"""Quality over training: Figure 2 of the second version of DiffuSeq (arXiv 2310.05793)."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.records.schema import base
from benchmark.report.data.points import Board
from benchmark.report.figures.legend import make_legend
from benchmark.report.figures.marks import look_of
from benchmark.report.figures.panel_grid import PanelGrid
from benchmark.report.figures.training_curves import (
    TrainingCurve,
    average_seeds,
    choose_quality,
    collect_logs,
    draw_progress,
    progress_of,
)
from benchmark.report.paper.curve_panels import make_task_panels

QUALITY = "bleu_sent_m4"


def quality_over_training(board: Board, task: str) -> dict[str, list[TrainingCurve]]:
    """Sentence BLEU on examples of the valid split, by system: the mean over its seeds."""
    found: dict[str, list[TrainingCurve]] = {}
    logs = collect_logs(board, task)
    quality = choose_quality(logs, (QUALITY,))
    if quality is None or base(quality) != QUALITY:
        return found
    for system, seeds in logs.items():
        told = [progress for log in seeds if (progress := progress_of(log, quality)).updates]
        if told:
            found[system] = average_seeds(told)
    return found


def draw_training_time(board: Board, tasks: Sequence[str]) -> PanelGrid:
    """Two panels per task: quality over seconds above, over updates below."""
    looks = look_of(board)
    grid, panels = make_task_panels(board, tasks, rows_each=2)
    drawn = [quality_over_training(board, task) for task in tasks]
    for found, (above, below) in zip(drawn, panels, strict=True):
        draw_progress(above.ax, found, looks, "seconds")
        draw_progress(below.ax, found, looks, "updates")
        for panel, label in ((above, "seconds of training"), (below, "updates")):
            panel.ax.set_xlim(left=0)
            panel.ax.set_xlabel(label)
            panel.ax.set_ylabel("sentence BLEU, valid split")
    grid.finish(make_legend(board, drawn))
    return grid
