"""Which rows of a table are significantly better than others, corrected for all pairs of the table.

Two tests look at every pair of rows, and a mark needs both, so the p value of a pair is the
larger one:

- approximate randomisation: under the hypothesis that two systems are exchangeable, their answers
  to a source may change places. All seeds of a source are swapped together, because the answers
  of several seeds to one source are not independent. It is exact for the networks that were
  trained, and says nothing about networks of other seeds.
- the paired bootstrap over the sources with Student's t over the seeds, of
  `benchmark.scoring.bootstrap`: the part that holds for other seeds too. With one seed none does.

With one seed both reject a true hypothesis at 0.05 for 3 % of pairs and 2 % of tables (simulation,
100 sources, 4 equal systems, 400 tables), if other seeds would not differ. How often the second
errs where seeds differ is stated in its file.

Holm's correction runs over all pairs of rows and all columns that are tested: the chance of any
false mark in a table is at most `LEVEL`.

Sources: Riezler and Maxwell, "On some pitfalls in automatic evaluation and significance testing
for MT" (2005); Koehn, "Statistical significance tests for machine translation evaluation" (2004);
Holm (1979); that a test that takes the larger of two p values keeps its level: Berger,
"Multiparameter hypothesis testing and acceptance sampling" (1982).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from benchmark.records.schema import Interval
from benchmark.report.analysis.resampled_scores import Draws, resample_points
from benchmark.report.data.axes import Axis, planes, quality_axes
from benchmark.report.data.points import REFERENCE, Board, Point
from benchmark.scoring.bootstrap import (
    UNBOUNDED,
    AdditiveScore,
    Bounds,
    Parts,
    holm,
    interval,
    p_value,
)

FloatArray = NDArray[np.float64]

LEVEL = 0.05
SEED = 0
FEWEST = 2000
"""Resamples, unless the correction of a large table needs more."""

STANDARDS = 6
"""The most columns that are tested in the frontier table."""

TEST = (
    "A pair of rows must differ significantly by approximate randomisation over the sources (all"
    " seeds of a source swapped together) and by the paired bootstrap over the sources, with"
    " Student's t over the seeds, both"
    f" two-sided at {LEVEL:g} after Holm's correction over all pairs of rows and all tested"
    " columns of the table."
)

ALPHABET = "abcdefghijklmnoprstuvwxyz"

_BLOCK_CELLS = 1_000_000


@dataclass(frozen=True)
class Pair:
    """Two rows in a column: `first` minus `second`, and how sure the sign is.

    The p values are two-sided, NaN for a test that was not made; `adjusted` is that of both after
    Holm's correction.
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
        return max(p for p in (self.p_randomisation, self.p_bootstrap) if not math.isnan(p))

    @property
    def significant(self) -> bool:
        """Whether one is significantly better than the other."""
        return self.adjusted <= LEVEL


@dataclass(frozen=True)
class Verdicts:
    """All pairs of a table."""

    pairs: tuple[Pair, ...]

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


def compare_all(
    columns: Mapping[str, Mapping[str, FloatArray]],
    randomised: Mapping[tuple[str, str, str], float] | None = None,
    *,
    seeds: Sequence[str] = (),
    level: float = 0.95,
    bounds: Mapping[str, Bounds] | None = None,
) -> Verdicts:
    """Compare all rows of all columns, where higher is better.

    Args:
        columns: by column and row, the draws `(1 + seeds + resamples,)` of a score.
        randomised: p values of the randomisation by (column, first, second). Where given, no pair
            without one is significant; where None, the bootstrap is used alone.
        seeds: whose seeds move the rows after the first.
        level: of the intervals of the differences.
        bounds: ranges of the scores by column.
    """
    found: list[Pair] = []
    for column, rows in columns.items():
        low, high = (bounds or {}).get(column, UNBOUNDED)
        # Where nothing is known of the spread of a score, there is nothing to test.
        known = [row for row, values in rows.items() if np.isfinite(values[1:]).any()]
        for first, second in combinations(known, 2):
            difference = _subtract(rows[first], rows[second])
            if not math.isfinite(difference[0]):
                continue
            pair = (column, first, second)
            by_swaps = math.nan if randomised is None else randomised.get(pair, 1.0)
            shown = interval(difference, seeds=seeds, level=level, bounds=(low - high, high - low))
            p_bootstrap = p_value(difference, seeds=seeds)
            found.append(Pair(*pair, shown, by_swaps, p_bootstrap))
    adjusted = holm([pair.p_both for pair in found])
    return Verdicts(
        tuple(replace(pair, adjusted=p) for pair, p in zip(found, adjusted, strict=True))
    )


# One task at a time: the draws are large, and a report goes from task to task.
@lru_cache(maxsize=1)
def task_draws(board: Board, task: str) -> Draws:
    """The draws of all points that are in the table, on a curve or on a budget."""
    # Those with more candidates may answer fewer sources, and are compared in tables of their own.
    points = [
        p for p in board.points if p.task == task and p.trials and p.roles - {"ablation", "mbr"}
    ]
    axes = [axis for plane in planes(board, task) for axis in plane]
    axes += quality_axes(board, task)
    rows = compared_points(board, task)
    models = [point for point in rows if not point.yardstick]
    return resample_points(
        board,
        points,
        tuple(dict.fromkeys(axes)),
        resamples=max(resamples_for(len(rows), 2), resamples_for(len(models), STANDARDS)),
    )


