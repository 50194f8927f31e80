"""Did-you-mean: the end of every sentence about an unknown name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggestion(name: str, known: Iterable[str]) -> str:
    """` did you mean X?`, or the list of what there is when nothing is near."""
    options = sorted(set(known))
    near = difflib.get_close_matches(name, options, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"there is {', '.join(options)}." if options else "there is none."
