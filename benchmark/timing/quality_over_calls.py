"""Quality over the number of network calls, beside the published procedure, from one checkpoint.

`diffuseq-quality`: a controlled task on which scores are not at their ceiling. The published
procedure (every step of the chain, ancestral, the clamp at each) is `diffuseq`'s own sampler with
those settings, which writes what `benchmark.timing.published_diffuseq` writes; that one is timed
elsewhere.
Which few-step sampler is the best is chosen on the valid split, by validity less divergence: a low
temperature writes more valid texts, but of fewer kinds. The test split is looked at once.

All samplers follow the same path of noise (`benchmark.timing.coupled_noise`), so that the
differences have small errors. They are between means over sources, each source being one
observation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.api import Example, make_noise
from benchmark.metrics import make_metric
from benchmark.runtime.precision import Used, calculating
from benchmark.tasks import Task, load_task
from benchmark.tasks.controlled_splits import grammar, make_splits
from benchmark.tasks.splits import Split
from benchmark.timing.coupled_noise import CoupledNoise
from benchmark.timing.measured_curves import BESIDE, Curves, estimate_means
from benchmark.timing.mini_diffuseq import (
    build_diffuseq,
    describe_network,
    join_texts,
    score_texts,
    train_diffuseq,
    write_texts,
)

TASK = "dialogue"
SIZES: Mapping[Split, int] = {"train": 12_000, "valid": 200, "test": 1_000}
VALID_SAMPLES, TEST_SAMPLES = 16, 4
ROWS = 100
"""Decoded at once; the noise of all steps is kept for them."""
PUBLISHED: Mapping[str, Any] = {
    "solver": "ancestral", "variance": "fixed-large", "clamp": True, "nfe": 2000,
}  # fmt: skip
CHOICE_NFE = 14
_NOISY: Mapping[str, Any] = {"clamp": True, "clamp_from": 1200}
"""The clamp at the noisier steps alone, where words are decided."""
_COOL: Mapping[str, Any] = {"clamp": False, "temperature": 0.7}
CHOICES: tuple[Mapping[str, Any], ...] = (
    {"solver": "ddim", "eta": 1.0, "clamp": True},
    {"solver": "ddim", "eta": 1.0, **_NOISY},
    {"solver": "ddim", "eta": 1.0, "clamp": False},
    {"solver": "ddim", "eta": 1.0, **_COOL},
    {"solver": "ancestral", "clamp": True},
    {"solver": "ancestral", **_NOISY},
    {"solver": "sde-dpm-solver++", "clamp": True},
    {"solver": "sde-dpm-solver++", **_NOISY},
    {"solver": "sde-dpm-solver++", "clamp": False},
    {"solver": "sde-dpm-solver++", **_COOL},
    {"solver": "dpm-solver++", **_COOL},
)
TWIN = CHOICES[0]
"""The published step but for its length: shown whatever is chosen."""
NFES = (5, 10, 14, 20)
IN_BF16 = (14,)
"""Numbers of calls at which what is chosen is measured in bf16 too."""


@dataclass(frozen=True)
class Written:
    """Texts of one setting with their scores by source, means over candidates."""

    texts: list[list[str]]
    scores: dict[str, NDArray[np.float64]]


def measure(name: str, *, repeats: int) -> Curves:
    """The measurement `diffuseq-quality`; one pass is enough, `repeats` is not used."""
    splits = make_splits(grammar(TASK), sizes=SIZES)
    task = replace(
        load_task(TASK), train=splits["train"], valid=splits["valid"], test=splits["test"]
    )
    system = build_diffuseq(task, {})
    train_diffuseq(system, task)
    return compare(system, task)


def compare(
    system: Any,
    task: Task,
    *,
    published: Mapping[str, Any] = PUBLISHED,
    nfes: Sequence[int] = NFES,
    in_bf16: Sequence[int] = IN_BF16,
    sources: int | None = None,
    samples: tuple[int, int] = (VALID_SAMPLES, TEST_SAMPLES),
) -> Curves:
    """Choose on valid, then measure on test.

    Args:
        system: a trained `diffuseq`.
        task: controlled.
        published: decoding of the published procedure.
        nfes: network calls of the points.
        in_bf16: network calls of the points in bf16.
        sources: of each split at most; None means all.
        samples: candidates per source on valid and on test, at least 2: divergence compares them.
    """
    valid, test = task.valid[:sources], task.test[:sources]
    tried = [{**choice, "nfe": CHOICE_NFE} for choice in CHOICES]
    on_valid = {
        label(choice): estimate_means(written.scores)
        for choice, written in zip(
            CHOICES, write(system, task, valid, tried, samples[0], is_coupled=False), strict=True
        )
    }
    best = max(CHOICES, key=lambda choice: _merit(on_valid[label(choice)]))
    shown = [best] if best is TWIN else [best, TWIN]
    settings = [{**choice, "nfe": nfe} for choice in shown for nfe in nfes]
    settings += [{**best, "nfe": nfe, "precision": "bf16"} for nfe in in_bf16]
    theirs, *ours = write(system, task, test, [published, *settings], samples[1])
    curves: dict[str, list[dict[str, Any]]] = {}
    for setting, written in zip(settings, ours, strict=True):
        point = _make_point(setting, written) | {BESIDE: subtract(written, theirs)}
        curves.setdefault(f"diffuseq: {label(setting)}", []).append(point)
    reference = _make_point(published, theirs)
    return Curves(
        "diffuseq-quality",
        f"{describe_network(system, task)}, {len(test)} test sources with"
        f" {samples[1]} candidates each; sampler chosen at {CHOICE_NFE} calls on"
        f" {len(valid)} valid sources with {samples[0]} candidates each; ± is the"
        " half-width of a 95 % interval over sources, of differences of the same noise",
        over="network calls",
        curves=curves | {f"published procedure: {label(published)}": [reference]},
        found={"on_valid": on_valid},
    )


def write(
    system: Any,
    task: Task,
    examples: Sequence[Example],
    settings: Sequence[Mapping[str, Any]],
    num_samples: int,
    *,
    is_coupled: bool = True,
) -> list[Written]:
    """Texts of every setting, batch by batch, so that the noise of a batch is drawn once.

    Args:
        system: a trained `diffuseq`.
        task: that of `examples`.
        examples: those that are answered.
        settings: decodings, of which each gives an element of the result; `precision` is that of
            the network.
        num_samples: candidates per example.
        is_coupled: whether all settings follow the same path of noise.
    """
    size = max(1, ROWS // num_samples)
    texts: list[list[list[str]]] = [[] for _ in settings]
    alpha_bar = system.module.alpha_bar.cpu()
    for first in range(0, len(examples), size):
        batch = examples[first : first + size]
        draw = cache(make_noise(1, [example.id for example in batch], num_samples).normal)
        for setting, written in zip(settings, texts, strict=True):
            decoding = dict(setting)
            precision: Used = decoding.pop("precision", "float32")
            if is_coupled:
                noise = CoupledNoise(
                    draw, alpha_bar, _even_grid(len(alpha_bar) - 1, decoding["nfe"])
                )
                system.noise_of = lambda *_, noise=noise: noise
            with calculating(system.network, precision, "cpu"):
                written += write_texts(system, batch, decoding, num_samples=num_samples)
    vars(system).pop("noise_of", None)
    return [Written(written, _score(task, examples, written)) for written in texts]


def _even_grid(last: int, nfe: int) -> tuple[float, ...]:
    """Steps of the spacing `uniform`, which all settings have."""
    return tuple(float(round(number / nfe * last)) for number in range(nfe, -1, -1))


def _score(
    task: Task, examples: Sequence[Example], texts: Sequence[Sequence[str]]
) -> dict[str, NDArray[np.float64]]:
    """Sentence BLEU, validity, and divergence, whose values are shares of that of all sources."""
    divergence = make_metric("divergence", conditional=task.conditional)
    values = divergence.score(join_texts(examples, texts)).values
    return score_texts(task, examples, texts) | {"divergence": values}


def subtract(ours: Written, theirs: Written) -> dict[str, float]:
    """Ours less theirs by score, with half-widths, and the share of texts that are the same."""
    found = estimate_means(
        {name: values - theirs.scores[name] for name, values in ours.scores.items()}
    )
    pairs = zip(chain(*ours.texts), chain(*theirs.texts), strict=True)
    return found | {"same_text": float(np.mean([one == other for one, other in pairs]))}


def _make_point(setting: Mapping[str, Any], written: Written) -> dict[str, Any]:
    return {"network calls": setting["nfe"], **estimate_means(written.scores)}


def _merit(means: Mapping[str, float]) -> float:
    """Both lie between 0 and 1, and neither is had by giving up the other."""
    return means["validity"] - means["divergence"]


def label(setting: Mapping[str, Any]) -> str:
    """A setting in a few words."""
    words = [str(setting["solver"])]
    words += [f"{name} {setting[name]:g}" for name in ("eta", "temperature") if name in setting]
    clamp = f"clamp from t = {setting['clamp_from']}" if "clamp_from" in setting else "clamp"
    words.append(clamp if setting["clamp"] else "no clamp")
    words += [setting["precision"]] if "precision" in setting else []
    return ", ".join(words)
