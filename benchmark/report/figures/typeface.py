"""The typeface of the figures: DejaVu Sans, cut down to what their words are written in.

A PDF holds the letters that it uses, and they are cut out of the whole typeface for every file
again. Most of that time goes into letters and ligatures of scripts that no figure has, so they
are cut off once. The shapes are the same; a letter beyond them comes from the whole typeface.
Names of tasks and systems can be in scripts that DejaVu Sans does not have: what they need is
looked for among the typefaces that are installed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from matplotlib.font_manager import FontProperties, findfont, fontManager
from matplotlib.ft2font import FT2Font

WHOLE = "DejaVu Sans"
LATIN = "DejaVu Sans Latin"
"""Family name of what is cut out of `WHOLE`."""

WEIGHTS = ("normal", "bold")

PREFERRED = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Noto Sans JP", "Source Han Sans SC",
    "Source Han Sans CN", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback",
    "Microsoft YaHei", "SimHei", "PingFang SC", "Hiragino Sans", "IPAGothic", "Noto Sans",
)  # fmt: skip
"""Typefaces that go well with DejaVu Sans, taken before others that have the same letters."""

_PLACEHOLDER = "Last Resort"
"""What matplotlib draws where a letter is missing: boxes."""

_LETTERS = (
    range(0x20, 0x7F),  # ASCII
    range(0xA0, 0x100),  # Latin-1
    range(0x2010, 0x2027),  # dashes, quotes, daggers, dots
    range(0x2190, 0x2194),  # arrows
    (0x2212, 0x2264, 0x2265),  # minus and comparisons
)
_FAMILY, _STYLE, _FULL, _POSTSCRIPT = 1, 2, 4, 6
"""Name records of a font file."""


def families(further: Iterable[str] = (), *, pdf: bool) -> list[str]:
    """The value of `font.family`: letters are looked for in the first family first.

    Without PDFs the whole typeface will do: cutting it takes longer than drawing with it.

    Args:
        further: families for what `WHOLE` does not have.
        pdf: whether figures are written as PDF too.
    """
    if not pdf:
        return [WHOLE, *further]
    _cut()
    return [LATIN, WHOLE, *further]


def find_families(text: str) -> tuple[list[str], str]:
    """Installed families for the letters of a text that `WHOLE` lacks, and those nobody has."""
    missing = {sign for sign in text if not sign.isspace()} - _letters(findfont(WHOLE))
    found: list[str] = []
    paths = {font.name: font.fname for font in fontManager.ttflist} if missing else {}
    known = sorted(name for name in paths if not name.startswith((_PLACEHOLDER, WHOLE, LATIN)))
    known.sort(key=lambda name: PREFERRED.index(name) if name in PREFERRED else len(PREFERRED))
    while missing and known:
        # The first of those that have most of what is still missing.
        best = max(known, key=lambda name: len(missing & _letters(paths[name])))
        has = missing & _letters(paths[best])
        if not has:
            break
        found.append(best)
        missing -= has
    return found, "".join(sorted(missing))


@cache
def _letters(path: str) -> frozenset[str]:
    """The characters of a font file; none of one that cannot be read."""
    try:
        return frozenset(map(chr, FT2Font(path).get_charmap()))
    except (OSError, RuntimeError):
        return frozenset()


# Once per process: the files must outlive every figure, and go with the process.
@cache
def _cut() -> tempfile.TemporaryDirectory[str]:
    from fontTools import subset  # type: ignore[import-untyped]

    room = tempfile.TemporaryDirectory(prefix="diffuseq-bench-")
    options = subset.Options(glyph_names=True, recommended_glyphs=True, name_IDs=["*"])
    options.drop_tables += ["FFTM", "MATH", "PfEd"]
    for weight in WEIGHTS:
        font = subset.load_font(findfont(FontProperties(family=WHOLE, weight=weight)), options)
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=[code for codes in _LETTERS for code in codes])
        subsetter.subset(font)
        for record in font["name"].names:
            if record.nameID in (_FAMILY, _FULL):
                record.string = str(record).replace(WHOLE, LATIN)
            elif record.nameID == _STYLE:
                # "Book" counts as lighter than what the figures ask for.
                record.string = str(record).replace("Book", "Regular")
            elif record.nameID == _POSTSCRIPT:
                # Letters are called after it in an SVG, by their number in the file.
                record.string = str(record).replace("DejaVuSans", "DejaVuSansLatin")
        path = Path(room.name) / f"{weight}.ttf"
        font.save(path)
        fontManager.addfont(path)
    return room
