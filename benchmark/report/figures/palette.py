"""Which colour, marker and line belong to a system, in every figure alike.

Colour distinguishes systems, also for colour-blind readers; the shape of the marker and the
line distinguish families, also in greyscale: round = continuous diffusion, four-sided =
discrete diffusion, triangle = autoregressive, cross = iterative, star = edit, hexagon = latent.
Within a family every system has a shape of its own, so no reader depends on colour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Any, Literal

from benchmark.report.data.points import CEILING, COPY, REFERENCE, TOKENIZER, YARDSTICK

INK, MUTED, PAPER = "#1b1b1b", "#6e6e6e", "#ffffff"
CEILING_COLOUR, COPY_COLOUR = "#8c8c8c", "#4d4d4d"

Marker = str | tuple[int, int, float]
"""A marker of matplotlib; a tuple is (corners, 0 = polygon or 1 = star, degrees turned)."""

LineStyle = Literal["-"] | tuple[float, Sequence[float]]
"""Solid, or the lengths of dashes and gaps."""


UNGUIDED_LINE: LineStyle = (0, (1, 1.8))
"""What a guided system does where it is not steered."""


@dataclass(frozen=True)
class Look:
    """How a system is drawn."""

    colour: str
    marker: Marker
    line: LineStyle


_MARKERS: Mapping[str, Sequence[Marker]] = {
    "continuous diffusion": ("o", "8", "H", (5, 0, 36.0)),
    "discrete diffusion": ("s", "D", "d", "p", (4, 0, 22.5)),
    "autoregressive": ("^", "v", "<", ">"),
    "iterative": ("X", "P", (4, 1, 45.0), (4, 1, 0.0)),
    "edit": ("*", (6, 1, 0.0)),
    "latent": ("h", (6, 0, 30.0), (7, 0, 0.0)),
    YARDSTICK: ("x", "+", "1", "2", "3"),
}
_OTHER_MARKERS: Sequence[Marker] = ("h", "<", ">", "p", (3, 1, 0.0), (7, 0, 0.0), (8, 1, 0.0))

_LINES: Mapping[str, LineStyle] = {
    "continuous diffusion": "-",
    "discrete diffusion": (0, (5, 1.2)),
    "autoregressive": (0, (1.2, 1)),
    "iterative": (0, (5, 1, 1.2, 1)),
    "edit": (0, (3, 1, 1, 1, 1, 1)),
    "latent": (0, (8, 1.5)),
    YARDSTICK: (0, (4, 2.5)),
}

# Okabe and Ito's colours, and darker ones of the same hues where a family needs a second
# or third: within a family lightness differs by at least a quarter of its range.
_KNOWN: Mapping[str, tuple[str, Marker]] = {
    "diffuseq": ("#0072b2", "o"),
    "diffuseq-v2": ("#56b4e9", "8"),
    "diffusion-lm": ("#a9d5f5", (5, 0, 36.0)),
    "diffuseq-cfg": ("#003d66", "H"),
    "d3pm-absorbing": ("#009e73", "s"),
    "mdlm": ("#00503b", "p"),
    "d3pm-uniform": ("#8fd3b6", "D"),
    "rdm-absorbing": ("#6b8e23", "d"),
    "rdm-multinomial": ("#b5c334", (4, 0, 22.5)),
    "transformer": ("#d55e00", "^"),
    "gpt2": ("#e69f00", "v"),
    "nat": ("#cc79a7", "X"),
    "cmlm": ("#7b3294", "P"),
    "levenshtein": ("#7f4f24", "*"),
    "latentops": ("#c1121f", "h"),
    "fudge": ("#8c6d00", ">"),
    "della": ("#780000", (6, 0, 30.0)),
    "cvae": ("#f28482", (7, 0, 0.0)),
    # Another implementation of a system has its hue and a shape of the same family.
    "fairseq-transformer": ("#8a3800", "<"),
    "fairseq-nat": ("#94406f", (4, 1, 45.0)),
    "fairseq-cmlm": ("#b58cd9", (4, 1, 0.0)),
    "fairseq-levenshtein": ("#c49a6c", (6, 1, 0.0)),
    "nearest-neighbour": ("#6e6e6e", "x"),
    REFERENCE: ("#3d3d3d", "+"),
    TOKENIZER: ("#8f8f8f", "3"),
    COPY: (COPY_COLOUR, "1"),
    CEILING: (CEILING_COLOUR, "2"),
}
"""Colour and marker by system id, the same in every report."""

_OTHER_COLOURS = ("#332288", "#aa4499", "#44aa99", "#999933", "#882255", "#117733", "#88ccee")


def assign_looks(families: Mapping[str, str]) -> dict[str, Look]:
    """The look of every system, from system id to family, in the order of the run.

    Systems that are not known here take the colours and the markers of their family that are
    left, in their order.
    """
    colours = cycle(_OTHER_COLOURS)
    taken = {_KNOWN[system][1] for system in families if system in _KNOWN}
    found: dict[str, Look] = {}
    for system, family in families.items():
        shapes = _MARKERS.get(family, _OTHER_MARKERS)
        if system in _KNOWN:
            colour, marker = _KNOWN[system]
        else:
            colour = next(colours)
            free = (shape for shape in (*shapes, *_OTHER_MARKERS) if shape not in taken)
            marker = next(free, shapes[-1])
            taken.add(marker)
        found[system] = Look(colour, marker, _LINES.get(family, (0, (2, 1, 4, 1))))
    return found


def darken(colour: str, share: float = 0.3) -> str:
    """A colour mixed with black: for small text beside a mark."""
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part * (1 - share)):02x}" for part in parts)


_OPEN = ("x", "+", "1", "2")
"""Markers without a surface."""

_SIZE: Mapping[Marker, float] = {
    "*": 1.5, "X": 1.25, "P": 1.25, "^": 1.12, "v": 1.12, "D": 0.9,
    (4, 1, 45.0): 1.6, (4, 1, 0.0): 1.6, (6, 1, 0.0): 1.4,
    (5, 0, 36.0): 1.15,
}  # fmt: skip
"""What makes shapes look equally large."""


def hollow(look: Look, *, large: bool = False) -> dict[str, Any]:
    """Keywords of a hollow marker: the sign of a system without samples."""
    return {
        "marker": look.marker,
        "linestyle": "none",
        "color": look.colour,
        "markerfacecolor": look.colour if look.marker in _OPEN else PAPER,
        "markeredgewidth": 0.9,
        "markersize": (5.2 if large else 3.6) * _SIZE.get(look.marker, 1.0),
    }


def solid(look: Look, *, large: bool = False) -> dict[str, Any]:
    """Keywords of a filled marker; the setting of the table is drawn large."""
    is_open = look.marker in _OPEN
    return {
        "marker": look.marker,
        "linestyle": "none",
        "color": look.colour,
        "markeredgecolor": look.colour if is_open else PAPER,
        "markeredgewidth": 0.9 if is_open else 0.35,
        "markersize": (6.0 if large else 3.7) * _SIZE.get(look.marker, 1.0),
    }
