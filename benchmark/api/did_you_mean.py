"""Did-you-mean: the end of every sentence about an unknown name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggestion(name: str, known: Iterable[str]) -> str:
    """` did you mean X?`, or the list of what there is when nothing is near."""
    options = sorted(set(known))
    near = nearest(name, options)
    if near is not None:
        return f"did you mean {near!r}?"
    return f"there is {', '.join(options)}." if options else "there is none."


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a misspelt one is most like; None when nothing is near."""
    near = difflib.get_close_matches(name, sorted(set(known)), n=1, cutoff=0.6)
    return near[0] if near else None
