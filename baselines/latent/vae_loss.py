"""The objective of the latent systems: cross entropy and weighted KL."""

from __future__ import annotations

import torch
from torch import Tensor

from baselines.attention import Memory
from baselines.encoder_decoder import Decoder
from baselines.next_token_loss import next_token_loss
from benchmark import api


def vae_loss(
    decoder: Decoder,
    memory: Memory,
    target: Tensor,
    kl: Tensor,
    beta: float,
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
