"""The one sentence of an error, short enough to be read."""

from __future__ import annotations

import re

from benchmark.runtime.shown_text import show_controls

LONGEST = 2000
"""Characters of a message."""
_LONGEST_VALUE = 200
_END = 600
"""Characters of the end, which says what to do."""
_QUOTED = re.compile(rf"(['\"])([^'\"\n]{{{_LONGEST_VALUE},}}?)\1")


def shorten(message: str) -> str:
    """The message in one line, without the middle of what is longer than can be read."""
    line = show_controls(" ".join(message.split()))
    if len(line) > LONGEST:
        line = _QUOTED.sub(lambda m: f"{m[1]}{m[2][:80]}…{m[2][-40:]}{m[1]}", line)
    if len(line) > LONGEST:
        line = f"{line[: LONGEST - _END]} … {line[-_END:]}"
    return line
