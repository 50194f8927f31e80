"""Time grids: at which steps t of 1..T the network is asked.

A grid is a decreasing tuple T = t_0 > t_1 > ... > t_n = 0. A sampler calls the network once
for each of its first n entries, so the grid alone says the number of function evaluations.

Deviates: the official code strides by T // n, which runs ceil(T / (T // n)) calls (667 when
600 are asked), ends above t = 0, and takes alpha_bar of t - 1 where the next state stands at
t - T // n.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from benchmark.api import UserError
from diffuseq.schedule import log_snr

Spacing = Literal["uniform", "quadratic", "log-snr"]


def time_grid(spacing: Spacing, nfe: int, *, alpha_bar: Tensor) -> tuple[int, ...]:
    """The decreasing grid of `nfe + 1` steps from T to 0.

    Args:
        spacing: `uniform` in t; `quadratic` in t, dense near 0; `log-snr`, uniform in the
            logarithm of the signal-to-noise ratio between t = T and t = 1.
        nfe: network calls, 1..T.
        alpha_bar: float64 `(T + 1,)`, as of `schedule.cumulative_alpha_bar`.

    Raises:
        UserError: if `nfe` is not in 1..T.

    Source: `quadratic` arXiv 2010.02502, appendix D.2; `log-snr` arXiv 2206.00927, section 3.4.
    """
    last = len(alpha_bar) - 1
    if not 1 <= nfe <= last:
        raise UserError(f"decoding.nfe is {nfe}: give a number of network calls from 1 to {last}.")
    falling = torch.arange(nfe, 0, -1, dtype=torch.float64) / nfe
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


def _distinct(times: list[int], last: int) -> list[int]:
    """The nearest strictly decreasing steps that begin at `last` and stay above 0."""
    count = len(times)
    ceiling = last
    kept = []
    for i, t in enumerate(times):
        # Room must be left below for the steps that follow.
        ceiling = last if i == 0 else min(ceiling - 1, max(t, count - i))
        kept.append(ceiling)
    return kept
