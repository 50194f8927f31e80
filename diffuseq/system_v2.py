"""DiffuSeq-v2: DiffuSeq with a learned absorbing state, discrete noise and DPM-Solver++.

Source: arXiv 2310.05793, section 3.
Deviates: where the official code differs, `diffuseq.settings` has a named field. Its
`rejection_rate`, which is off by default and only affects the clamp, is omitted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn

from benchmark.api import Batch, Capabilities, Noise
from diffuseq.absorbing import Centred, absorb, diffuse_towards, injection_rate, noising_rate
from diffuseq.sampling import AfterStep
from diffuseq.settings import DiffuSeqDecoding, DiffuSeqV2Config, DiffuSeqV2Decoding
from diffuseq.solvers import Transition
from diffuseq.system import SOLVERS, DiffuSeq, DiffuSeqModule, Reverse

_RIGHT: dict[str, object] = {
    "solver": "dpm-solver++",
    "centre": "absorbing",
    "grid": "uniform",
    "clock": "trained",
    "carry": "state",
}
_THEIRS: tuple[dict[str, object], ...] = (
    {"centre": "official"},
    {"grid": "official-uniform"},
    {"clock": "official"},
    {"carry": "prediction"},
)
_OFFICIAL = (
    _RIGHT,
    *(_RIGHT | one for one in _THEIRS),
    _RIGHT | {name: value for one in _THEIRS for name, value in one.items()},
)
"""DPM-Solver++, each deviation of the official one from it, and all of them at once."""


class DiffuSeqV2Module(DiffuSeqModule):
    """Embeddings, network, and the absorbing state m."""

    def __init__(self, config: DiffuSeqV2Config, *, vocab_size: int, canvas: int) -> None:
        super().__init__(config, vocab_size=vocab_size, canvas=canvas)
        # Length 1 on average, while an embedding has sqrt(dim).
        self.absorbing = nn.Parameter(
            torch.randn(config.embedding_dim) * config.embedding_dim**-0.5
        )


class DiffuSeqV2(DiffuSeq):
    """Diffusion towards a learned absorbing state, to which some positions are set outright."""

    id: ClassVar[str] = "diffuseq-v2"
    version: ClassVar[int] = 2
    capabilities: ClassVar[Capabilities] = dataclasses.replace(
        DiffuSeq.capabilities,
        # States that are m outright have no density.
        likelihood=None,
        ablations={"solvers": SOLVERS, "official": _OFFICIAL},
    )
    Config: ClassVar[type] = DiffuSeqV2Config
    Decoding: ClassVar[type] = DiffuSeqV2Decoding
    Module: ClassVar[type[DiffuSeqModule]] = DiffuSeqV2Module

    config: DiffuSeqV2Config
    module: DiffuSeqV2Module

    def _forward_process(
        self, noise: Noise, length: int
    ) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
        absorbing, discrete_rate = self.module.absorbing, self.config.discrete_rate
        u = noise.uniform((length,), stream="discrete")

        def forward(z_0: Tensor, eps: Tensor, alpha_bar_t: Tensor) -> Tensor:
            z_t = diffuse_towards(absorbing, z_0, eps, alpha_bar_t)
            return absorb(z_t, absorbing, u, noising_rate(alpha_bar_t[..., 0], discrete_rate))

        return forward

    def _more_terms(self, rows: int) -> dict[str, Tensor]:
        size = torch.linalg.vector_norm(self.module.absorbing)
        return {"absorbing": (self.config.absorbing_weight * size).expand(rows)}

    def _reverse_process(self, decoding: DiffuSeqDecoding, noise: Noise, rows: Batch) -> Reverse:
        assert isinstance(decoding, DiffuSeqV2Decoding)
        absorbing = self.module.absorbing
        is_dpm = decoding.solver in ("dpm-solver++", "sde-dpm-solver++")
        is_centred = decoding.centre == "absorbing"
        plain = super()._reverse_process(decoding, noise, rows)
        network, solver = plain.network, plain.solver

        def late(z_t: Tensor, t: Tensor) -> Tensor:
            return network(z_t, t + 1)

        return Reverse(
            late if is_dpm and decoding.clock == "official" else network,
            Centred(solver, absorbing) if is_centred else solver,
            start_mean=None if is_dpm and not is_centred else absorbing,
            after_step=self._discrete_noise(decoding, noise, rows["ids"].shape[1]),
        )

    def _discrete_noise(
        self, decoding: DiffuSeqV2Decoding, noise: Noise, length: int
    ) -> AfterStep | None:
        """Sets positions to m after each ancestral step."""
        rate = decoding.discrete_rate
        # The knob scales all randomness of a step.
        rate = (self.config.discrete_rate if rate is None else rate) * decoding.temperature
        if decoding.solver != "ancestral" or rate == 0:
            return None
        absorbing, shape = self.module.absorbing, (length,)

        def inject(number: int, z_s: Tensor, move: Transition) -> Tensor:
            u = noise.uniform(shape, step=number, stream="discrete")
            return absorb(z_s, absorbing, u, injection_rate(move, rate).to(u.device))

        return inject
