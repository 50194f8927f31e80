"""Figures inside the page: colours that follow light and dark, small files, no clashes.

A figure is drawn once, in its light colours. Here each colour becomes a CSS variable whose
dark value is the same hue, lightened until it stands out from the dark ground.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, tostring

from benchmark.report.figures.palette import INK, MUTED, PAPER
from benchmark.report.page.interactive_svg import PointName, label_parts

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
_REFERENCE = re.compile(r"(?<=^#).+|(?<=url\(#)[^)]+")
_STEP = re.compile(r"\s*([A-Za-z])\s*")


class InlineFigures:
    """The figures of one page; collects what they share: colours, shapes, and points."""

    def __init__(self) -> None:
        self.colours: dict[str, str] = {}
        self.shapes: dict[str, None] = {}
        """Letters, markers and frames, each once and in order."""
        self.points: dict[PointName, int] = {}
        """Number of every point that a figure shows, as `label_parts` gives them."""
        self.styles: dict[str, str] = {}
        """Class by what it declares."""
        self._ids: dict[str, str] = {}

    def add(self, svg: Element, label: str) -> str:
        """The `<svg>` of a figure as the page carries it; `label` is read out by screen readers.

        Args:
            svg: a drawing as `figures.figure_files.render_svg` gives it; it is changed in place.
            label: its title and caption.
        """
        label_parts(svg, self.points)
        self._compact(svg)
        # The page knows the width in its own units and scales the figure down if it must.
        width = f"{float(svg.attrib.pop('width').removesuffix('pt')) / 72 * 1.32:.2f}in"
        del svg.attrib["height"]
        svg.set("style", f"--width:{width};width:{width}")
        # A group, not an image: the points in it are read out one by one.
        svg.attrib |= {"role": "group", "aria-label": label}
        return tostring(svg, encoding="unicode")

    def definitions(self) -> str:
        """What all figures draw with, once; comes before the first of them."""
        return (
            '<svg aria-hidden="true" style="position:absolute;width:0;height:0">'
            f"<defs>{''.join(self.shapes)}</defs></svg>"
        )

    def variables(self, mode: str) -> str:
        """CSS declarations of the colours of all figures, for `light` or `dark`."""
        return "".join(
            f"{name}:{colour if mode == 'light' else lighten(colour)};"
            for colour, name in sorted(self.colours.items())
        )

    def rules(self) -> str:
        """CSS of what the parts of the figures look like."""
        return "".join(f".{name}{{{style}}}" for style, name in self.styles.items())

    def _compact(self, part: Element) -> None:
        """The same drawing in fewer bytes; what figures share goes to `shapes`."""
        part.attrib = dict(self._attributes(part))
        part.tail = None
        if not (part.text or "").strip():
            part.text = None
        for child in list(part):
            self._compact(child)
            is_empty = child.tag in ("g", "defs") and not len(child) and not child.attrib
            is_shared = child.tag == "clipPath" or (child.tag == "path" and "id" in child.attrib)
            if is_shared:
                self.shapes[tostring(child, encoding="unicode")] = None
            if is_shared or is_empty or child.tag == "style":
                part.remove(child)

    def _attributes(self, part: Element) -> Iterator[tuple[str, str]]:
        for name, value in part.items():
            value = _REFERENCE.sub(lambda found: self._id(found[0]), value)
            match name:
                case "id" if part.tag == "g":
                    continue
                case "id":
                    value = self._id(value)
                case "style":
                    name, value = "class", self._class(value)
                case "d":
                    value = _STEP.sub(r"\1", _shorten(value).strip())
                case "x" | "y":
                    value = _shorten(value)
                case "transform":  # letters keep their scale to the digit
                    moves, scale, factors = value.partition("scale")
                    value = _shorten(moves) + scale + factors
            yield name, value

    def _id(self, name: str) -> str:
        return self._ids.setdefault(name, f"i{len(self._ids)}")

    def _class(self, style: str) -> str:
        style = style.replace(": ", ":").replace("; ", ";")
        style = _COLOUR.sub(lambda found: f"var({self._variable(found[0])})", style)
        return self.styles.setdefault(style, f"f{len(self.styles)}")

    def _variable(self, colour: str) -> str:
        if colour in _FIXED:
            return _FIXED[colour]
        return self.colours.setdefault(colour, f"--c{colour[1:]}")


def _shorten(numbers: str) -> str:
    """Numbers cut to two digits after the point."""
    return _LONG.sub(r"\1", numbers)


def lighten(colour: str) -> str:
    """The colour mixed with as little white as `CONTRAST` with the dark ground requires."""
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
