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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.api import Example, make_noise
from benchmark.metrics import make_metric
from benchmark.tasks import Task, load_task
from benchmark.timing.coupled_noise import CoupledNoise, Remembered
from benchmark.timing.measured_curves import Curves, MeasuredCurve, MeasuredPoint
from benchmark.timing.mini_diffuseq import (
    SMALLER,
    as_items,
    build_diffuseq,
    describe_network,
    make_decoding,
    train_diffuseq,
    write_texts,
)

TASK = "paraphrase"
SOURCES = 100
VALID_SAMPLES, TEST_SAMPLES = 1, 3
ROWS = 50
"""Decoded at once; the noise of all steps is held for them."""
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

Values = NDArray[np.float64]
"""A score of every source, mean over its candidates."""


@dataclass(frozen=True)
class Written:
    """Texts of one setting with their scores by source."""

    texts: list[list[str]]
    scores: dict[str, Values]


def measure(name: str, *, repeats: int) -> Curves:
    """The measurement `diffuseq-quality`; one pass is enough, `repeats` is not used."""
    task = load_task(TASK)
    return compare(train(task), task)


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
    chooser = _Writer(system, task, task.valid[:sources], samples[0])
    theirs, *tried = chooser.write([published, *({**c, "nfe": CHOICE_NFE} for c in CHOICES)])
    differences = {
        label(choice): subtract(ours, theirs) for choice, ours in zip(CHOICES, tried, strict=True)
    }
    best = min(CHOICES, key=lambda choice: _at_most(differences[label(choice)]))
    writer = _Writer(system, task, task.test[:sources], samples[1])
    shown = [best, *([] if best is TWIN else [TWIN])]
    theirs, *few = writer.write([published, *({**c, "nfe": nfe} for c in shown for nfe in nfes)])
    points = [
        MeasuredPoint(nfe, _means(ours), subtract(ours, theirs))
        for nfe, ours in zip([*nfes] * len(shown), few, strict=True)
    ]
    steps = int(published["nfe"])
    return Curves(
        "diffuseq-quality",
        f"{describe_network(system, task)}, {len(writer.examples)} test sources with"
        f" {samples[1]} candidates each; solver chosen at {CHOICE_NFE} calls on"
        f" {len(chooser.examples)} valid sources with {samples[0]} candidates each; ± is the"
        " half-width of a 95 % interval over sources, of differences of the same noise",
        over="network calls",
        curves=(
            *(
                MeasuredCurve(
                    f"diffuseq: {label(c)}", tuple(points[i * len(nfes) : (i + 1) * len(nfes)])
                )
                for i, c in enumerate(shown)
            ),
            MeasuredCurve(
                f"published procedure: {label(published)}", (MeasuredPoint(steps, _means(theirs)),)
            ),
        ),
        found={"differences_on_valid": differences},
    )


def train(task: Task, *, updates: int | None = None) -> Any:
    """The smaller network, trained by suite mini's recipe."""
    system = build_diffuseq(task, SMALLER)
    train_diffuseq(system, task, updates=updates)
    return system


class _Writer:
    """Writes and scores texts for some examples."""

    def __init__(
        self, system: Any, task: Task, examples: Sequence[Example], num_samples: int
    ) -> None:
        self.system, self.examples, self.num_samples = system, examples, num_samples
        self.metrics = [make_metric("bleu_sent_m4")]
        self.metrics.append(make_metric("validity", conditional=task.conditional))

    def write(self, settings: Sequence[Mapping[str, Any]]) -> list[Written]:
        """Texts of every setting, batch by batch, so that the noise of a batch is drawn once."""
        size = max(1, ROWS // self.num_samples)
        texts: list[list[list[str]]] = [[] for _ in settings]
        for first in range(0, len(self.examples), size):
            batch = self.written(self.examples[first : first + size], settings)
            for kept, more in zip(texts, batch, strict=True):
                kept += more
        return [self._scored(of_setting) for of_setting in texts]

    def written(
        self, examples: Sequence[Example], settings: Sequence[Mapping[str, Any]]
    ) -> list[list[list[str]]]:
        """The texts of one batch under every setting."""
        system, alpha_bar = self.system, self.system.module.alpha_bar.cpu()
        fine = Remembered(make_noise(1, [e.id for e in examples], self.num_samples))
        made = []
        for setting in settings:
            decoding = make_decoding(system, setting)
            coupled = CoupledNoise(fine, alpha_bar, decoding.nfe)
            system.noise_of = lambda *_, noise=coupled: noise
            made.append(write_texts(system, examples, decoding, num_samples=self.num_samples))
        del system.noise_of
        return made

    def _scored(self, texts: list[list[str]]) -> Written:
        items = as_items(self.examples, texts)
        values = {metric.id: metric.score(items).values.mean(1) for metric in self.metrics}
        return Written(texts, values)


def subtract(ours: Written, theirs: Written) -> dict[str, float]:
    """Ours less theirs by score, with half-widths, and the share of texts that are the same."""
    found: dict[str, float] = {}
    for name, values in ours.scores.items():
        of_source = values - theirs.scores[name]
        found[name] = float(of_source.mean())
        found[f"{name} ±"] = half_width(of_source)
    pairs = [
        ours_k == theirs_k
        for of_ours, of_theirs in zip(ours.texts, theirs.texts, strict=True)
        for ours_k, theirs_k in zip(of_ours, of_theirs, strict=True)
    ]
    found["same_text"] = sum(pairs) / len(pairs)
    return found


def _at_most(difference: Mapping[str, float]) -> float:
    """The end of the interval that is farther from 0: a setting that is near by chance is not."""
    return abs(difference["bleu_sent_m4"]) + difference["bleu_sent_m4 ±"]


def half_width(values: Values) -> float:
    """Of the normal 95 % interval of the mean of independent `values`."""
    return float(1.96 * values.std(ddof=1) / len(values) ** 0.5)


def label(setting: Mapping[str, Any]) -> str:
    """A setting in a few words."""
    words = [str(setting["solver"])]
    words += [f"{name} {setting[name]:g}" for name in ("eta", "temperature") if name in setting]
    return ", ".join([*words, "clamp" if setting["clamp"] else "no clamp"])


def _means(written: Written) -> dict[str, float]:
    found = {}
    for name, values in written.scores.items():
        found[name] = float(values.mean())
        found[f"{name} ±"] = half_width(values)
    return found
