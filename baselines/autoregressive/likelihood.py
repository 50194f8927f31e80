"""The exact log probability of a target under a left-to-right model.

log p(y | x) = sum over i of log p(y_i | y_1 ... y_{i-1}, x), where the last y_i is the end mark.

Source: Sutskever et al., arXiv 1409.3215, eq. 1.
Deviates: tokens that decoding never writes get no mass, so that these are the probabilities of what
is drawn. The sum is over one way to spell a text in tokens; a tokeniser may know others.
"""

import torch
from torch import Tensor
from torch.nn import functional


def log_probability(logits: Tensor, target: Tensor, inside: Tensor, forbidden: Tensor) -> Tensor:
    """Log probability of the targets in nats, `(batch,)`, float64.

    Args:
        logits: `(batch, length, vocab)`.
        target: the tokens that follow, `(batch, length)`.
        inside: True where a target is not padding, `(batch, length)`.
        forbidden: ids that are never written, `(n,)`.
    """
    allowed = logits.float().index_fill(-1, forbidden, -torch.inf)
    log_p = functional.log_softmax(allowed, dim=-1).gather(-1, target[..., None]).squeeze(-1)
    return torch.where(inside, log_p, 0.0).double().sum(1)
