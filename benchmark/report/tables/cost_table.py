"""The table of cost and size: parameters, training and decoding of every system."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from benchmark.report.data.columns import (
    Column,
    keep_measured,
    size_columns,
    status_columns,
    training_columns,
    work_columns,
)
from benchmark.report.data.points import Board, Point
from benchmark.report.tables.model_sizes import describe_sizes
from benchmark.report.tables.table import DAGGER, Footnote, Table, make_footnotes, make_row

COST = "cost"
"""Name of the table."""


def build_cost_table(board: Board, task: str) -> Table:
    """Parameters, training and decoding of every system, main setting."""
    points = board.mains(task)
    every = (*size_columns(), *training_columns(), *work_columns(), *status_columns(points))
    columns = keep_measured(every, points) or every
    sizes = describe_sizes(board, task)
    notes = (Footnote(sizes, frozenset({"size"})),) if sizes else ()
    # The mark of deterministic systems speaks of diversity, which is no column here.
    kept = [n for n in make_footnotes(points, columns) if not n.text.startswith(DAGGER)]
    rows = (make_row(board, point, columns) for point in points)
    return Table(
        task=task,
        title="Cost and size",
        caption=f"{board.heading(task)}: parameters (embeddings are the tables of words and of"
        " positions), training (examples and their target tokens, as often as they were seen;"
        " seconds of the machine of the run) and decoding"
        " with the main setting, per candidate: network calls in sequence (NFE), network rows,"
        " and time. Means over the seeds, of a candidate's time the median."
        + _explain_kept(points)
        + _explain(columns),
        columns=columns,
        rows=tuple(replace(row, marks=row.marks.replace(DAGGER, "")) for row in rows),
        footnotes=(*notes, *kept),
        name=COST,
    )


def _explain_kept(points: Iterable[Point]) -> str:
    """By what the weights were chosen, where the best are used; empty where the last are."""
    systems: dict[tuple[str, int], dict[str, None]] = {}
    last: dict[str, None] = {}
    for point in points:
        for training in [trial.training for trial in point.trials if trial.training]:
            if training.kept_examples is None:
                last[point.system] = None
            else:
                measure = (training.kept_by, training.kept_examples)
                systems.setdefault(measure, {})[point.system] = None
    if not systems:
        return ""
    told = [
        f"the best {measure} on {count} valid examples: {', '.join(names)}"
        for (measure, count), names in systems.items()
    ]
    told += [f"the last: {', '.join(last)}"] if last else []
    return f" Weights that are used (kept): {'; '.join(told)}."


def _explain(columns: Iterable[Column]) -> str:
    """What the shares of candidates are that did not fit; empty where all did."""
    told = "; ".join(f"{c.head.lower()}: {c.about}" for c in columns if c.group == "form")
    return f" {told[0].upper()}{told[1:]} (one that is both counts as endless)." if told else ""
