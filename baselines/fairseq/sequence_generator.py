"""Adapters that run fairseq's sequence generator under hooks and with keyed draws.

The generator calls `model.decoder.forward`, past `nn.Module.__call__`, and its sampling takes
the draws of a whole batch from one generator.
"""

from collections.abc import Sequence
from typing import Any

import torch
from fairseq.models import FairseqIncrementalDecoder
from fairseq.search import Sampling
from torch import Tensor, nn

from baselines.fairseq.keyed_generator import keyed_generator


class DecoderPass(nn.Module):
    """One call of a fairseq decoder: the module whose calls are the function evaluations."""

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, new: Tensor, tokens: Tensor, **inputs: Any) -> Any:
        """Logits after `tokens` `(rows, length)`.

        Of these only `new` `(rows, 1)` pass through the layers, the others are cached; `new`
        stands first for the meter.
        """
        return self.decoder(tokens, **inputs)


class _SteppingDecoder(FairseqIncrementalDecoder):  # type: ignore[misc]
    def __init__(self, passes: DecoderPass) -> None:
        super().__init__(passes.decoder.dictionary)
        self.passes = passes

    def forward(self, prev_output_tokens: Tensor, **inputs: Any) -> Any:
        return self.passes(prev_output_tokens[:, -1:], prev_output_tokens, **inputs)

    def max_positions(self) -> int:
        return int(self.passes.decoder.max_positions())  # type: ignore[operator]


class SteppingModel(nn.Module):
    """A fairseq encoder-decoder as `SequenceGenerator` uses it, decoding by a `DecoderPass`."""

    def __init__(self, model: nn.Module, passes: DecoderPass) -> None:
        super().__init__()
        self.encoder = model.encoder
        self.decoder = _SteppingDecoder(passes)

    def max_decoder_positions(self) -> int:
        """Maximum number of tokens of a text, including its start."""
        return self.decoder.max_positions()

    def get_normalized_probs(
        self, net_output: Any, log_probs: bool, sample: object = None
    ) -> Tensor:
        """Log probabilities `(rows, length, vocab)` of the decoder's logits."""
        return self.decoder.get_normalized_probs(net_output, log_probs, sample)


class KeyedSampling(Sampling):  # type: ignore[misc]
    """fairseq's sampling, each row from its own seed: no row's draw depends on the others.

    Every candidate is a sentence of its own with a beam of one; fairseq keeps their numbers when
    ended ones are removed from the batch.
    """

    def __init__(
        self, dictionary: object, seeds: Sequence[int], *, top_k: int, top_p: float
    ) -> None:
        super().__init__(dictionary, sampling_topk=top_k, sampling_topp=top_p)
        self.seeds = tuple(seeds)

    def step(
        self,
        step: int,
        lprobs: Tensor,
        scores: Tensor,
        prev_output_tokens: Tensor | None = None,
        original_batch_idxs: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Scores, tokens and beams of the next position, each `(rows, 1)`.

        Raises:
            ValueError: if fairseq does not report which rows these are.
        """
        if original_batch_idxs is None:
            raise ValueError("rows cannot be identified without their numbers")
        drawn = []
        for index, row in enumerate(original_batch_idxs.tolist()):
            own = slice(index, index + 1)
            with keyed_generator(self.seeds[row], step, lprobs.device):
                drawn.append(super().step(step, lprobs[own], scores[own]))
        scores_of, tokens, beams = zip(*drawn, strict=True)
        return torch.cat(scores_of), torch.cat(tokens), torch.cat(beams)
