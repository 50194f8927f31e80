"""Did-you-mean: the end of every error about an unknown name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggestion(name: str, known: Iterable[str]) -> str:
    """` did you mean X?`, or the list of valid names if none is close."""
    options = sorted(set(known))
    near = nearest(name, options)
    if near is not None:
        return f"did you mean {near!r}?"
    return f"there is {', '.join(options)}." if options else "there is none."


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to a misspelt one; None if none is close."""
    near = difflib.get_close_matches(name, sorted(set(known)), n=1, cutoff=0.6)
    return near[0] if near else None
