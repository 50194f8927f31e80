"""The cut typeface: the same pixels, and letters beyond it are not lost."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import pytest
from fontTools.ttLib import TTFont
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, fontManager

from benchmark.report.figures.figure_files import use_style
from benchmark.report.figures.typeface import WHOLE, find_families

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


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[str]:
    """A typeface that has one Chinese character, drawn like an A."""
    font = TTFont(findfont(WHOLE))
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap = {0x4E2D: "A", ord("A"): "A"}
    for record in font["name"].names:
        if record.nameID in (1, 4, 16):
            record.string = "Handmade"
    font.save(tmp_path / "handmade.ttf")
    fontManager.addfont(tmp_path / "handmade.ttf")
    yield "Handmade"
    fontManager.ttflist = [f for f in fontManager.ttflist if f.name != "Handmade"]


def test_letters_of_names_are_looked_for_among_what_is_installed(installed: str) -> None:
    assert find_families("task") == ([], "")
    assert find_families("中 and Жизнь") == ([installed], "")
    found, missing = find_families("中\U0001d2e0")
    assert found == [installed] and missing == "\U0001d2e0"
    with use_style("中") as boxes:
        assert boxes == "" and installed in matplotlib.rcParams["font.family"]


def test_what_nobody_has_is_said_once_and_does_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Sumerian: drawn as boxes on any machine that has no typeface for it.
        name = "\U0001d2e0\U0001d2e1"
        with use_style(name) as boxes:
            figure = Figure(figsize=(2, 1))
            FigureCanvasAgg(figure)
            figure.text(0.1, 0.5, name)
            figure.canvas.draw()
    assert boxes.startswith(f"No installed typeface has {name}, which the figures show as boxes")
    with use_style("plain") as boxes:
        assert boxes == ""
