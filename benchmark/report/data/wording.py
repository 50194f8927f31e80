"""Values and names as sentences write them."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.records.schema import Interval

OVERVIEW = "overview"
"""Name of the figure and of the table of all tasks."""


def write_value(interval: Interval, *, short: bool = False) -> str:
    """A value with its interval; corpus scores have one decimal, scores up to 1 three."""
    digits = 1 if interval.value > 2 else 3
    value = f"{interval.value:.{digits}f}"
    if short or not interval.bounded or interval.half_width < 1e-9:
        return value
    return f"{value} [{interval.low:.{digits}f}, {interval.high:.{digits}f}]"


def join_names(names: Sequence[str]) -> str:
    """Names with commas, and "and" before the last."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
