from __future__ import annotations

from handmade import bleu, interval, metric, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.figures.figure_files import use_style
from benchmark.report.figures.palette import COPY_COLOUR
from benchmark.report.paper.trade_off import draw_trade_off


def div_4(value):
    return {"div_4": metric({"set": interval(value)}, title="div-4", level="set")}


def test_the_copy_is_a_line_and_the_references_take_no_room(tmp_path):
    trials = [
        trial("a", bleu(0.30) | div_4(0.8)),
        trial("a", bleu(0.35) | div_4(0.6), label="temperature=0.5", roles=["sweep"], knob_value=1),
        trial("copy-source", bleu(0.25) | div_4(0.3), family="yardstick", kind="single"),
        trial("reference", bleu(0.45) | div_4(0.9), family="yardstick", kind="n-best"),
    ]
    board = Board(read_records(write_handmade(tmp_path / "toy", trials)))
    with use_style():
        grid = draw_trade_off(board, ["toy"])
    ax = grid.panels[0].ax
    (line,) = [line for line in ax.lines if line.get_color() == COPY_COLOUR]
    assert set(line.get_ydata()) == {0.25}
    assert ax.get_ylim()[0] < 0.25 and ax.get_ylim()[1] < 0.45
