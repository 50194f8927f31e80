"""What the records say about a control task: base rate, cost, labels, composition, edits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from benchmark.report.analysis.composition import compute_composition
from benchmark.report.data.control_points import (
    SUCCESS,
    find_unguided,
    has_control,
    has_edits,
    is_guided,
    kept_axis,
)
from benchmark.report.data.points import Board, Point
from benchmark.report.data.wording import join_names, write_value


def describe_control(board: Board, task: str) -> Iterator[str]:
    """Sentences on what success costs and what it is to be read beside; none on other tasks."""
    mains = [board.main(task, system) for system in board.models]
    points = [p for p in mains if p is not None and SUCCESS.read(p).defined]
    if not has_control(board, task) or not points:
        return
    yield from _describe_labels(board, points)
    yield from _describe_base_rate(board, task, points)
    yield from _describe_cost(points)
    yield from _describe_composition(board, task, points)
    yield from _describe_edits(board, task, points)


def _describe_labels(board: Board, points: Sequence[Point]) -> Iterator[str]:
    """Who is guided and who conditional, and by how many labels."""
    kinds = (
        (True, "Guided: trained on texts alone, then steered by operators fitted to"),
        (False, "Conditional: reads the control line, trained with"),
    )
    for guided, what in kinds:
        named: dict[int, list[str]] = {}
        for point in points:
            if is_guided(board, point.system) == guided and point.labels is not None:
                named.setdefault(point.labels, []).append(point.system)
        told = [f"{join_names(systems)} ({count:,} labels)" for count, systems in named.items()]
        if told:
            yield f"{what} the labels in brackets: {join_names(told)}."


def _describe_base_rate(board: Board, task: str, points: Sequence[Point]) -> Iterator[str]:
    found = [(p, find_unguided(board, task, p.system)) for p in points]
    told = [
        f"{point.system} {write_value(SUCCESS.read(unguided))}"
        for point, unguided in found
        if unguided is not None and unguided is not point
    ]
    if told:
        yield f"Base rate, the success without guidance: {join_names(told)}."


def _describe_cost(points: Sequence[Point]) -> Iterator[str]:
    timed = [(p.system, p.cost("seconds_per_candidate") * 1000) for p in points]
    told = [f"{system} {ms:.3g} ms" for system, ms in timed if math.isfinite(ms)]
    if told:
        yield f"A candidate takes {join_names(told)} on the machine of the run."


def _describe_composition(board: Board, task: str, points: Sequence[Point]) -> Iterator[str]:
    found = compute_composition(board, task)
    if found is None or len(found.sources) < 2:
        return
    fewest, most = min(found.sources), max(found.sources)
    told = []
    for point in points:
        low, high = (found.read(point, SUCCESS, number) for number in (fewest, most))
        if low.defined and high.defined:
            told.append(f"{point.system} {write_value(low)} and {write_value(high)}")
    if told:
        verb = "changed" if has_edits(board, task) else "asked for"
        yield f"Success with {fewest} and with {most} attributes {verb}: {'; '.join(told)}."


def _describe_edits(board: Board, task: str, points: Sequence[Point]) -> Iterator[str]:
    kept = kept_axis(board, task)
    if kept is None:
        return
    for point in points:
        unguided = find_unguided(board, task, point.system)
        if unguided is None or not kept.read(unguided).defined or not kept.read(point).defined:
            continue
        edited, given_back = write_value(kept.read(point)), write_value(kept.read(unguided))
        if kept.metric == "kept":
            yield (
                f"{point.system} keeps the content of {edited} of the texts; without guidance it"
                f" gives back {given_back} of them, the ceiling of its edits."
            )
        else:
            yield (
                f"{kept.label} of {point.system}: {edited}; {given_back} without guidance, its"
                " reconstruction, the ceiling of its edits."
            )
