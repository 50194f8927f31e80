"""The one generation interface: what a system offers, and what the harness gives it.

Text in, text out. A system may bring its own tokeniser, its own network and its own
length model; the harness owns data, training loop, randomness, cost and evaluation.
This module imports no torch: it is read by commands that must answer at once.

`diffuseq`, `baselines` and other people's systems import this module and nothing else
of `benchmark`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor, device, nn

Family = Literal[
    "continuous diffusion", "discrete diffusion", "autoregressive", "iterative", "edit", "yardstick"
]
"""Where a system stands in the field; `yardstick` rows are not models (copy, oracle)."""

Status = Literal["ok", "empty", "truncated", "unfinished"]
"""`truncated`: the source was cut to fit; `unfinished`: no end of sequence was produced."""

CandidateKind = Literal["samples", "n-best", "single"]
"""`samples` are independent draws; an `n-best` list is not a set of samples."""


class UserError(Exception):
    """A mistake of the caller, told in one sentence: what, where, how to mend it."""


@dataclass(frozen=True, slots=True)
class Example:
    """One source with its targets; `references` holds all valid ones, `target` first."""

    id: str
    source: str
    target: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One generated text.

    `logprob` is the natural logarithm of the model's probability of the text, where the
    system has one.
    """

    text: str
    status: Status = "ok"
    logprob: float | None = None


Candidates = list[list[Candidate]]
"""`candidates[source][k]`."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a generation cost, measured by hooks on `System.network`; warm-up excluded."""

    depth: float
    """Sequential network calls per candidate: the number of function evaluations (NFE)."""
    rows: float
    """Network rows per candidate, summed over the calls: the work that batching hides."""
    tokens: float
    """Positions that passed through the network per candidate."""
    network_s: float
    """Seconds inside the network, all candidates."""
    wall_s: float
    """Seconds of generation, all candidates, tokenising included."""
    peak_bytes: int
    """Peak memory: of the device on an accelerator, resident otherwise."""


@dataclass(frozen=True, slots=True)
class Generation:
    """Candidates with their measured cost."""

    candidates: Candidates
    cost: Cost


@dataclass(frozen=True, slots=True)
class Lengths:
    """The canvas of a task, in tokens, special tokens included."""

    source: int
    target: int


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a system can be asked for.

    `knob` names the `Decoding` field that trades quality for diversity, `nfe_knob` the one
    that sets the number of function evaluations; None where there is none.
    """

    trainable: bool
    knob: str | None = None
    nfe_knob: str | None = None
    likelihood: bool = False
    length: Literal["free", "fixed", "predicted"] = "free"
    ablations: Mapping[str, tuple[Mapping[str, object], ...]] = field(
        default_factory=dict, hash=False
    )
    """Ways to decode one checkpoint side by side (`benchmark.run --ablate NAME`).

    Name of the ablation to its variants; a variant holds the `Decoding` fields in which it
    differs from the main setting, such as `{"policies": ({"policy": "ancestral"}, ...)}`.
    """


@runtime_checkable
class DecodingProtocol(Protocol):
    """How to decode: a frozen dataclass with explicit defaults and these two properties."""

    @property
    def nfe(self) -> int | None:
        """Network calls that this setting asks for; None where the text decides."""

    @property
    def kind(self) -> CandidateKind:
        """What several candidates for one source are under this setting."""


class Tokenizer(Protocol):
    """Text to ids and back; `encode` adds no special tokens and `decode` prints none."""

    vocab_size: int
    pad_id: int
    bos_id: int
    eos_id: int
    sep_id: int
    mask_id: int
    unk_id: int
    special_ids: frozenset[int]

    def encode(self, text: str) -> list[int]:
        """Ids of `text`, without special tokens."""

    def decode(self, ids: Sequence[int]) -> str:
        """Text of `ids`; special tokens are left out."""

    def save(self, path: Path) -> None:
        """Write `tokenizer.json` and its settings into the folder `path`."""


class Noise(Protocol):
    """Random numbers as a pure function of (seed, id, candidate, stream, step, position).

    Row r belongs to source r // num_samples and candidate r % num_samples. Numbers depend
    neither on the other rows nor on the length of the canvas: the leading dimension of
    `shape` is the position. `step` counts the steps of a sampler, `stream` keeps apart the
    draws of one step.
    """

    @property
    def seeds(self) -> tuple[int, ...]:
        """One 63-bit integer a row, for systems that run a generator of their own."""

    def normal(self, shape: tuple[int, ...], *, step: int = 0, stream: str = "") -> Tensor:
        """Standard normal numbers `(rows, *shape)`, float32."""

    def uniform(self, shape: tuple[int, ...], *, step: int = 0, stream: str = "") -> Tensor:
        """Uniform numbers in [0, 1) `(rows, *shape)`, float64 with 53 random bits."""

    def select(self, rows: Tensor) -> Noise:
        """The noise of some rows: `rows` holds indices `(n,)`."""


@dataclass(frozen=True, slots=True)
class LossTerms:
    """The scalar to be minimised, its named terms (detached), and the target tokens seen."""

    total: Tensor
    terms: dict[str, Tensor]
    tokens: int
    mean_over: Literal["tokens", "examples"] = "tokens"
    """What `total` is a mean over, so that parts of a batch count for what they hold."""


@dataclass(frozen=True)
class Resources:
    """What the harness knows when it builds a system.

    `conditional(source, temperature)` is the true distribution over targets where the task
    has one (controlled tasks), as a mapping from text to probability; it is empty for a
    source that the task cannot produce.
    """

    tokenizer: Tokenizer
    lengths: Lengths
    train: Sequence[Example] = ()
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Example id to references, of the split that is evaluated; for yardsticks alone."""
    conditional: Callable[[str, float], Mapping[str, float]] | None = None


