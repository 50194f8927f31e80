"""Solvers of the reverse process: one pure step from z_t to z_s each, for any s < t.

All of them use the prediction z0_hat, so each step is a few lines. At s = 0
(alpha_bar_s = 1) every one of them returns z0_hat.

Notation:
    z_t, z_s     state before and after the step
    z0_hat       f_theta(z_t, t)
    alpha_bar    share of signal left; alpha = sqrt(alpha_bar), sigma = sqrt(1 - alpha_bar)
    log_snr      log(alpha / sigma)
    eps          standard normal noise times the temperature
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from torch import Tensor

from diffuseq.process import posterior
from diffuseq.schedule import log_snr

Variance = Literal["fixed-large", "posterior"]
SolverName = Literal["ancestral", "ddim", "dpm-solver++", "sde-dpm-solver++"]
Carry = Literal["state", "prediction"]


@dataclass(frozen=True, slots=True)
class Transition:
    """What a step needs besides the state: its target, and the previous step."""

    alpha_bar_t: Tensor
    """float64, no dimensions."""
    alpha_bar_s: Tensor
    previous: tuple[Tensor, Tensor] | None = None
    """alpha_bar and z0_hat of the step before, for solvers of second order."""
    is_last: bool = False


class Solver(Protocol):
    """A rule for one step."""

    @property
    def stochastic(self) -> bool:
        """Whether `step` uses `eps`."""

    def step(self, z_t: Tensor, z0_hat: Tensor, eps: Tensor | None, move: Transition) -> Tensor:
        """z_s `(batch, length, dim)`.

        Args:
            z_t: state `(batch, length, dim)`.
            z0_hat: its prediction, of the same shape.
            eps: standard normal times the temperature; None if the solver is not stochastic.
            move: where the step goes.
        """


@dataclass(frozen=True)
class Ancestral:
    """A draw from the posterior q(z_s | z_t, z0_hat).

    `fixed-large` takes the variance 1 - alpha_bar_t / alpha_bar_s (beta_t where s = t - 1),
    `posterior` the posterior's own, which is smaller. No noise is added at s = 0.

    Source: arXiv 2006.11239, algorithm 2 and section 3.2 (the two variances).
    """

    variance: Variance = "fixed-large"
    stochastic: bool = True

    def step(self, z_t: Tensor, z0_hat: Tensor, eps: Tensor | None, move: Transition) -> Tensor:
        """One draw of z_s."""
        mean, variance = posterior(
            z_t, z0_hat, alpha_bar_t=move.alpha_bar_t, alpha_bar_s=move.alpha_bar_s
        )
        if eps is None or move.alpha_bar_s == 1.0:
            return mean
        if self.variance == "fixed-large":
            variance = 1.0 - move.alpha_bar_t / move.alpha_bar_s
        return mean + variance.sqrt().to(z_t.dtype) * eps


@dataclass(frozen=True)
class Ddim:
    """The implicit model: deterministic at `eta` = 0, the posterior of a step at `eta` = 1.

    Source: arXiv 2010.02502, eq. 12 and 16.
    Deviates: alpha_bar_s is that of the state the step really goes to; the official code of
    DiffuSeq uses that of t - 1 although it steps further.
    """

    eta: float = 0.0

    @property
    def stochastic(self) -> bool:
        """Whether noise is added."""
        return self.eta > 0.0

    def step(self, z_t: Tensor, z0_hat: Tensor, eps: Tensor | None, move: Transition) -> Tensor:
        """One step of eq. 12, `eps_hat` being the noise that z0_hat implies."""
        return _step_from(z_t, z0_hat, eps, self.eta, move)


@dataclass(frozen=True)
class DpmSolverPlusPlus:
    """DPM-Solver++ (2M): exact in the linear part, second order in z0_hat.

    `eta` = 0 solves the ordinary equation, 1 the stochastic one (SDE-DPM-Solver++). The first step,
    and the last (to s = 0, where log_snr is infinite), are of first order: those of `Ddim`.

    Args:
        carry: `state` steps from z_t; `prediction` from z0_hat instead.
        low_order_end: whether the last step is always of first order.
        eta: share of new noise.

    Source: arXiv 2211.01095, algorithm 2; with noise, SDE-DPM-Solver++(2M) of the same paper; `eta`
    as in arXiv 2010.02502, eq. 16. Deviates: the official code of DiffuSeq-v2 overwrites z_t with
    z0_hat before each step, as with `carry="prediction"`. The result is a mean of predictions,
    which solves no equation.
    """

    carry: Carry = "state"
    low_order_end: bool = False
    eta: float = 0.0

    @property
    def stochastic(self) -> bool:
        """Whether noise is added."""
        return self.eta > 0.0

    def step(self, z_t: Tensor, z0_hat: Tensor, eps: Tensor | None, move: Transition) -> Tensor:
        """One step; `move.previous` is None at the first."""
        a_t, a_s = move.alpha_bar_t, move.alpha_bar_s
        estimate = z0_hat
        is_low = a_s == 1.0 or (self.low_order_end and move.is_last)
        if move.previous is not None and not is_low:
            a_r, earlier = move.previous
            width = log_snr(a_s) - log_snr(a_t)
            width_before = log_snr(a_t) - log_snr(a_r)
            slope = (0.5 * width / width_before).to(z_t.dtype)
            estimate = z0_hat + slope * (z0_hat - earlier)
        begin = z_t if self.carry == "state" else z0_hat
        return _step_from(begin, estimate, eps, self.eta, move)


def _step_from(
    begin: Tensor, estimate: Tensor, eps: Tensor | None, eta: float, move: Transition
) -> Tensor:
    """z_s = alpha_s estimate + sqrt(sigma_s^2 - added) eps_hat + sqrt(added) eps, finite at s = 0.

    `eps_hat` is the noise that `begin` and the estimate of z_0 imply.
    """
    a_t, a_s = move.alpha_bar_t, move.alpha_bar_s
    added = eta**2 * (1.0 - a_s) / (1.0 - a_t) * (1.0 - a_t / a_s)
    ratio = ((1.0 - a_s - added).clamp(min=0.0) / (1.0 - a_t)).sqrt()
    of_estimate = a_s.sqrt() - ratio * a_t.sqrt()
    z_s = of_estimate.to(begin.dtype) * estimate + ratio.to(begin.dtype) * begin
    return z_s if eps is None else z_s + added.sqrt().to(begin.dtype) * eps


def make_solver(
    name: SolverName,
    *,
    eta: float,
    variance: Variance,
    carry: Carry = "state",
    low_order_end: bool = False,
) -> Solver:
    """The solver `name`.

    Args:
        name: which rule.
        eta: of `ddim`.
        variance: of `ancestral`.
        carry: of both DPM-Solver++.
        low_order_end: of both DPM-Solver++.
    """
    if name == "ancestral":
        return Ancestral(variance)
    if name == "ddim":
        return Ddim(eta)
    return DpmSolverPlusPlus(carry, low_order_end, eta=float(name == "sde-dpm-solver++"))
