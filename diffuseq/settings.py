"""What `diffuseq` and `diffuseq-v2` can be told: network, objective, decoding.

Where the official code (github.com/Shark-NLP/DiffuSeq: branch main, commit f78945d, for
`diffuseq`, branch diffuseq-v2 for `diffuseq-v2`) and its paper, or sound practice, part ways,
a field chooses between them and says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from benchmark.api import CandidateKind, UserError
from diffuseq.canvas import Fit, Reading, Truncation
from diffuseq.grid import Spacing
from diffuseq.objective import MseOver, StartNoise
from diffuseq.schedule import ScheduleName
from diffuseq.solvers import Carry, SolverName, Variance


@dataclass(frozen=True)
class DiffuSeqConfig:
    """Network and objective; the defaults are those of the paper and its code."""

    embedding_dim: int = 128
    width: int = 768
    layers: int = 12
    heads: int = 12
    ffn: int = 3072
    time_dim: int = 128
    """Size of the sinusoidal code of t."""
    dropout: float = 0.1
    diffusion_steps: int = 2000
    """T."""
    schedule: ScheduleName = "sqrt"
    """`sqrt` as in the official code, which divides alpha_bar(0) = 0.99 out; `sqrt-paper` by the
    formula of the paper, in which the first step takes that 1 % as well."""
    timesteps: Literal["uniform", "loss-second-moment"] = "loss-second-moment"
    """How training draws t."""
    mse_over: MseOver = "all"
    """`all` as in the official code; `target`, without the source, as in eq. 2 of the paper."""
    mse_weight: float = 1.0
    decoder_nll_weight: float = 1.0
    prior_weight: float = 1.0
    """Of the term `tT`. The official code has 1; with `sqrt` nothing is left of z_0 at T and the
    term is near 0."""
    prediction_nll_weight: float = 0.0
    """Deviates: adds the cross entropy of the predicted z_0, target alone. The official code
    computes it (`nll`) and only logs it."""
    start_noise: StartNoise = "all"
    """Which positions of z_0 are drawn round their embedding. `all` as in the official code, whose
    network so learns from a noised source and is shown a clean one when it samples; `target`
    shows it the clean one in training too; `none` sets z_0 = EMB(w)."""
    rescale_time: bool = True
    """Whether the network is told t on a clock of 0..1000, as the official code does
    (`rescale_timesteps`), or the plain number of the step."""
    truncation: Truncation = "own-part"
    """`official` cuts the longer of source and target in turn until both fit, so that in the
    official code the length of the answer decides how much of the question is seen; `own-part`
    cuts each to its own part of the canvas."""
    fit: Fit = "whole"
    """`whole` pads every pair to the sum of both lengths, as the official code does, so that most
    of what the network computes is padding; `row` ends each canvas `lengths.target` behind its
    source and looks no further: the same task, at a fraction of the cost."""


@dataclass(frozen=True)
class DiffuSeqDecoding:
    """How to sample; the defaults are those of the paper and its code.

    The official code draws one candidate a run, from a generator with one seed, so that a text
    depends on its batch. Here every candidate has random numbers of its own.
    """

    solver: SolverName = "ancestral"
    nfe: int = 2000
    """Network calls, 1..T."""
    temperature: float = 1.0
    """Factor of all injected noise; 0 makes every solver deterministic."""
    clamp: bool = True
    """Whether every prediction is moved to the nearest embeddings."""
    clamp_from: int = 1
    """The clamp acts at the steps t = clamp_from..clamp_to alone. The official `clamp_step` c, with
    `clamp_first`, is clamp_from = c + 1; its default 0 clamps at every step."""
    clamp_to: int | None = None
    """None is T. The official code without `clamp_first` is clamp_to = c + 1."""
    eta: float = 0.0
    """Share of fresh noise, of `ddim` alone: 0 deterministic, 1 ancestral."""
    variance: Variance = "fixed-large"
    """Of `ancestral` alone. The official code has `fixed-large` whatever its `sigma_small` says;
    `posterior` is the variance of the step, which keeps the state at the noise level told."""
    carry: Carry = "state"
    """What `dpm-solver++` carries from step to step. The official code of DiffuSeq-v2 overwrites
    the state by the prediction before each step (`prediction`). That solves the flow no more: the
    network is asked again and again to mend its own answer."""
    grid: Spacing = "uniform"
    """`official-gap` are the steps, and the wrong coefficients, of the official DDIM, and
    `official-uniform` the steps of its DPM-Solver++: see `diffuseq.grid`."""
    noise_bound: float | None = None
    """Injected noise is drawn within -noise_bound..noise_bound; None draws it whole. The `top_p`
    of the official code, which has it off; the first state is not bounded."""
    rounding: Literal["most-likely", "nearest"] = "most-likely"
    """From z_0 to words: the argmax of p_theta(w | z_0) as in the official code, or the nearest
    embedding, which is what the clamp rounds to."""
    reading: Reading = "first-mark"
    """`first-mark` ends a text at the first end mark or padding, as every other system here does;
    `official` only drops the marks, so that words behind an end mark stay in the text."""

    def __post_init__(self) -> None:
        if self.temperature < 0:
            raise UserError(
                f"decoding.temperature is {self.temperature}: give a number that is not negative."
            )
        if not 0 <= self.eta <= 1:
            raise UserError(f"decoding.eta is {self.eta}: give a number from 0 to 1.")
        if self.noise_bound is not None and self.noise_bound <= 0:
            raise UserError(
                f"decoding.noise_bound is {self.noise_bound}: give a positive number, or null."
            )

    @property
    def kind(self) -> CandidateKind:
        """Independent draws, unless all noise is switched off."""
        return "samples" if self.temperature > 0 else "single"


@dataclass(frozen=True)
class DiffuSeqV2Config(DiffuSeqConfig):
    """The fields of `diffuseq`, and the absorbing state."""

    discrete_rate: float = 0.5
    """Share of the target states that is replaced by m where the noise is largest; 0 replaces
    none. 0.5 as in the official training script; the default of its code is 0.2."""
    absorbing_weight: float = 0.01
    """Of the norm of m. The official command line says 0 and does not pass it on: 0.01 acts."""

    def __post_init__(self) -> None:
        if not 0 <= self.discrete_rate <= 1:
            raise UserError(f"discrete_rate is {self.discrete_rate}: give a number from 0 to 1.")


@dataclass(frozen=True)
class DiffuSeqV2Decoding(DiffuSeqDecoding):
    """How to sample; the defaults are those of the paper, without what its code does by mistake."""

    solver: SolverName = "dpm-solver++"
    nfe: int = 10
    clamp: bool = False
    discrete_rate: float | None = None
    """Of `ancestral` alone: share of the states that turn into m where a step adds most noise;
    None is the rate of the training, as in the official code."""
    centre: Literal["absorbing", "official"] = "absorbing"
    """Training noises z_0 towards m, so steps are taken round m, from a first state round m. The
    official code takes them round 0, and begins its DPM-Solver++ round 0 too."""
    clock: Literal["trained", "official"] = "trained"
    """The time told to the network with DPM-Solver++. The official code counts it from 1 where
    training counts from 0, so that the network is told the time one step late (`official`)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.discrete_rate is not None and not 0 <= self.discrete_rate <= 1:
            raise UserError(
                f"decoding.discrete_rate is {self.discrete_rate}: give a number from 0 to 1."
            )
