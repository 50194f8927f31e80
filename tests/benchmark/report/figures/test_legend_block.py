"""The legend: as many columns as fit, read downwards, where matplotlib would put it."""

from __future__ import annotations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmark.report.figures.figure_files import use_style
from benchmark.report.figures.legend_block import LegendBlock

NAMES = ["diffuseq", "gpt2", "rdm-absorbing", "copy-source", "cmlm"]


@pytest.fixture
def figure():
    with use_style(pdf=False):
        made = Figure(figsize=(4, 2))
        FigureCanvasAgg(made)
        yield made


def handles(names=NAMES):
    return [Line2D([], [], label=name, marker="o", color=f"C{n}") for n, name in enumerate(names)]


def test_entries_stand_where_matplotlib_puts_them(figure):
    block = LegendBlock(figure, handles(), widest=2.5, bottom=0.05)
    columns = len({text.get_position()[0] for text in block.get_texts()})
    own = figure.legend(
        handles=handles(), loc="lower center", ncols=columns, bbox_to_anchor=(0.5, 0.05 / 2)
    )
    figure.draw_without_rendering()
    for one, other in zip(block.get_texts(), own.get_texts(), strict=True):
        assert one.get_text() == other.get_text()
        assert one.get_window_extent().extents == pytest.approx(
            other.get_window_extent().extents, abs=2
        )
    assert block.get_window_extent().extents == pytest.approx(
        own.get_window_extent().extents, abs=2
    )


def test_it_is_no_wider_than_its_room(figure):
    for widest in (1.2, 2.0, 3.9):
        block = LegendBlock(figure, handles(), widest=widest, bottom=0.05)
        assert block.get_window_extent().width <= widest * figure.dpi


def test_a_name_without_room_has_a_column_of_its_own(figure):
    block = LegendBlock(figure, handles(["a long name " * 9]), widest=1.0, bottom=0.05)
    assert len(block.get_texts()) == 1


def test_entries_look_as_what_they_stand_for(figure):
    first = LegendBlock(figure, handles(), widest=3.9, bottom=0.05).legend_handles[0]
    assert (first.get_marker(), first.get_color()) == ("o", "C0")
    assert first.get_markevery() == [1]
