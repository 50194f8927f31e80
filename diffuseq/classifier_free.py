"""Classifier-free guidance of the conditional model: system `diffuseq-cfg`.

Training drops the source of some pairs, so that one network knows f(z_t, t | source) and
f(z_t, t | nothing); sampling goes on beyond the first, away from the second.

Source: Ho and Salimans, arXiv 2207.12598, algorithms 1 and 2; the scale w is theirs (eq. 6), so 0
is the conditional model. Others write 1 + w.
Deviates: z0_hat is extrapolated and not eps_hat. Each is linear in the other, so the step is the
same until a clamp; the weights of the two sum to one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor, nn

from benchmark import api
from diffuseq.canvas import Fit
from diffuseq.settings import DiffuSeqConfig, DiffuSeqDecoding
from diffuseq.system import DiffuSeq, Reverse

_FREE = "free_"
"""Begins the names of a batch without sources."""


@dataclass(frozen=True)
class ClassifierFreeConfig(DiffuSeqConfig):
    """The fields of `diffuseq`, and how often a source is dropped."""

    fit: Fit = "row"
    """Only `row`: the target then has the same room behind any source and behind none."""
    source_dropout: api.Share = 0.1
    """Share of the training pairs whose source is replaced by the empty text."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.fit != "row":
            raise api.UserError(
                f"fit {self.fit} gives a target more room behind an empty source: set fit to row."
            )


@dataclass(frozen=True)
class ClassifierFreeDecoding(DiffuSeqDecoding):
    """How to sample; `nfe` counts calls, of which a guided step makes two."""

    guidance_scale: api.NotNegative = 0.0
    """w of (1 + w) f(z_t | source) - w f(z_t | nothing); 0 is the conditional model, with one call
    a step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.guidance_scale and self.nfe % 2:
            raise api.UserError(
                f"nfe {self.nfe} is odd, and a guided step makes two calls: give an even number,"
                " or guidance_scale 0."
            )

    @property
    def steps(self) -> int:
        """Half the calls, where a step makes two."""
        return self.nfe // 2 if self.guidance_scale else self.nfe


class ClassifierFreeDiffuSeq(DiffuSeq):
    """DiffuSeq that is trained with and without its source, and guided by the difference."""

    id: ClassVar[str] = "diffuseq-cfg"
    version: ClassVar[int] = 1
    capabilities: ClassVar[api.Capabilities] = replace(
        DiffuSeq.capabilities,
        knob="guidance_scale",
        # Beyond scale 0 the steps belong to no distribution that is known.
        likelihood=None,
        ablations={},
    )
    Config: ClassVar[type] = ClassifierFreeConfig
    Decoding: ClassVar[type] = ClassifierFreeDecoding

    config: ClassifierFreeConfig

    def collate(self, examples: Sequence[api.Example]) -> api.Batch:
        """As in `diffuseq`, and under names that begin with `free_` the same without sources."""
        without = [replace(example, source="") for example in examples]
        both, count = self.canvas.lay([*examples, *without]), len(examples)
        # A target is cut to its own part, and so has as many tokens without its source.
        return {
            **{name: rows[:count] for name, rows in both.items()},
            **{f"{_FREE}{name}": rows[count:] for name, rows in both.items()},
            "tokens": super().collate(examples)["tokens"],
        }

    def loss(self, batch: api.Batch, noise: api.Noise) -> api.LossTerms:
        """As in `diffuseq`; in training mode some sources are dropped."""
        kept = {name: rows for name, rows in batch.items() if not name.startswith(_FREE)}
        if self.module.training:
            u = noise.uniform((1,), stream="source dropout")
            is_dropped = u < self.config.source_dropout
            kept |= {
                name: torch.where(is_dropped, batch[f"{_FREE}{name}"], rows)
                for name, rows in kept.items()
                if f"{_FREE}{name}" in batch
            }
        return super().loss(kept, noise)

    def _reverse_process(
        self, decoding: DiffuSeqDecoding, noise: api.Noise, rows: api.Batch
    ) -> Reverse:
        assert isinstance(decoding, ClassifierFreeDecoding)
        plain = super()._reverse_process(decoding, noise, rows)
        if not decoding.guidance_scale:
            return plain
        opened = self.canvas.open([""])
        empty = opened.batch["ids"][:, : opened.starts[0]].to(rows["ids"].device)
        network = GuidedNetwork(
            self.module.denoiser,
            scale=decoding.guidance_scale,
            empty=self.module.readout.embed(empty),
            is_target=rows["is_target"] & rows["present"],
            present=rows["present"],
            length=self.resources.lengths.target,
        )
        return replace(plain, network=network)


class GuidedNetwork:
    """(1 + w) f(z_t | source) - w f(z_t | nothing), at the target.

    The target stands behind the empty source in the second call, where training has seen it.

    Args:
        denoiser: f.
        scale: w.
        empty: the embedded empty source `(1, length, dim)`.
        is_target: of the canvas with sources, bool `(rows, canvas)`.
        present: the canvas of each row, bool `(rows, canvas)`.
        length: positions of a target, the same in each row.
    """

    def __init__(
        self,
        denoiser: nn.Module,
        *,
        scale: float,
        empty: Tensor,
        is_target: Tensor,
        present: Tensor,
        length: int,
    ) -> None:
        self.denoiser, self.scale = denoiser, scale
        self.empty, self.is_target, self.present = empty, is_target, present
        self.length = length

    def __call__(self, z_t: Tensor, t: Tensor) -> Tensor:
        """z0_hat `(rows, canvas, dim)`, by two calls."""
        rows, first, dim = len(z_t), self.empty.size(1), z_t.size(-1)
        z0_hat: Tensor = self.denoiser(z_t, t, present=self.present)
        target = z_t[self.is_target].view(rows, self.length, dim)
        free = self.denoiser(torch.cat((self.empty.expand(rows, -1, -1), target), dim=1), t)
        free = free[:, first:].reshape(-1, dim)
        bound = z0_hat[self.is_target]
        return z0_hat.masked_scatter(self.is_target[..., None], bound + self.scale * (bound - free))
