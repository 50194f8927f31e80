"""The typeface of the figures: DejaVu Sans, cut down to what their words are written in.

A PDF holds the letters that it uses, and they are cut out of the whole typeface for every file
again. Most of that time goes into letters and ligatures of scripts that no figure has, so they
are cut off once. The shapes are the same; a letter beyond them comes from the whole typeface.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from matplotlib.font_manager import FontProperties, findfont, fontManager

WHOLE = "DejaVu Sans"
LATIN = "DejaVu Sans Latin"
"""Family name of what is cut out of `WHOLE`."""

WEIGHTS = ("normal", "bold")

_LETTERS = (
    range(0x20, 0x7F),  # ASCII
    range(0xA0, 0x100),  # Latin-1
    range(0x2010, 0x2027),  # dashes, quotes, daggers, dots
    range(0x2190, 0x2194),  # arrows
    (0x2212, 0x2264, 0x2265),  # minus and comparisons
)
_FAMILY, _STYLE, _FULL, _POSTSCRIPT = 1, 2, 4, 6
"""Name records of a font file."""


def families(*, pdf: bool) -> list[str]:
    """The value of `font.family`: letters are looked for in the first family first.

    Without PDFs the whole typeface will do: cutting it takes longer than drawing with it.
    """
    if not pdf:
        return [WHOLE]
    _cut()
    return [LATIN, WHOLE]


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
