"""Training curves: the loss and the quality on the valid split, update by update.

Losses of different objectives have different zeros and units, so their heights say nothing
about which system is better; the quality curve below is what can be compared.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes

from benchmark.records.schema import Event, base
from benchmark.report.data.points import Board
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.legend import make_legend
from benchmark.report.figures.logarithmic_axis import make_logarithmic
from benchmark.report.figures.marks import crowded, explain_emptiness, look_of, set_limits
from benchmark.report.figures.palette import Look, solid
from benchmark.report.figures.panel_grid import COLUMN_IN, WIDE_IN, PanelGrid, make_grid

MOST_POINTS = 160
"""Points that are drawn of one loss curve: more than a column can show."""

PREFERRED = ("validity", "bleu_sent_m4")
"""Qualities of the lower panel: the first that was logged."""

Curves = dict[str, list[tuple[Event, ...]]]
"""System to the logs of its seeds."""


@dataclass(frozen=True)
class TrainingCurve:
    """The quality on the valid split over one training run; all of equal length."""

    updates: tuple[float, ...]
    seconds: tuple[float, ...]
    quality: tuple[float, ...]


def draw_training(board: Board, task: str) -> PanelGrid:
    """Loss (logarithmic) above, quality on the valid split below, at column width."""
    curves, looks = collect_logs(board, task), look_of(board)
    quality, many = choose_quality(curves), crowded(board)
    grid = make_grid(
        2 if quality else 1, 1,
        width=WIDE_IN if many else COLUMN_IN, panel_height=1.8 if many else 1.35, share="x",
    )  # fmt: skip
    top, bottom = grid.panels[0].ax, grid.panels[-1].ax
    top.set_title(board.records.run.tasks[task].title)
    top.set_ylabel("loss")
    _draw_losses(top, curves, looks)
    if quality:
        bottom.set_ylabel(f"{quality} (valid split)")
        told = {
            system: average_seeds([progress_of(log, quality) for log in logs])
            for system, logs in curves.items()
        }
        draw_progress(bottom, told, looks, "updates", linewidth=0.9)
    bottom.set_xlabel("updates")
    updates = [e.update for logs in curves.values() for log in logs for e in log]
    if updates:
        top.set_xlim(0, max(updates) * 1.03)
    else:
        explain_emptiness(top, "no training log in the records")
    grid.finish(make_legend(board, [curves]))
    return grid


def collect_logs(board: Board, task: str) -> Curves:
    """The training logs of a task, systems in their order, one log per training run."""
    found: Curves = {}
    for system in board.systems:
        keys = dict.fromkeys(
            trial.keys.train
            for trial in board.records.trial_records
            if trial.task == task and trial.system == system and trial.keys.train is not None
        )
        read = [log for key in keys if (log := board.records.events(key))]
        if read:
            found[system] = read
    return found


def progress_of(log: Sequence[Event], name: str) -> TrainingCurve:
    """What a log says about a quality.

    The seconds of a validation are those of training at its update, between the lines of the
    log that give them: validating is not training.
    """
    told = [e for e in log if math.isfinite(e.quality.get(name, math.nan))]
    clock = [(e.update, e.seconds) for e in log if math.isfinite(e.seconds)]
    updates = [float(event.update) for event in told]
    if clock:
        at, seconds = zip((0, 0.0), *clock, strict=True)
        elapsed = np.interp(updates, at, seconds).tolist()
    else:
        elapsed = [math.nan] * len(updates)
    return TrainingCurve(tuple(updates), tuple(elapsed), tuple(e.quality[name] for e in told))


def average_seeds(seeds: Sequence[TrainingCurve]) -> list[TrainingCurve]:
    """One curve of means at the updates that all seeds have; the seeds where these are none."""
    told = [
        {u: (s, q) for u, s, q in zip(c.updates, c.seconds, c.quality, strict=True)} for c in seeds
    ]
    common = sorted(set.intersection(*map(set, told))) if told else []
    if not common:
        return list(seeds)
    means = np.mean([[of[update] for update in common] for of in told], axis=0)
    return [TrainingCurve(tuple(common), *map(tuple, means.T.tolist()))]


def _draw_losses(ax: Axes, curves: Curves, looks: Mapping[str, Look]) -> None:
    drawn: list[float] = []
    for system, seeds in curves.items():
        look = looks[system]
        for log in seeds:
            train = _thin_out([e for e in log if e.kind == "train" and math.isfinite(e.loss)])
            valid = [e for e in log if e.kind == "valid" and math.isfinite(e.loss)]
            ax.plot(
                [e.update for e in train], [e.loss for e in train],
                color=look.colour, linewidth=0.7, alpha=0.75, zorder=3, gid=gid(system),
            )  # fmt: skip
            ax.plot(
                [e.update for e in valid], [e.loss for e in valid],
                zorder=4, gid=gid(system), **solid(look),
            )  # fmt: skip
            drawn += [e.loss for e in (*train, *valid)]
    if drawn and min(drawn) > 0:
        make_logarithmic(ax, "y", drawn)
    elif drawn:
        set_limits(ax, ys=drawn)


def draw_progress(
    ax: Axes,
    curves: Mapping[str, Sequence[TrainingCurve]],
    looks: Mapping[str, Look],
    field: Literal["updates", "seconds"],
    *,
    linewidth: float | None = None,
) -> None:
    """Draw the quality over updates or seconds, one line per training run."""
    drawn: list[float] = []
    for system, seeds in curves.items():
        look = looks[system]
        for curve in seeds:
            places = getattr(curve, field), curve.quality
            ax.plot(
                *places, color=look.colour, linestyle=look.line, linewidth=linewidth, zorder=3,
                gid=gid(system),
            )  # fmt: skip
            ax.plot(*places, zorder=4, gid=gid(system), **solid(look))
            drawn += curve.quality
    set_limits(ax, ys=drawn)


def choose_quality(curves: Curves, known: Sequence[str] = PREFERRED) -> str | None:
    """The first of `known` that was logged, in the case of most logs; else any."""
    logs = (log for seeds in curves.values() for log in seeds)
    counts = Counter(name for log in logs for name in sorted({n for e in log for n in e.quality}))
    names = sorted(counts, key=lambda name: (-counts[name], name))
    preferred = [name for of in known for name in names if base(name) == of]
    return next(iter([*preferred, *sorted(names)]), None)


def _thin_out(events: Sequence[Event]) -> list[Event]:
    """Every n-th event, the last always among them; the loss is not smoothed."""
    step = max(1, math.ceil(len(events) / MOST_POINTS))
    return [*events[::step], *(events[-1:] if (len(events) - 1) % step else [])]
