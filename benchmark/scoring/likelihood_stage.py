"""Compute the likelihoods of the test targets, for systems that have them.

See `benchmark.api.Scorable` for what they are, `benchmark.scoring.likelihoods` for the figures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

from benchmark.api import Example, LogLikelihood, Scorable, System, make_noise
from benchmark.api.token_unit import Unit
from benchmark.experiment.recipes import LikelihoodRecipe
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.trial import Trial
from benchmark.metrics.text import split
from benchmark.records.schema import LikelihoodValues
from benchmark.scoring.bootstrap import IntervalRecipe, bootstrap
from benchmark.scoring.candidate_scores import plain
from benchmark.scoring.likelihoods import statistics
from benchmark.store.files import json_line, write_text
from benchmark.store.provenance import provenance

VALUES = "values.jsonl"

OnBatch = Callable[[int, int], None]
"""Called with the number of targets done, and of all."""


def score_likelihoods(
    trial: Trial, system: System, context: RunContext, on_batch: OnBatch | None = None
) -> None:
    """Make the entry `trial.likelihood_key`: `values.jsonl`, and the figures.

    Raises:
        RuntimeError: if the system returns another number or another kind than it declares.
    """
    recipe, key, kind = (
        trial.evaluation.likelihood,
        trial.likelihood_key,
        trial.system_class.capabilities.likelihood,
    )
    assert recipe is not None and key is not None and kind is not None
    examples = trial.task.test
    draws = recipe.samples if kind == "lower bound" else 1
    found = compute(
        cast("Scorable", system),
        examples,
        recipe.model_copy(update={"samples": draws}),
        seed=trial.seed,
        # What fitted into memory with gradients does so without.
        rows=_rows(trial, context),
        device=context.device,
        on_batch=on_batch,
    )
    if len(found) != len(examples) or {one.kind for one in found} != {kind}:
        raise RuntimeError(
            f"System {trial.system} declares {kind} likelihoods and returned {len(found)} for"
            f" {len(examples)} targets, {sorted({one.kind for one in found})}."
        )
    # Any two units of one text are in proportion; the words of a language need no tokeniser here.
    counted: Unit = "words" if trial.scoring.unit == "words" else "characters"
    conditional = trial.task.conditional
    rows = [
        {
            "id": example.id,
            "nats": plain(one.nats),
            "tokens": one.tokens,
            "words": len(split(example.target, "mixed", counted)),
        }
        | ({} if conditional is None else {"true_nats": _true_nats(conditional, example)})
        for example, one in zip(examples, found, strict=True)
    ]
    interval = IntervalRecipe(**trial.evaluation.interval.model_dump())
    scores = statistics([LikelihoodValues.model_validate(row) for row in rows])
    record = {
        **trial.describe("likelihood"),
        "train": trial.train_key,
        "kind": kind,
        **(recipe.model_dump() if kind == "lower bound" else {}),
        "counted": counted,
        "num_sources": len(rows),
        "unreachable": sum(row["nats"] is None for row in rows),
        "statistics": {
            name: {"value": plain(e.value), "low": plain(e.low), "high": plain(e.high)}
            for name, e in zip(scores, bootstrap(list(scores.values()), interval), strict=True)
        },
        "interval": asdict(interval),
        **provenance(context.device, trial.threads),
    }
    write_text(
        context.store.partial("likelihood", key) / VALUES, "".join(json_line(row) for row in rows)
    )
    context.store.finish("likelihood", key, record)


def compute(
    system: Scorable,
    examples: Sequence[Example],
    recipe: LikelihoodRecipe,
    *,
    seed: int,
    rows: int,
    device: str = "cpu",
    on_batch: OnBatch | None = None,
) -> list[LogLikelihood]:
    """The log-likelihoods of the targets of `examples`, in order.

    Args:
        system: trained.
        examples: with their targets.
        recipe: draws, and how they are joined.
        seed: of the run; noise is named by it and by the ids of the examples.
        rows: targets times draws at once; at least one target.
        device: of the system.
        on_batch: called after each batch.
    """
    at_once = max(1, rows // recipe.samples)
    # Targets of similar length share a batch, so that little of it is padding.
    order = sorted(range(len(examples)), key=lambda i: len(examples[i].target))
    found: dict[int, LogLikelihood] = {}
    for first in range(0, len(order), at_once):
        chosen = order[first : first + at_once]
        some = [examples[i] for i in chosen]
        noise = make_noise(seed, [e.id for e in some], recipe.samples, device)
        scored = system.log_likelihood(
            some,
            noise,
            num_samples=recipe.samples,
            weighting=recipe.weighting,
            steps=recipe.steps,
        )
        found |= dict(zip(chosen, scored, strict=True))
        if on_batch is not None:
            on_batch(len(found), len(order))
    return [found[i] for i in range(len(examples))]


def _rows(trial: Trial, context: RunContext) -> int:
    """Rows of a forward pass: those of training, found or given."""
    asked = trial.training.micro_batch or trial.training.batch
    if asked != "auto":
        return asked
    trained = context.store.record("train", trial.train_key) if trial.train_key else None
    return int(trained["micro_batch"]) if trained else 1


def _true_nats(conditional: Callable[[str, float], Mapping[str, float]], example: Example) -> Any:
    mass = conditional(example.source, 1.0).get(example.target, 0.0)
    return plain(math.log(mass)) if mass else None
