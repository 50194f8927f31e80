"""What the texts of a task are counted by: words, characters, or the tokens of a language.

`words` stand between white space; `characters` are code points without white space, for scripts
without spaces between words. `zh` and `ja` are sacreBLEU's tokenisers of these names: the first
takes Chinese character by character and other words whole, the second finds Japanese words with
MeCab (`ja-mecab`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast, get_args

from benchmark.api.did_you_mean import nearest
from benchmark.api.script import Script

Unit = Literal["words", "characters", "zh", "ja"]
UNITS: tuple[Unit, ...] = get_args(Unit)

_OTHER_NAMES: Mapping[str, Unit] = {
    "13a": "words", "intl": "words", "none": "words", "whitespace": "words", "ko": "words",
    "ko-mecab": "words", "korean": "words", "char": "characters", "chars": "characters",
    "chinese": "zh", "ja-mecab": "ja", "japanese": "ja", "mecab": "ja",
}  # fmt: skip
"""Names that sacreBLEU and others have for the units; Korean has spaces between its words."""

_FETCHED = ("spm", "flores101", "flores200", "spbleu-1k")
"""Tokenisers of sacreBLEU whose model is downloaded when they are first used."""


def unit_of(script: Script) -> Unit:
    """What texts of a script are counted by where nobody says."""
    return "characters" if script == "unspaced" else "words"


def read_unit(value: object) -> Unit:
    """The unit of this name.

    Raises:
        ValueError: if there is none; the message suggests one.
    """
    if isinstance(value, str) and value in UNITS:
        return value
    name = value.strip().lower() if isinstance(value, str) else ""
    listed = f"{', '.join(UNITS[:-1])} or {UNITS[-1]}"
    if name in _FETCHED:
        raise ValueError(
            f"tokens {value!r} is not offered, because its model is downloaded while texts are"
            f" scored: use {listed}"
        )
    near = _OTHER_NAMES.get(name) or cast("Unit | None", nearest(name, UNITS))
    hint = f"did you mean {near!r}? " if near else ""
    raise ValueError(f"there are no tokens {value!r}: {hint}use {listed}")
