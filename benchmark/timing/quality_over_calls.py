"""Quality over the number of network calls, beside the published procedure, from one checkpoint.

`diffuseq-quality`: a controlled task on which scores are not at their ceiling. The published
procedure (every step of the chain, ancestral, the clamp at each) is `diffuseq`'s own sampler with
those settings, which writes what `benchmark.timing.published_diffuseq` writes; that one is timed
elsewhere.
Which solver comes nearest to it is chosen on the valid split, by the farther end of the interval of
the difference in sentence BLEU; the test split is looked at once.

All samplers follow the same path of noise (`benchmark.timing.coupled_noise`), so that the
differences have small errors. They are between means over sources, each source being one
observation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.api import Example, make_noise
from benchmark.tasks import Task, load_task
from benchmark.timing.coupled_noise import CoupledNoise
from benchmark.timing.measured_curves import BESIDE, Curves, estimate_means
from benchmark.timing.mini_diffuseq import (
    SMALLER,
    build_diffuseq,
    describe_network,
    score_texts,
    train_diffuseq,
    write_texts,
)

TASK = "paraphrase"
SOURCES = 100
VALID_SAMPLES, TEST_SAMPLES = 1, 3
ROWS = 50
"""Decoded at once; the noise of all steps is kept for them."""
PUBLISHED: Mapping[str, Any] = {
    "solver": "ancestral", "variance": "fixed-large", "clamp": True, "nfe": 2000,
}  # fmt: skip
CHOICE_NFE = 20
CHOICES: tuple[Mapping[str, Any], ...] = (
    {"solver": "ddim", "eta": 1.0, "clamp": True},
    {"solver": "ddim", "eta": 1.0, "clamp": False},
    {"solver": "ddim", "eta": 1.0, "clamp": True, "temperature": 0.9},
    {"solver": "ddim", "eta": 0.5, "clamp": True},
    {"solver": "ddim", "eta": 0.0, "clamp": True},
    {"solver": "ddim", "eta": 0.0, "clamp": False},
    {"solver": "ancestral", "clamp": True},
    {"solver": "dpm-solver++", "clamp": False},
)
TWIN = CHOICES[0]
"""The published step but for its length: shown whatever is chosen."""
NFES = (5, 10, 20, 50, 200)


@dataclass(frozen=True)
class Written:
    """Texts of one setting with their scores by source, means over candidates."""

    texts: list[list[str]]
    scores: dict[str, NDArray[np.float64]]


def measure(name: str, *, repeats: int) -> Curves:
    """The measurement `diffuseq-quality`; one pass is enough, `repeats` is not used."""
    task = load_task(TASK)
    system = build_diffuseq(task, SMALLER)
    train_diffuseq(system, task)
    return compare(system, task)


def compare(
    system: Any,
    task: Task,
    *,
    published: Mapping[str, Any] = PUBLISHED,
    nfes: Sequence[int] = NFES,
    sources: int = SOURCES,
    samples: tuple[int, int] = (VALID_SAMPLES, TEST_SAMPLES),
) -> Curves:
    """Choose on valid, then measure on test.

    Args:
        system: a trained `diffuseq`.
        task: controlled.
        published: decoding of the published procedure.
        nfes: network calls of the points.
        sources: of each split at most.
        samples: candidates per source on valid and on test.
    """
    valid, test = task.valid[:sources], task.test[:sources]
    tried = [{**choice, "nfe": CHOICE_NFE} for choice in CHOICES]
    theirs, *ours = write(system, task, valid, [published, *tried], samples[0])
    differences = {
        label(choice): subtract(written, theirs)
        for choice, written in zip(CHOICES, ours, strict=True)
    }
    best = min(CHOICES, key=lambda choice: _farther_end(differences[label(choice)]))
    shown = [best] if best is TWIN else [best, TWIN]
    settings = [{**choice, "nfe": nfe} for choice in shown for nfe in nfes]
    theirs, *ours = write(system, task, test, [published, *settings], samples[1])
    curves: dict[str, list[dict[str, Any]]] = {}
    for setting, written in zip(settings, ours, strict=True):
        point = _make_point(setting, written) | {BESIDE: subtract(written, theirs)}
        curves.setdefault(f"diffuseq: {label(setting)}", []).append(point)
    reference = _make_point(published, theirs)
    return Curves(
        "diffuseq-quality",
        f"{describe_network(system, task)}, {len(test)} test sources with"
        f" {samples[1]} candidates each; solver chosen at {CHOICE_NFE} calls on"
        f" {len(valid)} valid sources with {samples[0]} candidates each; ± is the"
        " half-width of a 95 % interval over sources, of differences of the same noise",
        over="network calls",
        curves=curves | {f"published procedure: {label(published)}": [reference]},
        found={"differences_on_valid": differences},
    )


def write(
    system: Any,
    task: Task,
    examples: Sequence[Example],
    settings: Sequence[Mapping[str, Any]],
    num_samples: int,
) -> list[Written]:
    """Texts of every setting, batch by batch, so that the noise of a batch is drawn once.

    Args:
        system: a trained `diffuseq`.
        task: that of `examples`.
        examples: those that are answered.
        settings: decodings, of which each gives an element of the result.
        num_samples: candidates per example.
    """
    size = max(1, ROWS // num_samples)
    texts: list[list[list[str]]] = [[] for _ in settings]
    for first in range(0, len(examples), size):
        batch = examples[first : first + size]
        draw = cache(make_noise(1, [example.id for example in batch], num_samples).normal)
        for setting, written in zip(settings, texts, strict=True):
            noise = CoupledNoise(draw, system.module.alpha_bar.cpu(), setting["nfe"])
            system.noise_of = lambda *_, noise=noise: noise
            written += write_texts(system, batch, setting, num_samples=num_samples)
    del system.noise_of
    return [Written(written, score_texts(task, examples, written)) for written in texts]


def subtract(ours: Written, theirs: Written) -> dict[str, float]:
    """Ours less theirs by score, with half-widths, and the share of texts that are the same."""
    found = estimate_means(
        {name: values - theirs.scores[name] for name, values in ours.scores.items()}
    )
    pairs = zip(chain(*ours.texts), chain(*theirs.texts), strict=True)
    return found | {"same_text": float(np.mean([one == other for one, other in pairs]))}


def _make_point(setting: Mapping[str, Any], written: Written) -> dict[str, Any]:
    return {"network calls": setting["nfe"], **estimate_means(written.scores)}


def _farther_end(difference: Mapping[str, float]) -> float:
    """The end of the interval that is farther from 0: a setting that is near by chance is not."""
    return abs(difference["bleu_sent_m4"]) + difference["bleu_sent_m4 ±"]


def label(setting: Mapping[str, Any]) -> str:
    """A setting in a few words."""
    words = [str(setting["solver"])]
    words += [f"{name} {setting[name]:g}" for name in ("eta", "temperature") if name in setting]
    return ", ".join([*words, "clamp" if setting["clamp"] else "no clamp"])
