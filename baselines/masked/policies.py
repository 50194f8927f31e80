"""Reverse policies: what becomes of x_t once x_0 has been predicted.

A policy is a pure function from a state, a prediction and a transition to the next state. It
sees the step's place in the whole, so that ranking policies (mask-predict, confidence
thresholds, routing) can count; it keeps what it must remember in `State.scores`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from baselines.masked.corruption import Absorbing, Corruption
from baselines.masked.prediction import Prediction
from benchmark.api import UserError


@dataclass(frozen=True, slots=True)
class State:
    """All that a sampler carries from step to step."""

    tokens: Tensor
    """x_t, `(rows, length)`."""
    scores: Tensor
    """Log probability of each token when it was chosen, `(rows, length)`, float64; 0 at first."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of the reverse process."""

    t: Tensor
    """The time that is left, a float64 scalar."""
    s: Tensor
    """The time that is reached, s < t."""
    index: int
    """Number of the step, from 0."""
    count: int
    """Steps in all."""
    inside: Tensor
    """True on the canvas of a row, `(rows, length)`."""
    corruption: Corruption
    uniform: Callable[[str, int], Tensor]
    """Uniforms `(rows, length)` by the name of their purpose and the number of a step."""


Policy = Callable[[State, Prediction, Transition], State]


def ancestral(state: State, prediction: Prediction, transition: Transition) -> State:
    """A draw from p(x_s|x_t), the posterior under the predicted x_0.

    Source: D3PM, arXiv 2107.03006, eq. 4; skipped steps: section 3 below eq. 4.
    """
    step = transition
    tokens = step.corruption.draw(
        state.tokens, prediction, step.t, step.s, step.uniform("reverse", step.index)
    )
    return State(tokens, state.scores)


def stratified(state: State, prediction: Prediction, transition: Transition) -> State:
    """An ancestral draw whose masks fall evenly: in turn, not each by its own chance.

    In an absorbing chain a mask falls at a time of its own, uniform in [0, 1], and the others
    do not matter. Here the times of a row are one draw from each of n equal intervals, in
    random order: each is still uniform, but two of them seldom share a step, and tokens that
    are drawn in one step cannot agree with each other. With n steps or more on an even grid
    every token is drawn alone.

    Source: the first-hitting view of arXiv 2409.02908, section 4, with stratified times.

    Raises:
        UserError: for a corruption without masks.
    """
    step = transition
    if not isinstance(step.corruption, Absorbing):
        raise UserError("policy 'stratified' needs masks: use policy 'ancestral'.")
    # The same numbers at every step: a position keeps its time.
    order = step.uniform("order", 0).masked_fill(~step.inside, torch.inf)
    rank = order.argsort(dim=1, stable=True).argsort(dim=1)
    falls_at = (rank + step.uniform("jitter", 0)) / step.inside.sum(1, keepdim=True)
    falls = step.corruption.unsettled(state.tokens) & (falls_at >= step.s)
    drawn = prediction.draw(falls, step.uniform("reverse", step.index))
    return State(state.tokens.masked_scatter(falls, drawn), state.scores)


PolicyName = Literal["ancestral", "stratified"]

POLICIES: Mapping[str, Policy] = {"ancestral": ancestral, "stratified": stratified}
