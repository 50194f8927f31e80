"""The objective of the latent systems: cross entropy and weighted KL."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from baselines.attention import Memory
from baselines.encoder_decoder import Decoder
from baselines.next_token_loss import next_token_loss
from benchmark import api


class RisingBeta(nn.Module):
    """The weight of the KL: from 0 it rises linearly to its end, so that latents are used first.

    It counts its own calls while training, one an update unless batches are split; in evaluation it
    is the end.

    Args:
        end: weight after the rise.
        rise: number of updates; 0 = none.
    """

    updates: Tensor

    def __init__(self, end: float, rise: int) -> None:
        super().__init__()
        self.end, self.rise = end, rise
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))

    def forward(self) -> Tensor:
        """The weight of this update."""
        share = torch.ones((), device=self.updates.device)
        if self.training and self.rise:
            share = (self.updates / self.rise).clamp(max=1.0)
            self.updates += 1
        return self.end * share


def vae_loss(
    decoder: Decoder,
    memory: Memory,
    target: Tensor,
    kl: Tensor,
    beta: float | Tensor,
    tokenizer: api.Tokenizer,
) -> api.LossTerms:
    """Cross entropy + beta KL, both in nats a text, per target token.

    Args:
        decoder: reads `memory` and the tokens before each.
        memory: of latents drawn from the posterior.
        target: `(texts, length)`.
        kl: in nats, by text and any part of the latent, `(texts, parts)`; it is summed.
        beta: weight of the KL.
        tokenizer: the one of the tokens.
    """
    start = target.new_full((target.size(0), 1), tokenizer.bos_id)
    logits = decoder(torch.cat((start, target[:, :-1]), dim=1), memory)
    nll = next_token_loss(logits, target, target != tokenizer.pad_id, 0.0)
    divergence = kl.sum() / nll.tokens
    terms = {**nll.terms, "kl": divergence.detach()}
    return api.LossTerms(nll.total + beta * divergence, terms, nll.tokens)
