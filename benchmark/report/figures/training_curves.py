"""Training curves: the loss and the quality on the valid split, update by update.

Losses of different objectives have different zeros and units, so their heights say nothing
about which system is better; the quality curve below is what can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from benchmark.records.schema import Event
from benchmark.report.data.points import Board
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.logarithmic_axis import make_logarithmic
from benchmark.report.figures.marks import crowded, explain_emptiness, look_of, set_limits
from benchmark.report.figures.palette import Look, solid
from benchmark.report.figures.sheet import COLUMN_IN, WIDE_IN, Sheet, make_sheet

MOST_POINTS = 160
"""Points that are drawn of one loss curve: more than a column can show."""

Curves = dict[str, list[tuple[Event, ...]]]
"""System to the logs of its seeds."""


def draw_training(board: Board, task: str) -> Sheet:
    """Loss (logarithmic) above, quality on the valid split below, at column width."""
    curves = collect_logs(board, task)
    styles = look_of(board)
    quality = _quality_name(curves)
    many = crowded(board)
    sheet = make_sheet(
        2 if quality else 1, 1,
        width=WIDE_IN if many else COLUMN_IN, panel_height=1.8 if many else 1.35, share="x",
    )  # fmt: skip
    top = sheet.panels[0].ax
    top.set_title(board.records.run.tasks[task].title)
    top.set_ylabel("loss")
    _draw_losses(top, curves, styles)
    if quality:
        below = sheet.panels[1].ax
        below.set_ylabel(f"{quality} (valid split)")
        _draw_quality(below, curves, styles, quality)
    sheet.panels[-1].ax.set_xlabel("updates")
    updates = [e.update for logs in curves.values() for log in logs for e in log]
    if updates:
        top.set_xlim(0, max(updates) * 1.03)
    else:
        explain_emptiness(top, "no training log in the records")
    sheet.finish(*_legend(curves, styles))
    return sheet


def collect_logs(board: Board, task: str) -> Curves:
    """The training logs of a task, systems in their order, one log per training run."""
    found: Curves = {}
    for system in board.systems:
        keys = dict.fromkeys(
            cell.keys.train
            for cell in board.records.trial_records
            if cell.task == task and cell.system == system and cell.keys.train is not None
        )
        read = [log for key in keys if (log := board.records.events(key))]
        if read:
            found[system] = read
    return found


def _draw_losses(ax: Axes, curves: Curves, styles: dict[str, Look]) -> None:
    drawn: list[float] = []
    for system, seeds in curves.items():
        look = styles[system]
        for log in seeds:
            train = _thinned([e for e in log if e.kind == "train" and math.isfinite(e.loss)])
            valid = [e for e in log if e.kind == "valid" and math.isfinite(e.loss)]
            ax.plot([e.update for e in train], [e.loss for e in train],
                    color=look.colour, linewidth=0.7, alpha=0.75, zorder=3,
                    gid=gid(system))  # fmt: skip
            ax.plot([e.update for e in valid], [e.loss for e in valid], zorder=4,
                    gid=gid(system), **solid(look))  # fmt: skip
            drawn += [e.loss for e in (*train, *valid)]
    if drawn and min(drawn) > 0:
        make_logarithmic(ax, "y", drawn)
    elif drawn:
        set_limits(ax, ys=drawn)


def _draw_quality(ax: Axes, curves: Curves, styles: dict[str, Look], name: str) -> None:
    drawn: list[float] = []
    for system, seeds in curves.items():
        look = styles[system]
        for log in seeds:
            events = [e for e in log if math.isfinite(e.quality.get(name, math.nan))]
            xs, ys = [e.update for e in events], [e.quality[name] for e in events]
            ax.plot(xs, ys, color=look.colour, linestyle=look.line, linewidth=0.9, zorder=3,
                    gid=gid(system))  # fmt: skip
            ax.plot(xs, ys, zorder=4, gid=gid(system), **solid(look))
            drawn += ys
    set_limits(ax, ys=drawn)


def _quality_name(curves: Curves) -> str | None:
    names = {name for seeds in curves.values() for log in seeds for e in log for name in e.quality}
    preferred = [name for name in ("validity", "bleu_sent_m4") if name in names]
    return next(iter([*preferred, *sorted(names)]), None)


def _thinned(events: Sequence[Event]) -> list[Event]:
    """Every n-th event, the last always among them; the loss is not smoothed."""
    step = max(1, math.ceil(len(events) / MOST_POINTS))
    return [*events[::step], *(events[-1:] if (len(events) - 1) % step else [])]


def _legend(curves: Iterable[str], styles: dict[str, Look]) -> tuple[list[Line2D], list[str]]:
    handles = []
    for system in curves:
        keywords = solid(styles[system]) | {"linestyle": styles[system].line}
        handles.append(Line2D([], [], **keywords))
    return handles, list(curves)
