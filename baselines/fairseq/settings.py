"""Settings of fairseq's non-autoregressive systems: networks and decoding."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from baselines.fairseq.networks import NetworkConfig
from benchmark.api import CandidateKind, Count, NotNegative, Settings


@dataclass(frozen=True)
class RefinementConfig(NetworkConfig):
    """A network of the non-autoregressive family."""

    bert_init: bool = False
    """fairseq's --apply-bert-init: all weights from N(0, 0.02)."""

    def options(self) -> dict[str, object]:
        """Further options of the architecture, under fairseq's names."""
        return {"apply_bert_init": self.bert_init}


@dataclass(frozen=True)
class LengthConfig(RefinementConfig):
    """A network that predicts the length of its text."""

    length_loss: NotNegative = 0.1
    """Weight of the cross entropy of the length."""
    length_offset: bool = False
    """Whether the length is predicted as a difference from that of the source."""

    def options(self) -> dict[str, object]:
        """See `RefinementConfig.options`."""
        return super().options() | {
            "length_loss_factor": self.length_loss,
            "pred_length_offset": self.length_offset,
        }


@dataclass(frozen=True)
class NATConfig(LengthConfig):
    """The network of `fairseq-nat`."""

    copy_source: bool = False
    """Whether the decoder starts from the source's embeddings, spread over its canvas."""

    def options(self) -> dict[str, object]:
        """See `RefinementConfig.options`."""
        return super().options() | {"src_embedding_copy": self.copy_source}


@dataclass(frozen=True)
class LevenshteinConfig(RefinementConfig):
    """The network of `fairseq-levenshtein`."""

    def options(self) -> dict[str, object]:
        """See `RefinementConfig.options`."""
        # All three heads use all layers, as fairseq's "6,6,6" does for its six.
        return super().options() | {"early_exit": ",".join([str(self.decoder_layers)] * 3)}


class RefinementDecoding(Settings):
    """How a text is refined: by `passes` of the decoder, for each of `lengths` canvases."""

    adaptive: ClassVar[bool] = False
    """Whether a text unchanged by a pass is finished."""

    @property
    @abstractmethod
    def passes(self) -> int:
        """Maximum number of refinements."""

    @property
    def lengths(self) -> int:
        """Lengths tried; all of them are returned, best first."""
        return 1

    @property
    def kind(self) -> CandidateKind:
        """One text, or one for each length."""
        return "n-best" if self.lengths > 1 else "single"


@dataclass(frozen=True)
class LengthBeamDecoding(RefinementDecoding):
    """How to decode where the length is predicted."""

    beam: Count = 1
    """Lengths tried, around the predicted one; all of them are returned, best first."""

    @property
    def lengths(self) -> int:
        """The beam."""
        return self.beam


@dataclass(frozen=True)
class NATDecoding(LengthBeamDecoding):
    """How to decode: one pass over the canvas of each length."""

    @property
    def nfe(self) -> int:
        """One call of the decoder."""
        return 1

    @property
    def passes(self) -> int:
        """One."""
        return 1


@dataclass(frozen=True)
class CMLMDecoding(LengthBeamDecoding):
    """How to decode: mask-predict, always with the most probable tokens."""

    nfe: Count = 10
    """Passes, each over the least certain tokens of the pass before."""

    @property
    def passes(self) -> int:
        """Equal to the number of calls."""
        return self.nfe


@dataclass(frozen=True)
class LevenshteinDecoding(RefinementDecoding):
    """How to decode: delete, insert placeholders, fill them in, until nothing changes."""

    adaptive: ClassVar[bool] = True
    rounds: Count = 10
    """Maximum number of rounds, of up to three passes each."""

    @property
    def nfe(self) -> int | None:
        """None: the number depends on the text."""
        return None

    @property
    def passes(self) -> int:
        """Equal to the number of rounds."""
        return self.rounds
