"""What fairseq's non-autoregressive systems can be told: networks, and how to decode."""

from dataclasses import dataclass

from baselines.fairseq.networks import NetworkConfig
from benchmark.api import CandidateKind, UserError


@dataclass(frozen=True)
class RefinementConfig(NetworkConfig):
    """A network of the non-autoregressive family."""

    bert_init: bool = False
    """fairseq's --apply-bert-init: all weights from N(0, 0.02)."""


@dataclass(frozen=True)
class LengthConfig(RefinementConfig):
    """A network that says how long its text is."""

    length_loss: float = 0.1
    """Weight of the cross entropy of the length."""
    length_offset: bool = False
    """Whether the length is told as a difference from that of the source."""


@dataclass(frozen=True)
class NATConfig(LengthConfig):
    """The network of `fairseq-nat`."""

    copy_source: bool = False
    """Whether the decoder starts from the source's embeddings, spread over its canvas."""


@dataclass(frozen=True)
class NATDecoding:
    """How to decode: one pass over the canvas of each length."""

    beam: int = 1
    """Lengths tried, round the predicted one; all of them are returned, best first."""

    def __post_init__(self) -> None:
        _check_positive("beam", self.beam)

    @property
    def nfe(self) -> int:
        """One call of the decoder."""
        return 1

    @property
    def kind(self) -> CandidateKind:
        """One text, or one for each length."""
        return "n-best" if self.beam > 1 else "single"


@dataclass(frozen=True)
class CMLMDecoding:
    """How to decode: mask-predict, always with the most probable tokens."""

    nfe: int = 10
    """Passes, each over the least certain tokens of the pass before."""
    beam: int = 1
    """Lengths tried, round the predicted one; all of them are returned, best first."""

    def __post_init__(self) -> None:
        _check_positive("nfe", self.nfe)
        _check_positive("beam", self.beam)

    @property
    def kind(self) -> CandidateKind:
        """One text, or one for each length."""
        return "n-best" if self.beam > 1 else "single"


@dataclass(frozen=True)
class LevenshteinDecoding:
    """How to decode: delete, insert placeholders, fill them in, until nothing changes."""

    rounds: int = 10
    """Rounds at most, of up to three passes each."""

    def __post_init__(self) -> None:
        _check_positive("rounds", self.rounds)

    @property
    def nfe(self) -> int | None:
        """None: the text decides when it is done."""
        return None

    @property
    def kind(self) -> CandidateKind:
        """One text."""
        return "single"


def _check_positive(name: str, value: int) -> None:
    if value < 1:
        raise UserError(f"{name} {value}: use 1 or more.")
