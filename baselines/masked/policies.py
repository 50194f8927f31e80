"""Reverse policies: what becomes of x_t once x_0 has been predicted.

A policy is a pure function from a state, a prediction and a transition to the next state. It
sees the step's place in the whole, so that ranking policies (mask-predict, confidence
thresholds, routing) can count; it keeps what it must remember in `State.scores`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from baselines.masked.corruption import Corruption
from baselines.masked.prediction import Prediction


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
    uniform: Callable[[str], Tensor]
    """Uniforms `(rows, length)` of this step by the name of their purpose."""


Policy = Callable[[State, Prediction, Transition], State]


def ancestral(state: State, prediction: Prediction, transition: Transition) -> State:
    """A draw from p(x_s|x_t), the posterior under the predicted x_0.

    Source: D3PM, arXiv 2107.03006, eq. 4; skipped steps: section 3 below eq. 4.
    """
    step = transition
    tokens = step.corruption.draw(
        state.tokens, prediction, step.t, step.s, step.uniform("reverse")
    )
    return State(tokens, state.scores)


PolicyName = Literal["ancestral"]

POLICIES: Mapping[str, Policy] = {"ancestral": ancestral}
