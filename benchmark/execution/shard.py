"""A part of the trials of a run, for machines that share nothing but the command."""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.experiment.trial import Trial


def select_shard(trials: Sequence[Trial], shard: tuple[int, int] | None) -> list[int]:
    """The numbers of the trials that belong to a part; all without one.

    Trials that share a training stay together, and the parts are dealt like cards, so that the
    slow systems, which stand together, are spread over them.

    Args:
        trials: of the whole plan.
        shard: which part, from 1, and of how many.
    """
    if shard is None:
        return list(range(len(trials)))
    number, count = shard
    groups: dict[str, list[int]] = {}
    order = sorted(range(len(trials)), key=lambda n: trials[n].system)
    for n in order:
        groups.setdefault(trials[n].train_key or trials[n].key, []).append(n)
    return sorted(n for group in list(groups.values())[number - 1 :: count] for n in group)
