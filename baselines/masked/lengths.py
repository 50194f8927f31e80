"""Where a target ends: how it lies on the canvas in training, and how it is read back.

`canvas`: all positions are generated, and the text ends where the model writes eos; after it the
model learns to write padding, as DiffuSeq does (arXiv 2210.08933, section 4.1).

`predicted`: a head on the encoder predicts the number of tokens; they are placed between bos and
eos, which are given. Source: Mask-Predict, arXiv 1904.09324, section 3.3; the frame of bos and eos
is that of fairseq.
Deviates: the paper predicts from a LENGTH token in the source, fairseq and this from its mean.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from baselines.attention import Memory
from baselines.categorical import categorical
from baselines.masked.denoiser import Denoiser
from baselines.texts import EncodedTexts
from benchmark.api import Noise, Tokenizer


@dataclass(frozen=True, slots=True)
class Canvas:
    """The positions of some rows before anything is written."""

    inside: Tensor
    """True where tokens are to be found, `(rows, length)`."""
    frame: Tensor
    """What stands outside, `(rows, length)`."""
    present: Tensor | None
    """True where there is a token at all, `(rows, length)`; None means everywhere."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The canvases requested for every source."""

    per_source: int
    """Their number."""
    length: int
    """Maximum number of target tokens, including eos."""
    temperature: float = 1.0
    """Temperature of the lengths; 0 takes the most probable ones."""
    beam: int = 1
    """At temperature 0, canvas k has the k-th most probable length if k < beam, and the most
    probable one otherwise."""


class LengthRule(Protocol):
    """How the length of a generated target is determined."""

    predicted: ClassVar[bool]
    """Whether the denoiser needs a length head."""

    def positions(self, length: int) -> int:
        """Positions of the denoiser for targets of up to `length` tokens, eos counted."""

    def lay(self, targets: EncodedTexts, length: int) -> Tensor:
        """x_0 of training targets, `(targets, positions)`."""

    def canvas(self, x_0: Tensor) -> Canvas:
        """The canvas on which training targets `(rows, positions)` lie."""

    def open(self, denoiser: Denoiser, memory: Memory, noise: Noise, wanted: Wanted) -> Canvas:
        """The canvases of the candidates, source-major.

        Args:
            denoiser: with a length head where lengths are predicted.
            memory: of the sources.
            noise: one row per candidate.
            wanted: number of canvases, maximum length, and choice of lengths.
        """


@dataclass(frozen=True, slots=True)
class WholeCanvas:
    """Every target has the whole canvas."""

    tokenizer: Tokenizer
    predicted: ClassVar[bool] = False

    def positions(self, length: int) -> int:
        """Equal to the number of tokens."""
        return length

    def lay(self, targets: EncodedTexts, length: int) -> Tensor:
        """Tokens, eos, padding."""
        return targets.padded(self.tokenizer.pad_id, length)

    def canvas(self, x_0: Tensor) -> Canvas:
        """Everything: padding is learnt too."""
        return Canvas(torch.ones_like(x_0, dtype=torch.bool), x_0, None)

    def open(self, denoiser: Denoiser, memory: Memory, noise: Noise, wanted: Wanted) -> Canvas:
        """Everything."""
        shape = (memory.mask.size(0) * wanted.per_source, wanted.length)
        device = memory.mask.device
        frame = torch.full(shape, self.tokenizer.pad_id, device=device)
        return Canvas(torch.ones(shape, dtype=torch.bool, device=device), frame, None)


@dataclass(frozen=True, slots=True)
class PredictedLength:
    """bos, n tokens, eos, padding; the encoder predicts n."""

    tokenizer: Tokenizer
    predicted: ClassVar[bool] = True

    def positions(self, length: int) -> int:
        """One more than tokens, for bos."""
        return length + 1

    def lay(self, targets: EncodedTexts, length: int) -> Tensor:
        """bos, tokens, eos, and padding up to the longest of the targets."""
        rows = EncodedTexts(
            [[self.tokenizer.bos_id, *row] for row in targets.ids], targets.truncated
        )
        return rows.padded(self.tokenizer.pad_id)

    def canvas(self, x_0: Tensor) -> Canvas:
        """The tokens between bos and eos."""
        present = x_0 != self.tokenizer.pad_id
        # One id may serve as several marks, so that marks are identified by position.
        position = torch.arange(x_0.size(1), device=x_0.device)
        last = present.sum(1, keepdim=True) - 1
        ended = x_0.gather(1, last) == self.tokenizer.eos_id
        inside = (position > 0) & (position < last + (~ended).long())
        return Canvas(inside, x_0, present)

    def open(self, denoiser: Denoiser, memory: Memory, noise: Noise, wanted: Wanted) -> Canvas:
        """Lengths by the head, drawn or ranked."""
        per_source = wanted.per_source
        logits = denoiser.length_logits(memory)
        if wanted.temperature > 0:
            u = noise.uniform((1,), stream="length").squeeze(1)
            rows = logits.repeat_interleave(per_source, dim=0)
            n = categorical(rows, u, temperature=wanted.temperature) + 1
        else:
            # Classes that the head does not have repeat the best one.
            ranked = logits.topk(min(wanted.beam, per_source, logits.size(1)), dim=1).indices + 1
            rest = ranked[:, :1].expand(-1, per_source - ranked.size(1))
            n = torch.cat((ranked, rest), dim=1).flatten()
        return frame_canvases(n, wanted.length, self.tokenizer)


def frame_canvases(n: Tensor, length: int, tokenizer: Tokenizer) -> Canvas:
    """Canvases of `n` `(rows,)` tokens each, bos before and eos behind them where it fits."""
    position = torch.arange(min(int(n.max()) + 2, length + 1), device=n.device)
    n = n[:, None]
    inside = (position > 0) & (position <= n)
    frame = torch.full(inside.shape, tokenizer.pad_id, device=n.device)
    frame[:, 0] = tokenizer.bos_id
    frame = frame.masked_fill(position == n + 1, tokenizer.eos_id)
    return Canvas(inside, frame, position <= n + 1)


def length_loss(denoiser: Denoiser, memory: Memory, inside: Tensor) -> Tensor:
    """Cross entropy of the true lengths in nats, mean over sources; `inside` `(sources, L)`."""
    n = inside.sum(1).clamp(min=1)
    return functional.cross_entropy(denoiser.length_logits(memory).float(), n - 1)


LengthName = Literal["canvas", "predicted"]

LENGTHS: Mapping[str, Callable[[Tokenizer], LengthRule]] = {
    "canvas": WholeCanvas,
    "predicted": PredictedLength,
}
"""By name, from the tokeniser, which provides the special tokens."""
