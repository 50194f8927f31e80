"""Reverse policies: what becomes of x_t once x_0 has been predicted.

A policy is a pure function from a state, a prediction and a transition to the next state. It
receives the position of the step in the schedule, so that ranking policies (mask-predict,
confidence thresholds, routing) can count; it keeps its memory in `State.scores`.
"""

import math
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
    noisy: Tensor
    """True where the token is still noise, `(rows, length)`; which masks show themselves."""


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """Settings of individual policies."""

    remask: float = 0.1
    """Of `remdm`: the largest probability that a known token is masked again in a step."""
    threshold: float = 0.9
    """Of `confidence`: the probability from which a token is accepted."""
    routing_noise: float = 0.0
    """Of `routed`: scale of the Gumbel noise on the scores, which falls with the time left."""
    last_scores: bool = True
    """Of `mask-predict`: whether the tokens of the last step are scored; texts are ranked by it."""


DEFAULT_SETTINGS = PolicySettings()


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of the reverse process."""

    t: Tensor
    """The time before the step, a float64 scalar."""
    s: Tensor
    """The time after the step, s < t."""
    index: int
    """Number of the step, from 0."""
    count: int
    """Steps in all."""
    inside: Tensor
    """True on the canvas of a row, `(rows, length)`."""
    corruption: Corruption
    uniform: Callable[[str, int], Tensor]
    """Uniforms `(rows, length)` by the name of their purpose and the number of a step."""
    settings: PolicySettings = DEFAULT_SETTINGS

    def draw(self, stream: str) -> Tensor:
        """The uniforms of this step."""
        return self.uniform(stream, self.index)


Policy = Callable[[State, Prediction, Transition], State]


def ancestral(state: State, prediction: Prediction, transition: Transition) -> State:
    """A draw from p(x_s|x_t), the posterior under the predicted x_0.

    Source: D3PM, arXiv 2107.03006, eq. 4; skipped steps: section 3 below eq. 4.
    """
    step = transition
    tokens = step.corruption.draw(state.tokens, prediction, step.t, step.s, step.draw("reverse"))
    # Outside the canvas nothing is drawn; a chain without masks would change it.
    tokens = torch.where(step.inside, tokens, state.tokens)
    return _moved(state, tokens, step)


def stratified(state: State, prediction: Prediction, transition: Transition) -> State:
    """An ancestral draw whose masks are removed evenly: in turn, not independently.

    In an absorbing chain each mask is removed at an independent time, uniform in [0, 1]. Here the
    times of a row are one draw from each of n equal intervals, in random order: each is still
    uniform, but two of them rarely share a step, and tokens that are drawn in one step cannot agree
    with each other. With n steps or more on an even grid every token is drawn alone.

    Source: the first-hitting view of arXiv 2409.02908, section 4, with stratified times.

    Raises:
        UserError: for a corruption without masks.
    """
    step = transition
    masks = _masks(state, step, "stratified")
    # The same numbers at every step: a position keeps its time.
    order = step.uniform("order", 0).masked_fill(~step.inside, torch.inf)
    rank = order.argsort(dim=1, stable=True).argsort(dim=1)
    falls_at = (rank + step.uniform("jitter", 0)) / step.inside.sum(1, keepdim=True).clamp(min=1)
    falls = masks & (falls_at >= step.s)
    drawn = prediction.draw(falls, step.draw("reverse"))
    return _moved(state, state.tokens.masked_scatter(falls, drawn), step)


def remasking(state: State, prediction: Prediction, transition: Transition) -> State:
    """An ancestral draw in which known tokens may be masked again, so that errors can be fixed.

    A known token is masked again with probability sigma, the smaller of `remask` and what keeps the
    marginals of the chain; a mask is removed with probability (1 - s - (1 - sigma) (1 - t)) / t.

    Source: ReMDM, arXiv 2503.00307, eq. 5 and section 4.1 ("cap"), with alpha_t = 1 - t.

    Raises:
        UserError: for a corruption without masks.
    """
    step = transition
    masks = _masks(state, step, "remdm")
    kept = (1 - step.t).clamp(min=torch.finfo(torch.float64).tiny)
    sigma = torch.minimum((step.s / kept).clamp(max=1.0), step.s.new_tensor(step.settings.remask))
    fall = (1 - step.s - (1 - sigma) * (1 - step.t)) / step.t
    u = step.draw("reverse")
    falls, rises = masks & (u < fall), step.inside & ~masks & (u < sigma)
    # One uniform serves both: given that the mask is removed, the rest of it is uniform again.
    tokens = state.tokens.masked_scatter(falls, prediction.draw(falls, u / fall))
    return _moved(state, torch.where(rises, _noise(state, step), tokens), step)


def mask_predict(state: State, prediction: Prediction, transition: Transition) -> State:
    """All masks are filled, then the share s of tokens with the lowest scores is masked again.

    The score of a token is its log probability when it was written.

    Source: Mask-Predict, arXiv 1904.09324, section 3.1, with the even decay of the paper on the
    grid "linear".

    Raises:
        UserError: for a corruption without masks.
    """
    step = transition
    masks = _masks(state, step, "mask-predict")
    if step.index + 1 == step.count and not step.settings.last_scores:
        drawn = prediction.draw(masks, step.draw("reverse"))
        tokens = state.tokens.masked_scatter(masks, drawn)
        return State(tokens, state.scores, torch.zeros_like(masks))
    drawn, log_p = prediction.draw_scored(masks, step.draw("reverse"))
    tokens = state.tokens.masked_scatter(masks, drawn)
    scores = state.scores.masked_scatter(masks, log_p.double())
    if step.index + 1 == step.count:
        return State(tokens, scores, torch.zeros_like(masks))
    lowest = _lowest(scores, step)
    tokens = torch.where(lowest, _noise(state, step), tokens)
    return State(tokens, scores.masked_fill(lowest, 0.0), lowest)


def routed(state: State, prediction: Prediction, transition: Transition) -> State:
    """Tokens with high scores are accepted; the share s with the lowest scores becomes noise.

    All positions are rescored at each step, by the log probability of a draw; a position
    that holds a token already keeps it unless it is among the lowest. Noise keeps what stands there
    with probability alpha_t / alpha_s, where the chain has no masks.

    Source: RDM, arXiv 2302.05737, algorithm 2, in the form of its code: mode "uncond", Gumbel
    noise of scale `routing_noise` s on the scores; q_noise(x_t) of eq. 5.
    """
    step = transition
    u = step.draw("reverse")
    found_ids, log_p = prediction.draw_scored(step.inside, u)
    drawn = torch.zeros_like(state.tokens).masked_scatter(step.inside, found_ids)
    scores = torch.zeros_like(state.scores).masked_scatter(step.inside, log_p.double())
    if step.settings.routing_noise and step.index + 1 < step.count:
        gumbel = -torch.log(-torch.log(step.draw("routing").clamp(min=1e-300)))
        ranked = scores + gumbel * step.settings.routing_noise * step.s
    else:
        ranked = scores
    lowest = _lowest(ranked, step)
    found = state.noisy & ~lowest
    tokens = torch.where(found, drawn, state.tokens)
    again = step.corruption.renoise(state.tokens, step.t, step.s, step.draw("noise"))
    tokens = torch.where(lowest, again, tokens)
    kept = torch.where(found, scores, state.scores)
    return State(tokens, kept.masked_fill(lowest, 0.0), lowest)


def confidence(state: State, prediction: Prediction, transition: Transition) -> State:
    """Masks are removed where the drawn token is above `threshold`, and always at the best one.

    The number of steps follows from the text; the last one that is allowed fills all masks.

    Source: Fast-dLLM, arXiv 2505.22618, section 3.3 (confidence-aware parallel decoding).

    Raises:
        UserError: for a corruption without masks.
    """
    step = transition
    masks = _masks(state, step, "confidence")
    drawn, log_p = prediction.draw_scored(masks, step.draw("reverse"))
    tokens = state.tokens.masked_scatter(masks, drawn)
    scores = state.scores.masked_scatter(masks, log_p.double())
    open_scores = scores.masked_fill(~masks, -torch.inf)
    best = open_scores == open_scores.amax(dim=1, keepdim=True)
    falls = masks & (best | (scores > math.log(step.settings.threshold)))
    if step.index + 1 == step.count:
        falls = masks
    return State(
        torch.where(falls, tokens, state.tokens),
        torch.where(falls, scores, state.scores),
        masks & ~falls,
    )


def _masks(state: State, step: Transition, policy: str) -> Tensor:
    if not isinstance(step.corruption, Absorbing):
        raise UserError(f"policy {policy!r} needs masks: use policy 'ancestral' or 'routed'.")
    return step.inside & step.corruption.unsettled(state.tokens)


def _noise(state: State, step: Transition) -> Tensor:
    return step.corruption.prior(state.tokens, lambda: step.draw("noise"))


def _lowest(scores: Tensor, step: Transition) -> Tensor:
    """True at the share s of each row's canvas whose scores are lowest."""
    # A share such as 1 - 9/10 is a little below a tenth in floating point.
    count = (step.inside.sum(1, keepdim=True) * step.s + 1e-6).floor()
    rank = scores.masked_fill(~step.inside, torch.inf).argsort(dim=1, stable=True).argsort(dim=1)
    return step.inside & (rank < count)


def _moved(state: State, tokens: Tensor, step: Transition) -> State:
    """The state with new tokens; policies that rank nothing keep no scores."""
    noisy = step.inside & step.corruption.unsettled(tokens)
    return State(tokens, state.scores, noisy)


PolicyName = Literal["ancestral", "stratified", "remdm", "mask-predict", "routed", "confidence"]

POLICIES: Mapping[str, Policy] = {
    "ancestral": ancestral,
    "stratified": stratified,
    "remdm": remasking,
    "mask-predict": mask_predict,
    "routed": routed,
    "confidence": confidence,
}

ADAPTIVE = frozenset({"confidence"})
"""Policies whose number of steps follows from the text."""
RANKING = frozenset({"mask-predict", "confidence"})
"""Policies that draw only tokens: at temperature 0 they have one answer."""
