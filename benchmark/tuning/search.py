"""The trials of a search: ordinary entries of the store, on the valid split alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from benchmark.api import UserError
from benchmark.execution.process_pool import run_trials
from benchmark.execution.trial_stages import unfinished
from benchmark.experiment.plan import applies
from benchmark.experiment.registry import load_system
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.suite import Suite
from benchmark.experiment.system_source import find_source
from benchmark.experiment.task_scoring import TaskScoring
from benchmark.experiment.trial import Trial
from benchmark.experiment.trial_resolution import resolve_trial
from benchmark.runtime.stop_request import StoppedError, find_stop
from benchmark.scoring.score_entries import find_score
from benchmark.store.entries import Store
from benchmark.tasks import Task
from benchmark.tuning.sampler import Result, ask, count_recipes, list_values
from benchmark.tuning.search_space import Dimension, SearchSpace, dimensions, with_values

SHARED = ("budget.updates", "training.warmup_updates")
"""Fields that a share of the budget changes."""
LOOKED_AT = 32
"""Whole numbers of a range that are tried on the recipe, each for itself."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One trial of a search, with its value and the interval of it; None if it failed."""

    values: dict[str, Any]
    train: str | None
    generate: str | None
    value: float | None
    low: float | None = None
    high: float | None = None
    beside: float | None = None
    """Coverage or diversity of the same candidates; it chooses nothing."""
    error: str = ""
    code: str = ""
    """Digest of the sources that made the candidates."""

    def as_dict(self) -> dict[str, Any]:
        """The trial as the record has it."""
        return {"status": "failed" if self.value is None else "ok"} | asdict(self)


@dataclass(frozen=True)
class Search:
    """What is searched: one system on one task."""

    suite: Suite
    """With the budget of the trials."""
    task: Task
    scoring: TaskScoring
    system: str
    dimensions: tuple[Dimension, ...]
    seed: int
    """Of the sampler."""
    trials: int
    measure: str
    """The main quality of the task."""
    beside: str | None
    """What is recorded beside it."""

    @property
    def usual(self) -> dict[str, Any]:
        """The values of the recipe, which are those of the first trial."""
        return {of.field: of.usual for of in self.dimensions}

    @property
    def ranges(self) -> dict[str, dict[str, Any]]:
        """The ranges as the record has them."""
        return {of.field: of.range.model_dump(exclude_defaults=True) for of in self.dimensions}

    def trial(self, values: dict[str, Any]) -> Trial:
        """The trial of these values: it decodes valid sources with the main setting, no others."""
        return resolve_valid(
            with_values(self.suite, self.system, values), self.task, self.scoring, self.system
        )


def find_measure(task: Task, scoring: TaskScoring) -> str:
    """The metric that a search raises.

    Raises:
        UserError: if the task has none.
    """
    if not scoring.compared:
        raise UserError(
            f"{task.id} has no main quality that is measured: search another task, or name one with"
            f" --set tasks.{task.id}.quality=bleu_sent_m4 (other_tasks.quality for your own data)."
        )
    return scoring.compared


def find_beside(task: Task, scoring: TaskScoring) -> str | None:
    """The metric that says whether quality was bought with diversity; None if none is measured.

    Coverage where the answers are known; elsewhere the diversity of the candidates of a source.
    """
    wanted = ("coverage",) if task.conditional is not None else ()
    for name in (*wanted, "div_4", "self_bleu"):
        for metric in scoring.metrics:
            if metric.id.split(":")[0] == name:
                return metric.id
    return None


def resolve_valid(suite: Suite, task: Task, scoring: TaskScoring, system: str) -> Trial:
    """The trial of a system with its main setting on the valid split, nothing of the test split.

    Raises:
        UserError: if the suite chooses nothing on the valid split, or a recipe does not fit.
    """
    system_class = load_system(system)
    found = resolve_trial(
        suite,
        task,
        scoring,
        system,
        system_class,
        suite.seeds[0],
        source=find_source(system, system_class),
    )
    if found.train_key is None:
        raise UserError(f"{system} is not trained: there is nothing to search.")
    valid = found.main.valid
    if not task.valid:
        raise UserError(f"{task.id} has no valid split: add valid.jsonl to its folder.")
    if valid is None:
        raise UserError(
            f"{suite.name} decodes no valid sources: add --set evaluation.valid_sources=32."
        )
    return replace(found, generations=(valid,), trace_key=None, likelihood_key=None)


