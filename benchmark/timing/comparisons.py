"""The comparisons of speed by name, without importing any until it is measured."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.api import UserError
from benchmark.api.did_you_mean import suggestion

if TYPE_CHECKING:
    from benchmark.timing.measured_curves import Curves
    from benchmark.timing.speed_result import Result, Skipped


@dataclass(frozen=True, slots=True)
class SpeedComparison:
    """Measurements that belong together."""

    summary: str
    module: str
    """It has a function `measure(name, *, repeats)`."""
    measurements: Sequence[str]

    def load(self) -> Callable[..., Result | Skipped | Curves]:
        """The function, which runs every side `repeats` times after a warm-up."""
        measure: Callable[..., Result | Skipped | Curves]
        measure = importlib.import_module(self.module).measure
        return measure


COMPARISONS: Mapping[str, SpeedComparison] = {
    "transformer": SpeedComparison(
        "transformer, greedy and cached, against generate of Hugging Face for a BART of its size",
        "benchmark.timing.transformer_speed",
        ("transformer-128", "transformer-256"),
    ),
    "masked": SpeedComparison(
        "nat (1 pass) and cmlm (10 passes) against those of fairseq",
        "benchmark.timing.masked_speed",
        ("nat-128", "cmlm-128", "nat-256", "cmlm-256"),
    ),
    "diffuseq": SpeedComparison(
        "diffuseq against the published procedure, written out plainly, with equal weights",
        "benchmark.timing.diffuseq_speed",
        ("diffuseq-train", "diffuseq-sample"),
    ),
    "muon": SpeedComparison(
        "an update of Muon in float32 against one of torch's own in bfloat16",
        "benchmark.timing.muon_speed",
        ("muon",),
    ),
    "control": SpeedComparison(
        "latentops against diffusion-lm, guided at 200 steps, on requests for four attributes",
        "benchmark.timing.control_speed",
        ("control-1", "control-50"),
    ),
    "metrics": SpeedComparison(
        "the metrics of DiffuSeq's tables against its evaluation, written out plainly",
        "benchmark.timing.evaluation_speed",
        ("metrics-paraphrase", "metrics-qqp"),
    ),
    "diffuseq-loss": SpeedComparison(
        "loss curves of diffuseq and of the published procedure, with equal batches and noise",
        "benchmark.timing.loss_curves",
        ("diffuseq-loss",),
    ),
    "diffuseq-quality": SpeedComparison(
        "quality of diffuseq over network calls, beside the 2,000 of the published procedure",
        "benchmark.timing.quality_over_calls",
        ("diffuseq-quality",),
    ),
    "diffuseq-memory": SpeedComparison(
        "peak memory of sampling over the number of steps, each in its own process",
        "benchmark.timing.memory_over_steps",
        ("diffuseq-memory",),
    ),
    "memory": SpeedComparison(
        "peak memory of training and sampling over length, vocabulary, candidates and calls",
        "benchmark.timing.memory_growth",
        ("memory-length", "memory-vocabulary", "memory-candidates", "memory-calls"),
    ),
}


def choose(names: Sequence[str], only: Iterable[str]) -> list[tuple[SpeedComparison, str]]:
    """The measurements of the named comparisons (none named: of all), less those not in `only`.

    Raises:
        UserError: for an unknown name.
    """
    for name in names:
        if name not in COMPARISONS:
            raise UserError(f"There is no comparison {name!r}: {suggestion(name, COMPARISONS)}")
    chosen = [
        (COMPARISONS[name], measurement)
        for name in dict.fromkeys(names or COMPARISONS)
        for measurement in COMPARISONS[name].measurements
    ]
    wanted = set(only)
    known = [measurement for _, measurement in chosen]
    for name in sorted(wanted.difference(known)):
        raise UserError(f"--only {name}: there is no such measurement: {suggestion(name, known)}")
    return [pair for pair in chosen if not wanted or pair[1] in wanted]
