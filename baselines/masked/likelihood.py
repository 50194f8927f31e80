"""What the denoiser of a masked system says of log p(x_0), `(sources,)` in nats, by kind.

A chain that is run backwards bounds it: with x_1 ... x_T (times k/T) drawn from q given x_0,

    log w = sum over steps of log p(x_s|x_t) - log q(x_s|x_t, x_0),

where q of the last step, to x_0, is 1, and nothing of x_0 is left at t = 1. Then log p(x_0) is
E[w] in logarithm, and E[log w] lies below it: `variational_bound` draws one time a draw and takes
the expected term, `importance_bound` draws whole paths and joins them by log mean exp, which rises
to log p(x_0) with their number. What they bound is a text at T ancestral steps and
temperature 1; any T is a sampler of the same weights.

A denoiser without a chain has `one_pass`, exact where all tokens are drawn at once, and
`one_at_a_time`, which is no likelihood.

Source: D3PM, arXiv 2107.03006, eq. 1, with its x_0 parameterisation, eq. 4; MDLM, arXiv
2406.07524, eq. 8 (absorbing chain); importance weights: arXiv 1509.00519, eq. 8; one at a time:
arXiv 1910.14659, section 2.
Deviates: tokens that decoding never writes get no mass in p(x_0|x_t), as in the sampler.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from baselines.categorical import invert
from baselines.masked.corruption import Absorbing, Corruption
from baselines.stratified_uniforms import stratified
from benchmark.api import Noise

LogPredict = Callable[[Tensor, Tensor], Tensor]
"""From x_t `(rows, length)` and times `(rows, 1)` to log p(x_0|x_t) `(rows, length, vocab)`."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The reverse chain of T even steps, for targets on their canvases."""

    corruption: Corruption
    timesteps: int
    """T."""
    log_predict: LogPredict


def variational_bound(
    chain: Chain, x_0: Tensor, inside: Tensor, noise: Noise, num_samples: int
) -> Tensor:
    """E[log w], from `num_samples` times for each target, evenly spread over the chain.

    Args:
        chain: the reverse process.
        x_0: tokens `(sources, length)`.
        inside: True where they are to be predicted, `(sources, length)`.
        noise: one row per source and draw, source-major.
        num_samples: draws per source.
    """
    x_0, inside = (rows.repeat_interleave(num_samples, dim=0) for rows in (x_0, inside))
    u_t = stratified(noise.uniform((1,), stream="likelihood time"), num_samples)
    u_x = noise.uniform((x_0.size(1),), stream="likelihood corruption")
    t = (torch.floor(u_t * chain.timesteps) + 1) / chain.timesteps
    s = (t - 1 / chain.timesteps).clamp(min=0.0)
    x_t = torch.where(inside, chain.corruption.corrupt(x_0, t, u_x), x_0)
    kl = chain.corruption.divergence(x_0, x_t, chain.log_predict(x_t, t), t, s).double()
    return -chain.timesteps * _sum(kl, inside).view(-1, num_samples).mean(1)


def importance_bound(
    chain: Chain, x_0: Tensor, inside: Tensor, noise: Noise, num_samples: int
) -> Tensor:
    """The logarithm of the mean w of `num_samples` paths for each target; arguments as above."""
    x_0, inside = (rows.repeat_interleave(num_samples, dim=0) for rows in (x_0, inside))
    path = absorbing_path if isinstance(chain.corruption, Absorbing) else any_path
    log_w = path(chain, x_0, inside, noise)
    return log_w.view(-1, num_samples).logsumexp(1) - math.log(num_samples)


