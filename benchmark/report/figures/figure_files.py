"""Figures as files, in the style of the report and without dates: equal figures, equal bytes."""

from __future__ import annotations

import io
import warnings
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

from benchmark.report.figures.typeface import families, find_families
from benchmark.store.files import write_bytes

DRAWINGS = ("png", "pdf")
"""The kinds of files of a figure."""

MOST_NAMED = 12
"""Letters that a sentence names."""

_STYLE = Path(__file__).parent.parent / "report.mplstyle"
_SHADES = [round(round(value / 255 * 31) / 31 * 255) for value in range(256)]
"""Five bits a channel: off by 4 of 255 at most, which no eye sees, and a PNG a third smaller."""


@contextmanager
def use_style(names: str = "", *, pdf: bool = True) -> Iterator[str]:
    """The style of the report, whatever the user's own settings.

    Args:
        names: text of the figures that may be in any script.
        pdf: whether figures are written as PDF too.

    Yields:
        A sentence on what no installed typeface has; empty where nothing is missing.
    """
    further, missing = find_families(names)
    fonts = {"font.family": families(further, pdf=pdf)}
    style = matplotlib.style.context(["default", str(_STYLE), fonts])
    with style, warnings.catch_warnings():
        # Said once, below, and not for every letter of every figure.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield _name_missing(missing)


def _name_missing(missing: str) -> str:
    if not missing:
        return ""
    shown = missing[:MOST_NAMED] + ("..." if len(missing) > MOST_NAMED else "")
    return (
        f"No installed typeface has {shown}, which the figures show as boxes: install one for that"
        " script, such as Noto Sans CJK, and render the report again."
    )


def save(figure: Figure, stem: Path, kinds: Collection[str] = DRAWINGS) -> None:
    """Write `<stem>.png` and `<stem>.pdf`, or those of `kinds`; others are old and go."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    # Not `with_suffix`: a task may have a dot in its name.
    png, pdf = (stem.with_name(f"{stem.name}.{kind}") for kind in DRAWINGS)
    if "png" in kinds:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        drawn = Image.fromarray(np.asarray(canvas.buffer_rgba()))
        out = io.BytesIO()
        drawn.convert("RGB").point(_SHADES * 3).save(out, format="png")
        write_bytes(png, out.getvalue())
    if "pdf" in kinds:
        out = io.BytesIO()
        dates = dict.fromkeys(("Creator", "Producer", "CreationDate"))
        figure.savefig(out, format="pdf", metadata=dates)
        write_bytes(pdf, out.getvalue())
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
