"""Time grids: the times t of 1..T at which the network is called.

A grid is a decreasing tuple T = t_0 > t_1 > ... > t_n = 0, of whole steps in all spacings but one.
A sampler calls the network once for each of its first n entries, so the grid alone determines the
number of function evaluations.

Deviates: two spacings are those of the official code, including its errors; the others end at t =
0, make the requested number of calls, and step to the declared times.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from benchmark.api import UserError
from diffuseq.schedule import log_snr

Spacing = Literal["uniform", "quadratic", "log-snr", "official-gap", "official-uniform"]


def time_grid(spacing: Spacing, nfe: int, *, alpha_bar: Tensor) -> tuple[float, ...]:
    """The decreasing grid of `nfe + 1` steps from T to 0.

    Args:
        spacing: `uniform` in t; `quadratic` in t, dense near 0; `log-snr`, uniform in the logarithm
            of the signal-to-noise ratio between t = T and t = 1; `official-gap`, every (T //
            nfe)-th step, as the official DDIM, which also takes each step with the coefficients of
            a step from t to t - 1 (`sample(one_step=True)`); `official-uniform`, uniform in t and
            ending at t = 1 instead of 0, as the official DPM-Solver++, at times between whole
            steps (`schedule.level_at`).
        nfe: network calls, 1..T.
        alpha_bar: float64 `(T + 1,)`, as of `schedule.cumulative_alpha_bar`.

    Raises:
        UserError: if `nfe` is not in 1..T, or `official-gap` would make a different number of calls
            (667 when 600 of 2,000 are requested).

    Source: `quadratic` arXiv 2010.02502, appendix D.2; `log-snr` arXiv 2206.00927, section 3.4.
    """
    last = len(alpha_bar) - 1
    if not 1 <= nfe <= last:
        raise UserError(f"decoding.nfe is {nfe}: give a number of network calls from 1 to {last}.")
    if spacing == "official-gap":
        return (*_every(last // nfe, last, nfe), 0)
    falling = torch.arange(nfe, 0, -1, dtype=torch.float64) / nfe
    if spacing == "official-uniform":
        return (*(1 + falling * (last - 1)).tolist(), 1)
    if spacing == "uniform":
        wanted = falling * last
    elif spacing == "quadratic":
        wanted = falling**2 * last
    else:
        level = log_snr(alpha_bar[1:].cpu())
        wanted_level = level[0] + falling * (level[-1] - level[0])
        # `level` falls with t: searched from its other end it rises, as searchsorted wants.
        wanted = last - torch.searchsorted(level.flip(0).contiguous(), wanted_level).double()
    return (*_distinct([round(t) for t in wanted.tolist()], last), 0)


def _every(gap: int, last: int, nfe: int) -> range:
    """The steps `last`, `last - gap`, ... above 0."""
    steps = range(last, 0, -gap)
    if len(steps) != nfe:
        raise UserError(
            f"decoding.nfe is {nfe}: official-gap makes {len(steps)} calls instead;"
            f" give a divisor of {last}."
        )
    return steps


def _distinct(times: list[int], last: int) -> list[int]:
    """The nearest strictly decreasing steps that begin at `last` and stay above 0."""
    count = len(times)
    ceiling = last
    kept = []
    for i, t in enumerate(times):
        # Leave room below for the following steps.
        ceiling = last if i == 0 else min(ceiling - 1, max(t, count - i))
        kept.append(ceiling)
    return kept