def any_path(chain: Chain, x_0: Tensor, inside: Tensor, noise: Noise) -> Tensor:
    """The weight of one path, log w `(rows,)`, for each row: T predictions."""
    corruption, steps, shape = chain.corruption, chain.timesteps, (x_0.size(1),)

    def draw(number: int) -> Tensor:
        return noise.uniform(shape, step=number, stream="likelihood path")

    one = torch.ones(x_0.size(0), 1, dtype=torch.float64, device=x_0.device)
    x_t = torch.where(inside, corruption.corrupt(x_0, one, draw(steps)), x_0)
    log_w = torch.zeros_like(one[:, 0])
    for number in range(steps, 0, -1):
        t, s = one * number / steps, one * (number - 1) / steps
        p_0 = chain.log_predict(x_t, t).double().exp()
        p = corruption.posterior(x_t, p_0, t, s)
        if number == 1:
            return log_w + _sum(_chosen(p, x_0).log(), inside)
        q = corruption.posterior(x_t, functional.one_hot(x_0, p.size(-1)).double(), t, s)
        x_s = torch.where(inside, invert(q, draw(number - 1)), x_0)
        log_w = log_w + _sum(_chosen(p, x_s).log() - _chosen(q, x_s).log(), inside)
        x_t = x_s
    raise ValueError("a chain has at least one step")


def absorbing_path(chain: Chain, x_0: Tensor, inside: Tensor, noise: Noise) -> Tensor:
    """As `any_path`, by predictions only where masks are removed: one for each token at most.

    Elsewhere p and q agree: a mask stays with probability s/t whatever x_0 is.
    """
    u = noise.uniform((x_0.size(1),), stream="likelihood path")
    # A token is masked from this step on, and revealed by the step to the one before it.
    lost_at = (torch.floor(u * chain.timesteps) + 1).masked_fill(~inside, 0.0)
    log_w = torch.zeros(x_0.size(0), dtype=torch.float64, device=x_0.device)
    while bool((latest := lost_at.amax(1, keepdim=True)).any()):
        x_t = torch.where(lost_at > 0, chain.corruption.prior(x_0, lambda: u), x_0)
        # Rows that are done wait for the others, at any time.
        log_p = chain.log_predict(x_t, latest.clamp(min=1.0) / chain.timesteps)
        revealed = (lost_at == latest) & (latest > 0)
        log_w = log_w + _sum(_chosen(log_p, x_0).double(), revealed)
        lost_at = lost_at.masked_fill(revealed, 0.0)
    return log_w


def one_pass(log_predict: LogPredict, mask_id: int, x_0: Tensor, inside: Tensor) -> Tensor:
    """The sum of log p(token | nothing but masks), `(sources,)`.

    Args:
        log_predict: of the denoiser.
        mask_id: id of the mask.
        x_0: tokens `(sources, length)`.
        inside: True where they are to be predicted, `(sources, length)`.
    """
    one = torch.ones(x_0.size(0), 1, dtype=torch.float64, device=x_0.device)
    log_p = log_predict(x_0.masked_fill(inside, mask_id), one)
    return _sum(_chosen(log_p, x_0).double(), inside)


def one_at_a_time(log_predict: LogPredict, mask_id: int, x_0: Tensor, inside: Tensor) -> Tensor:
    """The sum of log p(token | all other tokens), `(sources,)`; arguments as above.

    These conditionals need not belong to one distribution, and their product does not sum to 1.
    """
    n = inside.sum(1, keepdim=True).clamp(min=1).double()
    total = torch.zeros(x_0.size(0), dtype=torch.float64, device=x_0.device)
    for place in inside.any(0).nonzero().flatten().tolist():
        here = torch.zeros_like(inside)
        here[:, place] = inside[:, place]
        log_p = log_predict(x_0.masked_fill(here, mask_id), 1 / n)
        total = total + _sum(_chosen(log_p, x_0).double(), here)
    return total


def _chosen(values: Tensor, tokens: Tensor) -> Tensor:
    """The values `(rows, length)` of tokens, of values `(rows, length, vocab)`."""
    return values.gather(-1, tokens[..., None]).squeeze(-1)


def _sum(values: Tensor, where: Tensor) -> Tensor:
    return torch.where(where, values, 0.0).sum(1)
