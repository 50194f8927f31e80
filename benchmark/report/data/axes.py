"""What the axes of the figures show, and which of them a task has."""

from __future__ import annotations

from dataclasses import dataclass, replace

from benchmark.records.schema import Interval, MetricScore, base
from benchmark.report.data.columns import group_of, name_form, rank_of
from benchmark.report.data.points import Board, Point
from benchmark.scoring.bootstrap import UNBOUNDED, Bounds


@dataclass(frozen=True)
class Axis:
    """What an axis shows; `complement` plots one minus the value."""

    metric: str
    statistic: str
    label: str
    complement: bool = False
    short: str = ""
    """Label where there is little room."""

    def read(self, point: Point) -> Interval:
        """The figure of a point on this axis."""
        return self.show(point.measure(self.metric, self.statistic))

    def show(self, found: Interval) -> Interval:
        """A figure of the metric as this axis has it."""
        if not self.complement:
            return found
        return Interval(value=1 - found.value, low=1 - found.high, high=1 - found.low)

    def read_valid(self, point: Point) -> float:
        """The value of a point on the valid split; NaN where it has none."""
        found = point.valid_measure(self.metric, self.statistic)
        return 1 - found if self.complement else found

    def bounds(self, board: Board, task: str) -> Bounds:
        """The range of what it shows."""
        metric = board.metrics(task).get(self.metric)
        low, high = UNBOUNDED if metric is None else metric.range
        return (1 - high, 1 - low) if self.complement else (low, high)


Plane = tuple[Axis, Axis]
"""x: diversity, y: quality."""

CONTROL = Axis("control", "expected", "success (control)")
VALIDITY = Axis("validity", "expected", "validity")
COVERAGE = Axis("coverage", "set", "coverage")
VARIETY = (
    Axis(
        "self_bleu",
        "set",
        "diversity (1 \N{MINUS SIGN} self-BLEU)",
        True,
        "1 \N{MINUS SIGN} self-BLEU",
    ),
    Axis("div_4", "set", "diversity (div-4)", False, "div-4"),
)
"""The measure of diversity, and its substitute where it was not taken."""


KNOWN = (CONTROL, VALIDITY)
"""Main qualities where the answers are known, the first that a task has."""


def bleu_axis(board: Board, task: str) -> Axis | None:
    """Sentence BLEU, which the papers plot, else the first quality there is.

    None where attributes are asked for: a text is one of many that have them.
    """
    metrics = board.metrics(task)
    if CONTROL.metric in metrics:
        return None
    names = [
        name
        for name, metric in metrics.items()
        if metric.direction == "higher" and group_of(name, metric) == "quality"
    ]
    names.sort(key=rank_of)
    return _expected(board, task, names[0]) if names else None


def quality_axis(board: Board, task: str) -> Axis | None:
    """The quality that real data allow: the one that the task names, else that of `bleu_axis`."""
    usual, declared = bleu_axis(board, task), board.quality(task)
    is_measured = usual is not None and declared in board.metrics(task)
    return _expected(board, task, declared) if is_measured else usual


def _expected(board: Board, task: str, metric: str) -> Axis:
    titles = {"bleu_sent_m4": "sentence BLEU", "bleu_corpus": "corpus BLEU"}
    title = titles.get(base(metric)) or board.metrics(task)[metric].title
    return Axis(metric, "expected", f"{title} ({metric})")


def main_axis(board: Board, task: str) -> Axis | None:
    """Control or validity where the answers are known, else the usual quality."""
    metrics = board.metrics(task)
    known = (axis for axis in KNOWN if axis.metric in metrics)
    return next(known, None) or quality_axis(board, task)


def quality_axes(board: Board, task: str) -> tuple[Axis, ...]:
    """The main quality of a task, and one beside it where that is another.

    Beside what is known stands the quality that the task names, beside that stands BLEU.
    """
    main = main_axis(board, task)
    beside = quality_axis(board, task) if main in KNOWN else bleu_axis(board, task)
    return tuple(dict.fromkeys(axis for axis in (main, beside) if axis is not None))


def planes(board: Board, task: str) -> tuple[Plane, ...]:
    """The planes of a task, all over the same x axis; the main quality first."""
    metrics = board.metrics(task)
    # A metric with an option, such as `self_bleu:case=lower`, is as good as one without.
    found = (
        _measure(axis, name, metric)
        for axis in VARIETY
        for name, metric in metrics.items()
        if base(name) == axis.metric
    )
    variety = next(found, None)
    if variety is None:
        return ()
    known = [axis for axis in (*KNOWN, COVERAGE) if axis.metric in metrics]
    shown = dict.fromkeys((*known, *quality_axes(board, task)))
    return tuple((variety, axis) for axis in shown)


def _measure(axis: Axis, name: str, metric: MetricScore) -> Axis:
    """The axis for one metric of its kind, whose form the label says."""
    form = "published form" if "form=published" in name else name_form(metric)
    label = axis.label.replace(")", f", {form})") if form else axis.label
    return replace(axis, metric=name, label=label)
