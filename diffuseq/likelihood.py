"""A lower bound of log p(w), in nats, by the Gaussian chain that the denoiser runs backwards.

The latent variables are the states z_t at the times of a grid 0 < ... < t < ... T: z_T is standard
normal, a step from t to the time s before it has mean and variance of q(z_s | z_t, z0_hat), and the
words are drawn from p(w | z0_hat) at the first time above 0. With z_0 = EMB(w), q(z_t | z_0) bounds
log p(w) by three terms: prior, steps and rounding. Another grid is another sampler of the same
weights: the cost of an error rises with the signal, so that a network that has not learnt to tell
faint noise from none has a closer bound with fewer steps.

`variational_bound` draws one step a draw, `importance_bound` draws whole paths and joins them by
log mean exp, which rises to log p(w) with their number.

Source: Kingma et al., arXiv 2107.00630, eq. 11 (the terms), 13 (a step in signal-to-noise ratios);
rounding: arXiv 2205.14217, section 4.1; importance weights: arXiv 1509.00519, eq. 8.
Deviates: z_0 is the embedding itself, without the noise that training adds to it (any q bounds
log p); rounding takes the prediction of the last step, as in sampling, and draws a word where
sampling takes the most likely one. Clamp, solver and temperature do not enter.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.api import Noise
from diffuseq.process import anchor, diffuse, posterior
from diffuseq.readout import Readout
from diffuseq.schedule import log_snr


@dataclass(frozen=True, slots=True)
class Chain:
    """The reverse process on a grid of times, for texts on their canvases."""

    network: Callable[[Tensor, Tensor], Tensor]
    """f_theta(z_t, t) -> z0_hat, for the rows of all draws."""
    readout: Readout
    alpha_bar: Tensor
    """float64 `(T + 1,)`."""
    grid: Tensor
    """Rising times from 0 to T, int64 `(steps + 1,)`."""

    @property
    def levels(self) -> Tensor:
        """Signal left at the times of the grid, float64 `(steps + 1,)`."""
        return self.alpha_bar[self.grid]

    def predict(self, z: Tensor, place: Tensor) -> Tensor:
        """z0_hat of states at places `(rows,)` of the grid."""
        return self.network(z, self.grid[place])

    def rounding(self, z: Tensor, ids: Tensor, over: Tensor) -> Tensor:
        """Log p(w | z) `(rows,)` of states at the first time above 0."""
        first = torch.ones(len(z), dtype=torch.int64, device=z.device)
        return -_sum(self.readout.nll(self.predict(z, first), ids)[..., None], over)


def variational_bound(
    chain: Chain, ids: Tensor, over: Tensor, noise: Noise, num_samples: int
) -> Tensor:
    """The bound `(texts,)`, from `num_samples` draws for each text.

    Args:
        chain: the reverse process.
        ids: of all draws, `(texts * num_samples, length)`.
        over: True where words are generated, of the shape of `ids`.
        noise: one row for each of them.
        num_samples: draws per text, the rows of which are neighbours.
    """
    levels, z_0 = chain.levels, chain.readout.embed(ids)

    def diffused(place: Tensor, stream: str) -> Tensor:
        eps = noise.normal(tuple(z_0.shape[1:]), stream=stream)
        return anchor(diffuse(z_0, eps, levels[place][:, None, None]), z_0, over)

    first = torch.ones(len(ids), dtype=torch.int64, device=ids.device)
    bound = chain.rounding(diffused(first, "likelihood start"), ids, over)
    bound = bound - _prior_divergence(z_0, levels[-1], over)
    if len(levels) > 2:
        p = _step_probabilities(levels)
        u = _spread(noise.uniform((1,), stream="likelihood step")[:, 0], num_samples)
        index = torch.searchsorted(p.cumsum(0), u, right=True).clamp(max=len(p) - 1)
        place = index + 2
        error = z_0 - chain.predict(diffused(place, "likelihood forward"), place)
        bound = bound - 0.5 * _information(levels)[index] * _sum(error.square(), over) / p[index]
    return bound.view(-1, num_samples).mean(1)


def importance_bound(
    chain: Chain, ids: Tensor, over: Tensor, noise: Noise, num_samples: int
) -> Tensor:
    """The logarithm of the mean weight of `num_samples` paths of the whole grid; as above."""
    levels, z_0 = chain.levels, chain.readout.embed(ids)
    last, shape = len(levels) - 1, tuple(z_0.shape[1:])
    information = _information(levels)

    def draw(step: int) -> Tensor:
        return noise.normal(shape, step=step, stream="likelihood path")

    eps = draw(last)
    z = anchor(diffuse(z_0, eps, levels[-1]), z_0, over)
    log_w = 0.5 * _sum(eps.square() - z.square() + torch.log1p(-levels[-1]), over)
    for number in range(last, 1, -1):
        place = torch.full((len(z),), number, dtype=torch.int64, device=z.device)
        z0_hat = chain.predict(z, place)
        # The distance of the two means in standard deviations.
        apart = information[number - 2].sqrt().to(z.dtype) * (z_0 - z0_hat)
        eps = draw(number - 1)
        log_w = log_w - _sum(eps * apart + 0.5 * apart.square(), over)
        mean, variance = posterior(
            z, z_0, alpha_bar_t=levels[number], alpha_bar_s=levels[number - 1]
        )
        z = anchor(mean + variance.sqrt().to(z.dtype) * eps, z_0, over)
    log_w = log_w + chain.rounding(z, ids, over)
    return log_w.view(-1, num_samples).logsumexp(1) - math.log(num_samples)


def _prior_divergence(z_0: Tensor, alpha_bar_T: Tensor, over: Tensor) -> Tensor:
    """KL(q(z_T | z_0) || N(0, 1)) `(rows,)`."""
    constant = -alpha_bar_T - torch.log1p(-alpha_bar_T)
    return 0.5 * _sum(alpha_bar_T * z_0.double().square() + constant, over)


def _information(levels: Tensor) -> Tensor:
    """SNR(s) - SNR(t) of all steps but the last, `(steps - 1,)`: a unit of error costs half of it.

    Source: arXiv 2107.00630, eq. 13.
    """
    ratio = levels[1:] / (1.0 - levels[1:])
    return ratio[:-1] - ratio[1:]


def _step_probabilities(levels: Tensor) -> Tensor:
    """How these steps are drawn `(steps - 1,)`: half evenly, half evenly in log SNR.

    An error falls with the noise about as its cost rises, so that a step costs about what it moves
    in log SNR; the even half bounds the weights where it does not.
    """
    level = log_snr(levels[1:])
    drop = level[:-1] - level[1:]
    return 0.5 / len(drop) + 0.5 * drop / drop.sum()


def _spread(u: Tensor, num_samples: int) -> Tensor:
    """Uniforms `(rows,)` of the draws of a text, evenly spaced from its first: lower variance.

    Source: Kingma et al., arXiv 2107.00630, appendix I.1.
    """
    first = u.view(-1, num_samples)[:, :1]
    shift = torch.arange(num_samples, dtype=u.dtype, device=u.device) / num_samples
    return ((first + shift) % 1.0).flatten()


def _sum(values: Tensor, over: Tensor) -> Tensor:
    """The sum `(rows,)` over dimensions and the positions `over`, in float64."""
    return torch.where(over, values.double().sum(-1), 0.0).sum(1)
