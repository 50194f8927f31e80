"""Figures that answer: which system and which point a part of an SVG shows.

The figures write that into their `gid` (`figures.identity`). Here it becomes attributes that
the script of the page finds, and tips that a browser shows without any script.
"""

from __future__ import annotations

import json
import re
from html import escape, unescape

PointName = tuple[str, str, str]
"""Task, system and label of a point."""

_MARKED = re.compile(r"""<g id=(['"])(\{[^<>]*?\})\1>""")
_USE = re.compile(r"<use ([^>]*)/>")


def answering(svg: str, points: dict[PointName, int]) -> str:
    """The drawing with `data-s` (system), `data-l` (legend) and `data-p` (point) in its parts.

    Args:
        svg: a drawing as matplotlib writes it.
        points: the numbers of the points of the page; those that are new get the next ones.
    """
    out, last = [], 0
    for match in _MARKED.finditer(svg):
        out.append(svg[last : match.start()])
        shown = json.loads(unescape(match[2]))
        kind = " data-l" if shown["legend"] else ""
        out.append(f'<g data-s="{escape(shown["system"])}"{kind}>')
        last = match.end()
        names = [(task, system, label) for task, system, label in shown["points"]]
        # The markers of a group are drawn before any other group of ours begins.
        following = _MARKED.search(svg, last)
        end = following.start() if following else len(svg)
        for name, use in zip(names, _USE.finditer(svg, last, end), strict=False):
            out.append(svg[last : use.start()])
            number = points.setdefault(name, len(points))
            tip = escape(f"{name[1]}, {name[2]}")
            out.append(f'<use data-p="{number}" {use[1]}><title>{tip}</title></use>')
            last = use.end()
    return "".join(out) + svg[last:]
