"""Watch the first candidates of the main setting come about, and score what is there on the way."""

from __future__ import annotations

import json
from dataclasses import asdict

from benchmark.api import System, UserError
from benchmark.experiment.configuration import fill
from benchmark.experiment.plan import Cell, traced_metrics
from benchmark.experiment.settings import num_samples_of
from benchmark.experiment.suite import Suite
from benchmark.generation.intermediate_states import curves, trace
from benchmark.scoring.bootstrap import IntervalRecipe
from benchmark.scoring.candidate_scores import score_candidates
from benchmark.store.entries import Store
from benchmark.store.files import write_text
from benchmark.store.provenance import provenance
from benchmark.tasks import Task

STATES = "states.jsonl"


def trace_decoding(
    cell: Cell, system: System, suite: Suite, task: Task, store: Store, *, device: str
) -> None:
    """Make the entry `cell.trace_key`: `states.jsonl`, and a curve for each metric.

    Raises:
        UserError: if none of the metrics of the suite can be measured along a trace.
    """
    recipe, key, setting = suite.evaluation.trace, cell.trace_key, cell.main
    assert recipe is not None and key is not None
    metrics = traced_metrics(suite, task)
    if not metrics:
        raise UserError(
            "evaluation.trace: there is no metric to measure along a trace; name bleu_sent_m4,"
            " rouge_l, self_bleu or div_4 in evaluation.metrics."
        )
    examples, num_samples = task.test[: recipe.sources], num_samples_of(suite, setting)
    seen = trace(
        system,
        examples,
        fill(type(system).Decoding, setting.decoding, "decoding"),
        num_samples=num_samples,
        seed=cell.seed,
        batch=suite.evaluation.batch,
        steps=recipe.steps,
    )
    scores = [
        score_candidates(
            [
                {
                    "id": example.id,
                    "source": example.source,
                    "references": list(example.references),
                    "candidates": [{"text": text} for text in of_source],
                }
                for example, of_source in zip(examples, texts, strict=True)
            ],
            metrics,
            mbr_utility=suite.evaluation.mbr_utility,
            interval=IntervalRecipe(**suite.evaluation.interval.model_dump()),
        )[0]
        for texts in seen.texts
    ]
    lines = [
        json.dumps(
            {"id": example.id, "texts": [texts[row] for texts in seen.texts]}, ensure_ascii=False
        )
        + "\n"
        for row, example in enumerate(examples)
    ]
    write_text(store.partial("trace", key) / STATES, "".join(lines))
    record = {
        "stage": "trace",
        "task": cell.task,
        "system": cell.system,
        "seed": cell.seed,
        "generate": cell.generate_keys[0],
        "setting": asdict(setting),
        "num_sources": len(examples),
        "num_samples": num_samples,
        "total": seen.total,
        "steps": list(seen.steps),
        **curves(scores),
        **provenance(device, suite.threads),
    }
    store.finish("trace", key, record)
