"""The training objective of the autoregressive systems: cross entropy of the next token."""

from torch import Tensor
from torch.nn import functional

from benchmark.api import LossTerms


def next_token_loss(
    logits: Tensor, target: Tensor, inside: Tensor, label_smoothing: float
) -> LossTerms:
    """Cross entropy in nats per target token, with label smoothing.

    Args:
        logits: `(batch, length, vocab)`.
        target: the tokens that follow, `(batch, length)`.
        inside: True where a target is not padding, `(batch, length)`.
        label_smoothing: share of the mass that is spread over the vocabulary. Source: arXiv
            1512.00567, section 7.
    """
    log_p = functional.log_softmax(logits.float(), dim=-1)
    tokens = int(inside.sum())
    nll = -log_p.gather(-1, target[..., None]).squeeze(-1)[inside].sum() / tokens
    total = nll
    if label_smoothing:
        uniform = log_p.mean(-1)[inside].sum() / tokens
        total = (1 - label_smoothing) * nll - label_smoothing * uniform
    return LossTerms(total, {"nll": nll.detach()}, tokens)
