"""Which of several rows are better than which: one rule for the word "significantly", and rankings.

Two tests look at every pair of rows, and the word needs both, so the p value of a pair is the
larger one:

- approximate randomisation: under the hypothesis that two systems are exchangeable, their answers
  to a source may change places. All seeds of a source are swapped together, because the answers
  of several seeds to one source are not independent. It is exact for the networks that were
  trained, near the ceiling too, and says nothing about networks of other seeds.
- the paired bootstrap over the sources with Student's t over the seeds, of
  `benchmark.scoring.bootstrap`: the part that holds for other seeds too. With one seed none does.

Seeds of two systems have nothing in common but the number: means over seeds are compared, of
however many on either side.

With one seed both reject a true hypothesis at 0.05 for 3 % of pairs and 2 % of tables (simulation,
100 sources, 4 equal systems, 400 tables), if other seeds would not differ. How often the second
errs where seeds differ is stated in its file.

Holm's correction runs over all comparisons of a task, of its main table, frontier and equal cost:
the chance of any false claim about a task is at most `LEVEL`, and equal numbers get equal verdicts
wherever they stand.

Sources: Riezler and Maxwell, "On some pitfalls in automatic evaluation and significance testing
for MT" (2005); Koehn, "Statistical significance tests for machine translation evaluation" (2004);
Holm (1979); that a test that takes the larger of two p values keeps its level: Berger,
"Multiparameter hypothesis testing and acceptance sampling" (1982).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from benchmark.records.schema import Interval
from benchmark.scoring.bootstrap import (
    UNBOUNDED,
    AdditiveScore,
    Bounds,
    Parts,
    Resampled,
    interval,
    means_by_source,
    p_value,
    resample,
)
from benchmark.scoring.multiple_tests import holm

FloatArray = NDArray[np.float64]

LEVEL = 0.05
SEED = 0
FEWEST = 2000
"""Resamples, unless the correction of many comparisons needs more."""

RULE = (
    "Significantly better means the same everywhere: by approximate randomisation over the sources"
    " (the answers of two systems change places, those of all seeds to a source together) and by"
    " the paired bootstrap over the sources, with Student's t over the seeds where there are"
    f" several, both two-sided at {LEVEL:g} after Holm's correction over all comparisons of the"
    " task."
)
"""What every table, sentence and page says about the word, and `docs/footguns.md` with them."""

BOLD_RULE = (
    "Bold: the best and those that it is not significantly better than; nothing is bold where that"
    " holds for every system, or in a column that is not tested. Yardsticks take no part."
)

ALPHABET = "abcdefghijklmnoprstuvwxyz"

_BLOCK_CELLS = 1_000_000

Cell = tuple[str, str]
"""A column and a row."""


@dataclass(frozen=True)
class Pair:
    """Two rows in a column: `first` minus `second`, and how sure the sign is.

    The p values are two-sided; `adjusted` is that of both after Holm's correction.
    """

    column: str
    first: str
    second: str
    difference: Interval
    p_randomisation: float
    p_bootstrap: float
    adjusted: float = math.nan

    @property
    def p_both(self) -> float:
        """The p value of requiring both tests: the larger one."""
        return max(self.p_randomisation, self.p_bootstrap)

    @property
    def significant(self) -> bool:
        """Whether one is significantly better than the other."""
        return self.adjusted <= LEVEL


@dataclass(frozen=True)
class Ranking:
    """Rows of a column, the best first; the others are either not told apart from it or worse."""

    values: Mapping[str, Interval]
    equals: tuple[str, ...]
    worse: tuple[str, ...]

    @property
    def best(self) -> str:
        """The row with the best value."""
        return next(iter(self.values))

    @property
    def bold(self) -> tuple[str, ...]:
        """What a table sets in bold: none if nothing is told apart."""
        return (self.best, *self.equals) if self.worse else ()


@dataclass(frozen=True)
class Verdicts:
    """All comparisons of a task."""

    pairs: tuple[Pair, ...]

    def of(self, *columns: str) -> tuple[Pair, ...]:
        """The pairs of some columns."""
        return tuple(pair for pair in self.pairs if pair.column in columns)

    def better_than(self, column: str, row: str) -> tuple[str, ...]:
        """The rows that a row is significantly better than, in the order of the table."""
        return tuple(
            other
            for pair in self.pairs
            if pair.column == column and row in (pair.first, pair.second) and pair.significant
            for other, sign in [(pair.second, 1) if pair.first == row else (pair.first, -1)]
            if sign * pair.difference.value > 0
        )

    def pair(self, column: str, first: str, second: str) -> Pair | None:
        """The comparison of two rows; None where they were not compared."""
        for pair in self.pairs:
            if pair.column == column and {pair.first, pair.second} == {first, second}:
                return pair
        return None

    def rank(self, column: str, values: Mapping[str, Interval]) -> Ranking | None:
        """The order of some rows of a column, higher being better; None where none has a value."""
        known = {row: value for row, value in values.items() if value.defined}
        if not known:
            return None
        best, *others = sorted(known, key=lambda row: (-known[row].value, row))
        worse = self.better_than(column, best)
        return Ranking(
            {row: known[row] for row in (best, *others)},
            tuple(row for row in others if row not in worse),
            tuple(row for row in others if row in worse),
        )


def compare_all(
    columns: Mapping[str, Mapping[str, Parts]],
    *,
    systems: Mapping[str, str] | None = None,
    level: float = 0.95,
    bounds: Mapping[str, Bounds] | None = None,
) -> Verdicts:
    """Compare all rows of all columns, where higher is better.

    Args:
        columns: by column and row, the contributions of the sources by seed. Rows of a column
            have the same sources; columns need not.
        systems: the system of each row, whose rows share their seeds; a row is its own if None.
        level: of the intervals of the differences.
        bounds: ranges of the scores by column.
    """
    cells = {(column, row): of for column, rows in columns.items() for row, of in rows.items()}
    pairs = [
        ((column, one), (column, other))
        for column, rows in columns.items()
        for one, other in combinations(rows, 2)
    ]
    resamples = resamples_for(len(pairs))
    found: list[Pair] = []
    for some in _group_by_sources(cells):
        drawn = resample(
            some,
            {cell: (systems or {}).get(cell[1], cell[1]) for cell in some},
            resamples=resamples,
            seed=SEED,
        )
        within = [pair for pair in pairs if pair[0] in some]
        by_swaps = randomise(some, within, resamples=resamples)
        for (one, other), p_swaps in zip(within, by_swaps, strict=True):
            span = (bounds or {}).get(one[0], UNBOUNDED)
            found.append(_compare(drawn, one, other, p_swaps, level, span))
    adjusted = holm([pair.p_both for pair in found])
    return Verdicts(
        tuple(replace(pair, adjusted=p) for pair, p in zip(found, adjusted, strict=True))
    )


def resamples_for(pairs: int) -> int:
    """Enough for the smallest p value to survive the correction over so many comparisons."""
    return max(FEWEST, math.ceil(4 * pairs / LEVEL))


def randomise(
    cells: Mapping[Cell, Parts], pairs: Sequence[tuple[Cell, Cell]], *, resamples: int
) -> list[float]:
    """Approximate randomisation of pairs of rows: two-sided p values, never 0.

    Each resample swaps the answers of the two rows to each source with probability 1/2, those of
    all seeds together; the same swaps serve all pairs. Of a mean over the sources only the mean
    over the seeds counts. Other scores are compared seed by seed, in the order of the seeds, and
    those of the side that has fewer are repeated.
    """
    if not pairs:
        return []
    plain = {cell: means_by_source(parts) for cell, parts in cells.items()}
    columns = [(cell, seed, part) for cell, of in cells.items() for seed, part in of.items()]
    edges = np.cumsum([0, *(part.contributions.shape[1] for _, _, part in columns)])
    together = np.concatenate([part.contributions for _, _, part in columns], axis=1)
    places: dict[Cell, list[tuple[AdditiveScore, slice]]] = {}
    for (cell, _, part), left, right in zip(columns, edges, edges[1:], strict=False):
        places.setdefault(cell, []).append((part, slice(left, right)))
    means = {cell: values for cell, values in plain.items() if values is not None}
    numbers = {cell: number for number, cell in enumerate(means)}
    stacked = np.stack([*means.values()], axis=1) if means else np.empty((len(together), 0))
    sums = together.sum(axis=0)
    as_large = [0] * len(pairs)
    rng = np.random.default_rng(SEED)
    size = max(1, _BLOCK_CELLS // len(together))
    for start in range(0, resamples, size):
        swaps = rng.integers(0, 2, size=(min(size, resamples - start), len(together)))
        chosen = swaps.astype(np.float64)
        of_means = (chosen @ stacked).T
        moved = chosen @ together if len(means) < len(cells) else np.empty(0)
        for number, (one, other) in enumerate(pairs):
            if one in means and other in means:
                gap = float((means[one] - means[other]).sum())
                swapped = of_means[numbers[one]] - of_means[numbers[other]]
                differences = gap - 2 * swapped
            else:
                gap, differences = _swap_seeds(places[one], places[other], sums, moved)
            # Sums in another order differ in the last bits: equal differences count as equal.
            bar = abs(gap) - 1e-12 * max(1.0, abs(gap))
            as_large[number] += int((np.abs(differences) >= bar).sum())
    return [(1 + count) / (1 + resamples) for count in as_large]


def assign_letters(rows: Sequence[str]) -> dict[str, str]:
    """A short name for every row: letters that have a raised form, so without q; then numbers."""
    numbers = (f"[{number}]" for number in range(len(ALPHABET) + 1, len(rows) + 1))
    return dict(zip(rows, (*ALPHABET[: len(rows)], *numbers), strict=True))


def _group_by_sources(cells: Mapping[Cell, Parts]) -> Iterator[dict[Cell, Parts]]:
    """The cells with as many sources: those of a column are always together."""
    groups: dict[int, dict[Cell, Parts]] = {}
    for cell, parts in cells.items():
        sources = len(next(iter(parts.values())).contributions)
        groups.setdefault(sources, {})[cell] = parts
    yield from groups.values()


def _compare(
    drawn: Resampled[Cell], one: Cell, other: Cell, p_swaps: float, level: float, span: Bounds
) -> Pair:
    difference = drawn.scores[one] - drawn.scores[other]
    # An interval needs fewer resamples than a p value that is to survive the correction.
    first = difference[: 1 + len(drawn.seeds) + FEWEST]
    width = span[1] - span[0]
    shown = interval(first, seeds=drawn.seeds, level=level, bounds=(-width, width))
    return Pair(one[0], one[1], other[1], shown, p_swaps, p_value(difference, seeds=drawn.seeds))


def _swap_seeds(
    one: Sequence[tuple[AdditiveScore, slice]],
    other: Sequence[tuple[AdditiveScore, slice]],
    sums: FloatArray,
    moved: FloatArray,
) -> tuple[float, FloatArray]:
    """The difference of two means over seeds as measured, and under each swap."""
    count = math.lcm(len(one), len(other))
    differences = [
        _swap(one[i % len(one)], other[i % len(other)], sums, moved) for i in range(count)
    ]
    means: FloatArray = np.mean(differences, axis=0)
    return float(means[0]), means[1:]


def _swap(
    one: tuple[AdditiveScore, slice],
    other: tuple[AdditiveScore, slice],
    sums: FloatArray,
    moved: FloatArray,
) -> FloatArray:
    """The difference of two scores as measured, and then under each swap.

    A corpus score rests on one group of sums for each candidate of a source. Where two systems
    have unequal numbers of groups, these are repeated until both have as many, which changes
    neither mean.
    """
    widths = [place.stop - place.start for _, place in (one, other)]
    width = math.lcm(*widths)
    total = (other if widths[1] == width else one)[0].total

    def widened(of_all: FloatArray, place: slice) -> FloatArray:
        groups = of_all[..., place]
        return np.tile(groups, width // groups.shape[-1])

    gap = widened(moved, other[1]) - widened(moved, one[1])
    first, second = widened(sums, one[1]), widened(sums, other[1])
    firsts = np.concatenate([first[None], first + gap])
    seconds = np.concatenate([second[None], second - gap])
    difference: FloatArray = total(firsts) - total(seconds)
    return difference
