"""Decoding by fairseq's iterative refinement, with all members of a length beam kept.

fairseq's generator returns the best member alone and has no bound on predicted lengths. It is used
unchanged, over a model that opens the canvases itself: one row per member of the beam.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from fairseq.iterative_refinement_generator import IterativeRefinementGenerator
from torch import Tensor, nn

from baselines.fairseq.model_inputs import make_sample
from baselines.fairseq.suppressed_output import suppress_output


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One refined text."""

    tokens: list[int]
    """Ids with bos and eos, without padding."""
    score: float
    """Mean log probability of the positions, as fairseq ranks a length beam."""


class BeamedModel:
    """What the generator needs from a model, for `beam` neighbouring rows per source.

    Args:
        model: a fairseq model of the non-autoregressive family.
        beam: lengths tried: the predicted one and its neighbours.
        positions: of the canvas at most, bos and eos counted; longer predictions are cut.
    """

    def __init__(self, model: Any, *, beam: int, positions: int) -> None:
        self.model, self.beam, self.positions = model, beam, positions
        self.encoder: Any = model.encoder
        self.forward_decoder = model.forward_decoder
        self.eval = model.eval

    def forward_encoder(self, inputs: Sequence[Tensor]) -> Any:
        """Encode each source once, for all of its rows."""
        encoded = self.model.forward_encoder([part[:: self.beam] for part in inputs])
        if self.beam == 1:
            return encoded
        rows = torch.arange(inputs[0].size(0), device=inputs[0].device) // self.beam
        return self.encoder.reorder_encoder_out(encoded, rows)

    def initialize_output_tokens(self, encoder_out: Any, source: Tensor) -> Any:
        """The canvases, all masks between bos and eos."""
        out = self.model.initialize_output_tokens(encoder_out, source)
        if self.beam > 1:
            first = slice(None, None, self.beam)
            out = out._replace(
                output_tokens=out.output_tokens[first], output_scores=out.output_scores[first]
            )
            out = self.model.regenerate_length_beam(out, self.beam)
        if out.output_tokens.size(1) <= self.positions:
            return out
        tokens = out.output_tokens[:, : self.positions].clone()
        cut = out.output_tokens[:, self.positions] != self.model.pad
        tokens[:, -1] = torch.where(cut, self.model.eos, tokens[:, -1])
        return out._replace(
            output_tokens=tokens, output_scores=out.output_scores[:, : self.positions]
        )


def refine(
    model: nn.Module,
    dictionary: Any,
    source: Tensor,
    *,
    passes: int,
    adaptive: bool,
    beam: int,
    positions: int,
) -> list[list[Hypothesis]]:
    """Hypotheses of every source, best first: one, or `beam` of them.

    Args:
        model: a fairseq model of the non-autoregressive family.
        dictionary: its target dictionary.
        source: padded ids `(sources, S)`, with bos and eos.
        passes: refinements; fairseq counts from 0 and calls `passes - 1` its `max_iter`.
        adaptive: whether a text unchanged by a pass is finished.
        beam: lengths tried for each source.
        positions: of the canvas at most, bos and eos counted.
    """
    generator = IterativeRefinementGenerator(dictionary, max_iter=passes - 1, adaptive=adaptive)
    rows = source.repeat_interleave(beam, dim=0)
    with suppress_output():
        finalized = generator.generate(
            [BeamedModel(model, beam=beam, positions=positions)],
            make_sample(rows, None, dictionary.pad()),
        )
    hypotheses = [
        Hypothesis(hypos[0]["tokens"].tolist(), float(hypos[0]["score"])) for hypos in finalized
    ]
    return [
        sorted(hypotheses[first : first + beam], key=lambda hypothesis: -hypothesis.score)
        for first in range(0, len(hypotheses), beam)
    ]
