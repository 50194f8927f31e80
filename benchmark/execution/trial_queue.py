"""The trials of a run, handed to an executor as soon as nobody else works on them.

Several runs may share a store: each takes the next trial that is free, and at the end waits for
those that others hold, in case one of these is killed. Nothing is shared but the store.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Protocol

from benchmark.execution.trial_stages import Outcome, find_failures, is_there
from benchmark.experiment.trial import Trial
from benchmark.runtime.command_line import note
from benchmark.runtime.stop_request import deferred, find_stop
from benchmark.store.entries import TRIAL, Store
from benchmark.store.lease import Owner

POLL_S = 0.2
"""Seconds for which finished trials are waited for, before anything else is looked at."""
REST_S = 1.0
"""Seconds between two looks at trials that others hold."""
TRIES = 3
"""How often a trial is begun whose process is lost, as by the kernel where memory is short."""


class Executor(Protocol):
    """Where trials run, by their number; a trial takes a slot."""

    @property
    def slots(self) -> int:
        """How many there are at this moment."""

    def submit(self, number: int) -> None:
        """Begin a trial."""

    def collect(self, timeout_s: float) -> list[tuple[int, Outcome | None]]:
        """Trials that ended, after at most so many seconds; None: its process was lost."""

    def stop(self) -> None:
        """Ask the running trials to end where they resume; they are collected as always."""


def run_queue(trials: Sequence[Trial], store: Store, executor: Executor) -> Iterator[Outcome]:
    """Run trials and yield their outcomes as they arrive.

    A trial that another process finishes or fails meanwhile is not begun. After a request to stop
    none is, and those that had begun or not are left out of the outcomes or are `stopped`.
    """
    queue = _Queue(trials, store)
    running: set[int] = set()
    stopping = False
    with deferred():
        while queue.waiting or running:
            if find_stop() and not stopping:
                stopping = True
                executor.stop()
            while not stopping and len(running) < executor.slots:
                number = queue.take()
                yield from queue.settled()
                if number is None:
                    break
                running.add(number)
                executor.submit(number)
            if stopping and not running:
                return
            if not running:
                if queue.waiting:
                    queue.tell()
                    executor.collect(0.0)  # none ends, but what is idle is given back
                    time.sleep(REST_S)
                continue
            for number, outcome in executor.collect(POLL_S):
                running.discard(number)
                if outcome is None:
                    yield from queue.retry(number)
                elif outcome.held_by is not None:
                    queue.put_back(number, outcome.held_by)
                else:
                    yield outcome


class _Queue:
    """What is not done yet, in order."""

    def __init__(self, trials: Sequence[Trial], store: Store) -> None:
        self.trials, self.store = trials, store
        self.waiting = list(range(len(trials)))
        self._failures = [find_failures(trial, store) for trial in trials]
        self._was_held: set[int] = set()
        self._owners: dict[int, Owner] = {}
        self._tries = [0] * len(trials)
        self._settled: list[Outcome] = []
        self._told: set[str] = set()
        self._looked = float("-inf")

    def take(self) -> int | None:
        """The next trial that nobody holds; None if there is none now."""
        # Network file systems are not asked more often than once in a while for what was held.
        if all(number in self._was_held for number in self.waiting):
            if time.monotonic() - self._looked < REST_S:
                return None
            self._looked = time.monotonic()
        for number in list(self.waiting):
            trial = self.trials[number]
            owner = self.store.find_owner(TRIAL, trial.key)
            if owner is not None:
                self._was_held.add(number)
                self._owners[number] = owner
                continue
            self.waiting.remove(number)
            if not self._settle(number):
                return number
        return None

    def settled(self) -> list[Outcome]:
        """The outcomes of trials that others finished or failed since the last call."""
        found, self._settled = self._settled, []
        return found

    def put_back(self, number: int, owner: Owner) -> None:
        """Another process works on a trial: it is looked at again later."""
        self._was_held.add(number)
        self._owners[number] = owner
        self.waiting.append(number)

    def retry(self, number: int) -> list[Outcome]:
        """Begin a trial again whose process was lost; its failure if that happens too often."""
        self._tries[number] += 1
        trial = self.trials[number]
        if self._tries[number] < TRIES:
            note(f"note: the process of {trial.name} was lost: it is resumed.")
            self.waiting.insert(0, number)
            return []
        error = (
            f"its process was lost {TRIES} times, as happens where memory is short: give it more,"
            " or lower --jobs or evaluation.batch."
        )
        return [Outcome(trial.name, 0, (error,))]

    def tell(self) -> None:
        """Say once for each holder what is waited for."""
        for number in self.waiting:
            owner = self._owners.get(number)
            if owner is not None and owner.token not in self._told:
                self._told.add(owner.token)
                what = self.trials[number].name
                of = f" ({owner.what})" if owner.what not in (what, "") else ""
                note(f"note: waiting for {what}: {owner} works on it{of}.")

    def _settle(self, number: int) -> bool:
        """Whether somebody else has finished or failed a trial since this run began."""
        trial = self.trials[number]
        failures = find_failures(trial, self.store)
        fresh = [e for e, mark in failures.items() if self._failures[number].get(e) != mark]
        if fresh:
            found = (self.store.failure(*entry) for entry in fresh)
            errors = tuple(of["error"] for of in found if of is not None)
            self._settled.append(Outcome(trial.name, 0, errors))
            return True
        if not is_there(trial, self.store):
            return False
        self._settled.append(Outcome(trial.name, 0, ()))
        return True
