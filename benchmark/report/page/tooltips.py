"""Tooltips: what is shown where the pointer is over a point of a figure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmark.records.schema import Interval
from benchmark.report.data.axes import main_axis, planes
from benchmark.report.data.points import Board, Point
from benchmark.report.page.interactive_svg import PointName


def make_tooltips(board: Board, drawn: Iterable[PointName]) -> list[dict[str, Any]]:
    """What is said of each point of a figure, in the order of `drawn`."""
    points = {(p.task, p.system, p.label): p for p in board.points}
    return [_make_tooltip(board, points[name]) for name in drawn]


def _make_tooltip(board: Board, point: Point) -> dict[str, Any]:
    main = main_axis(board, point.task)
    axes = dict.fromkeys(axis for plane in planes(board, point.task) for axis in plane)
    shown = axes or dict.fromkeys([main] if main is not None else [])
    facts = [(axis.label, *_write(axis.read(point))) for axis in shown]
    costs = (("NFE", "depth", 1.0, ""), ("time per candidate", "seconds_per_candidate", 1e3, " ms"))
    for label, field, scale, unit in costs:
        facts.append((label, *_write(Interval(value=point.cost(field) * scale), unit=unit)))
    decoding = ", ".join(f"{name}={value}" for name, value in point.decoding.items())
    return {
        "system": point.system,
        "setting": point.label,
        "task": board.title(point.task),
        "facts": [fact for fact in facts if fact[1]],
        "decoding": decoding,
        "seeds": ", ".join(map(str, point.seeds)),
        "keys": " ".join(point.keys("score")),
    }


def _write(interval: Interval, *, unit: str = "") -> tuple[str, str]:
    """A value and its interval; empty where undefined."""
    if not interval.defined:
        return "", ""
    ends = f"[{interval.low:.3f}, {interval.high:.3f}]" if interval.bounded else ""
    value = f"{interval.value:.3f}" if ends or abs(interval.value) < 1 else f"{interval.value:.4g}"
    return value + unit, ends