def resamples_for(rows: int, columns: int) -> int:
    """Enough for the smallest p value to survive the correction over all pairs of a table."""
    return max(FEWEST, math.ceil(4 * columns * math.comb(rows, 2) / LEVEL))


def column_of(axis: Axis) -> str:
    """The id of the column of the main table that holds a quality."""
    return f"{axis.metric}.{axis.statistic}"


def compared_points(board: Board, task: str) -> tuple[Point, ...]:
    """The rows of the main table that are compared.

    The references are left out: scored against themselves they are perfect by construction.
    """
    return tuple(p for p in board.mains(task) if p.trials and p.system != REFERENCE)


@lru_cache(maxsize=64)
def main_verdicts(board: Board, task: str) -> Verdicts:
    """All pairs of the main table in its tested columns."""
    draws, points = task_draws(board, task), compared_points(board, task)
    columns: dict[str, dict[str, FloatArray]] = {}
    randomised: dict[tuple[str, str, str], float] = {}
    for axis in quality_axes(board, task):
        measured = [p for p in points if axis.read(p).defined]
        columns[column_of(axis)] = {p.system: draws.of(p, axis) for p in measured}
        parts = {p.system: draws.parts[p, axis] for p in measured if (p, axis) in draws.parts}
        p_values = randomise(parts, resamples=draws.resamples)
        randomised |= {(column_of(axis), *pair): p for pair, p in p_values.items()}
    bounds = {column_of(axis): axis.bounds(board, task) for axis in quality_axes(board, task)}
    return compare_all(
        columns, randomised, seeds=draws.seeds, level=draws.recipe.level, bounds=bounds
    )


def randomise(systems: Mapping[str, Parts], *, resamples: int) -> dict[tuple[str, str], float]:
    """Approximate randomisation of all pairs of systems: two-sided p values, never 0.

    Each resample swaps the answers of the two systems to each source with probability 1/2, those
    of all seeds together; the same swaps serve all pairs. Systems are compared over the seeds
    that both have; a pair without one is left out.
    """
    if not systems:
        return {}
    columns = [(s, seed, part) for s, parts in systems.items() for seed, part in parts.items()]
    edges = np.cumsum([0, *(part.contributions.shape[1] for _, _, part in columns)])
    together = np.concatenate([part.contributions for _, _, part in columns], axis=1)
    places = {
        (system, seed): slice(left, right)
        for (system, seed, _), left, right in zip(columns, edges, edges[1:], strict=False)
    }
    sums = together.sum(axis=0)
    shared = {
        (one, other): sorted(systems[one].keys() & systems[other].keys())
        for one, other in combinations(systems, 2)
    }
    as_large = {pair: 0 for pair, seeds in shared.items() if seeds}
    rng = np.random.default_rng(SEED)
    size = max(1, _BLOCK_CELLS // len(together))
    for start in range(0, resamples, size):
        swaps = rng.integers(0, 2, size=(min(size, resamples - start), len(together)))
        moved = swaps.astype(np.float64) @ together
        for (one, other), count in as_large.items():
            differences = [
                _swap(systems[one][seed], sums, moved, places[one, seed], places[other, seed])
                for seed in shared[one, other]
            ]
            means = np.mean(differences, axis=0)
            observed = abs(means[0])
            # Sums in another order differ in the last bits: equal differences count as equal.
            bar = observed - 1e-12 * max(1.0, observed)
            as_large[one, other] = count + int((np.abs(means[1:]) >= bar).sum())
    return {pair: (1 + count) / (1 + resamples) for pair, count in as_large.items()}


def assign_letters(rows: Sequence[str]) -> dict[str, str]:
    """A short name for every row: letters that have a raised form, so without q; then numbers."""
    numbers = (f"[{number}]" for number in range(len(ALPHABET) + 1, len(rows) + 1))
    return dict(zip(rows, (*ALPHABET[: len(rows)], *numbers), strict=True))


def _subtract(first: FloatArray, second: FloatArray) -> FloatArray:
    """The draws of a difference; whichever does not reach a level in a resample loses."""
    difference: FloatArray = first - second
    lost, won = np.isnan(first) & ~np.isnan(second), ~np.isnan(first) & np.isnan(second)
    difference[1:] = np.where(lost, -np.inf, np.where(won, np.inf, difference))[1:]
    return difference


def _swap(
    part: AdditiveScore, sums: FloatArray, moved: FloatArray, one: slice, other: slice
) -> FloatArray:
    """The difference of two scores as measured, and then under each swap.

    A corpus score rests on one group of sums for each candidate of a source. Where two systems
    have unequal numbers of groups, these are repeated until both have as many, which changes
    neither mean.
    """
    width = math.lcm(one.stop - one.start, other.stop - other.start)

    def widened(of_all: FloatArray, system: slice) -> FloatArray:
        groups = of_all[..., system]
        return np.tile(groups, width // groups.shape[-1])

    gap = widened(moved, other) - widened(moved, one)
    first, second = widened(sums, one), widened(sums, other)
    firsts = np.concatenate([first[None], first + gap])
    seconds = np.concatenate([second[None], second - gap])
    difference: FloatArray = part.total(firsts) - part.total(seconds)
    return difference
