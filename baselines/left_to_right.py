"""Decoding settings shared by all left-to-right systems."""

from dataclasses import dataclass
from typing import Literal, get_args

from baselines.setting_checks import (
    check_at_least_one,
    check_choice,
    check_not_negative,
    check_positive_share,
)
from benchmark.api import CandidateKind

Method = Literal["sample", "greedy", "beam", "diverse-beam"]


@dataclass(frozen=True)
class LeftToRightDecoding:
    """How to decode; the network is called once for each token of the longest candidate."""

    method: Method = "sample"
    temperature: float = 1.0
    """Of `sample`; 0 is greedy decoding."""
    top_p: float = 1.0
    """Of `sample`: the nucleus, as a share of the mass."""
    beam: int = 4
    """Of both beams: live hypotheses, and the length of the n-best list."""
    length_penalty: float = 1.0
    """Of both beams: exponent of the length that divides the log probability."""
    diversity: float = 0.5
    """Of `diverse-beam`: nats paid for each earlier group's hypothesis with the same token."""

    def __post_init__(self) -> None:
        check_choice("decoding", self, "method", get_args(Method))
        check_not_negative("decoding", self, "temperature", "diversity")
        check_positive_share("decoding", self, "top_p")
        check_at_least_one("decoding", self, "beam")

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
