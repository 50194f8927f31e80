"""Curves of a speed record, drawn: one panel per value, one line per side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.timing.measured_curves import BESIDE

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
_MARKERS = ("o", "s", "^", "D")


def draw_curves(record: Mapping[str, Any], path: Path) -> list[Path]:
    """A PNG beside `path` for every result with curves; equal records give equal bytes.

    Args:
        record: as `benchmark.speed` writes it.
        path: of the record; a picture is named after it and the result.
    """
    made = []
    for result in record["results"]:
        if "curves" in result:
            picture = path.with_name(f"{result['name']}.png")
            _draw(result, picture)
            made.append(picture)
    return made


def _draw(result: Mapping[str, Any], picture: Path) -> None:
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter

    over, curves = result["over"], result["curves"]
    names = list(dict.fromkeys(
        name for curve in curves for point in curve["points"] for name in point
        if name not in (over, BESIDE) and not name.endswith(" ±")
    ))  # fmt: skip
    figure = Figure(figsize=(4.2 * len(names), 3.2), layout="constrained")
    panels = figure.subplots(1, len(names), squeeze=False)[0]
    for axes, name in zip(panels, names, strict=True):
        for rank, curve in enumerate(curves):
            points = [p for p in curve["points"] if name in p]
            if not points:
                continue
            axes.errorbar(
                [p[over] for p in points],
                [p[name] for p in points],
                yerr=[p.get(f"{name} ±", 0.0) for p in points],
                color=_COLOURS[rank % len(_COLOURS)], marker=_MARKERS[rank % len(_MARKERS)],
                # Hollow and smaller from side to side, so that equal curves show both.
                markersize=max(4, 8 - 2 * rank), fillstyle="none",
                capsize=2, linewidth=1.2, label=curve["name"],
            )  # fmt: skip
        if over == "network calls":
            measured = sorted({p[over] for curve in curves for p in curve["points"]})
            axes.set_xscale("log")
            axes.set_xticks(measured, [f"{calls:g}" for calls in measured])
            axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel(over)
        axes.set_ylabel(name)
        axes.grid(alpha=0.25)
    # No panel need have all sides: each lacks those without its value.
    lines = {
        label: line
        for axes in panels
        for line, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    sides = [curve["name"] for curve in curves if curve["name"] in lines]
    figure.legend(
        [lines[side] for side in sides], sides, loc="outside upper center", ncols=2,
        fontsize="small",
    )  # fmt: skip
    # Otherwise the version of matplotlib would be in the file.
    figure.savefig(picture, dpi=110, metadata={"Software": None})
