"""Categorical draws by inverting the cumulative distribution in float64.

One uniform number per draw, in vocabulary order: a logit that changes by rounding changes a draw
only with the same tiny probability. Gumbel noise in float32 would lower the temperature (arXiv
2409.02908, section 4).
"""

import torch
from torch import Tensor
from torch.nn import functional


def probabilities(logits: Tensor, *, temperature: float = 1.0, top_p: float = 1.0) -> Tensor:
    """The distribution that is drawn from, float64, the shape of `logits` `(..., vocab)`.

    Args:
        logits: scores of any float type; -inf is never drawn.
        temperature: divides the logits; 0 puts all mass on the largest (the first of equals).
        top_p: nucleus: the fewest tokens that together hold this share of the mass, equals in
            vocabulary order. Source: Holtzman et al., arXiv 1904.09751, eq. 2.

    Raises:
        ValueError: if `temperature` is negative or `top_p` is outside (0, 1].
    """
    check_draw(temperature, top_p)
    scores = logits.double()
    if temperature == 0:
        return torch.zeros_like(scores).scatter_(-1, scores.argmax(-1, keepdim=True), 1.0)
    p = (scores / temperature).softmax(-1)
    if top_p == 1:
        return p
    ordered, order = p.sort(dim=-1, descending=True, stable=True)
    outside = functional.pad(ordered.cumsum(-1)[..., :-1], (1, 0)) >= top_p
    p = p.masked_fill(torch.zeros_like(outside).scatter_(-1, order, outside), 0.0)
    return p / p.sum(-1, keepdim=True)


def invert(p: Tensor, u: Tensor) -> Tensor:
    """The index i with cdf[i-1] <= u < cdf[i] of masses `p` `(..., vocab)`, `u` `(...)`.

    `p` need not sum to one: `u` is a share of its total. An index of mass 0 never comes out.
    """
    cdf = p.double().cumsum(-1)
    total = cdf[..., -1:].contiguous()
    index = torch.searchsorted(cdf, u.unsqueeze(-1).double() * total, right=True)
    # u * total may round up to total, beyond the last mass.
    return index.minimum(torch.searchsorted(cdf, total)).squeeze(-1)


def categorical(
    logits: Tensor, u: Tensor, *, temperature: float = 1.0, top_p: float = 1.0
) -> Tensor:
    """Token ids `(...)` drawn from `logits` `(..., vocab)` by uniforms `u` `(...)`.

    Args:
        logits, temperature, top_p: as in `probabilities`.
        u: uniforms in [0, 1), one per draw.
    """
    check_draw(temperature, top_p)
    if temperature == 0:
        return logits.argmax(-1)
    return invert(probabilities(logits, temperature=temperature, top_p=top_p), u)


def check_draw(temperature: float, top_p: float) -> None:
    """Raise ValueError if no draw is defined."""
    if not temperature >= 0:
        raise ValueError(f"temperature {temperature} is negative")
    if not 0 < top_p <= 1:
        raise ValueError(f"top_p {top_p} is not in (0, 1]")
