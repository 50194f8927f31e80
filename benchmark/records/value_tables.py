"""The kept values of a trial as arrays, which take a tenth of the memory of the records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.records.schema import ExampleValues

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ValueTable:
    """The values of one trial, source by source."""

    sources: tuple[str, ...]
    """Example ids, in the order of the split."""
    choices: NDArray[np.int64]
    """`(S,)`, the candidate that minimum Bayes risk chose; 0 where there was no choice."""
    metrics: Mapping[str, FloatArray]
    """By metric `(S,)`, `(S, K)` or `(S, K, n)`; undefined values are NaN. Metrics whose values do
    not make up such an array are left out."""

    @cached_property
    def size(self) -> int:
        """Bytes of the values."""
        return sum(values.nbytes for values in self.metrics.values())


def tabulate(rows: Iterable[ExampleValues]) -> ValueTable:
    """The values of a trial, from one row for each source."""
    rows = list(rows)
    metrics = dict.fromkeys(name for row in rows for name in row.metrics)
    found = {name: _to_array([row.metrics.get(name) for row in rows]) for name in metrics}
    return ValueTable(
        tuple(row.id for row in rows),
        np.array([row.mbr_index or 0 for row in rows], dtype=np.int64),
        {name: values for name, values in found.items() if values is not None},
    )


def _to_array(values: list[Any]) -> FloatArray | None:
    try:
        return np.array(values, dtype=np.float64)
    except (ValueError, TypeError):
        return None
