"""The script of a task's texts, which decides how its texts are counted.

Words stand between spaces in most scripts. Chinese, Japanese, Thai, Lao, Khmer, Burmese and Tibetan
are written without spaces between words: a whole sentence would be one word, and its n-grams empty.
Texts with more characters of such a script than words of others are counted by characters, unless
the task says otherwise (see `benchmark.api.token_unit`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Literal

from benchmark.api.folding import compose

Script = Literal["latin", "accented", "spaced", "unspaced"]
"""`accented`: mostly Latin, with other letters than a to z; `spaced`: another script, with spaces
between its words, such as Cyrillic, Arabic, Hangul."""

LOOKED_AT = 1000
"""Texts that decide."""

UNSPACED = re.compile(
    "["
    "\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u0fff"  # Tibetan
    "\u1000-\u109f\uaa60-\uaa7f\ua9e0-\ua9ff"  # Burmese
    "\u1780-\u17ff\u19e0-\u19ff"  # Khmer
    "\u1950-\u19df\u1a20-\u1aaf\uaa80-\uaadf"  # Tai
    "\u1b00-\u1b7f\ua980-\ua9df"  # Balinese, Javanese
    "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f"  # kana
    "\u3100-\u312f\u31a0-\u31bf\ua000-\ua4cf"  # Bopomofo, Yi
    "]"
)
"""A character of a script without spaces between words."""
_LATIN = re.compile("[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]")

ACCENTED = 0.008
"""Share of letters beyond a to z, of any script, above which texts in Latin are `accented`: English
has far fewer, German and Spanish twice as many."""
LEAST_LETTERS = 100
"""Letters that such a share is taken of, or signs of texts without any; fewer show nothing."""


def detect_script(texts: Iterable[str]) -> Script:
    """The script of most of `LOOKED_AT` texts, evenly spaced; `latin` where there is none."""
    every = tuple(texts)
    return _detect(every[:: -(-len(every) // LOOKED_AT) or 1])


@functools.lru_cache(maxsize=64)
def _detect(texts: tuple[str, ...]) -> Script:
    rest, unspaced = UNSPACED.subn(" ", compose("\n".join(texts)))
    words = [word for word in rest.split() if any(map(str.isalpha, word))]
    # A character weighs as much as a word: "iPhone" in a Chinese text is one of its words.
    if unspaced > len(words):
        return "unspaced"
    letters = [sign for sign in rest if sign.isalpha()]
    # Emoji, say: a text of them would be one word.
    if len("".join(rest.split())) >= LEAST_LETTERS and not any(map(str.isalnum, rest)):
        return "unspaced"
    if 2 * len(_LATIN.findall(rest)) < len(letters):
        return "spaced"
    total = len(letters) + unspaced
    others = total - sum(map(str.isascii, letters))
    return "accented" if total >= LEAST_LETTERS and others > ACCENTED * total else "latin"
