"""Every figure, also where there is little to draw: nothing overlaps, nothing is cut off."""

from __future__ import annotations

import itertools
import json
import shutil

import pytest
from handmade import bleu, metric, self_bleu, trial, write_handmade
from matplotlib.text import Text
from synthetic import MORE_SYSTEMS, SYSTEMS, write_records

from benchmark.records.reader import read_records
from benchmark.report.data.points import Board
from benchmark.report.figures.all_figures import overview_plot, task_plots
from benchmark.report.figures.figure_files import use_style
from benchmark.report.figures.frontier import draw_overview


def plots(board):
    found = [overview_plot(board)]
    for task in board.records.tasks:
        found += task_plots(board, task, task)
    return found


def check(grid):
    """No text leaves the figure; labels inside a panel do not meet; nothing is below 6 pt."""
    figure = grid.figure
    figure.draw_without_rendering()
    width, height = figure.bbox.width, figure.bbox.height
    for ax in figure.axes:
        texts = [ax.xaxis.label, ax.yaxis.label, ax.title, ax._left_title, *ax.texts]
        ticks = [*ax.get_xticklabels(), *ax.get_yticklabels()]
        for text in (*texts, *ticks):
            if not (text.get_text() and text.get_visible()):
                continue
            assert text.get_fontsize() >= 6
            if text in ticks:
                continue
            box = text.get_window_extent()
            assert box.x0 >= -1, text
            assert box.x1 <= width + 1, text
            assert box.y0 >= -1, text
            assert box.y1 <= height + 1, text
        inside = [text.get_window_extent().shrunk(0.9, 0.8) for text in ax.texts]
        for one, other in itertools.combinations(inside, 2):
            assert not one.overlaps(other)
    numbers = [
        tick.get_window_extent().shrunk(0.95, 0.9)
        for ax in figure.axes
        for tick in ax.get_xticklabels()
        if tick.get_text() and tick.get_visible()
    ]
    for one, other in itertools.combinations(numbers, 2):
        assert not one.overlaps(other)
    for text in (t for legend in figure.legends for t in legend.get_texts()):
        box = text.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= width
    titles = [a._left_title.get_window_extent() for a in figure.axes if a._left_title.get_text()]
    for one, other in itertools.combinations(titles, 2):
        assert not one.overlaps(other)


def variant(folder, target, change):
    shutil.copytree(folder / "records", target / "records")
    path = target / "records" / "cells.jsonl"
    trials = [json.loads(line) for line in path.read_text().splitlines()]
    trials = change(trials)
    path.write_text("".join(json.dumps(c) + "\n" for c in trials))
    return Board(read_records(target))


def each_interval(trials, change):
    for line in trials:
        for name, entry in ((line["score"] or {}).get("metrics", {})).items():
            for interval in entry["statistics"].values():
                change(line, name, interval)
    return trials


def crowd(line, name, interval):
    if interval["value"] is not None and line["family"] != "yardstick":
        interval.update(value=0.5, low=0.499, high=0.501)


def undefine(line, name, interval):
    interval.update(value=None, low=None, high=None)


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        lambda trials: trials,
        lambda trials: each_interval(trials, crowd),
        lambda trials: each_interval(trials, undefine),
        lambda trials: [c for c in trials if c["setting"]["kind"] != "samples"],
        lambda trials: [
            c for c in trials if c["system"] == "gpt2" and "main" in c["setting"]["roles"]
        ],
    ],
    ids=["realistic", "all at one point", "all undefined", "no samples", "one point"],
)
def test_figures_are_legible(synthetic, tmp_path, change):
    board = variant(synthetic, tmp_path / "toy", change)
    with use_style():
        for plot in plots(board):
            check(plot.draw())
            assert plot.caption


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Board:
    """Twenty systems on four tasks."""
    folder = write_records(
        tmp_path_factory.mktemp("many") / "many",
        tasks=("dialogue",),
        systems=[s.id for s in (*SYSTEMS, *MORE_SYSTEMS)],
        sources=6,
        samples=3,
        failed=(),
    )
    path = folder / "records" / "run.json"
    run = json.loads(path.read_text())
    names = ("dialogue", "two", "three", "four")
    run["tasks"] = {name: run["tasks"]["dialogue"] | {"title": name} for name in names}
    path.write_text(json.dumps(run))
    path = folder / "records" / "cells.jsonl"
    trials = [json.loads(line) for line in path.read_text().splitlines()]
    lines = (json.dumps(c | {"task": name}) + "\n" for name in names for c in trials)
    path.write_text("".join(lines))
    return Board(read_records(folder))


