from __future__ import annotations

from xml.etree.ElementTree import tostring

from matplotlib.figure import Figure

from benchmark.report.figures.element_ids import gid
from benchmark.report.figures.figure_files import render_svg
from benchmark.report.page.interactive_svg import label_parts

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
    return render_svg(figure)


def test_every_mark_gets_its_point():
    points = {("toy", "other", ""): 0}
    found = drawing()
    label_parts(found, points)
    assert list(points) == [("toy", "other", ""), *NAMES]
    marks = [mark for mark in found.iter("use") if "data-p" in mark.attrib]
    assert [mark.get("data-p") for mark in marks] == ["1", "2"], "not the square, without a name"
    assert [mark.findtext("title") for mark in marks] == ["a, x='1' & <2>", "a, b\"c'd"]
    groups = [group for group in found.iter("g") if "data-s" in group.attrib]
    assert [(group.get("data-s"), group.get("data-l")) for group in groups] == [
        ("a", None), ("a", None), ("a", ""),
    ]  # fmt: skip
    assert not any("{" in part.get("id", "") for part in found.iter()), "no name is left in an id"


def test_names_are_escaped():
    figure = drawing()
    label_parts(figure, {})
    assert "<title>a, x='1' &amp; &lt;2&gt;</title>" in tostring(figure, encoding="unicode")


def test_the_drawing_stays_the_same():
    raw, found = drawing(), drawing()
    label_parts(found, {})
    shapes = [
        [part.get(name) for part in figure.iter() for name in "dxy" if name in part.attrib]
        for figure in (raw, found)
    ]
    assert len(shapes[0]) > 50 and shapes[0] == shapes[1]
