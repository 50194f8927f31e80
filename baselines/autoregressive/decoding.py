"""What the autoregressive systems share in decoding: settings, and texts from a stepper."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from baselines.autoregressive.search import Alphabet, Stepper, beam_search, sample
from baselines.texts import read_candidate
from benchmark.api import (
    CandidateKind,
    Candidates,
    Noise,
    OnStep,
    Tokenizer,
    UserError,
)

_METHODS = ("sample", "greedy", "beam", "diverse-beam")


@dataclass(frozen=True)
class AutoregressiveDecoding:
    """How to decode; the network is called once for each token of the longest candidate."""

    method: Literal["sample", "greedy", "beam", "diverse-beam"] = "sample"
    temperature: float = 1.0
    """Of `sample`; 0 is greedy decoding."""
    top_p: float = 1.0
    """Of `sample`: the nucleus, as a share of the mass."""
    beam: int = 4
    """Of both beams: live hypotheses, and the length of the n-best list."""
    length_penalty: float = 1.0
    """Of both beams: exponent of the length that divides the log probability."""
    groups: int | None = None
    """Of `diverse-beam`: parts of the beam that avoid each other; None is one a hypothesis."""
    diversity: float = 0.5
    """Of `diverse-beam`: nats paid for each earlier group's hypothesis with the same token."""
    max_length: int | None = None
    """Tokens at most, end included; None is the target canvas."""

    def __post_init__(self) -> None:
        if self.method not in _METHODS:
            raise UserError(
                f"decoding: method {self.method!r} is unknown: use {', '.join(_METHODS)}."
            )
        if not self.temperature >= 0:
            raise UserError(f"decoding: temperature {self.temperature} is negative: use 0 or more.")
        if not 0 < self.top_p <= 1:
            raise UserError(f"decoding: top_p {self.top_p} is not in (0, 1]: use up to 1.")
        if self.beam < 1:
            raise UserError(f"decoding: beam {self.beam} holds nothing: use 1 or more.")
        if self.groups is not None and (self.groups < 1 or self.beam % self.groups):
            raise UserError(
                f"decoding: groups {self.groups} do not share a beam of {self.beam} evenly:"
                " use a divisor of the beam."
            )
        if not self.diversity >= 0:
            raise UserError(f"decoding: diversity {self.diversity} is negative: use 0 or more.")
        if self.max_length is not None and self.max_length < 1:
            raise UserError(f"decoding: max_length {self.max_length}: use 1 or more.")

    @property
    def nfe(self) -> int | None:
        """None: the text decides when it ends."""
        return None

    @property
    def kind(self) -> CandidateKind:
        """Draws are samples, a beam is an n-best list, greedy text is a single one."""
        if self.method in ("beam", "diverse-beam"):
            return "n-best"
        return "single" if self.method == "greedy" or self.temperature == 0 else "samples"

    def rows(self, num_samples: int) -> int:
        """Rows that are decoded for every source."""
        if self.kind == "n-best":
            return self.beam
        return 1 if self.kind == "single" else num_samples

    def length(self, system: str, canvas: int, num_samples: int) -> int:
        """Tokens that a candidate may have, end included.

        Raises:
            UserError: if `max_length` is beyond the canvas, or the beam is narrower than
                `num_samples`.
        """
        if self.kind == "n-best" and num_samples > self.beam:
            raise UserError(
                f"{system}: a beam of {self.beam} has no {num_samples} candidates:"
                f" set beam to {num_samples} or more."
            )
        if (self.max_length or canvas) > canvas:
            raise UserError(
                f"{system}: max_length {self.max_length} is beyond the target canvas of"
                f" {canvas}: lower it, or raise lengths.target and train again."
            )
        return self.max_length or canvas


def decode(
    stepper: Stepper,
    alphabet: Alphabet,
    decoding: AutoregressiveDecoding,
    tokenizer: Tokenizer,
    *,
    truncated: Sequence[bool],
    max_length: int,
    num_samples: int,
    noise: Callable[[int], Noise],
    device: torch.device,
    on_step: OnStep | None = None,
) -> Candidates:
    """`num_samples` candidates a source; a single one is decoded once and repeated.

    Args:
        stepper: fresh, with `decoding.rows(num_samples)` rows a source.
        alphabet: start, end and what is forbidden.
        decoding: how.
        tokenizer: reads the ids.
        truncated: for every source, whether it was cut.
        max_length: tokens a candidate may have, end included.
        num_samples: candidates of every source.
        noise: the noise of so many rows a source.
        device: where the stepper's logits are.
        on_step: called with the step and the tokens so far, `(rows, max_length)`.
    """
    per_source, kind = decoding.rows(num_samples), decoding.kind
    if kind == "n-best":
        diverse = decoding.method == "diverse-beam"
        hypotheses = beam_search(
            stepper,
            alphabet,
            sources=len(truncated),
            beam=decoding.beam,
            max_length=max_length,
            length_penalty=decoding.length_penalty,
            device=device,
            groups=(decoding.groups or decoding.beam) if diverse else 1,
            diversity=decoding.diversity if diverse else 0.0,
            on_step=on_step,
        )
    else:
        hypotheses = sample(
            stepper,
            alphabet,
            noise(per_source).uniform((max_length,)).unflatten(0, (-1, per_source)),
            temperature=0.0 if kind == "single" else decoding.temperature,
            top_p=1.0 if kind == "single" else decoding.top_p,
            on_step=on_step,
        )
    candidates = []
    for tokens, logprobs, cut in zip(
        hypotheses.tokens.tolist(), hypotheses.logprob.tolist(), truncated, strict=True
    ):
        few = [
            read_candidate(tokenizer, row, truncated=cut, logprob=logprob)
            for row, logprob in zip(tokens, logprobs, strict=True)
        ]
        candidates.append(few * num_samples if kind == "single" else few[:num_samples])
    return candidates
