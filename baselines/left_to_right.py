"""Decoding settings shared by all left-to-right systems."""

from dataclasses import dataclass
from typing import Literal

from benchmark.api import AnyNumber, CandidateKind, Count, NotNegative, PositiveShare, Settings

Method = Literal["sample", "greedy", "beam", "diverse-beam"]


@dataclass(frozen=True)
class LeftToRightDecoding(Settings):
    """How to decode; the network is called once for each token of the longest candidate."""

    method: Method = "sample"
    temperature: NotNegative = 1.0
    """Of `sample`; 0 is greedy decoding."""
    top_p: PositiveShare = 1.0
    """Of `sample`: the nucleus, as a share of the mass."""
    beam: Count = 4
    """Of both beams: live hypotheses, and the length of the n-best list."""
    length_penalty: AnyNumber = 1.0
    """Of both beams: exponent of the length that divides the log probability."""
    diversity: NotNegative = 0.5
    """Of `diverse-beam`: nats paid for each earlier group's hypothesis with the same token."""

    @property
    def nfe(self) -> int | None:
        """None: the number depends on the text."""
        return None

    @property
    def kind(self) -> CandidateKind:
        """Draws are samples, a beam is an n-best list, greedy text is a single one."""
        if self.method in ("beam", "diverse-beam"):
            return "n-best"
        return "single" if self.method == "greedy" or self.temperature == 0 else "samples"
