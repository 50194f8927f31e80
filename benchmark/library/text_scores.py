"""Scores of texts in the hand, with intervals, in a frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.api import Example, UserError

if TYPE_CHECKING:
    from pandas import DataFrame

    from benchmark.tasks import Task

METRICS = ("bleu_sent_m4", "bleu_corpus", "rouge_l", "self_bleu", "div_4", "length", "copy_rate")
"""What is measured unless metrics are named; of a task with known answers, these too:"""
KNOWN_ANSWERS = ("validity", "coverage", "divergence")

Texts = Sequence[str] | Sequence[Sequence[str]]
"""A text for each source, or several."""


def score(
    outputs: DataFrame | Texts,
    references: Texts | None = None,
    *,
    sources: Sequence[str] | None = None,
    task: str | None = None,
    data_dir: str | Path | None = None,
    metrics: Sequence[str] = (),
    utility: str = "bleu_sent_m4",
    resamples: int = 1000,
) -> DataFrame:
    """Score candidates as a run does: expected, chosen by MBR, best of all, and diversity.

    Args:
        outputs: what `TrainedSystem.generate` gave, or the candidates of each source, equally many.
        references: of each source; None = those of `task`.
        sources: the source texts; those of the frame otherwise. Without any, metrics that look at
            them compare with an empty text.
        task: whose known answers and references are used: each source has to be one of its own.
        data_dir: of a task that reads files.
        metrics: specs as in a suite; none = `METRICS`, and `KNOWN_ANSWERS` where a task has them.
        utility: by which MBR chooses.
        resamples: of the bootstrap.

    Returns:
        Columns `metric`, `statistic`, `value`, `low`, `high` (95 %), `signature`.

    Raises:
        UserError: for numbers that do not fit, an unknown metric, or a source the task has not.
    """
    import pandas as pd

    from benchmark.metrics import detect_script, make_metric
    from benchmark.scoring.bootstrap import IntervalRecipe
    from benchmark.scoring.candidate_scores import score_candidates

    if isinstance(outputs, pd.DataFrame):
        own, candidates = _read_frame(outputs)
        sources = own if sources is None else sources
    else:
        candidates = _as_lists(outputs, "outputs")
    if isinstance(metrics, str):
        raise UserError(f"metrics is one text, {metrics!r}: give a list of metrics.")
    count = len(candidates)
    if not count:
        raise UserError("outputs is empty: give the candidates of at least one source.")
    loaded = None if task is None else _load(task, data_dir)
    if loaded is not None and sources is None:
        raise UserError(f"task={task!r} needs the sources that the outputs answer: give sources.")
    if loaded is not None and references is None:
        references = _references(loaded, sources or ())
    if references is None:
        raise UserError("references are missing: give those of each source, or a task.")
    answers = _as_lists(references, "references")
    texts = [""] * count if sources is None else [*sources]
    for name, given in (("references", answers), ("sources", texts)):
        if len(given) != count:
            raise UserError(f"{name} has {len(given)} entries where outputs has {count}.")
    known = None if loaded is None else loaded.conditional
    script = detect_script(text for of_source in answers for text in of_source)
    specs = [*metrics] or [*METRICS, *(KNOWN_ANSWERS if known is not None else ())]
    judge = None if loaded is None else loaded.judge
    rows = [
        {
            "id": str(number),
            "source": texts[number],
            "references": answers[number],
            "candidates": [{"text": text} for text in candidates[number]],
        }
        for number in range(count)
    ]
    record, _ = score_candidates(
        rows,
        [make_metric(spec, conditional=known, judge=judge, script=script) for spec in specs],
        mbr_utility=utility,
        interval=IntervalRecipe(resamples=resamples),
        script=script,
    )
    return pd.DataFrame(
        [
            (name, statistic, of["value"], of["low"], of["high"], metric["signature"])
            for name, metric in record["metrics"].items()
            for statistic, of in metric["statistics"].items()
        ],
        columns=["metric", "statistic", "value", "low", "high", "signature"],
    ).astype({"value": "float64", "low": "float64", "high": "float64"})


def _read_frame(frame: DataFrame) -> tuple[list[str], list[list[str]]]:
    """Sources and candidates: a source begins where candidate 0 is.

    Raises:
        UserError: if rows are missing or in another order, so that candidates of one source would
            count as those of another.
    """
    if missing := [name for name in ("source", "candidate", "text") if name not in frame]:
        raise UserError(f"outputs has no column {missing[0]!r}: give a frame of generate().")
    sources: list[str] = []
    candidates: list[list[str]] = []
    for source, number, text in zip(frame.source, frame.candidate, frame.text, strict=True):
        if number == 0:
            sources.append(source)
            candidates.append([])
        if not sources or source != sources[-1] or number != len(candidates[-1]):
            raise UserError(
                f"outputs has candidate {number} of {source!r:.60} where another one belongs: give"
                " all rows of generate(), in their order."
            )
        candidates[-1].append(text)
    return sources, candidates


def _as_lists(texts: Texts, name: str) -> list[list[str]]:
    if isinstance(texts, str):
        raise UserError(f"{name} is one text: give a list, an entry for each source.")
    lists = [[of] if isinstance(of, str) else [*of] for of in texts]
    for number, of_source in enumerate(lists):
        if not of_source:
            raise UserError(f"{name}[{number}] is empty: give at least one text.")
        if bad := [text for text in of_source if not isinstance(text, str)]:
            raise UserError(f"{name}[{number}] holds {bad[0]!r:.40}, which is no text.")
    return lists


def _load(task: str, data_dir: str | Path | None) -> Task:
    from benchmark.tasks import load_task

    return load_task(task, data_dir=None if data_dir is None else Path(data_dir))


def _references(task: Task, sources: Sequence[str]) -> list[list[str]]:
    """Those of the example with each source, of the test part where several have it."""
    known: dict[str, Example] = {}
    for example in (*task.train, *task.valid, *task.test):
        known[example.source] = example
    for number, source in enumerate(sources):
        if source not in known:
            raise UserError(
                f"{source!r:.60} (entry {number}) is no source of the task {task.id}: give its"
                " references."
            )
    return [[*known[source].references] for source in sources]