@pytest.mark.slow
def test_twenty_systems_are_legible(many):
    assert len(many.systems) == 20
    with use_style():
        grids = {p.name: p.draw() for p in (overview_plot(many), *task_plots(many, "two", "two"))}
    for name, grid in grids.items():
        check(grid)
        figure = grid.figure
        width, height = figure.get_size_inches()
        for panel in grid.panels:
            box = panel.ax.get_position()
            assert box.width * width > 1.8, name
            assert box.height * height > 1.5, name
        (legend,) = figure.legends
        below = min(a.get_tightbbox().y0 for p in grid.panels for a in (p.ax, p.strip) if a)
        assert legend.get_window_extent().y1 <= below, name
        texts = [text.get_text() for text in legend.get_texts()]
        assert len(set(texts)) == len(texts) >= 16, name


def test_long_titles_do_not_meet(tmp_path):
    both = bleu(0.4) | self_bleu(0.5)
    names = ("a task with quite a long name", "another of the same kind", "c", "d")
    board = Board(
        read_records(write_handmade(tmp_path / "x", [trial("a", both, task=n) for n in names]))
    )
    with use_style():
        check(draw_overview(board))


def test_common_brackets_are_left_out(tmp_path):
    both = bleu(0.4) | self_bleu(0.5)
    names = ("paraphrase (grammar)", "dialogue (grammar)")
    board = Board(
        read_records(write_handmade(tmp_path / "x", [trial("a", both, task=n) for n in names]))
    )
    with use_style():
        titles = [ax.get_title(loc="left") for ax in draw_overview(board).figure.axes]
    assert titles == ["Paraphrase", "Dialogue"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tasks", "more"), [(2, ""), (4, ""), (4, " letters, and then a good many more of them")]
)
def test_a_title_is_cut_only_where_its_panel_ends(tmp_path, tasks, more):
    both = bleu(0.4) | self_bleu(0.5)
    names = [f"{letter}, a title of more than 24{more}" for letter in "wxyz"[:tasks]]
    board = Board(
        read_records(write_handmade(tmp_path / "x", [trial("a", both, task=n) for n in names]))
    )
    with use_style():
        figure = draw_overview(board).figure
        figure.canvas.draw()
        shown = [text for text in figure.findobj(Text) if "A Title Of More" in text.get_text()]
        places = [title.get_window_extent() for title in shown]
    assert [title.get_text().endswith("…") for title in shown] == [bool(more)] * tasks
    for first, place in enumerate(places):
        # Two in a row.
        beside = places[first + 1].x0 if first % 2 == 0 else figure.bbox.x1
        assert place.x1 < beside


def data(ax):
    """All places where a marker stands."""
    return [
        (float(x), float(y))
        for line in ax.lines
        if line.get_marker() not in ("None", None, "")
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]


def test_frontier_plots_the_numbers(tmp_path):
    trials = [
        trial("a", bleu(0.4) | self_bleu(0.75)),
        trial("b", bleu(0.6) | self_bleu(0.9), kind="single"),
        trial("copy-source", bleu(0.5), family="yardstick", kind="single"),
        trial("broken", None),
    ]
    board = Board(read_records(write_handmade(tmp_path / "x", trials)))
    with use_style():
        grid = draw_overview(board)
    (panel,) = grid.panels
    assert data(panel.ax) == [(0.25, 0.4)]
    # Without samples there is no diversity: the mark stands in the strip, and hollow.
    assert [y for _, y in data(panel.strip)] == [0.6]
    (mark,) = [line for line in panel.strip.lines if line.get_marker() not in ("None", None, "")]
    assert mark.get_markerfacecolor() == "#ffffff"
    levels = [line.get_ydata()[0] for line in panel.ax.lines if len(set(line.get_ydata())) == 1]
    assert 0.5 in levels


def test_validity_comes_first_where_it_is_known(tmp_path):
    measured = bleu(0.4) | self_bleu(0.75)
    measured["validity"] = metric({"expected": {"value": 0.9}}, title="validity")
    board = Board(read_records(write_handmade(tmp_path / "x", [trial("a", measured)])))
    with use_style():
        grid = draw_overview(board)
        frontier = next(task_plots(board, "toy", "toy")).draw()
    assert data(grid.panels[0].ax) == [(0.25, 0.9)]
    assert len(frontier.panels) == 2


def test_costs_plot_the_numbers(tmp_path):
    def at(calls, value):
        return trial(
            "a", bleu(value), label=f"{calls}", roles=["nfe"], depth=calls,
            decoding={"steps": calls},
        )  # fmt: skip

    main = trial("a", bleu(0.4), depth=10, decoding={"steps": 10})
    board = Board(read_records(write_handmade(tmp_path / "x", [main, at(2, 0.1), at(50, 0.5)])))
    with use_style():
        grid = list(task_plots(board, "toy", "toy"))[1].draw()
    assert sorted(data(grid.panels[0].ax)) == [(2, 0.1), (10, 0.4), (50, 0.5)]
    assert grid.panels[0].ax.get_xscale() == "log"
