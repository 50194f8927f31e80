"""What a system and the harness exchange: examples, candidates, cost, noise, resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor

Family = Literal[
    "continuous diffusion",
    "discrete diffusion",
    "autoregressive",
    "iterative",
    "edit",
    "latent",
    "yardstick",
]
"""The family of a system; `yardstick` rows are not models (copy, oracle)."""

Status = Literal["ok", "empty", "truncated", "unfinished"]
"""`truncated`: the source was cut to fit; `unfinished`: no end of sequence was produced."""

CandidateKind = Literal["samples", "mode-seeking", "n-best", "single"]
"""`samples` are independent draws of what a system has learnt; `mode-seeking` candidates begin at
independent noise, from which a procedure leads to few answers; an `n-best` list is not drawn."""

DRAWN_KINDS: frozenset[CandidateKind] = frozenset({"samples", "mode-seeking"})
"""Kinds of which any number can be had, each from its own noise; others are deterministic."""

LikelihoodKind = Literal["exact", "lower bound", "pseudo"]
"""What a log-likelihood is: the logarithm of a probability, a number that it cannot fall below, or
a score by conditional probabilities that is no probability of the text."""

Weighting = Literal["mean", "importance"]
"""How the draws of a bound are joined: the mean of their logarithms, or the logarithm of the mean
of their weights, which is closer and takes whole paths."""


class UserError(Exception):
    """A user error, in one sentence: what, where, how to fix it."""


@dataclass(frozen=True, slots=True)
class Example:
    """One source with its targets; `references` holds all valid ones, `target` first."""

    id: str
    source: str
    target: str
    references: tuple[str, ...]
    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Labels of the target by name, on a control task; empty where it is not labelled."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One generated text.

    `logprob` is the natural logarithm of the model's probability of the text, if the system has
    one.
    """

    text: str
    status: Status = "ok"
    logprob: float | None = None


Candidates = list[list[Candidate]]
"""`candidates[source][k]`."""


