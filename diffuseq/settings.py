"""Settings of `diffuseq` and `diffuseq-v2`: network, objective, decoding.

Where the official code (github.com/Shark-NLP/DiffuSeq: branch main, commit f78945d, for `diffuseq`,
branch diffuseq-v2 for `diffuseq-v2`) and its paper, or sound practice, differ, a field chooses
between them and explains why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from benchmark.api import (
    CandidateKind,
    Count,
    NotNegative,
    Positive,
    ProperShare,
    Settings,
    Share,
    UserError,
)
from diffuseq.canvas import Fit, Reading, Truncation
from diffuseq.grid import Spacing
from diffuseq.objective import MseOver, StartNoise
from diffuseq.schedule import ScheduleName
from diffuseq.solvers import Carry, SolverName, Variance


def check_sizes(width: int, heads: int, time_dim: int) -> None:
    """Refuse sizes of a Transformer with a code of t that do not fit each other.

    Raises:
        UserError: if they do not.
    """
    if width % heads or time_dim % 2:
        raise UserError(
            f"width {width}, heads {heads} and time_dim {time_dim} do not fit:"
            " make width a multiple of heads and time_dim even."
        )


@dataclass(frozen=True)
class DiffuSeqConfig(Settings):
    """Network and objective; the defaults are those of the paper and its code."""

    embedding_dim: Count = 128
    width: Count = 768
    layers: Count = 12
    heads: Count = 12
    ffn: Count = 3072
    time_dim: Count = 128
    """Size of the sinusoidal code of t."""
    dropout: ProperShare = 0.1
    diffusion_steps: Count = 2000
    """T."""
    schedule: ScheduleName = "sqrt"
    """`sqrt` as in the official code, which divides alpha_bar(0) = 0.99 out; `sqrt-paper` by the
    formula of the paper, in which the first step includes that 1 %."""
    timesteps: Literal["uniform", "loss-second-moment"] = "loss-second-moment"
    """How training draws t."""
    mse_over: MseOver = "all"
    """`all` as in the official code; `target`, without the source, as in eq. 2 of the paper."""
    mse_weight: NotNegative = 1.0
    decoder_nll_weight: NotNegative = 1.0
    prior_weight: NotNegative = 1.0
    """Of the term `tT`. The official code uses 1; with `sqrt` nothing is left of z_0 at T and the
    term is near 0."""
    prediction_nll_weight: NotNegative = 0.0
    """Deviates: adds the cross entropy of the predicted z_0, on the target only. The official code
    computes it (`nll`) and only logs it."""
    start_noise: StartNoise = "all"
    """Which positions of z_0 are drawn around their embedding. `all` as in the official code, whose
    network thus learns from a noised source and sees a clean one in sampling; `target` uses the
    clean one in training too; `none` sets z_0 = EMB(w)."""
    rescale_time: bool = True
    """Whether the network receives t on a scale of 0..1000, as in the official code
    (`rescale_timesteps`), or the plain number of the step."""
    truncation: Truncation = "own-part"
    """`official` truncates the longer of source and target until both fit, so that in the official
    code the length of the answer determines how much of the question is seen; `own-part` truncates
    each to its own part of the canvas."""
    fit: Fit = "whole"
    """`whole` pads every pair to the sum of both lengths, as the official code does, so that most
    of what the network computes is padding; `row` ends each canvas `lengths.target` behind its
    source and ignores the rest: the same task, at a fraction of the cost."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(self.width, self.heads, self.time_dim)


