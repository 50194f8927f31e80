"""How tokens are corrupted and recovered: q(x_t|x_0), q(x_s|x_t,x_0), and reverse draws.

Time runs from 0 (data) to 1 (nothing left); a token is kept with probability 1 - t. On the
lattice t = k/T that is beta_k = 1 / (T - k + 1), the mutual information schedule of the paper;
between its points it defines the same chain, so a sampler may take any decreasing grid.
Times are float64 and broadcast with tokens `(rows, length)`; distributions have the
vocabulary as last dimension.

Source: Austin et al. (D3PM), arXiv 2107.03006, eq. 3 (posterior), eq. 4 (reverse process by
x_0 prediction), appendix A.2 (uniform and absorbing transitions).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from baselines.masked.prediction import Prediction


class Corruption(Protocol):
    """A Markov chain over tokens with known marginals and posteriors."""

    def prior(self, like: Tensor, uniform: Callable[[], Tensor]) -> Tensor:
        """x_1, of the shape of `like`, by uniforms of that shape where any are needed."""

    def corrupt(self, x_0: Tensor, t: Tensor, u: Tensor) -> Tensor:
        """A draw from q(x_t|x_0) by uniforms `u` of the shape of `x_0`."""

    def unsettled(self, x_t: Tensor) -> Tensor:
        """True where x_0 does not follow from x_t."""

    def renoise(self, x_t: Tensor, t: Tensor, s: Tensor, u: Tensor) -> Tensor:
        """A token that is noise at s, where `x_t` stands at t: a draw by uniforms `u`."""

    def leave_out(self, logits: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """Logits of p(x_0|x_t) without log q(x_t|x_0), at every position that of its own token.

        What is left is what the other positions say of x_0, as `posterior` expects it: by Bayes,
        p(x_0|x_t) is proportional to p_0(x_0) q(x_t|x_0).
        """

    def posterior(self, x_t: Tensor, p_0: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """p(x_s|x_t), proportional to sum over x_0 of q(x_s, x_t|x_0) p_0(x_0) (eq. 4).

        With `p_0` a point mass at x_0 it is the exact q(x_s|x_t, x_0) (eq. 3).

        Args:
            x_t: tokens `(rows, length)`.
            p_0: predicted distribution of x_0, `(rows, length, vocab)`.
            t: time of `x_t`.
            s: earlier time, s < t.
        """

    def draw(self, x_t: Tensor, prediction: Prediction, t: Tensor, s: Tensor, u: Tensor) -> Tensor:
        """A draw from `posterior` with the predicted x_0, by uniforms `u`.

        Args:
            x_t: tokens `(rows, length)`.
            prediction: of x_0.
            t: time of `x_t`.
            s: earlier time, s < t.
            u: uniforms `(rows, length)`.
        """

    def divergence(self, x_0: Tensor, x_t: Tensor, log_p: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """KL(q(x_s|x_t,x_0) || p(x_s|x_t)) in nats at every position; -log p(x_0|x_t) at s = 0.

        Args:
            x_0: clean tokens `(rows, length)`.
            x_t: corrupted tokens `(rows, length)`.
            log_p: predicted logarithms of x_0, `(rows, length, vocab)`.
            t: time of `x_t`.
            s: earlier time, s < t.
        """


@dataclass(frozen=True, slots=True)
class Absorbing:
    """A lost token becomes the mask, and stays masked."""

    vocab_size: int
    mask_id: int

    def prior(self, like: Tensor, uniform: Callable[[], Tensor]) -> Tensor:
        """All masks."""
        return torch.full(like.shape, self.mask_id, device=like.device)

    def corrupt(self, x_0: Tensor, t: Tensor, u: Tensor) -> Tensor:
        """Each token is masked with probability t."""
        return x_0.masked_fill(u < t, self.mask_id)

    def unsettled(self, x_t: Tensor) -> Tensor:
        """The masks."""
        return torch.eq(x_t, self.mask_id)

    def renoise(self, x_t: Tensor, t: Tensor, s: Tensor, u: Tensor) -> Tensor:
        """A mask."""
        return torch.full_like(x_t, self.mask_id)

    def leave_out(self, logits: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """As they are: a mask says nothing of x_0, and other tokens are carried over."""
        return logits

    def posterior(self, x_t: Tensor, p_0: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """A mask stays with probability s/t and is x_0 otherwise; other tokens are x_0."""
        stay = (s / t).expand(x_t.shape)[..., None]
        point = _one_hot(x_t, self.vocab_size)
        return torch.where(self.unsettled(x_t)[..., None], (1 - stay) * p_0 + stay * point, point)

    def draw(self, x_t: Tensor, prediction: Prediction, t: Tensor, s: Tensor, u: Tensor) -> Tensor:
        """Known tokens are carried over; x_0 is drawn only where a mask is removed."""
        stay = s / t
        falls = self.unsettled(x_t) & (u >= stay)
        # One uniform serves both: given that the mask is removed, the rest of it is uniform again.
        rest = (u - stay) / (1 - stay)
        return x_t.masked_scatter(falls, prediction.draw(falls, rest))

    def divergence(self, x_0: Tensor, x_t: Tensor, log_p: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """(1 - s/t) times the cross entropy at masks, 0 elsewhere (appendix A.3)."""
        nll = -log_p.gather(-1, x_0[..., None]).squeeze(-1)
        return torch.where(self.unsettled(x_t), (1 - s / t).to(nll.dtype) * nll, 0.0)


@dataclass(frozen=True, slots=True)
class Uniform:
    """A lost token becomes any id of the vocabulary, with equal probability."""

    vocab_size: int

    def prior(self, like: Tensor, uniform: Callable[[], Tensor]) -> Tensor:
        """Uniform ids."""
        return self._any(uniform())

    def corrupt(self, x_0: Tensor, t: Tensor, u: Tensor) -> Tensor:
        """Each token is redrawn with probability t."""
        return torch.where(u < t, self._any(u / t), x_0)

    def unsettled(self, x_t: Tensor) -> Tensor:
        """All positions: any of them may have been redrawn."""
        return torch.ones_like(x_t, dtype=torch.bool)

    def renoise(self, x_t: Tensor, t: Tensor, s: Tensor, u: Tensor) -> Tensor:
        """`x_t` with probability alpha_t / alpha_s, else any id.

        Source: Zheng et al. (RDM), arXiv 2302.05737, eq. 5, q_noise(x_t).
        """
        kept = (1 - t) / (1 - s)
        return torch.where(u < kept, x_t, self._any((u - kept).clamp(min=0.0) / (1 - kept)))

    def leave_out(self, logits: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """The logit of x_t lowered by log q(x_t|x_t) / q(x_t|any other id)."""
        evidence = torch.log1p((1 - t) * self.vocab_size / t).to(logits.dtype)
        evidence = evidence.expand(x_t.shape)[..., None]
        return logits.scatter_add(-1, x_t[..., None], -evidence)

    def posterior(self, x_t: Tensor, p_0: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """q(x_t|x_s) q(x_s|p_0), normalised."""
        kept, kept_s = ((1 - t) / (1 - s))[..., None], (1 - s)[..., None]
        back = kept * _one_hot(x_t, self.vocab_size) + (1 - kept) / self.vocab_size
        joint = back * (kept_s * p_0 + (1 - kept_s) / self.vocab_size)
        return joint / joint.sum(-1, keepdim=True)

    def draw(self, x_t: Tensor, prediction: Prediction, t: Tensor, s: Tensor, u: Tensor) -> Tensor:
        """A draw from the posterior at every position.

        With p_0 mixed with the uniform distribution, the posterior is a mixture of three: x_t
        stays, an id is drawn from p_0, or any id is. One uniform picks the part and, as its
        rest is uniform again, the id; few positions need all of p_0.
        """
        kept, c = (1 - t) / (1 - s), s / self.vocab_size
        d = (1 - kept) / self.vocab_size
        stays = kept * ((1 - s) * prediction.probability(x_t) + c)
        predicted, anything = d * (1 - s), d * s
        point = u * (stays + predicted + anything)
        # At s = 0 nothing is random, whatever a sum rounds to.
        at_random = (point >= stays + predicted) & (anything > 0)
        drawn = (point >= stays) & ~at_random
        x_s = torch.where(at_random, self._any((point - stays - predicted) / anything), x_t)
        return x_s.masked_scatter(drawn, prediction.draw(drawn, (point - stays) / predicted))

    def divergence(self, x_0: Tensor, x_t: Tensor, log_p: Tensor, t: Tensor, s: Tensor) -> Tensor:
        """The sum over the vocabulary, in float64, by what x_t and x_0 add to a constant rest.

        Both posteriors are joint masses (d + kept [v = x_t]) m(v), normalised, with
        m(v) = (1 - s) p_0(v) + c. Away from x_t and x_0 the exact one is the same everywhere, so
        the vocabulary is needed for the sum of log m alone.
        """
        kept, c = (1 - t) / (1 - s), s / self.vocab_size
        d = (1 - kept) / self.vocab_size
        m = (1 - s)[..., None] * log_p.double().exp() + c[..., None]
        at_0, at_t = (m.gather(-1, x[..., None]).squeeze(-1) for x in (x_0, x_t))
        same = torch.eq(x_0, x_t)
        arrow = d + kept * same
        total_q = d + kept * ((1 - s) * same + c)
        log_total_p = (d + kept * at_t).log()
        # Terms q (log q - log back + log total_p) - q log m; at s = 0 only that of x_0 is left.
        q_0, q_t, q_rest = arrow * (1 - s + c) / total_q, (d + kept) * c / total_q, d * c / total_q
        left = self.vocab_size - 2 + same.double()
        # 0 log 0 is 0, and so must be its gradient: at s = 0 both masses vanish together.
        some = c > 0
        log_m = torch.where(some[..., None], m, 1.0).log().sum(-1)
        log_0, log_t = at_0.log(), torch.where(some, at_t, 1.0).log()
        rest = log_m - torch.where(some, at_0, 1.0).log() - torch.where(same, 0.0, log_t)
        return (
            torch.xlogy(q_0, q_0 / arrow)
            + q_0 * (log_total_p - log_0)
            + torch.where(same, 0.0, torch.xlogy(q_t, c / total_q) + q_t * (log_total_p - log_t))
            + left * (torch.xlogy(q_rest, c / total_q) + q_rest * log_total_p)
            - q_rest * rest
        )

    def _any(self, u: Tensor) -> Tensor:
        return (u * self.vocab_size).long().clamp_(max=self.vocab_size - 1)


CorruptionName = Literal["absorbing", "uniform"]

CORRUPTIONS: Mapping[str, Callable[[int, int], Corruption]] = {
    "absorbing": Absorbing,
    "uniform": lambda vocab_size, mask_id: Uniform(vocab_size),
}
"""By name, from the size of the vocabulary and the id of the mask."""


def _one_hot(tokens: Tensor, vocab_size: int) -> Tensor:
    return functional.one_hot(tokens, vocab_size).double()
