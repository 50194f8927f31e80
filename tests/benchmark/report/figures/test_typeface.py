"""The cut typeface: the same pixels, and letters beyond it are not lost."""

from __future__ import annotations

import io
import logging

import matplotlib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmark.report.figures.figure_files import use_style
from benchmark.report.figures.typeface import WHOLE

LATIN = "diffusion AVATAR To 0.123 \N{MINUS SIGN} ≤ † § é → fi"


def drawn(text: str, *, whole: bool, kind: str) -> bytes:
    with use_style():
        if whole:
            matplotlib.rcParams["font.family"] = [WHOLE]
        figure = Figure(figsize=(3, 1))
        FigureCanvasAgg(figure)
        figure.text(0.05, 0.6, text, weight="bold")
        figure.text(0.05, 0.2, text)
        out = io.BytesIO()
        figure.savefig(out, format=kind, metadata={"CreationDate": None} if kind == "pdf" else None)
    return out.getvalue()


@pytest.mark.parametrize("text", [LATIN, "Жизнь and Latin"], ids=["Latin", "beyond"])
def test_pixels_are_those_of_the_whole_typeface(text):
    assert drawn(text, whole=False, kind="png") == drawn(text, whole=True, kind="png")


@pytest.mark.slow
def test_latin_alone_takes_nothing_from_the_whole_typeface():
    pdf = drawn(LATIN, whole=False, kind="pdf")
    assert b"DejaVuSansLatin" in pdf
    assert b"+DejaVuSans " not in pdf
    assert b"+DejaVuSans " in drawn("Жизнь", whole=False, kind="pdf")


def test_both_weights_are_found(caplog):
    with caplog.at_level(logging.WARNING, logger="matplotlib.font_manager"):
        drawn("A new text, which no other test has drawn", whole=False, kind="png")
    assert not caplog.records
