"""The n-grams of items, counted once for all metrics that ask for them."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.metrics.interface import Item
from benchmark.metrics.ngrams import CountedTexts, Split, count_texts
from benchmark.metrics.sharing import shared_by_metrics


@shared_by_metrics
def count_items(items: Sequence[Item], split: Split) -> CountedTexts:
    """The n-grams of candidates and references of S items.

    Args:
        items: S sources with K candidates; they need no references.
        split: gives the tokens of a text.
    """
    return count_texts(
        [item.candidates for item in items], [item.references for item in items], split
    )