@dataclass(frozen=True, slots=True)
class LogLikelihood:
    """The natural logarithm of the probability of a target, or what stands for it.

    `nats` is minus infinity where the system cannot write the target, which may be too long for
    its canvas or have a word that its tokeniser does not know.
    """

    nats: float
    tokens: int
    """Tokens of the system's own tokeniser that it covers, the end of the text included."""
    kind: LikelihoodKind


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a generation, measured by hooks on `System.network`; warm-up excluded."""

    depth: float
    """Sequential network calls per candidate: the number of function evaluations (NFE)."""
    rows: float
    """Network rows per candidate, summed over the calls: work that batching hides."""
    tokens: float
    """Positions that passed through the network per candidate."""
    network_s: float
    """Seconds inside the network, all candidates."""
    wall_s: float
    """Seconds of generation, all candidates, tokenising included."""
    peak_bytes: int
    """Peak memory: of the device on an accelerator, resident otherwise."""
    operator_calls: float = 0.0
    """Sequential evaluations of the operators of a guided system per candidate, each with a
    gradient where the system follows one; calls of the network apart."""


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
    """What a system supports.

    `knob` names the `Decoding` field that trades quality for diversity, `nfe_knob` the one that
    sets the number of function evaluations; None if there is none.
    """

    trainable: bool
    knob: str | None = None
    nfe_knob: str | None = None
    likelihood: LikelihoodKind | None = None
    """What `log_likelihood` gives (see `Scorable`); None if the system has no likelihood."""
    length: Literal["free", "fixed", "predicted"] = "free"
    reads_train: bool = False
    """Whether its answers depend on `Resources.train`, and so on labels, though it is not
    trainable."""
    unstable: str = ""
    """Why two trainings with one seed end further apart than an interval where sums are rounded
    differently, such as on another processor: a sentence for `benchmark.verify`; empty = they do
    not."""
    control: Literal["conditional", "guided"] = "conditional"
    """How the system follows a control line: it reads it as its source (`conditional`), or it is
    trained on targets alone and steered by operators (`guided`, see `Steerable`)."""
    ablations: Mapping[str, tuple[Mapping[str, object], ...]] = field(
        default_factory=dict, hash=False
    )
    """Alternative ways to decode one checkpoint (`benchmark.run --ablate NAME`).

    Maps the name of an ablation to its variants; a variant gives the `Decoding` fields in which it
    differs from the main setting, such as `{"policies": ({"policy": "ancestral"}, ...)}`.
    """


@runtime_checkable
class DecodingProtocol(Protocol):
    """How to decode: a frozen dataclass with explicit defaults and these two properties."""

    @property
    def nfe(self) -> int | None:
        """Number of network calls of this setting; None if it depends on the text."""

    @property
    def kind(self) -> CandidateKind:
        """How several candidates for one source are related in this setting."""


@runtime_checkable
class EditDecoding(Protocol):
    """Optional, beside `DecodingProtocol`: candidates of an edit are related in another way."""

    @property
    def kind_of_edits(self) -> CandidateKind:
        """`kind` where the source holds a text to be edited."""


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
        """Text of `ids`; special tokens are omitted."""

    def save(self, path: Path) -> None:
        """Write `tokenizer.json` and its settings into the folder `path`."""


class Noise(Protocol):
    """Random numbers as a pure function of (seed, id, candidate, stream, step, position).

    Row r belongs to source r // num_samples and candidate r % num_samples. Numbers depend neither
    on the other rows nor on the length of the canvas: the leading dimension of `shape` is the
    position. `step` counts the steps of a sampler, `stream` separates the draws of one step.
    """

    @property
    def seeds(self) -> tuple[int, ...]:
        """One 63-bit integer per row, for systems with their own generator."""

    def normal(self, shape: tuple[int, ...], *, step: int = 0, stream: str = "") -> Tensor:
        """Standard normal numbers `(rows, *shape)`, float32.

        Args:
            shape: of a row; its first dimension is the position.
            step: of the sampler.
            stream: name of the purpose.
        """

    def uniform(self, shape: tuple[int, ...], *, step: int = 0, stream: str = "") -> Tensor:
        """Uniform numbers in [0, 1) `(rows, *shape)`, float64 with 53 random bits.

        Args:
            shape: of a row; its first dimension is the position.
            step: of the sampler.
            stream: name of the purpose.
        """

    def select(self, rows: Tensor) -> Noise:
        """The noise of some rows: `rows` holds indices `(n,)`."""


@dataclass(frozen=True, slots=True)
class LossTerms:
    """The scalar to be minimised, its named terms (detached), and the target tokens seen."""

    total: Tensor
    terms: dict[str, Tensor]
    tokens: int
    mean_over: Literal["tokens", "examples"] = "tokens"
    """What `total` is a mean over, so that parts of a batch are weighted correctly."""


@dataclass(frozen=True)
class Resources:
    """What the harness provides when it builds a system.

    `conditional(source, temperature)` is the true distribution over targets if the task has one
    (controlled tasks), as a mapping from text to probability; it is empty for a source that the
    task cannot produce.
    """

    tokenizer: Tokenizer
    lengths: Lengths
    train: Sequence[Example] = ()
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Example id to references, of the splits that are decoded; for yardsticks only."""
    conditional: Callable[[str, float], Mapping[str, float]] | None = None
    draw: Callable[[str, int, float], str] | None = None
    """(source, seed, temperature) to a draw of the true distribution, where there are too many
    targets to list; for yardsticks only."""
    informed_draw: Callable[[Sequence[Example]], Callable[[str, int], str]] | None = None
    """Train examples to (source, seed) to a draw of what these examples leave possible, where that
    is known; for yardsticks only."""
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The values of every attribute of a control task, in order; see `benchmark.api.control`."""


Batch = dict[str, Any]
"""What `collate` returns: tensors by name, moved to the device by the harness."""

OnStep = Callable[[int, "Tensor"], None]
"""Called by samplers with the step number and the current state; the caller keeps what it needs."""
