"""Which system is best in the main table and which ones beat copying, for the sentences.

They are those of `benchmark.report.analysis.significance`, corrected over all pairs of the
table, so that a sentence never claims what the letters in the table do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.records.schema import Interval
from benchmark.report.analysis.significance import column_of, main_verdicts
from benchmark.report.data.axes import Axis
from benchmark.report.data.points import COPY, Board, Point


@dataclass(frozen=True)
class Comparison:
    """The systems of a task on one quality.

    `best` is the model with the best mean; `equals` are the models that do not differ
    significantly from it, `worse` the others. `beat_copy` are the models that are better than
    copying the source, `below_copy` those that are not.
    """

    best: str
    value: Interval
    equals: tuple[tuple[str, Interval], ...]
    worse: tuple[tuple[str, Interval], ...]
    copy: Interval | None
    beat_copy: tuple[str, ...]
    below_copy: tuple[str, ...]


def compare(board: Board, task: str, axis: Axis) -> Comparison | None:
    """Compare the main settings of a task on a tested quality; None where no model has it."""
    mains = [p for p in board.mains(task) if p.trials and axis.read(p).defined]
    models = sorted(
        (p for p in mains if not p.yardstick), key=lambda p: (-axis.read(p).value, p.system)
    )
    if not models:
        return None
    copy = next((p for p in mains if p.system == COPY), None)
    verdicts, column = main_verdicts(board, task), column_of(axis)
    best, *others = models
    below = verdicts.better_than(column, best.system)
    beat_copy = tuple(p.system for p in models if COPY in verdicts.better_than(column, p.system))

    def valued(points: Sequence[Point]) -> tuple[tuple[str, Interval], ...]:
        return tuple((p.system, axis.read(p)) for p in points)

    return Comparison(
        best=best.system,
        value=axis.read(best),
        equals=valued([p for p in others if p.system not in below]),
        worse=valued([p for p in others if p.system in below]),
        copy=axis.read(copy) if copy is not None else None,
        beat_copy=beat_copy,
        below_copy=tuple(p.system for p in models if copy and p.system not in beat_copy),
    )
