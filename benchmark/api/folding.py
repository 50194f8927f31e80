"""One form of a text, the same for every tokeniser and every metric.

Unicode can write one text in several ways: "ế" as one sign or as three, a nukta apart or not. Here
all of them become the composed form NFC. The separators U+001C to U+001F, at which Python splits
words and tokenisers do not, become spaces. Capitals become small as Python has it, so that a
capital sigma at the end of a word becomes the final one. What a tokeniser does to a text without
loss is then invisible to a metric.
"""

from __future__ import annotations

import re
from unicodedata import normalize

_SEPARATORS = re.compile("[\x1c-\x1f]")


def compose(text: str) -> str:
    """The text in NFC, with separators that not all readers know as spaces."""
    if not text.isascii():
        # The word joiner is invisible, and the mark of the word tokeniser.
        text = normalize("NFC", text).replace("\u2060", "")
    return _SEPARATORS.sub(" ", text) if _SEPARATORS.search(text) else text


def fold(text: str, *, lowercase: bool) -> str:
    """The composed text, in small letters where asked; folding twice changes nothing."""
    composed = compose(text)
    if not lowercase:
        return composed
    lowered = composed.lower()
    # The small form of a letter can have marks that stand in another order.
    return lowered if lowered.isascii() else normalize("NFC", lowered)
