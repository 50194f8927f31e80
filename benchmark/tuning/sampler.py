"""What the next trial of a search asks for: a function of (seed, number, results so far).

No state of the sampler is kept between trials, so a killed search goes on as it would have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmark.api import UserError
from benchmark.tuning.search_space import Dimension

RANDOM_TRIALS = 3
"""Trials before the sampler follows what it saw; the first of them is the recipe."""


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


def ask(
    dimensions: Sequence[Dimension], results: Sequence[Result], *, seed: int, system: str
) -> dict[str, Any]:
    """The values of the next trial; of the first, those of the recipe."""
    if not results:
        return {of.field: of.usual for of in dimensions}
    import optuna
    from optuna.distributions import (
        BaseDistribution,
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )
    from optuna.trial import TrialState, create_trial

    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def distribution(of: Dimension) -> BaseDistribution:
        allowed = of.range
        if allowed.choices is not None:
            return CategoricalDistribution(allowed.choices)
        if isinstance(allowed.low, int) and isinstance(allowed.high, int):
            return IntDistribution(allowed.low, allowed.high, log=allowed.log)
        assert allowed.low is not None and allowed.high is not None
        return FloatDistribution(allowed.low, allowed.high, log=allowed.log)

    space = {of.field: distribution(of) for of in dimensions}
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
    return dict(study.ask(space).params)
