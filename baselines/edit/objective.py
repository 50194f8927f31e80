"""Dual policy learning: each policy is trained on states produced by the other.

Insertion starts from texts with deletions and learns what fills them; deletion starts from
texts that the token policy filled and learns which tokens the expert deletes again.

Source: Levenshtein Transformer, arXiv 1905.11006, section 3.2 and algorithm of figure 3.
Deviates: deletion is not trained on the two marks; the placeholder head is not smoothed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from baselines.categorical import categorical
from baselines.edit.alignment import common, gaps
from baselines.edit.decoder import Head
from baselines.edit.operations import State, fill, keep
from baselines.edit.rollin import random_kept

Score = Callable[[State, Head], Tensor]
"""The network: logits of a head over a state."""

Prediction = Literal["argmax", "sample"]
"""How the states of the deletion policy are filled: with the likeliest tokens, or with draws."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The ids that control the operations."""

    placeholder: int
    pad: int
    forbidden: Tensor
    """Ids that no operation writes, `(n,)`."""


@dataclass(frozen=True, slots=True)
class Uniforms:
    """The random numbers of a training step, float64."""

    share: Tensor
    """How much of a target remains, `(rows,)`."""
    order: Tensor
    """Which tokens remain, `(rows, width)`."""
    mixture: Tensor
    """Which roll-in of the insertion policy, `(rows,)`."""
    token: Tensor
    """Draws of the token policy, `(rows, width)`."""


def dual_policy_losses(
    score: Score,
    target: State,
    u: Uniforms,
    vocabulary: Vocabulary,
    *,
    beta: float,
    prediction: Prediction,
    max_insertions: int,
    label_smoothing: float,
) -> dict[Head, Tensor]:
    """The mean loss of each head over its own positions, in nats.

    Args:
        score: the network.
        target: texts that are to be written; one that was cut ends with a token in place of the
            closing mark.
        u: random numbers.
        vocabulary: ids.
        beta: share of insertion roll-ins made from texts of the model itself by the expert's
            deletions; the others are random deletions.
        prediction: how deletion roll-ins are filled.
        max_insertions: largest class of the placeholder head.
        label_smoothing: of the token head, as a share of the mass.
    """

    def hide(missing: Tensor) -> State:
        return fill(target, missing, torch.full_like(target.tokens, vocabulary.placeholder))

    def write(masked: State, missing: Tensor, logits: Tensor) -> State:
        logits = logits.detach().index_fill(-1, vocabulary.forbidden, -torch.inf)
        drawn = logits.argmax(-1) if prediction == "argmax" else categorical(logits, u.token)
        return fill(masked, missing, drawn)

    missing = target.interior & ~random_kept(target, u.share, u.order)
    if beta > 0:
        with torch.no_grad():
            masked = hide(missing)
            written = write(masked, missing, score(masked, "token"))
        expert = common(target.tokens, written.tokens, target.interior, written.interior)
        missing = torch.where(u.mixture[:, None] < beta, target.interior & ~expert, missing)

    start = keep(target, ~missing, vocabulary.pad)
    counts = gaps(target.inside & ~missing, target.inside)
    masked = hide(missing)
    token_logits = score(masked, "token")
    written = write(masked, missing, token_logits)
    right = common(written.tokens, target.tokens, written.interior, target.interior)
    return {
        "deletion": _mean_nll(score(written, "deletion"), (~right).long(), written.interior),
        "placeholder": _mean_nll(
            score(start, "placeholder"), counts.clamp(max=max_insertions), start.slots
        ),
        "token": _mean_nll(token_logits, target.tokens, missing, label_smoothing),
    }


def _mean_nll(logits: Tensor, labels: Tensor, where: Tensor, smoothing: float = 0.0) -> Tensor:
    """Cross entropy over the positions `where`; 0 if there are none."""
    log_p = functional.log_softmax(logits.float(), dim=-1)
    loss = -log_p.gather(-1, labels[..., None]).squeeze(-1)
    if smoothing:
        loss = (1 - smoothing) * loss - smoothing * log_p.mean(-1)
    return loss.masked_fill(~where, 0.0).sum() / where.sum().clamp(min=1)
