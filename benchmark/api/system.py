"""The one generation interface: what a system offers.

Text in, text out. A system may bring its own tokeniser, its own network and its own
length model; the harness owns data, training loop, randomness, cost and evaluation.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    LossTerms,
    Noise,
    OnStep,
    Resources,
)

if TYPE_CHECKING:
    from torch import Tensor, nn


class System(Protocol):
    """A generator of text: a baseline, DiffuSeq, or yours (`docs/add-a-system.md`)."""

    id: ClassVar[str]
    family: ClassVar[Family]
    version: ClassVar[int]
    """Raised when a change of code changes numbers; part of every key."""
    capabilities: ClassVar[Capabilities]
    Config: ClassVar[type]
    """Frozen dataclass of the network and objective; all fields with defaults."""
    Decoding: ClassVar[type]
    """Frozen dataclass that satisfies `DecodingProtocol`; all fields with defaults."""

    @property
    def module(self) -> nn.Module | None:
        """All that is trained and stored; None where nothing is trained."""

    @property
    def network(self) -> nn.Module | None:
        """The part of `module` whose calls are counted as function evaluations."""

    @classmethod
    def build(cls, config: Any, resources: Resources) -> System:
        """A fresh system; weights come from torch's global generator, seeded by the caller."""

    def collate(self, examples: Sequence[Example]) -> Batch:
        """Tokenise and pad a training batch, on CPU."""

    def loss(self, batch: Batch, noise: Noise) -> LossTerms:
        """The training objective; `noise` has one row an example."""

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
            on_step: called with the number of each step and the state, where there are steps.
        """

    def save(self, path: Path) -> None:
        """Write config, safetensors and tokeniser into the folder `path`."""

    @classmethod
    def load(cls, path: Path, device: str) -> System:
        """Read what `save` wrote."""


@runtime_checkable
class Traceable(Protocol):
    """A system whose states on the way can be read as texts (`benchmark.run --trace`); optional."""

    def read_state(
        self, state: Tensor, sources: Sequence[str], decoding: DecodingProtocol
    ) -> list[str]:
        """The texts in a state that `on_step` was given, one a row, source-major.

        Ranked lists (`n-best`) are not asked for: their rows find an order at the end alone.
        After the last step these are the texts of the candidates.

        Args:
            state: rows, source-major: `len(sources) * num_samples`, or one per source where
                `decoding.kind` is `single`.
            sources: the texts that `generate` was given.
            decoding: the one that `generate` was given.
        """


class NeuralSystem:
    """What systems of one trained module have in common: build, save and load.

    A subclass is made of `(config, resources)`, calls this `__init__`, and sets `module` and
    `network` (see `System`); `build` has its own weights drawn there.
    """

    Config: ClassVar[type]
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
        save_folder(path, self.config, self.resources, self.module)

    @classmethod
    def load(cls, path: Path, device: str) -> Self:
        """Read what `save` wrote.

        Raises:
            UserError: if the folder is incomplete or was written by another system.
        """
        config, resources = read_folder(path, cls.Config)
        system = cls(config, resources)
        load_weights(path, system.module, device)
        return system
