"""Rescoring of a language model's next token by attribute operators, step by step.

Source: FUDGE, Yang and Klein, arXiv 2104.05218, section 3: p(token | prefix, a) is proportional to
p(token | prefix) p(a | prefix + token), over the most probable tokens of the language model.
Deviates: p(a | prefix + token) is read from the language model's own state of the prefix and its
embedding of the token, where the paper trains an LSTM on the tokens. So one row of the network a
step serves all tokens, which in the layer that reads it differ by their embedding alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from baselines.attribute_operators import AttributeOperators
from baselines.autoregressive.causal_language_model import StateStepper
from baselines.source_rows import rows_of


class PrefixOperators(AttributeOperators):
    """log p(value | prefix + token) from the state of the prefix and the embedding of the token."""

    def standardise_by(self, inputs: Tensor) -> None:
        """Take mean and scale from `inputs` `(rows, inputs)`, states beside embeddings."""
        if len(inputs) > 1:
            self.mean.copy_(inputs.mean(0))
            self.scale.copy_(inputs.std(0).clamp(min=1e-3))

    def read_tokens(self, embeddings: Tensor) -> dict[str, Tensor]:
        """By attribute the part of the first layer that tokens decide, `(vocab, width)`.

        It is the same at every step.

        Args:
            embeddings: of all tokens, `(vocab, dim)`.
        """
        dim = embeddings.size(-1)
        of_token = (embeddings - self.mean[-dim:]) / self.scale[-dim:]
        return {
            name: functional.linear(of_token, self.operator(name).first.weight[:, -dim:])
            for name in self.attributes
        }

    def forward(
        self,
        state: Tensor,
        tokens: Tensor,
        read: Mapping[str, Tensor],
        wanted: Mapping[str, Tensor],
    ) -> Tensor:
        """Sum over attributes of log p(value | prefix + token), `(rows, tokens)`.

        Args:
            state: of the prefixes, `(rows, dim)`.
            tokens: that might follow, ids `(rows, tokens)`.
            read: what `read_tokens` gives.
            wanted: by attribute the index of the value `(rows,)`; -1 where it is free.
        """
        dim = state.size(-1)
        of_state = (state - self.mean[:dim]) / self.scale[:dim]
        total = torch.zeros(tokens.shape, dtype=state.dtype, device=state.device)
        for name, value in wanted.items():
            named = (value >= 0).nonzero().squeeze(-1)
            if not len(named):
                continue
            operator = self.operator(name)
            first = operator.first
            # A linear layer of two inputs is the sum of its parts.
            of_prefix = functional.linear(of_state[named], first.weight[:, :dim], first.bias)
            log_p = operator.after_first(of_prefix[:, None] + read[name][tokens[named]])
            index = value[named][:, None, None].expand(-1, tokens.size(1), 1)
            total[named] += log_p.gather(-1, index).squeeze(-1)
        return total


@dataclass
class RescoredStepper:
    """`baselines.left_to_right_search.Stepper`: the language model, rescored.

    Args:
        stepper: of the language model.
        operators: None rescores nothing.
        read: what the operators read of all tokens (`PrefixOperators.read_tokens`).
        wanted: by attribute the index of the value `(rows,)`; -1 where it is free.
        strength: factor of the operators' log probability.
        top_k: tokens of the language model that are considered; the others are never drawn.
        forbidden: ids that are never produced, `(n,)`.
    """

    stepper: StateStepper
    operators: PrefixOperators | None
    read: Mapping[str, Tensor]
    wanted: Mapping[str, Tensor]
    strength: float
    top_k: int
    forbidden: Tensor

    def step(self, tokens: Tensor) -> Tensor:
        """Feed one token per row; the rescored logits of the next, `(rows, vocab)`, float64."""
        logits = self.stepper.step(tokens).index_fill(-1, self.forbidden, -torch.inf).double()
        top, ids = logits.topk(min(self.top_k, logits.size(-1)), dim=-1)
        if self.operators is not None and self.strength:
            log_p = self.operators(self.stepper.state, ids, self.read, self.wanted)
            top = top + self.strength * log_p
        return torch.full_like(logits, -torch.inf).scatter(-1, ids, top)

    def reorder(self, rows: Tensor) -> None:
        """Row r continues as a copy of `rows[r]`, which belongs to the same source."""
        self.stepper.reorder(rows)

    def keep(self, sources: Tensor) -> None:
        """Drop all sources but those with indices `(n,)`, with all of their rows."""
        rows = rows_of(sources, self.stepper.per_source)
        self.wanted = {name: value[rows] for name, value in self.wanted.items()}
        self.stepper.keep(sources)
