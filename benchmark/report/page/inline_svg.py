"""Figures inside the page: colours that follow light and dark, small files, no clashes.

A figure is drawn once, in its light colours. Here each colour becomes a CSS variable whose
dark value is the same hue, lightened until it stands out from the dark ground.
"""

from __future__ import annotations

import re
from html import escape

from benchmark.report.figures.palette import INK, MUTED, PAPER
from benchmark.report.page.interactive_svg import PointName, answering

GROUND = {"light": "#ffffff", "dark": "#15181d"}
CONTRAST = 4.6
"""Contrast with the dark ground that every colour of a figure reaches (WCAG AA for text)."""

_FIXED = {
    INK: "--ink",
    MUTED: "--muted",
    PAPER: "--ground",
    "#8a8a8a": "--axis",
    "#e4e4e4": "--grid",
}
"""Colours of the style that are variables of the page."""

_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_LONG = re.compile(r"(-?\d+\.\d\d)\d+")
_COORDINATES = re.compile(r'\b(?:d|x|y)="[^"]*"|translate\([^)]*\)')
_GROUP_ID = re.compile(r'(?<=<g) id="[^"]*"')
_SHARED = re.compile(r'<path id="[^"]+"[^>]*/>|<clipPath id="[^"]+">.*?</clipPath>', re.DOTALL)
_ID = re.compile(r'(?<= id=")[^"]+|(?<= xlink:href="#)[^"]+|(?<=url\(#)[^)]+')
_STYLE = re.compile(r' style="([^"]*)"')
_PATH = re.compile(r'(?<= d=")[^"]*')
_STEP = re.compile(r"\s*([A-Za-z])\s*")
_NEEDLESS = re.compile(r"<!--.*?-->|<style.*?</style>|<g/>|<defs>\s*</defs>", re.DOTALL)
_GAP = re.compile(r">\s+<")


class Inlined:
    """The figures of one page; collects what they share: colours, shapes, and points."""

    def __init__(self) -> None:
        self.colours: dict[str, str] = {}
        self.shapes: dict[str, None] = {}
        """Letters, markers and frames, each once and in order."""
        self.points: dict[PointName, int] = {}
        """Number of every point that a figure shows, as `answering` gives them."""
        self.styles: dict[str, str] = {}
        """Class by what it declares."""
        self._ids: dict[str, str] = {}

    def add(self, svg: str, label: str) -> str:
        """The `<svg>` of a figure as the page carries it; `label` is read out to the blind."""
        svg = answering(svg, self.points)
        svg = _COORDINATES.sub(lambda m: _LONG.sub(r"\1", m[0]), svg)
        svg = _GROUP_ID.sub("", svg)
        svg = _COLOUR.sub(lambda m: f"var({self._variable(m[0])})", svg)
        svg = self._compact(svg)
        self.shapes |= dict.fromkeys(_SHARED.findall(svg))
        svg = _NEEDLESS.sub("", _SHARED.sub("", svg))
        size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', svg)
        if size is not None:
            # The page knows the width in its own units and scales the figure down if it must.
            width = f"{float(size[1]) / 72 * 1.32:.2f}in"
            svg = svg.replace(size[0], f'style="--width:{width};width:{width}"', 1)
        # A group, not an image: the points in it are read out one by one.
        return svg.replace("<svg ", f'<svg role="group" aria-label="{escape(label)}" ', 1)

    def definitions(self) -> str:
        """What all figures draw with, once; stands before the first of them."""
        return (
            '<svg aria-hidden="true" style="position:absolute;width:0;height:0">'
            f"<defs>{''.join(self.shapes)}</defs></svg>"
        )

    def _compact(self, svg: str) -> str:
        """The same drawing in fewer bytes."""
        svg = _ID.sub(lambda m: self._ids.setdefault(m[0], f"i{len(self._ids)}"), svg)
        svg = _STYLE.sub(lambda m: f' class="{self._class(m[1])}"', svg)
        svg = _PATH.sub(lambda m: _STEP.sub(r"\1", m[0].strip()), svg)
        return _GAP.sub("><", _NEEDLESS.sub("", svg).replace("xlink:href=", "href="))

    def variables(self, mode: str) -> str:
        """CSS declarations of the colours of all figures, for `light` or `dark`."""
        return "".join(
            f"{name}:{colour if mode == 'light' else lightened(colour)};"
            for colour, name in sorted(self.colours.items())
        )

    def rules(self) -> str:
        """CSS of what the parts of the figures look like."""
        return "".join(f".{name}{{{style}}}" for style, name in self.styles.items())

    def _class(self, style: str) -> str:
        style = style.replace(": ", ":").replace("; ", ";")
        return self.styles.setdefault(style, f"f{len(self.styles)}")

    def _variable(self, colour: str) -> str:
        if colour in _FIXED:
            return _FIXED[colour]
        return self.colours.setdefault(colour, f"--c{colour[1:]}")


def lightened(colour: str) -> str:
    """The colour mixed with as little white as `CONTRAST` with the dark ground asks for."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    for share in range(0, 101, 5):
        mixed = [round(part + (255 - part) * share / 100) for part in parts]
        if _contrast(mixed, [int(GROUND["dark"][i : i + 2], 16) for i in (1, 3, 5)]) >= CONTRAST:
            break
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _contrast(first: list[int], second: list[int]) -> float:
    """Contrast ratio of WCAG 2."""
    bright, dim = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(parts: list[int]) -> float:
    linear = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (part / 255 for part in parts)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
