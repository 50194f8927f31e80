"""Whether the systems of a task are of one size, in a sentence.

A comparison of objectives and decodings means little between networks of different sizes, so
the report says how far apart they are, and repeats the suite's reason where one is an outlier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from benchmark.report.data.points import Board

TOLERANCE = 0.05
"""How far from the median a system may be without being named."""


def describe_sizes(board: Board, task: str) -> str:
    """How the non-embedding parameters of the systems trained from scratch compare.

    Systems outside `TOLERANCE` of the median are named with the `why_size` of the suite. Empty
    with fewer than two systems to compare.
    """
    counted: dict[str, int] = {}
    pretrained: list[str] = []
    for point in board.mains(task):
        info = board.records.run.systems[point.system]
        numbers = point.parameters
        if point.yardstick or not info.trainable or numbers is None:
            continue
        if info.from_scratch is False:
            pretrained.append(point.system)
        elif numbers.other:
            counted[point.system] = numbers.other
    if len(counted) < 2:
        return ""
    middle = median(counted.values())
    apart = {s: n for s, n in counted.items() if abs(n / middle - 1) > TOLERANCE}
    rest = [n for s, n in counted.items() if s not in apart]
    said = _describe_outliers(board, apart, middle) if apart else ""
    if not apart or len(rest) > 1:
        who = f"The other {len(rest)}" if apart else _name_all(len(rest))
        said += f"{who} lie within {_describe_spread(rest)}."
    if pretrained:
        said += f" Not counted, because their weights were pretrained: {', '.join(pretrained)}."
    return said.strip()


def _name_all(count: int) -> str:
    return f"The non-embedding parameters of the {count} systems that were trained from scratch"


def _describe_spread(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{100 * (high / low - 1):.1f} % of one another ({low:,} to {high:,})"


def _describe_outliers(board: Board, apart: Mapping[str, int], middle: float) -> str:
    named = []
    for system, number in apart.items():
        share = 100 * (number / middle - 1)
        where = f"{abs(share):.1f} % {'above' if share > 0 else 'below'}"
        reason = board.records.run.systems[system].why_size.strip().rstrip(".")
        named.append(f"{system} ({number:,}, {where}: {reason or 'no reason is given'})")
    return (
        f"More than {100 * TOLERANCE:g} % from the median of {middle:,.0f} non-embedding parameters"
        f" of the systems that were trained from scratch: {'; '.join(named)}. "
    )
