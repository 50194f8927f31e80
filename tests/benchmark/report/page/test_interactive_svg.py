from __future__ import annotations

import re

from matplotlib.figure import Figure

from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.sheet import svg
from benchmark.report.page.interactive_svg import answering

NAMES = [("toy", "a", "x='1' & <2>"), ("toy", "a", "b\"c'd")]


class Named:
    """What `gid` reads of a point."""

    def __init__(self, name):
        self.task, self.system, self.label = name


def drawing():
    figure = Figure()
    ax = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    ax.plot([0, 1], [0, 1], gid=gid("a"))
    ax.plot([0, 1], [0, 1], "o", gid=gid("a", [Named(n) for n in NAMES]))
    ax.plot([0.5], [0.5], "s")
    legend = figure.legend(ax.lines[:1], ["a"])
    legend.get_texts()[0].set_gid(gid("a", legend=True))
    return svg(figure)


def test_every_mark_gets_its_point():
    points = {("toy", "other", ""): 0}
    found = answering(drawing(), points)
    assert list(points) == [("toy", "other", ""), *NAMES]
    assert re.findall(r'data-p="(\d+)"', found) == ["1", "2"], "not the square, which has no name"
    assert "<title>a, x=&#x27;1&#x27; &amp; &lt;2&gt;</title>" in found
    assert found.count('<g data-s="a">') == 2
    assert found.count('<g data-s="a" data-l>') == 1
    assert "{" not in re.sub(r"<style.*?</style>", "", found), "no name is left in an id"


def test_the_drawing_stays_the_same():
    raw = drawing()
    found = re.sub(r"<title>.*?</title></use>", "", answering(raw, {}))
    shapes = re.compile(r"(?<= [dxy]=\")[^\"]*")
    assert shapes.findall(found) == shapes.findall(raw)