@dataclass(frozen=True)
class DiffuSeqDecoding(Settings):
    """How to sample; the defaults are those of the paper and its code.

    The official code draws one candidate per run, from a generator with one seed, so that a text
    depends on its batch. Here every candidate has its own random numbers.
    """

    solver: SolverName = "ancestral"
    nfe: Count = 2000
    """Network calls, 1..T."""
    temperature: NotNegative = 1.0
    """Factor of all injected noise; 0 makes every solver deterministic."""
    clamp: bool = True
    """Whether every prediction is moved to the nearest embeddings."""
    clamp_from: Count = 1
    """The clamp is applied only at the steps t = clamp_from..clamp_to. The official `clamp_step` c,
    with `clamp_first`, is clamp_from = c + 1; its default 0 clamps at every step."""
    clamp_to: Count | None = None
    """None means T. The official code without `clamp_first` is clamp_to = c + 1."""
    eta: Share = 0.0
    """Share of new noise, for `ddim` only: 0 deterministic, 1 ancestral."""
    variance: Variance = "fixed-large"
    """For `ancestral` only. The official code uses `fixed-large` whatever its `sigma_small`;
    `posterior` is the variance of the step, which keeps the state at the noise level that the
    network is given."""
    carry: Carry = "state"
    """What `dpm-solver++` carries from step to step. The official code of DiffuSeq-v2 overwrites
    the state with the prediction before each step (`prediction`). That no longer solves the flow:
    the network repeatedly corrects its own answer."""
    grid: Spacing = "uniform"
    """`official-gap` has the steps, and the wrong coefficients, of the official DDIM, and
    `official-uniform` the steps of its DPM-Solver++: see `diffuseq.grid`."""
    noise_bound: Positive | None = None
    """Injected noise is drawn within -noise_bound..noise_bound; None means no bound. The `top_p` of
    the official code, which is off there; the first state is not bounded."""
    rounding: Literal["most-likely", "nearest"] = "most-likely"
    """From z_0 to words: the argmax of p_theta(w | z_0) as in the official code, or the nearest
    embedding, as used by the clamp."""
    reading: Reading = "first-mark"
    """`first-mark` ends a text at the first end mark or padding, as every other system here does;
    `official` only drops the marks, so that words after an end mark stay in the text."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.clamp_to is not None and self.clamp_from > self.clamp_to:
            raise UserError(
                f"clamp_from {self.clamp_from} lies above clamp_to {self.clamp_to}: use a range of"
                " steps, or clamp: false."
            )
        if self.solver == "sde-dpm-solver++" and self.carry == "prediction":
            raise UserError(
                "carry prediction forgets the state, to which sde-dpm-solver++ adds noise: use"
                " carry: state, or dpm-solver++."
            )

    @property
    def steps(self) -> int:
        """Steps of the grid: one a call."""
        return self.nfe

    @property
    def kind(self) -> CandidateKind:
        """Draws, unless all noise is switched off; from the prediction on, few answers are left."""
        if self.temperature == 0:
            return "single"
        seeks_modes = self.solver == "dpm-solver++" and self.carry == "prediction"
        return "mode-seeking" if seeks_modes else "samples"


@dataclass(frozen=True)
class DiffuSeqV2Config(DiffuSeqConfig):
    """The fields of `diffuseq`, and the absorbing state."""

    discrete_rate: Share = 0.5
    """Share of the target states replaced by m at the largest noise; 0 replaces none. 0.5 as in the
    official training script; the default of its code is 0.2."""
    absorbing_weight: NotNegative = 0.01
    """Weight of the norm of m. The official command line sets 0 but does not pass it on: 0.01 is
    used."""


@dataclass(frozen=True)
class DiffuSeqV2Decoding(DiffuSeqDecoding):
    """How to sample; the defaults are those of the paper, without what its code does by mistake."""

    solver: SolverName = "dpm-solver++"
    nfe: Count = 10
    clamp: bool = False
    discrete_rate: Share | None = None
    """For `ancestral` only: share of the states set to m at the step with the most noise; None
    means the rate of training, as in the official code."""
    centre: Literal["absorbing", "official"] = "absorbing"
    """Training noises z_0 towards m, so steps are taken around m, from a first state around m. The
    official code takes them around 0, and starts its DPM-Solver++ around 0 too."""
    clock: Literal["trained", "official"] = "trained"
    """The time given to the network with DPM-Solver++. The official code counts it from 1 while
    training counts from 0, so that the network receives a time one step late (`official`)."""
