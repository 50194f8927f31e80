"""A system over its knob, both axes being qualities: each setting with its own marks."""

from __future__ import annotations

from matplotlib.lines import Line2D

from benchmark.report.data.axes import Plane
from benchmark.report.data.control_points import is_hollow
from benchmark.report.data.points import Board, Point
from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.legend import make_entry
from benchmark.report.figures.marks import draw_marks, look_of
from benchmark.report.figures.palette import hollow, solid
from benchmark.report.figures.panel_grid import Panel


def draw_knob_curve(
    panel: Panel, board: Board, task: str, system: str, plane: Plane
) -> Line2D | None:
    """Draw the settings of a system: large in the table, hollow where it is not steered.

    Returns:
        The entry of the legend; None where no setting has a place.
    """
    points = _find_settings(board, task, system, plane)
    if not points:
        return None
    look, marks = look_of(board)[system], panel.marks
    main = board.main(task, system)
    across, up = ([axis.read(p) for p in points] for axis in plane)
    if len(points) > 1:
        xs, ys = [x.value for x in across], [y.value for y in up]
        panel.ax.plot(
            xs, ys, color=look.colour, linestyle=look.line, zorder=3, gid=gid(system)
        )  # fmt: skip
        marks.curves.append((xs, ys))
        marks.label_ends([f"{p.knob_value:g}" for p in points], xs, ys, look)
    for point, x, y in zip(points, across, up, strict=True):
        is_large = point is main
        keywords = hollow if is_hollow(board, point) else solid
        draw_marks(
            panel.ax, [x], [y], marks,
            keywords=keywords(look, large=is_large), large=is_large, points=[point],
        )  # fmt: skip
    return make_entry(system, look, is_curve=len(points) > 1)


def _find_settings(board: Board, task: str, system: str, plane: Plane) -> list[Point]:
    """The curve of a model over its knob; of a yardstick and without a curve the main setting."""
    main = board.main(task, system)
    if main is None:
        return []
    curves = () if main.yardstick else board.sweeps(task, system)
    curve = next((curve for curve in curves if len(curve) > 1), (main,))
    return [p for p in curve if p.trials and all(axis.read(p).defined for axis in plane)]