Batch = dict[str, Any]
"""What `collate` makes: tensors by name, moved to the device by the harness."""

OnStep = Callable[[int, "Tensor"], None]
"""Called by samplers with the step number and the current state; the caller keeps what it wants."""


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
        decoding: Any,
        *,
        num_samples: int,
        seed: int,
        ids: Sequence[str],
        on_step: OnStep | None = None,
    ) -> Candidates:
        """`num_samples` candidates for every source, in order.

        `ids` name the sources; all randomness is drawn from `make_noise(seed, ids, ...)`.
        """

    def save(self, path: Path) -> None:
        """Write config, safetensors and tokeniser into the folder `path`."""

    @classmethod
    def load(cls, path: Path, device: str) -> System:
        """Read what `save` wrote."""


@runtime_checkable
class Traceable(Protocol):
    """A system whose states on the way can be read as texts (`benchmark.run --trace`); optional."""

    def read_state(self, state: Tensor, sources: Sequence[str], decoding: Any) -> list[str]:
        """The texts in a state that `on_step` was given, one a row, source-major.

        Rows are `len(sources) * num_samples`, or one a source where `decoding.kind` is `single`.
        Ranked lists (`n-best`) are not asked for: their rows find an order at the end alone.
        After the last step these are the texts of the candidates.
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


def make_noise(
    seed: int, ids: Sequence[str], num_samples: int = 1, device: str | device = "cpu"
) -> Noise:
    """The noise of `len(ids) * num_samples` rows, source-major."""
    from benchmark.noise import CounterNoise

    return CounterNoise.keyed(seed, ids, num_samples, device)


def load_tokenizer(path: Path) -> Tokenizer:
    """Read a tokeniser that `Tokenizer.save` wrote."""
    from benchmark.tokenization import SubwordTokenizer

    return SubwordTokenizer.load(path)


def save_folder(path: Path, config: Any, resources: Resources, module: nn.Module) -> None:
    """Write `config.json`, `model.safetensors` and the tokeniser into the folder `path`.

    `config` is the system's dataclass; lengths and tokeniser are taken from `resources`.
    """
    from benchmark import folders

    folders.save(path, config, resources, module)


def read_folder(path: Path, config_type: type) -> tuple[Any, Resources]:
    """The configuration and the resources (tokeniser, lengths) that `save_folder` wrote.

    Raises:
        UserError: if the folder is incomplete or was written by another system.
    """
    from benchmark import folders

    return folders.read(path, config_type)


def load_weights(path: Path, module: nn.Module, device: str) -> None:
    """Fill `module` from `model.safetensors` in the folder `path` and move it to `device`.

    Raises:
        UserError: if names or shapes do not agree.
    """
    from benchmark import folders

    folders.load_weights(path, module, device)
