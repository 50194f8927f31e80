"""What a metric is: the facts it states, what it reads and what it gives back.

A metric never averages over sources: it returns one value per candidate, one per source, or
sufficient statistics, so that intervals and paired tests need no second look at the texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from benchmark.api import UserError

FloatArray = NDArray[np.float64]

Level = Literal["candidate", "set", "corpus"]
"""`candidate`: a value for each text; `set`: for the candidates of a source together;
`corpus`: for one candidate of every source together."""

Direction = Literal["higher", "lower", "none"]

Conditional = Callable[[str, float], Mapping[str, float]]
"""(source, temperature) to {target: probability}; see `benchmark.tasks`."""


@dataclass(frozen=True, slots=True)
class Item:
    """One source with its references and its candidates, as metrics see it."""

    id: str
    source: str
    references: tuple[str, ...]
    candidates: tuple[str, ...]
    text_to_edit: str | None = None
    """The text inside a control line; None where the source is no control line."""

    @property
    def content(self) -> str:
        """What a copy would repeat: the text to edit, or the source."""
        return self.source if self.text_to_edit is None else self.text_to_edit


@dataclass(frozen=True, slots=True)
class Scores:
    """What a metric says of S sources with K candidates each.

    `values` is `(S, K)` at candidate level and `(S,)` at set level, NaN where undefined. At
    corpus level it is `(S, K)`: the sentence-level counterpart, by which the best candidate is
    chosen; the score itself is `total` of the sum over sources of `statistics` `(S, K, n)`.
    `total` maps `(..., n)` to `(...)`. Where the statistics of a text depend on the other texts of
    its corpus, `of_chosen` gives those `(S, n)` of the corpus of one chosen candidate per source.
    """

    values: FloatArray
    signature: str
    statistics: FloatArray | None = None
    total: Callable[[FloatArray], FloatArray] | None = None
    of_chosen: Callable[[NDArray[np.int64]], FloatArray] | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """A choice that a metric leaves to its spec; `values` is empty where any text will do."""

    default: str
    values: tuple[str, ...] = ()


class Metric(Protocol):
    """A measure of candidates; a frozen dataclass whose fields are its options."""

    name: ClassVar[str]
    """Key in `METRICS`; the id of the metric without options."""
    title: ClassVar[str]
    """Short, for the heads of tables."""
    summary: ClassVar[str]
    """One line, for lists."""
    level: ClassVar[Level]
    direction: ClassVar[Direction]
    low: ClassVar[float]
    high: ClassVar[float]
    unit: ClassVar[str]
    options: ClassVar[Mapping[str, Option]]
    controlled: ClassVar[bool]
    """Whether it needs the true distribution, which only controlled tasks have."""

    @classmethod
    def make(cls, options: Mapping[str, str], conditional: Conditional | None) -> Self:
        """The metric with a value for every name in `options`, already checked."""

    @property
    def id(self) -> str:
        """The spec in its shortest form: defaults left out."""

    @property
    def signature(self) -> str:
        """All that decides the numbers, known before any text is seen."""

    def score(self, items: Sequence[Item]) -> Scores:
        """Score the candidates of every item; all have the same number."""


@runtime_checkable
class PairwiseMetric(Protocol):
    """A metric that can also compare candidates with each other: a utility for MBR."""

    def pairwise(self, items: Sequence[Item]) -> FloatArray:
        """`(S, K, K)`: candidate i as hypothesis against candidate j as the one reference."""


def metric_id(name: str, options: Mapping[str, Option], chosen: Mapping[str, str]) -> str:
    """`name:key=value,...` with the options that differ from their defaults."""
    parts = [f"{key}={chosen[key]}" for key in options if chosen[key] != options[key].default]
    return f"{name}:{','.join(parts)}" if parts else name


def sign(name: str, **facts: str) -> str:
    """`name|key:value|...`, in the manner of sacreBLEU."""
    return "|".join([name, *(f"{key}:{value}" for key, value in facts.items())])


def count_references(signature: str, items: Sequence[Item]) -> str:
    """The signature with `nrefs`, which only the data know, in sacreBLEU's place.

    Raises:
        UserError: if an item has no reference.
    """
    counts = {len(item.references) for item in items}
    if 0 in counts:
        name = next(item.id for item in items if not item.references)
        raise UserError(
            f"Example {name!r} has no reference: give it at least one, or omit "
            f"{signature.partition('|')[0]}."
        )
    name, bar, rest = signature.partition("|")
    nrefs = str(*counts) if len(counts) == 1 else "var"
    return f"{name}|nrefs:{nrefs}{bar}{rest}"
