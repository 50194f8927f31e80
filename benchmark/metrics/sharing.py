"""What several metrics compute of the same texts is computed once, and forgotten after scoring.

The texts themselves are the key, so nothing can be out of date. Of every function the results for
the last few sets of texts are kept: as a rule those of the texts as they are written, and those
of their word pieces.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from typing import TypeVar

from benchmark.metrics.interface import Item
from benchmark.metrics.ngrams import Split

Result = TypeVar("Result")
Shared = Callable[[Sequence[Item], Split], Result]

KEPT = 2
_forgetting: list[Callable[[], None]] = []


def shared_by_metrics(compute: Shared[Result]) -> Shared[Result]:
    """Remember what a function of items and a tokeniser has found; nobody may change it.

    Tokenisers that are equal give equal tokens.
    """
    known = lru_cache(maxsize=KEPT)(compute)
    _forgetting.append(known.cache_clear)

    @wraps(compute)
    def recall(items: Sequence[Item], split: Split) -> Result:
        return known(tuple(items), split)

    return recall


def forget() -> None:
    """Free all that is remembered."""
    for clear in _forgetting:
        clear()
