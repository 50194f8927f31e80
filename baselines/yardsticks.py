"""Yardsticks: the rows that nobody prints, and without which no score can be read.

`copy-source` is what a metric gives for no work at all, `nearest-neighbour` what memory alone
gives, `reference` what the humans of the data give, `oracle` what is possible: the true
distribution of a controlled task. None of them is trained.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from baselines.neighbours import NeighbourIndex
from benchmark.api import (
    Batch,
    Candidate,
    CandidateKind,
    Candidates,
    Capabilities,
    Example,
    Family,
    LossTerms,
    Noise,
    OnStep,
    Resources,
    UserError,
    make_noise,
)


@dataclass(frozen=True)
class YardstickConfig:
    """Nothing to configure."""


@dataclass(frozen=True)
class CopyDecoding:
    """Nothing to decode: one text a source."""

    @property
    def nfe(self) -> int | None:
        """No network, no calls."""
        return 0

    @property
    def kind(self) -> CandidateKind:
        """Several copies are one."""
        return "single"


@dataclass(frozen=True)
class RankedDecoding:
    """Candidates in a fixed order."""

    @property
    def nfe(self) -> int | None:
        """No network, no calls."""
        return 0

    @property
    def kind(self) -> CandidateKind:
        """Ranked, not drawn."""
        return "n-best"


@dataclass(frozen=True)
class OracleDecoding:
    """Draws from the true distribution."""

    temperature: float = 1.0
    """Sharpens (below 1) or flattens the true distribution; 0 takes its most probable text."""

    def __post_init__(self) -> None:
        if not self.temperature >= 0:
            raise UserError(f"oracle: temperature {self.temperature} is negative: use 0 or more.")

    @property
    def nfe(self) -> int | None:
        """No network, no calls."""
        return 0

    @property
    def kind(self) -> CandidateKind:
        """Independent draws, unless there is but one outcome."""
        return "samples" if self.temperature else "single"


class Yardstick:
    """What the yardsticks share: no network, no training, nothing to store."""

    id: ClassVar[str]
    family: ClassVar[Family] = "yardstick"
    version: ClassVar[int] = 1
    capabilities: ClassVar[Capabilities] = Capabilities(trainable=False)
    Config: ClassVar[type] = YardstickConfig
    Decoding: ClassVar[type]

    def __init__(self, config: YardstickConfig, resources: Resources) -> None:
        self.config = config
        self.resources = resources

    @property
    def module(self) -> None:
        """Nothing is trained."""
        return None

    @property
    def network(self) -> None:
        """Nothing is evaluated."""
        return None

    @classmethod
    def build(cls, config: YardstickConfig, resources: Resources) -> Yardstick:
        """The yardstick for a task."""
        return cls(config, resources)

    def collate(self, examples: Sequence[Example]) -> Batch:
        """There are no training batches."""
        raise self._refusal("is not trained: give it no training budget")

    def loss(self, batch: Batch, noise: Noise) -> LossTerms:
        """There is no objective."""
        raise self._refusal("is not trained: give it no training budget")

    def save(self, path: Path) -> None:
        """There is nothing to write."""
        raise self._refusal("has nothing to save: build it from the task")

    @classmethod
    def load(cls, path: Path, device: str) -> Yardstick:
        """There is nothing to read."""
        raise UserError(f"{cls.id} has nothing to load: build it from the task.")

    def generate(
        self,
        sources: Sequence[str],
        decoding: Any,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: OnStep | None = None,
    ) -> Candidates:
        """`num_samples` candidates for every source, in order."""
        raise NotImplementedError

    def _refusal(self, what: str) -> UserError:
        return UserError(f"{self.id} {what}.")


class CopySource(Yardstick):
    """The source, unchanged."""

    id: ClassVar[str] = "copy-source"
    Decoding: ClassVar[type] = CopyDecoding

    def generate(
        self,
        sources: Sequence[str],
        decoding: CopyDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: OnStep | None = None,
    ) -> Candidates:
        """Each source, `num_samples` times."""
        return [[_candidate(source)] * num_samples for source in sources]


class Reference(Yardstick):
    """The references of the evaluated example: what the data itself scores."""

    id: ClassVar[str] = "reference"
    Decoding: ClassVar[type] = RankedDecoding

    def generate(
        self,
        sources: Sequence[str],
        decoding: RankedDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: OnStep | None = None,
    ) -> Candidates:
        """Candidate k is reference k, from the beginning again when they are used up.

        Raises:
            UserError: if an example is not of the evaluated split.
        """
        unknown = [name for name in ids if not self.resources.references.get(name)]
        if unknown:
            raise UserError(
                f"reference: no references are known for example {unknown[0]!r}"
                f" ({len(unknown)} in all): evaluate a split whose references were loaded."
            )
        all_references = (self.resources.references[name] for name in ids)
        return [
            [_candidate(references[k % len(references)]) for k in range(num_samples)]
            for references in all_references
        ]


class NearestNeighbour(Yardstick):
    """Answers with the target of the nearest source of the train split."""

    id: ClassVar[str] = "nearest-neighbour"
    Decoding: ClassVar[type] = RankedDecoding

    @cached_property
    def _index(self) -> NeighbourIndex:
        if not self.resources.train:
            raise UserError(
                "nearest-neighbour needs a train split and the task has none:"
                " leave it out, or use a task with one."
            )
        return NeighbourIndex([example.source for example in self.resources.train])

    def generate(
        self,
        sources: Sequence[str],
        decoding: RankedDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: OnStep | None = None,
    ) -> Candidates:
        """Candidate k is the target of the k-th nearest source; a small split is gone round."""
        targets = [_candidate(example.target) for example in self.resources.train]
        return [
            [targets[row[k % len(row)]] for k in range(num_samples)]
            for row in self._index.nearest(sources, num_samples)
        ]


class Oracle(Yardstick):
    """Draws from the true distribution of a controlled task: the ceiling."""

    id: ClassVar[str] = "oracle"
    capabilities: ClassVar[Capabilities] = Capabilities(
        trainable=False, knob="temperature", likelihood=True
    )
    Decoding: ClassVar[type] = OracleDecoding

    def generate(
        self,
        sources: Sequence[str],
        decoding: OracleDecoding,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: OnStep | None = None,
    ) -> Candidates:
        """Independent draws; a source that the task cannot produce gets empty candidates.

        Raises:
            UserError: if the task does not know its true distribution.
        """
        conditional = self.resources.conditional
        if conditional is None:
            raise UserError(
                "oracle needs a task that knows its true distribution: use a controlled one."
            )
        rows = make_noise(seed, ids, num_samples).uniform((1,), stream="oracle").tolist()
        uniforms = [u for (u,) in rows]
        candidates = []
        for index, source in enumerate(sources):
            truth = conditional(source, 1.0)
            drawn_from = truth
            if decoding.temperature not in (0.0, 1.0):
                drawn_from = conditional(source, decoding.temperature)
            mine = uniforms[index * num_samples : (index + 1) * num_samples]
            candidates.append([_draw(drawn_from, truth, u, decoding.temperature) for u in mine])
        return candidates


def _draw(
    drawn_from: Mapping[str, float], truth: Mapping[str, float], u: float, temperature: float
) -> Candidate:
    """Inverse of the cumulative distribution over the texts in alphabetical order."""
    if not truth:
        return Candidate("", "empty")
    # Alphabetical: the outcome must not hang on the order in which a mapping was filled.
    texts = sorted(drawn_from)
    if temperature == 0:
        chosen = max(texts, key=drawn_from.__getitem__)
    else:
        chosen = _invert(texts, [drawn_from[text] for text in texts], u)
    return _candidate(chosen, math.log(truth[chosen]))


def _invert(texts: Sequence[str], masses: Sequence[float], u: float) -> str:
    remaining = u * math.fsum(masses)
    for text, mass in zip(texts, masses, strict=True):
        if remaining < mass:
            return text
        remaining -= mass
    return max(zip(masses, texts, strict=True))[1]


def _candidate(text: str, logprob: float | None = None) -> Candidate:
    return Candidate(text, "ok" if text else "empty", logprob)
