"""The entries of a legend: lines that carry their own labels."""

from __future__ import annotations

from collections.abc import Iterable

from matplotlib.lines import Line2D

from benchmark.report.data.points import COPY, Board
from benchmark.report.figures.marks import look_of
from benchmark.report.figures.palette import COPY_COLOUR, LineStyle, Look, hollow, solid


def make_legend(
    board: Board, drawn: Iterable[Iterable[str]], *, copy: bool = False
) -> list[Line2D]:
    """The systems that are drawn in some panel, in the order of the report.

    `copy` adds the line of what copying the source scores.
    """
    looks, seen = look_of(board), {system for of_panel in drawn for system in of_panel}
    entries = [make_entry(system, looks[system]) for system in board.systems if system in seen]
    return [*entries, make_level_entry(COPY, COPY_COLOUR)] if copy else entries


def make_entry(
    system: str, look: Look, *, is_sampled: bool = True, is_curve: bool = True
) -> Line2D:
    """The entry of a system: its mark, hollow without samples, on its line where it has one."""
    keywords = (solid if is_sampled else hollow)(look)
    return Line2D([], [], label=system, **keywords | ({"linestyle": look.line} if is_curve else {}))


def make_level_entry(label: str, colour: str, line: LineStyle = "-") -> Line2D:
    """The entry of a horizontal line across the panels."""
    return Line2D([], [], label=label, color=colour, linestyle=line, linewidth=0.8)
