"""The likelihoods of the test targets by system, with intervals over targets and seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmark.records.reader import Records
from benchmark.records.schema import Interval, LikelihoodRecord
from benchmark.report.data.points import Board, Point
from benchmark.report.data.seed_pooling import recipe_of
from benchmark.scoring.bootstrap import IntervalRecipe, Parts, resample
from benchmark.scoring.likelihoods import statistics


@dataclass(frozen=True)
class TargetLikelihood:
    """What a system says of the targets of a task, over its seeds."""

    record: LikelihoodRecord
    """Of the first seed: all have one kind."""
    unreachable: int
    """The most targets that a seed cannot write."""
    keys: tuple[str, ...]
    """Of the values, one a seed."""
    figures: Mapping[str, Interval]


def has_likelihoods(records: Records, task: str) -> bool:
    """Whether a system has them on a task."""
    return any(c.task == task and c.likelihood is not None for c in records.trial_records)


def measure_likelihoods(board: Board, task: str) -> dict[Point, TargetLikelihood]:
    """The figures of all systems that have them, from common resamples of the targets.

    A system whose targets are not those of the first one is left out.
    """
    parts: dict[tuple[Point, str], Parts] = {}
    found: dict[Point, tuple[list[LikelihoodRecord], list[str]]] = {}
    targets: tuple[str, ...] = ()
    recipe = IntervalRecipe()
    for point in board.mains(task):
        by_seed = {}
        for trial in point.trials:
            if trial.likelihood is None or trial.keys.likelihood is None:
                continue
            rows = board.records.likelihoods(trial.keys.likelihood)
            ids = tuple(row.id for row in rows)
            if not targets and trial.score is not None:
                targets, recipe = ids, recipe_of(trial.score)
            if ids == targets:
                by_seed[trial.seed] = statistics(rows)
                records, keys = found.setdefault(point, ([], []))
                records.append(trial.likelihood)
                keys.append(trial.keys.likelihood)
        for name in {name for of_seed in by_seed.values() for name in of_seed}:
            parts[point, name] = {seed: by_seed[seed][name] for seed in by_seed}
    resampled = resample(
        parts, {key: key[0].system for key in parts}, resamples=recipe.resamples, seed=recipe.seed
    )
    return {
        point: TargetLikelihood(
            records[0],
            max(record.unreachable for record in records),
            tuple(dict.fromkeys(keys)),
            {
                name: resampled.interval((of, name), level=recipe.level)
                for of, name in parts
                if of is point
            },
        )
        for point, (records, keys) in found.items()
    }
