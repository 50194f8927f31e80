"""The one generation interface: what a system offers.

Text in, text out. A system may bring its own tokeniser, its own network and its own
length model; the harness owns data, training loop, randomness, cost and evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, runtime_checkable

from benchmark.api.checkpoint import load_weights, read_folder, save_folder
from benchmark.api.types import (
    Batch,
    Candidates,
    Capabilities,
    DecodingProtocol,
    Example,
    Family,
    LogLikelihood,
    LossTerms,
    Noise,
    OnStep,
    Resources,
    Weighting,
)

if TYPE_CHECKING:
    from torch import Tensor, nn


class System(Protocol):
    """A generator of text: a baseline, DiffuSeq, or yours (`docs/add-a-system.md`)."""

    id: ClassVar[str]
    family: ClassVar[Family]
    version: ClassVar[int]
    """Incremented when a code change alters numbers; part of every key."""
    capabilities: ClassVar[Capabilities]
    Config: ClassVar[type[Any]]
    """Frozen dataclass of the network and objective; all fields with defaults."""
    Decoding: ClassVar[type[Any]]
    """Frozen dataclass that satisfies `DecodingProtocol`; all fields with defaults."""

    @property
    def module(self) -> nn.Module | None:
        """All that is trained and stored; None if nothing is trained."""

    @property
    def network(self) -> nn.Module | None:
        """The part of `module` whose calls are counted as function evaluations."""

    @classmethod
    def build(cls, config: Any, resources: Resources) -> System:
        """A fresh system; weights come from torch's global generator, seeded by the caller."""

    def collate(self, examples: Sequence[Example]) -> Batch:
        """Tokenise and pad a training batch, on CPU."""

    def loss(self, batch: Batch, noise: Noise) -> LossTerms:
        """The training objective; `noise` has one row per example."""

    def generate(
        self,
        sources: Sequence[str],
        decoding: DecodingProtocol,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: OnStep | None = None,
    ) -> Candidates:
        """`num_samples` candidates for every source, in order.

        Args:
            sources: texts.
            decoding: an instance of `Decoding`.
            num_samples: candidates per source.
            seed: of the run.
            ids: names of the sources; all randomness is drawn from `make_noise(seed, ids, ...)`.
            on_step: called with the number of each step and the state, if there are steps.
        """

    def save(self, path: Path) -> None:
        """Write config, safetensors and tokeniser into the folder `path`."""

    @classmethod
    def load(cls, path: Path, device: str) -> System:
        """Read what `save` wrote."""


@runtime_checkable
class Traceable(Protocol):
    """Optional: intermediate states can be read as texts (`benchmark.run --trace`)."""

    def read_state(
        self, state: Tensor, sources: Sequence[str], decoding: DecodingProtocol
    ) -> list[str]:
        """The texts in a state that `on_step` received, one per row, source-major.

        Not called for ranked lists (`n-best`): the order of their rows is known only at the end.
        After the last step these are the texts of the candidates.

        Args:
            state: rows, source-major: `len(sources) * num_samples`, or one per source where
                `decoding.kind` is `single`.
            sources: the texts passed to `generate`.
            decoding: the one passed to `generate`.
        """


@runtime_checkable
class Scorable(Protocol):
    """Optional: log-likelihoods of targets (`evaluation.likelihood` of a suite).

    They are those of the system's own distribution: of its texts at temperature 1, with the whole
    vocabulary, whatever the setting of the table is. `Capabilities.likelihood` declares what they
    are; a system that declares nothing is not asked.
    """

    def log_likelihood(
        self,
        examples: Sequence[Example],
        noise: Noise,
        *,
        num_samples: int,
        weighting: Weighting = "mean",
        steps: int | None = None,
    ) -> list[LogLikelihood]:
        """The log-likelihood of every `Example.target` given its source, in order.

        Args:
            examples: with their targets.
            noise: `num_samples` rows for each example, source-major. All that is random.
            num_samples: draws per target of a bound; an exact value does not depend on it.
            weighting: how the draws of a bound are joined.
            steps: of the chain whose bound it is; None = all that the system was trained on. Fewer
                are another sampler of the same weights.
        """


@runtime_checkable
class Steerable(Protocol):
    """Optional: operators that are fitted to a few labelled examples after training.

    They have an entry of their own in the store, so that another number of labels or another
    recipe never trains the generator again.
    """

    OperatorConfig: ClassVar[type]
    """Frozen dataclass of how operators are fitted; all fields with defaults."""

    @property
    def operators(self) -> nn.Module | None:
        """The fitted operators, whose forward calls the cost counts apart; None before."""

    def fit_operators(
        self,
        train: Sequence[Example],
        labelled: Sequence[Example],
        attributes: Mapping[str, Sequence[str]],
        recipe: Any,
        *,
        seed: int,
    ) -> None:
        """Fit operators to the labels.

        Args:
            train: targets without labels.
            labelled: targets with labels: `Example.attributes`.
            attributes: the values of every attribute.
            recipe: an instance of `OperatorConfig`.
            seed: of initial weights and noise.
        """

    def save_operators(self, path: Path) -> None:
        """Write the operators into the folder `path`."""

    def load_operators(self, path: Path, recipe: Any) -> None:
        """Read what `save_operators` wrote."""


class NeuralSystem:
    """Base class of systems with one trained module: build, save and load.

    A subclass is constructed from `(config, resources)`, calls this `__init__`, and sets `module`
    and `network` (see `System`); its initial weights are drawn there.
    """

    Config: ClassVar[type[Any]]
    config: Any
    resources: Resources
    module: nn.Module
    network: nn.Module

    def __init__(self, config: Any, resources: Resources) -> None:
        self.config = config
        self.resources = resources

    @classmethod
    def build(cls, config: Any, resources: Resources) -> Self:
        """A fresh system; weights come from torch's global generator, seeded by the caller."""
        return cls(config, resources)

    def save(self, path: Path) -> None:
        """Write config, safetensors and tokeniser into the folder `path`."""
        save_folder(path, self.config, self.resources, self.module, system=type(self))

    @classmethod
    def load(cls, path: Path, device: str) -> Self:
        """Read what `save` wrote.

        Raises:
            UserError: if the folder is incomplete or was written by another system.
        """
        config, resources = read_folder(path, cls.Config, system=cls)
        system = cls(config, resources)
        load_weights(path, system.module, device)
        return system
