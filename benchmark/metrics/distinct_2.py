"""distinct-2: distinct over total pairs of words of a whole corpus of answers; see `distinct_1`."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.metrics.distinct_1 import Distinct1


@dataclass(frozen=True, slots=True)
class Distinct2(Distinct1):
    """Distinct over total bigrams of one candidate of every source."""

    name = "distinct_2"
    title = "distinct-2"
    summary = "share of distinct pairs of words in a corpus of one candidate per source"
    order = 2
