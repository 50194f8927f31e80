"""The score of a candidates entry in the store, as long as it is a score of all of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmark.experiment.task_scoring import TaskScoring
from benchmark.store.entries import Store


def find_score(
    store: Store, scoring: TaskScoring, generated: Mapping[str, Any]
) -> tuple[str, dict[str, Any] | None]:
    """The key of the scores of candidates, and their record; None where there is none.

    Versions up to 0.5.0 scored a damaged candidates file under the key of the whole one: such a
    score counts other texts than were generated, and is set aside.

    Args:
        store: the store of both.
        scoring: of the task.
        generated: the record of the candidates.
    """
    key = scoring.key(generated["candidates_digest"])
    record = store.record("score", key)
    for name in ("num_sources", "num_samples"):
        if record is not None and record[name] != generated[name]:
            why = f"it has {name} {record[name]} where the candidates have {generated[name]}"
            with store.lock("score", key):
                store.set_aside("score", key, why)
            record = None
    return key, record
