"""What the next trial of a search asks for: a function of (seed, number, results so far).

No state of the sampler is kept between trials, so a killed search goes on as it would have.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmark.api import UserError
from benchmark.tuning.search_space import Dimension

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

RANDOM_TRIALS = 3
"""Trials before the sampler follows what it saw; the first of them is the recipe."""
REDRAWS = 1000
"""Draws for values that no trial had, before one is repeated."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one trial asked for, and the value it got; None if it failed."""

    values: dict[str, Any]
    value: float | None


def check_optuna() -> None:
    """Refuse to search without Optuna.

    Raises:
        UserError: says how to install it.
    """
    try:
        import optuna  # noqa: F401
    except ModuleNotFoundError as error:
        raise UserError(
            "benchmark.tune needs Optuna: python -m pip install 'diffuseq-bench[tune]'."
        ) from error


def count_recipes(dimensions: Sequence[Dimension]) -> float:
    """How many different recipes the ranges hold; infinite where a number is not whole."""
    is_continuous = any(of.range.choices is None and not of.is_whole for of in dimensions)
    return math.inf if is_continuous else math.prod(len(list_values(of)) for of in dimensions)


def list_values(of: Dimension) -> Sequence[Any]:
    """The choices or the whole numbers of a range; both ends of one of other numbers."""
    if of.range.choices is not None:
        return of.range.choices
    assert of.range.low is not None and of.range.high is not None
    if of.is_whole:
        return range(int(of.range.low), int(of.range.high) + 1)
    return of.range.low, of.range.high


def ask(
    dimensions: Sequence[Dimension], results: Sequence[Result], *, seed: int, system: str
) -> dict[str, Any]:
    """The values of the next trial, which no other had; of the first, those of the recipe."""
    if not results:
        return {of.field: of.usual for of in dimensions}
    import optuna
    from optuna.trial import TrialState, create_trial

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space = {of.field: _distribution(of) for of in dimensions}
    name = f"{seed}/{system}/{len(results)}"
    drawn = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
    sampler = optuna.samplers.TPESampler(seed=drawn, n_startup_trials=RANDOM_TRIALS)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for result in results:
        failed = result.value is None
        study.add_trial(
            create_trial(
                state=TrialState.FAIL if failed else TrialState.COMPLETE,
                value=result.value,
                params=result.values,
                distributions=space,
            )
        )
    values = dict(study.ask(space).params)
    known = [result.values for result in results]
    if values in known:
        # TPE asks what was good again, and forgets what failed.
        study.sampler = optuna.samplers.RandomSampler(seed=drawn)
        for _ in range(REDRAWS):
            values = dict(study.ask(space).params)
            if values not in known:
                break
    return values


def _distribution(of: Dimension) -> BaseDistribution:
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    allowed = of.range
    if allowed.choices is not None:
        return CategoricalDistribution(allowed.choices)
    assert allowed.low is not None and allowed.high is not None
    if of.is_whole:
        return IntDistribution(int(allowed.low), int(allowed.high), log=allowed.log)
    return FloatDistribution(allowed.low, allowed.high, log=allowed.log)
