"""Trace the first candidates of the main setting, and score their intermediate texts."""

from __future__ import annotations

from dataclasses import asdict

from benchmark.api import Candidate, System, UserError
from benchmark.experiment.run_context import RunContext
from benchmark.experiment.trial import Trial
from benchmark.generation.candidates_file import candidate_rows
from benchmark.generation.intermediate_states import curves, trace
from benchmark.runtime.precision import calculating, resolve_precision
from benchmark.scoring.bootstrap import IntervalRecipe
from benchmark.scoring.candidate_scores import score_candidates
from benchmark.store.files import json_line, write_text
from benchmark.store.provenance import provenance

STATES = "states.jsonl"


def trace_decoding(trial: Trial, system: System, context: RunContext) -> None:
    """Make the entry `trial.trace_key`: `states.jsonl`, and a curve for each metric.

    Raises:
        UserError: if no metric of the suite can be measured along a trace.
    """
    recipe, key, main = trial.evaluation.trace, trial.trace_key, trial.main
    assert recipe is not None and key is not None
    metrics = trial.scoring.traced
    if not metrics:
        raise UserError(
            "evaluation.trace: no metric can be measured along a trace: name bleu_sent_m4,"
            " rouge_l, self_bleu or div_4 in evaluation.metrics."
        )
    examples = trial.task.test[: recipe.sources]
    used = resolve_precision(trial.evaluation.precision, context.device)
    with calculating(system.network, used, context.device):
        seen = trace(
            system,
            examples,
            main.decoding,
            num_samples=main.num_samples,
            seed=trial.seed,
            batch=trial.evaluation.batch,
            steps=recipe.steps,
        )
    scores = [
        score_candidates(
            candidate_rows(examples, [list(map(Candidate, of_source)) for of_source in texts]),
            metrics,
            mbr_utility=trial.evaluation.mbr_utility,
            interval=IntervalRecipe(**trial.evaluation.interval.model_dump()),
            script=trial.scoring.script,
            unit=trial.scoring.unit,
        )[0]
        for texts in seen.texts
    ]
    states = "".join(
        json_line({"id": example.id, "texts": [texts[row] for texts in seen.texts]})
        for row, example in enumerate(examples)
    )
    write_text(context.store.partial("trace", key) / STATES, states)
    record = {
        **trial.describe("trace"),
        "generate": main.key,
        "setting": asdict(main.setting),
        "num_sources": len(examples),
        "num_samples": main.num_samples,
        "total": seen.total,
        "steps": list(seen.steps),
        **curves(scores),
        **provenance(context.device, trial.threads),
    }
    context.store.finish("trace", key, record)
