# ruff: noqa: RUF001 - characters that look like others are the subject
"""How wide a text prints in LaTeX, so that a table is laid out to fit the page.

Widths are those of Computer Modern, the widest of the common text fonts: what fits in it also fits
in Times. Source: the font metrics of cmr10 (D. E. Knuth, Computer Modern Typefaces, 1986).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from benchmark.report.tables.latex_escape import BREAKS, CJK

Size = Literal["normalsize", "footnotesize", "scriptsize", "raised", "tiny"]
r"""Sizes of a class of 10 pt; `raised` is `\textsuperscript` in `footnotesize`."""

_POINTS: Mapping[Size, tuple[float, float]] = {
    "normalsize": (10, 1.0),
    "footnotesize": (8, 1.063),
    "scriptsize": (7, 1.16),
    "raised": (6, 1.25),
    "tiny": (5, 1.4),
}
"""The size in points, and how much wider than cmr10 the font of that size is drawn."""

_BOLD = 1.16

_PER_EM: Mapping[int, str] = {
    278: "il.,:;'`|![]",
    306: "fj",
    333: "-†‡ ",
    389: "tr()",
    444: "cez§",
    394: "s",
    361: "I_",
    500: '0123456789agoq/$*+<=>^~"@·{}\\',
    514: "J",
    528: "kvxyuβ",
    556: "bdhnpuS",
    625: "L",
    653: "F",
    681: "EPB",
    708: "C",
    722: "TRwKNU",
    778: "A&GHDMOQVXYZ≥≤±×−",
    833: "m#%",
    1028: "W",
}
_WIDTHS = {character: width for width, group in _PER_EM.items() for character in group}
_WIDTHS |= (
    dict.fromkeys("\N{EN DASH}‘’“”„•°§", 500) | dict.fromkeys("\N{EM DASH}«»", 1000) | {"…": 1200}
)
_WIDTHS |= dict.fromkeys("+<=>@≥≤±×−&", 778) | {"M": 917, "q": 528, "?": 472}


# The layouts that a table is tried in hold the same words.
@lru_cache(maxsize=2**14)
def measure(text: str, size: Size = "footnotesize", *, bold: bool = False) -> float:
    """The width of a text in points, rather too large than too small."""
    points, drawn = _POINTS[size]
    total = sum(map(_per_em, text))
    return total / 1000 * points * drawn * (_BOLD if bold else 1)


def _per_em(character: str) -> float:
    if character in _WIDTHS:
        return _WIDTHS[character]
    if CJK.fullmatch(character):
        return 1000
    plain = unicodedata.normalize("NFD", character)
    if plain[0] != character and plain[0].isascii():
        return _per_em(plain[0])
    kind = unicodedata.category(character)
    if kind in ("Cc", "Cf"):
        return 0
    # Others are arrows and Greek, or are given by their number.
    return 1000 if kind in ("Sm", "Ll", "Lu") else 3200


def wrap(text: str, width: float, size: Size = "footnotesize") -> list[str]:
    """The lines of a text of at most `width` points each."""
    lines = [""]
    for word in text.split():
        for number, piece in enumerate(_pieces(word, width, size)):
            space = " " if number == 0 and lines[-1] else ""
            if lines[-1] and measure(lines[-1] + space + piece, size) > width:
                lines.append(piece)
            else:
                lines[-1] += space + piece
    return lines


def _pieces(word: str, width: float, size: Size) -> list[str]:
    """The word whole where it fits in a line, else in pieces, down to single characters."""
    if measure(word, size) <= width:
        return [word]
    parts = filter(None, BREAKS.split(word))
    return [p for part in parts for p in ([part] if measure(part, size) <= width else part)]
