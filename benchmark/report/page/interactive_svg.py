"""Which system and which point a part of a figure shows, passed to the page.

The figures write that into the `gid` of their parts (`figures.element_ids`). Here it becomes
attributes that the script of the page finds, and tooltips that a browser shows without any script.
"""

from __future__ import annotations

import json
from xml.etree.ElementTree import Element, SubElement

PointName = tuple[str, str, str]
"""Task, system and label of a point."""


def label_parts(svg: Element, points: dict[PointName, int]) -> None:
    """Give the parts of a drawing `data-s` (system), `data-l` (legend) and `data-p` (point).

    Args:
        svg: a drawing as `figures.figure_files.render_svg` gives it; it is changed in place.
        points: the numbers of the points of the page; those that are new get the next ones.
    """
    for group in list(svg.iter("g")):
        if not group.get("id", "").startswith("{"):
            continue
        shown = json.loads(group.attrib.pop("id"))
        group.set("data-s", shown["system"])
        if shown["legend"]:
            group.set("data-l", "")
        for name, mark in zip(map(tuple, shown["points"]), list(group.iter("use")), strict=False):
            mark.set("data-p", str(points.setdefault(name, len(points))))
            SubElement(mark, "title").text = f"{name[1]}, {name[2]}"
