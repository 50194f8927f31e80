"""The metrics against the published evaluation, written out plainly with NLTK and rouge-score.

What is timed is what DiffuSeq's script says of a folder of ten runs: sentence BLEU, ROUGE-L, dist-1
and length of every candidate, self-BLEU and div-4 of every set, the MBR choice and its scores.
BERTScore is left out. The script itself takes longer than this: its ROUGE is four variants by
torchmetrics, and it scores every candidate twice; `reports/speed` says by how much.

Source: scripts/eval_seq2seq.py of github.com/Shark-NLP/DiffuSeq, commit f78945d;
`tests/parity/evaluation` holds what it says.
"""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics import Item, make_metric
from benchmark.metrics.bleu_sent_m4 import BleuSentM4
from benchmark.metrics.mbr import TIE, choose
from benchmark.metrics.sharing import forget
from benchmark.tasks import Task, load_task
from benchmark.timing.alternation import Contender, alternate
from benchmark.timing.speed_result import Result, Skipped

SOURCES, CANDIDATES, SEED = 2500, 10, 0
WARM_UP_SOURCES = 20
DROPPED, REPLACED = 0.1, 0.2
"""Shares of the words of a perturbed text."""
DATA = "DIFFUSEQ_BENCH_DATA"
"""The environment variable that names the folder of real data, as for the tests."""
TOLERANCE = 1e-9
QUALITY = ("bleu", "rouge_l", "dist_1")
"""What is reported of the chosen candidates too."""

Values = Mapping[str, NDArray[np.float64]]
"""By name: `(S, K)` of candidates, `(S,)` of sets and of the chosen."""


def measure(name: str, *, repeats: int) -> Result | Skipped:
    """`metrics-TASK`: 2,500 sources of its test, or of its train where there are fewer."""
    task_id = name.removeprefix("metrics-")
    folder = os.environ.get(DATA)
    if task_id == "paraphrase":
        task = load_task(task_id)
    elif folder is None or not (Path(folder) / task_id).is_dir():
        return Skipped(name, f"Needs {task_id} in the folder that {DATA} names.")
    else:
        task = load_task(task_id, data_dir=Path(folder))
    return measure_items(name, perturb(task, SOURCES), repeats=repeats)


def measure_items(name: str, items: Sequence[Item], *, repeats: int) -> Result:
    """Time both sides on the same texts.

    Raises:
        RuntimeError: if they do not agree.
    """
    few = items[:WARM_UP_SOURCES]
    ours, theirs = alternate(
        Contender("benchmark.metrics", lambda: ours_of(items), warm_up=lambda: ours_of(few)),
        Contender("published", lambda: published_of(items), warm_up=lambda: published_of(few)),
        sentences=sum(len(item.candidates) for item in items),
        repeats=repeats,
    )
    gap = largest_difference(ours.output, theirs.output)
    if gap > TOLERANCE:
        raise RuntimeError(f"{name}: the two sides differ by {gap:g}.")
    return Result(
        name,
        replace(ours, found={**_means(ours.output), "largest_difference": gap}),
        replace(theirs, found=_means(theirs.output)),
        f"{len(items)} sources with {len(items[0].candidates)} candidates each, perturbed with seed"
        f" {SEED}; BLEU, ROUGE-L, dist-1, length, self-BLEU, div-4, MBR; no BERTScore",
        unit="candidates",
    )


def perturb(task: Task, count: int) -> list[Item]:
    """Sources with candidates made of reference or source: words dropped, words replaced."""
    draw = random.Random(SEED)
    examples = (task.test if len(task.test) >= count else task.train)[:count]
    words = [word for example in examples for word in example.target.lower().split()]

    def spoil(text: str) -> str:
        kept = [word for word in text.lower().split() if draw.random() >= DROPPED]
        spoilt = [draw.choice(words) if draw.random() < REPLACED else word for word in kept]
        return " ".join(spoilt) or draw.choice(words)

    return [
        Item(
            example.id,
            example.source.lower(),
            (example.target.lower(),),
            tuple(spoil(draw.choice((example.source, example.target))) for _ in range(CANDIDATES)),
        )
        for example in examples
    ]


def ours_of(items: Sequence[Item]) -> Values:
    """By the metrics of this package, which know nothing of an earlier turn."""
    forget()
    values = {
        key: make_metric(spec).score(items).values
        for key, spec in {
            "bleu": "bleu_sent_m4",
            "rouge_l": "rouge_l",
            "dist_1": "dist_1",
            "length": "length",
            "self_bleu": "self_bleu:form=published",
            "div_4": "div_4",
        }.items()
    }
    chosen = choose(BleuSentM4().pairwise(items))
    rows = np.arange(len(items))
    return values | {f"mbr_{key}": values[key][rows, chosen] for key in QUALITY}


def published_of(items: Sequence[Item]) -> Values:
    """By loops over texts and pairs of texts."""
    from nltk import ngrams
    from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], use_stemmer=False)

    def bleu(hypothesis: str, reference: str) -> float:
        return float(
            sentence_bleu(
                [reference.split()],
                hypothesis.split(),
                smoothing_function=SmoothingFunction().method4,
            )
        )

    def distinct(texts: Sequence[str], order: int) -> float:
        grams = [gram for text in texts for gram in ngrams(text.split(), order)]
        return len(set(grams)) / len(grams) if grams else 0.0

    def most_agreed(texts: Sequence[str]) -> str:
        totals = [
            sum(bleu(one, o) for o in [*texts[:i], *texts[i + 1 :]]) for i, one in enumerate(texts)
        ]
        # The script takes the largest; where two are as large, rounding would decide.
        return texts[next(i for i, total in enumerate(totals) if total >= max(totals) - TIE)]

    def of_text(text: str, reference: str) -> dict[str, float]:
        return {
            "bleu": bleu(text, reference),
            "rouge_l": float(scorer.score(reference, text)["rougeL"].fmeasure),
            "dist_1": distinct([text], 1),
            "length": float(len(text.split())),
        }

    each = [[of_text(text, item.references[0]) for text in item.candidates] for item in items]
    values = {key: np.array([[of[key] for of in row] for row in each]) for key in each[0][0]}
    sets = [item.candidates for item in items]
    pairs = [
        [bleu(one, other) for i, one in enumerate(texts) for other in texts[i + 1 :]]
        for texts in sets
    ]
    values["self_bleu"] = np.array([np.mean(row) for row in pairs])
    values["div_4"] = np.array([distinct(texts, 4) for texts in sets])
    best = [of_text(most_agreed(item.candidates), item.references[0]) for item in items]
    return values | {f"mbr_{key}": np.array([of[key] for of in best]) for key in QUALITY}


def _means(values: Values) -> dict[str, float]:
    return {key: float(of.mean()) for key, of in values.items()}


def largest_difference(one: Values, other: Values) -> float:
    """The largest of all differences of two sets of values of the same names."""
    if one.keys() != other.keys():
        raise ValueError(f"Different values: {sorted(one)} and {sorted(other)}.")
    return max(float(np.abs(one[key] - other[key]).max()) for key in one)
