"""Figures as files, in the style of the report and without dates: equal figures, equal bytes."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import matplotlib.style
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from benchmark.report.figures.typeface import families

DRAWINGS = ("png", "pdf")
"""The kinds of files of a figure."""

_STYLE = Path(__file__).parent.parent / "report.mplstyle"
_SHADES = [round(round(value / 255 * 31) / 31 * 255) for value in range(256)]
"""Five bits a channel: off by 4 of 255 at most, which no eye sees, and a PNG a third smaller."""


@contextmanager
def use_style(*, pdf: bool = True) -> Iterator[None]:
    """The style of the report, whatever the user's own settings; `pdf`: for figures as PDF too."""
    with matplotlib.style.context(["default", str(_STYLE), {"font.family": families(pdf=pdf)}]):
        yield


def save(figure: Figure, stem: Path, kinds: Collection[str] = DRAWINGS) -> None:
    """Write `<stem>.png` and `<stem>.pdf`, or those of `kinds`; others are old and go."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    # Not `with_suffix`: a task may have a dot in its name.
    png, pdf = (stem.with_name(f"{stem.name}.{kind}") for kind in DRAWINGS)
    if "png" in kinds:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        drawn = Image.fromarray(np.asarray(canvas.buffer_rgba()))
        drawn.convert("RGB").point(_SHADES * 3).save(png)
    if "pdf" in kinds:
        figure.savefig(pdf, metadata=dict.fromkeys(("Creator", "Producer", "CreationDate")))
    for kind, path in zip(DRAWINGS, (png, pdf), strict=True):
        if kind not in kinds:
            path.unlink(missing_ok=True)


def render_svg(figure: Figure) -> Element:
    """The figure as an `<svg>` element with a transparent ground, named as HTML names it."""
    out = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(out, format="svg", transparent=True, metadata=nothing)
    drawing = ElementTree.fromstring(out.getvalue())
    for part in drawing.iter():  # names in HTML carry no namespace
        part.tag = part.tag.rpartition("}")[2]
        part.attrib = {name.rpartition("}")[2]: value for name, value in part.items()}
    return drawing
