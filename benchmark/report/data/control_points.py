"""The points of a control task: without guidance, and over numbers of labels."""

from __future__ import annotations

from dataclasses import replace

from benchmark.records.schema import base
from benchmark.report.data.axes import CONTROL, Axis
from benchmark.report.data.points import Board, Point

SUCCESS = CONTROL
SENTENCES = Axis("sentence", "expected", "sentences")
AMONG_SENTENCES = Axis("control_if_sentence", "expected", "success among the sentences")
KEPT = (
    Axis("kept", "expected", "content kept"),
    Axis("source_bleu", "expected", "BLEU with the text (source_bleu)"),
)
"""What an edit leaves as it is; the second where no judge knows what the content is."""


def has_control(board: Board, task: str) -> bool:
    """Whether candidates are asked for attributes."""
    return CONTROL.metric in board.metrics(task)


def kept_axis(board: Board, task: str) -> Axis | None:
    """What was measured of the content that is kept; None where no text is edited."""
    metrics = board.metrics(task) if has_control(board, task) else {}
    # `source_bleu:case=lower` is as good as one without an option.
    found = (replace(a, metric=name) for a in KEPT for name in metrics if base(name) == a.metric)
    return next(found, None)


def judge_remarks(board: Board, task: str) -> tuple[str, ...]:
    """How often the judge of a real task is right, a sentence for each attribute: the ceiling."""
    info = board.records.run.tasks.get(task)
    return tuple(info.notes.get("judge", ())) if info is not None else ()


def has_edits(board: Board, task: str) -> bool:
    """Whether candidates are edits of a text."""
    return kept_axis(board, task) is not None


def is_guided(board: Board, system: str) -> bool:
    """Whether a system is trained on texts alone and steered by operators."""
    return board.records.run.systems[system].control == "guided"


def find_unguided(board: Board, task: str, system: str) -> Point | None:
    """A guided system that is not steered, its knob being 0, as a setting of its curve.

    It gives the base rate, and for edits the reconstruction of the text, which bounds what an edit
    can keep. None where it was not run.
    """
    if not is_guided(board, system):
        return None
    curves = board.sweeps(task, system)
    return next((p for curve in curves for p in curve if p.knob_value == 0), None)


def is_hollow(board: Board, point: Point) -> bool:
    """Whether a point has a hollow mark: without samples, or where there is control, unguided."""
    if has_control(board, point.task):
        return point is find_unguided(board, point.task, point.system)
    return not point.sampled


def label_curve(board: Board, task: str, system: str, *, alone: bool = False) -> tuple[Point, ...]:
    """The main setting of a system by the number of labels that it learnt from.

    Args:
        board: the points.
        task: of the points.
        system: of the points.
        alone: those that learnt from labels alone, or those that learnt from all texts.
    """
    main = board.main(task, system)
    points = [p for p in (main, *board.of(task, system, "labels")) if p is not None]
    found = [p for p in points if p.labels is not None and p.labels_alone == alone]
    return tuple(sorted(found, key=lambda p: p.labels or 0))


def has_label_curves(board: Board, task: str) -> bool:
    """Whether some system learnt from several numbers of labels."""
    return any(
        len(label_curve(board, task, system)) > 1 or label_curve(board, task, system, alone=True)
        for system in board.systems
    )


def free_features(board: Board, task: str) -> dict[str, Axis]:
    """The divergences of features that no control line names, by feature."""
    found = {}
    for name, metric in board.metrics(task).items():
        if base(name) == "feature_divergence":
            feature = name.partition("of=")[2] or metric.signature.partition("of:")[2].split("|")[0]
            found[feature or "dish"] = Axis(name, "set", f"divergence of {feature or 'dish'}")
    return found
