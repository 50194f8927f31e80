"""Yardsticks: reference rows that papers rarely print, without which no score can be interpreted.

`copy-source` is the score for doing nothing, `nearest-neighbour` for memorising alone, `reference`
for the human texts of the data, and `oracle` for the optimum: the true distribution of a controlled
task. None of them is trained.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from baselines.neighbours import NeighbourIndex
from benchmark import api

RankedTexts = Sequence[Sequence[str]]
"""By source, texts in a fixed order."""


@dataclass(frozen=True)
class YardstickConfig(api.Settings):
    """Nothing to configure."""


@dataclass(frozen=True)
class CopyDecoding(api.Settings):
    """Nothing to decode: one text per source."""

    @property
    def nfe(self) -> int | None:
        """No network, no calls."""
        return 0

    @property
    def kind(self) -> api.CandidateKind:
        """Copies of one text count as a single candidate."""
        return "single"


@dataclass(frozen=True)
class RankedDecoding(CopyDecoding):
    """Candidates in a fixed order."""

    @property
    def kind(self) -> api.CandidateKind:
        """Ranked, not drawn."""
        return "n-best"


@dataclass(frozen=True)
class OracleDecoding(CopyDecoding):
    """Draws from the true distribution."""

    temperature: api.NotNegative = 1.0
    """Sharpens (below 1) or flattens the true distribution; 0 takes its most probable text."""

    @property
    def kind(self) -> api.CandidateKind:
        """Independent draws, unless there is only one outcome."""
        return "samples" if self.temperature else "single"


class Yardstick:
    """Base class of the yardsticks: no network, no training, nothing to store."""

    id: ClassVar[str]
    family: ClassVar[api.Family] = "yardstick"
    version: ClassVar[int] = 1
    capabilities: ClassVar[api.Capabilities] = api.Capabilities(trainable=False)
    Config: ClassVar[type] = YardstickConfig
    Decoding: ClassVar[type]

    def __init__(self, config: YardstickConfig, resources: api.Resources) -> None:
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
    def build(cls, config: YardstickConfig, resources: api.Resources) -> Yardstick:
        """The yardstick for a task."""
        return cls(config, resources)

    def collate(self, examples: Sequence[api.Example]) -> api.Batch:
        """There are no training batches."""
        raise self._refusal("is not trained: give it no training budget")

    def loss(self, batch: api.Batch, noise: api.Noise) -> api.LossTerms:
        """There is no objective."""
        raise self._refusal("is not trained: give it no training budget")

    def save(self, path: Path) -> None:
        """There is nothing to write."""
        raise self._refusal("has nothing to save: build it from the task")

    @classmethod
    def load(cls, path: Path, device: str) -> Yardstick:
        """There is nothing to read."""
        raise api.UserError(f"{cls.id} has nothing to load: build it from the task.")

    def _refusal(self, what: str) -> api.UserError:
        return api.UserError(f"{self.id} {what}.")


class RankedYardstick(Yardstick):
    """A list of texts for every source, repeated if more are requested."""

    @abstractmethod
    def _ranked(self, sources: Sequence[str], ids: Sequence[str], most: int) -> RankedTexts:
        """The list of every source, one text or more, of which at most `most` are used."""

    def generate(
        self,
        sources: Sequence[str],
        decoding: api.DecodingProtocol,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: api.OnStep | None = None,
    ) -> api.Candidates:
        """Candidate k is text k of the list, from the beginning again when it is used up.

        Raises:
            UserError: if the task lacks the texts for the list.
        """
        return [
            [_candidate(texts[k % len(texts)]) for k in range(num_samples)]
            for texts in self._ranked(sources, ids, num_samples)
        ]


class CopySource(RankedYardstick):
    """The source, unchanged."""

    id: ClassVar[str] = "copy-source"
    Decoding: ClassVar[type] = CopyDecoding

    def _ranked(self, sources: Sequence[str], ids: Sequence[str], most: int) -> RankedTexts:
        if not self.resources.attributes:
            return [[source] for source in sources]
        controls = map(api.read_control, sources)
        return [[(control.text or "") if control else ""] for control in controls]


class Reference(RankedYardstick):
    """The references of the evaluated example: what the data itself scores."""

    id: ClassVar[str] = "reference"
    Decoding: ClassVar[type] = RankedDecoding

    def _ranked(self, sources: Sequence[str], ids: Sequence[str], most: int) -> RankedTexts:
        unknown = [name for name in ids if not self.resources.references.get(name)]
        if unknown:
            raise api.UserError(
                f"reference: no references are known for example {unknown[0]!r}"
                f" ({len(unknown)} in all): evaluate a split whose references were loaded."
            )
        return [self.resources.references[name] for name in ids]


class NearestNeighbour(RankedYardstick):
    """Answers with the targets of the nearest sources of the train split."""

    id: ClassVar[str] = "nearest-neighbour"
    Decoding: ClassVar[type] = RankedDecoding

    @cached_property
    def _index(self) -> NeighbourIndex:
        if not self.resources.train:
            raise api.UserError(
                "nearest-neighbour needs a train split and the task has none:"
                " omit it, or use a task with one."
            )
        return NeighbourIndex([example.source for example in self.resources.train])

    def _ranked(self, sources: Sequence[str], ids: Sequence[str], most: int) -> RankedTexts:
        train = self.resources.train
        nearest = self._index.nearest(sources, most)
        return [[train[index].target for index in row] for row in nearest]


class Oracle(Yardstick):
    """Draws from the true distribution of a controlled task: the upper bound."""

    id: ClassVar[str] = "oracle"
    capabilities: ClassVar[api.Capabilities] = api.Capabilities(
        trainable=False, knob="temperature", likelihood="exact"
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
        on_step: api.OnStep | None = None,
    ) -> api.Candidates:
        """Independent draws; a source that the task cannot produce gets empty candidates.

        Raises:
            UserError: if the true distribution of the task is unknown.
        """
        draw = self.resources.draw
        if draw is not None:
            seeds = iter(api.make_noise(seed, ids, num_samples).seeds)
            return [
                [
                    _candidate(draw(source, next(seeds), decoding.temperature))
                    for _ in range(num_samples)
                ]
                for source in sources
            ]
        conditional = self._conditional()
        rows = api.make_noise(seed, ids, num_samples).uniform((1,), stream="oracle").tolist()
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

    def log_likelihood(
        self,
        examples: Sequence[api.Example],
        noise: api.Noise,
        *,
        num_samples: int,
        weighting: api.Weighting = "mean",
        steps: int | None = None,
    ) -> list[api.LogLikelihood]:
        """The true log probability of every target: minus the entropy, on average.

        Raises:
            UserError: if the true distribution of the task is unknown.
        """
        conditional = self._conditional()
        masses = [conditional(e.source, 1.0).get(e.target, 0.0) for e in examples]
        return [
            api.LogLikelihood(
                math.log(mass) if mass else -math.inf, len(example.target.split()) + 1, "exact"
            )
            for example, mass in zip(examples, masses, strict=True)
        ]

    def _conditional(self) -> Callable[[str, float], Mapping[str, float]]:
        """The true distribution of the task."""
        conditional = self.resources.conditional
        if conditional is None:
            raise api.UserError(
                "oracle needs a task with a known true distribution: use a controlled one."
            )
        return conditional


def _draw(
    drawn_from: Mapping[str, float], truth: Mapping[str, float], u: float, temperature: float
) -> api.Candidate:
    """Inverse of the cumulative distribution over the texts in alphabetical order."""
    if not truth:
        return api.Candidate("", "empty")
    # Alphabetical: the outcome must not depend on the order in which a mapping was filled.
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


def _candidate(text: str, logprob: float | None = None) -> api.Candidate:
    return api.Candidate(text, "ok" if text else "empty", logprob)
