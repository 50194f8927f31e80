"""A figure that can be drawn, with its file, title and caption."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmark.report.figures.panel_grid import PanelGrid


@dataclass(frozen=True)
class Plot:
    """A figure that can be drawn: `name` is its file without suffix."""

    name: str
    title: str
    caption: str
    draw: Callable[[], PanelGrid]
