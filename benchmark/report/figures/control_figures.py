"""The figures of a control task, each with the caption that it needs to be read alone."""

from __future__ import annotations

from collections.abc import Iterator

from benchmark.report.analysis.composition import compute_composition
from benchmark.report.data.control_points import (
    free_features,
    has_control,
    has_edits,
    has_label_curves,
)
from benchmark.report.data.points import Board
from benchmark.report.figures.composition import draw_composition
from benchmark.report.figures.edits import draw_edits
from benchmark.report.figures.free_features import draw_free_features
from benchmark.report.figures.label_curves import draw_labels
from benchmark.report.figures.plot import Plot
from benchmark.report.figures.sentence_shares import draw_sentence_shares

UNGUIDED = "Unguided: the same system with its knob at 0"


def control_plots(board: Board, task: str, stem: str) -> Iterator[Plot]:
    """The figures of a task whose candidates are asked for attributes; none elsewhere."""
    if not has_control(board, task):
        return
    if has_edits(board, task):
        yield Plot(
            f"{stem}-edits",
            "Success against content kept",
            "Up and right is better; every curve is one system over its knob, with the knob at its"
            " ends. Large marks: the setting of the table. Whiskers: confidence intervals. Hollow"
            " and dotted: what a system keeps that is not steered, its reconstruction of the text,"
            " which no edit of it can exceed. Copying keeps everything and succeeds at nothing.",
            lambda: draw_edits(board, task),
        )
    found = compute_composition(board, task)
    if found is not None and len(found.sources) > 1:
        beside = "content kept" if has_edits(board, task) else "sentences among the candidates"
        yield Plot(
            f"{stem}-composition",
            "Success against the number of attributes",
            f"Above: success; below: {beside}; main settings, with confidence intervals."
            f" {UNGUIDED}, the base rate"
            f"{' and the reconstruction' if has_edits(board, task) else ''}. Marks of one number"
            " stand beside each other so that whiskers can be told apart.",
            lambda: draw_composition(board, task),
        )
    if has_label_curves(board, task):
        yield Plot(
            f"{stem}-labels",
            "Success against the number of labels",
            "Labelled examples, counted in all; logarithmic axis. A guided system fits its"
            " operators again for every number, a conditional one is trained again. Large marks:"
            " the number of the table. Hollow: from the labelled texts and no others."
            f" {UNGUIDED}; dashed: the oracle.",
            lambda: draw_labels(board, task),
        )
    yield Plot(
        f"{stem}-sentences",
        "Success among the sentences, and how many there are",
        "Success is the product of both axes; grey curves: equal success. Every curve is one system"
        " over its knob, hollow where it is 0; large marks: the setting of the table. A guide that"
        " breaks sentences moves to the left, one that misses its aim moves down.",
        lambda: draw_sentence_shares(board, task),
    )
    if free_features(board, task):
        yield Plot(
            f"{stem}-free",
            "Divergence of what was not asked for",
            "How far the sentences among the candidates are from the true distribution of a"
            " feature, over the control lines that leave it free (1 minus Morisita's overlap; 0 is"
            f" the truth), with confidence intervals. {UNGUIDED}.",
            lambda: draw_free_features(board, task),
        )