def plan_search(
    suite: Suite,
    task: Task,
    scoring: TaskScoring,
    system: str,
    space: SearchSpace,
    *,
    trials: int,
    budget_share: float = 1.0,
) -> Search:
    """Check the ranges of a system against its recipe.

    Args:
        budget_share: part of the recipe's updates, and of those of its warm-up, that a trial has.

    Raises:
        UserError: if a field is unknown, or the system cannot be searched on this task.
    """
    if not applies(suite, task, system):
        raise UserError(f"{system} does not run on {task.id}.")
    measure, beside = find_measure(task, scoring), find_beside(task, scoring)
    for field in SHARED if budget_share != 1 else ():
        if field in space.systems[system]:
            raise UserError(
                f"systems.{system}.{field} cannot be searched with --budget-share, which changes"
                " it: leave one of the two out."
            )
    suite = with_share(suite, task.id, system, budget_share)
    first = resolve_valid(suite, task, scoring, system)
    found = dimensions(space, suite, system, first.recipe)
    search = Search(suite, task, scoring, system, found, space.seed, trials, measure, beside)
    _check_values(search)
    if (count := count_recipes(found)) < trials:
        raise UserError(
            f"systems.{system}: its ranges hold {count:.0f} recipes and not {trials}: widen them,"
            " or give --trials."
        )
    return search


def _check_values(search: Search) -> None:
    """Refuse a value that the recipe cannot have: no trial is lost to it.

    Of a few whole numbers and of choices all are looked at, of other ranges the ends.

    Raises:
        UserError: names the field, the value and what is wrong with it.
    """
    for of in search.dimensions:
        values = list_values(of)
        for value in values if len(values) <= LOOKED_AT else (values[0], values[-1]):
            try:
                search.trial(search.usual | {of.field: value})
            except UserError as error:
                raise UserError(
                    f"systems.{search.system}.{of.field} may not ask {value!r}: {error}"
                ) from error


def with_share(suite: Suite, task: str, system: str, share: float) -> Suite:
    """The suite with a part of the updates of one system, at least one, warm-up included."""
    updates = suite.budget_of(system, task).updates
    if share == 1:
        return suite
    if updates is None:
        raise UserError(f"{system} has no number of updates: --budget-share needs one.")
    warmup = suite.training_of(system).warmup_updates
    values = (max(1, round(updates * share)), round(warmup * share))
    return with_values(suite, system, dict(zip(SHARED, values, strict=True)))


def run_search(
    search: Search, context: RunContext, on_trial: Callable[[Tried], None] = lambda _: None
) -> list[Tried]:
    """Make the trials that are not in the store; returns all of them in order.

    Raises:
        StoppedError: after a request to stop; the next call goes on.
    """
    done: list[Tried] = []
    while len(done) < search.trials:
        values = _ask_next(search, done)
        trial = _plan_trial(search, values)
        if isinstance(trial, Tried):
            done.append(trial)
        else:
            outcomes = list(run_trials([trial], context))
            if not outcomes or outcomes[-1].stopped:
                raise StoppedError(outcomes[-1].stopped if outcomes else find_stop())
            done.append(read_value(search, trial, values, context.store, outcomes[-1].errors))
        on_trial(done[-1])
    return done


def find_next(search: Search, store: Store) -> tuple[int, Trial | None]:
    """How many trials of a search are in the store, and the one that comes next, if any does."""
    done: list[Tried] = []
    while len(done) < search.trials:
        values = _ask_next(search, done)
        trial = _plan_trial(search, values)
        if isinstance(trial, Trial) and unfinished(trial, store):
            return len(done), trial
        done.append(
            trial if isinstance(trial, Tried) else read_value(search, trial, values, store, ())
        )
    return len(done), None


def _ask_next(search: Search, done: Sequence[Tried]) -> dict[str, Any]:
    results = [Result(of.values, of.value) for of in done]
    return ask(search.dimensions, results, seed=search.seed, system=search.system)


def _plan_trial(search: Search, values: dict[str, Any]) -> Trial | Tried:
    """The trial of these values; as failed where they do not go together."""
    try:
        return search.trial(values)
    except UserError as error:
        return Tried(values, None, None, None, error=str(error))


def read_value(
    search: Search, trial: Trial, values: dict[str, Any], store: Store, errors: Sequence[str]
) -> Tried:
    """The main quality of one candidate of a source, on average, from the store."""
    generated = store.record("generate", trial.main.key)
    scored = find_score(store, trial.scoring, generated)[1] if generated else None
    keys = (values, trial.train_key, trial.main.key)
    if generated is None or scored is None:
        return Tried(*keys, None, error="; ".join(errors) or "no score")
    of = _statistic(scored, search.measure)
    beside = None if search.beside is None else _statistic(scored, search.beside)["value"]
    made_by = generated["code"]["digest"]
    if of["value"] is None:
        return Tried(*keys, None, error=f"{search.measure} is undefined", code=made_by)
    return Tried(*keys, of["value"], of["low"], of["high"], beside, code=made_by)


def _statistic(scored: dict[str, Any], metric: str) -> dict[str, Any]:
    statistics: dict[str, Any] = scored["metrics"][metric]["statistics"]
    found: dict[str, Any] = statistics.get("expected") or next(iter(statistics.values()))
    return found


def best_of(tried: Sequence[Tried]) -> int | None:
    """The place of the highest value, of equal ones the first; None if all failed."""
    known = [place for place, of in enumerate(tried) if of.value is not None]
    return max(known, key=lambda place: (tried[place].value, -place), default=None)


def show_values(values: dict[str, Any]) -> str:
    """In one line."""
    return json.dumps(values, sort_keys=True)
