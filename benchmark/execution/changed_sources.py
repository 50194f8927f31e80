"""Entries that another source of a user's system made than the one that is here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from benchmark.experiment.system_source import SystemSource
from benchmark.experiment.trial import Trial
from benchmark.store.entries import Store


def describe_changed_sources(trials: Iterable[Trial], store: Store) -> list[str]:
    """A sentence for each plug-in of which the store has entries that another source made."""
    counts: Counter[str] = Counter()
    sources: dict[str, SystemSource] = {}
    for trial in trials:
        if trial.source is None:
            continue
        sources[trial.system] = trial.source
        records = (store.record(kind, key) for kind, key in trial.entries)
        made_by_other = (r for r in records if r is not None and not trial.source.made(r))
        counts[trial.system] += sum(1 for _ in made_by_other)
    return [
        f"the source of {system} ({sources[system].kind} {sources[system].name}) has changed since"
        f" {count} of its finished stages were made, which are used as they are: --rerun stale"
        " makes them again, and a higher `version` of the class gives new ones keys of their own."
        for system, count in counts.items()
        if count
    ]
