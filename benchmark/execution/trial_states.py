"""How far the trials of a run are, from what is in the store; nothing is made or repaired."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, cast

from benchmark.api import UserError
from benchmark.execution.plan_manifest import Manifest, PlannedTrial
from benchmark.execution.stage_estimate import Estimate, Estimator
from benchmark.execution.workload import Work
from benchmark.experiment.task_scoring import score_key
from benchmark.store.entries import LEASES, RECORD, TRIAL, Kind, Store
from benchmark.store.files import unfinished
from benchmark.store.lease import BEAT_S, STILL, Owner, is_gone, read_owner
from benchmark.store.seal import DamagedError, read_sealed

State = Literal["done", "running", "failed", "left"]


@dataclass(frozen=True)
class TrialState:
    """How far a trial is."""

    name: str
    system: str
    state: State
    owner: Owner | None
    """Who works on it."""
    error: str
    """Of the last failure; empty if there is none."""
    left: Estimate
    """What its missing stages take, in one process."""


def read_states(manifest: Manifest, store: Store, estimator: Estimator) -> list[TrialState]:
    """The states of the trials of a run, in its order."""
    now = _read_clock(store)
    return [_read(trial, manifest, store, estimator, now) for trial in manifest.trials]


def _read(
    trial: PlannedTrial,
    manifest: Manifest,
    store: Store,
    estimator: Estimator,
    now: Callable[[], float | None],
) -> TrialState:
    error, left, missing = "", Estimate(0.0), False
    for work in trial.work:
        key = work.key
        if work.kind == "score":
            digest = _digest(store, work.key)
            key = "" if digest is None else score_key(manifest.scoring[work.task], digest)
        if key and (store.folder(cast("Kind", work.kind), key) / RECORD).exists():
            continue
        missing = True
        if key and not error and (failure := store.failure(cast("Kind", work.kind), key)):
            error = failure["error"]
        estimate = estimator.estimate(work)
        left += Estimate(0.0, unknown=1) if estimate is None else _reduce(store, work, estimate)
    owner = _find_owner(trial, store, now)
    state: State = "done" if not missing else "running" if owner else "failed" if error else "left"
    return TrialState(trial.name, trial.system, state, owner if missing else None, error, left)


def _digest(store: Store, key: str) -> str | None:
    record = store.peek("generate", key)
    return None if record is None else str(record["candidates_digest"])


def _reduce(store: Store, work: Work, estimate: Estimate) -> Estimate:
    """What is left of a training that has a checkpoint."""
    if work.kind != "train" or not work.size:
        return estimate
    done = 0.0
    with suppress(DamagedError, UserError, LookupError, TypeError):
        folder = store.partial("train", work.key) / "checkpoint"
        progress, _ = read_sealed(folder / "progress.json")
        done = min(1.0, progress["update"] / (work.size / work.batch))
    return Estimate(estimate.seconds * (1 - done), estimate.is_rough, estimate.unknown)


def _find_owner(trial: PlannedTrial, store: Store, now: Callable[[], float | None]) -> Owner | None:
    """Who works on a trial; None for one that is dead or silent."""
    found = read_owner(store.root / LEASES / TRIAL / trial.key)
    if found is None or is_gone(found[0]):
        return None
    owner, path = found
    with suppress(OSError):
        silent_s = (now() or 0.0) - path.stat().st_mtime
        if silent_s > BEAT_S * STILL:
            return None
    return owner


def _read_clock(store: Store) -> Callable[[], float | None]:
    """The time by the clock of the file system, which also stamps the beats; None if unknown."""
    seen: list[float | None] = []

    def now() -> float | None:
        if not seen:
            mark = unfinished(store.root / "clock")
            try:
                mark.touch()
                seen.append(mark.stat().st_mtime)
                mark.unlink()
            except OSError:
                seen.append(None)
        return seen[0]

    return now
