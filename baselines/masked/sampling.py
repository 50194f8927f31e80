"""The one loop over a time grid, for every corruption, policy and length rule."""

from collections.abc import Callable

import torch
from torch import Tensor

from baselines.masked.corruption import Corruption
from baselines.masked.lengths import Canvas
from baselines.masked.policies import (
    ADAPTIVE,
    DEFAULT_SETTINGS,
    POLICIES,
    PolicyName,
    PolicySettings,
    State,
    Transition,
)
from baselines.masked.prediction import Prediction, Read, Take
from benchmark.api import Noise, OnStep

Denoise = Callable[[Tensor, Tensor], Tensor | Read]
"""From x_t `(rows, length)` and times `(rows,)` to logits of x_0 `(rows, length, vocab)`, or to
what reads them; the latter for chains with masks alone, whose policies draw once a step.

The sampler overwrites the result.
"""


def sample(
    denoise: Denoise,
    corruption: Corruption,
    policy: PolicyName,
    times: Tensor,
    noise: Noise,
    *,
    canvas: Canvas,
    forbidden: Tensor,
    settings: PolicySettings = DEFAULT_SETTINGS,
    temperature: float = 1.0,
    top_p: float = 1.0,
    on_step: OnStep | None = None,
) -> State:
    """The state at time 0; `denoise` is called once for each interval of the grid.

    A policy whose number of steps depends on the text stops when no masks are left.

    Args:
        denoise: the network, with its sources.
        corruption: the chain that is run backwards.
        policy: how a prediction changes the state.
        times: decreasing grid from 1 to 0, `(nfe + 1,)`, float64.
        noise: one row per row of x_t.
        canvas: the positions to generate, and what surrounds them.
        forbidden: ids that cannot occur in a text, `(n,)`.
        settings: of the policy.
        temperature: of the predicted x_0: the diversity knob.
        top_p: nucleus of the predicted x_0.
        on_step: called with the number of the step and x_t.
    """
    inside = canvas.inside
    rows, length = inside.shape
    shape, count = (length,), times.numel() - 1
    times = times.to(inside.device)
    start = corruption.prior(canvas.frame, lambda: noise.uniform(shape, stream="prior"))
    state = State(
        torch.where(inside, start, canvas.frame),
        torch.zeros_like(inside, dtype=torch.float64),
        inside,
    )
    for index in range(count):
        t, s = times[index], times[index + 1]
        logits = _without(forbidden, denoise(state.tokens, t.expand(rows)))
        transition = Transition(
            t,
            s,
            index,
            count,
            inside,
            corruption,
            lambda stream, step: noise.uniform(shape, step=step, stream=stream),
            settings,
        )
        state = POLICIES[policy](state, Prediction(logits, temperature, top_p), transition)
        if on_step is not None:
            on_step(index, state.tokens)
        if policy in ADAPTIVE and not bool(state.noisy.any()):
            break
    return state


def _without(forbidden: Tensor, logits: Tensor | Read) -> Tensor | Read:
    """No mass on the ids `forbidden` `(n,)`."""
    if isinstance(logits, Tensor):
        return logits.index_fill_(-1, forbidden, -torch.inf)
    read = logits

    def read_without(where: Tensor, take: Take) -> tuple[Tensor, ...]:
        return read(
            where, lambda found, part: take(found.index_fill_(-1, forbidden, -torch.inf), part)
        )

    return read_without
