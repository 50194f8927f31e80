"""Decoding from left to right over any decoder that takes one position at a time.

Sampling draws by `baselines.categorical`; beam search keeps a pool of ended hypotheses.
Sources whose candidates have all ended leave the batch once they are half of it, and decoding
stops when none is left.

Source: beam search with length normalisation, Wu et al., arXiv 1609.08144, section 7, with
the score of fairseq and transformers, log p / length ** length_penalty.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from baselines.categorical import categorical

_UNENDED = -1e9
"""Added to the score of a hypothesis without end: it ranks behind all others."""


class Stepper(Protocol):
    """A decoder with its cache. Rows are source-major, the same number for every source."""

    def step(self, tokens: Tensor) -> Tensor:
        """Feed one token a row, `(rows,)`; returns the logits of the next, `(rows, vocab)`."""

    def reorder(self, rows: Tensor) -> None:
        """Row r goes on as a copy of `rows[r]`, which is of the same source."""

    def keep(self, sources: Tensor) -> None:
        """Drop all sources but those with indices `(n,)`, with all of their rows."""


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The ids that steer a decoding."""

    start: int
    end: int
    pad: int
    forbidden: Tensor
    """Ids that are never produced, `(n,)`."""


@dataclass(frozen=True, slots=True)
class Hypotheses:
    """Decoded sequences, `(sources, per_source, ...)`."""

    tokens: Tensor
    """Ids without the start, with the end, then padding."""
    logprob: Tensor
    """Natural logarithm of the model's probability at temperature 1, end included; float64."""


OnTokens = Callable[[int, Tensor], None]


def sample(
    stepper: Stepper,
    alphabet: Alphabet,
    u: Tensor,
    *,
    temperature: float,
    top_p: float,
    on_step: OnTokens | None = None,
) -> Hypotheses:
    """One draw a row.

    Args:
        stepper: fresh, with `sources * per_source` rows.
        alphabet: start, end and what is forbidden.
        u: uniforms `(sources, per_source, max_length)`, float64: one for every position.
        temperature: divides the logits; 0 takes the most probable token (greedy decoding).
        top_p: nucleus.
        on_step: called with the step and all tokens so far, `(rows, max_length)`.
    """
    sources, per_source, max_length = u.shape
    u = u.flatten(0, 1)
    tokens = torch.full(u.shape, alphabet.pad, dtype=torch.int64, device=u.device)
    logprob = torch.zeros(u.size(0), dtype=torch.float64, device=u.device)
    rows = torch.arange(u.size(0), device=u.device)
    ended = torch.zeros_like(rows, dtype=torch.bool)
    current = torch.full_like(rows, alphabet.start)
    for position in range(max_length):
        logits = stepper.step(current).index_fill(-1, alphabet.forbidden, -torch.inf)
        drawn = categorical(logits, u[rows, position], temperature=temperature, top_p=top_p)
        gained = _log_softmax(logits).gather(-1, drawn[:, None]).squeeze(-1)
        logprob[rows] += gained.masked_fill(ended, 0.0)
        current = drawn.masked_fill(ended, alphabet.pad)
        tokens[rows, position] = current
        ended = ended | (current == alphabet.end)
        if on_step is not None:
            on_step(position, tokens)
        alive = (~ended.view(-1, per_source).all(dim=1)).nonzero().squeeze(-1)
        if not alive.numel():
            break
        if 2 * alive.numel() * per_source <= rows.numel():
            stepper.keep(alive)
            rows, current, ended = (
                part.view(-1, per_source)[alive].flatten() for part in (rows, current, ended)
            )
    return Hypotheses(
        tokens.view(sources, per_source, max_length), logprob.view(sources, per_source)
    )


def beam_search(
    stepper: Stepper,
    alphabet: Alphabet,
    *,
    sources: int,
    beam: int,
    max_length: int,
    length_penalty: float,
    device: torch.device,
    on_step: OnTokens | None = None,
) -> Hypotheses:
    """The `beam` best hypotheses of every source, best first; unended ones come last.

    A hypothesis is pooled when its end is among the `beam` best continuations. A source is
    done when its pool is full and no live hypothesis, were it to end now, would enter: exact
    for `length_penalty` 0, the heuristic of transformers for others.

    Args:
        stepper: fresh, with `sources * beam` rows.
        alphabet: start, end and what is forbidden.
        sources: number of sources.
        beam: live hypotheses, and size of the pool.
        max_length: tokens a hypothesis may have, end included.
        length_penalty: exponent of the length that divides the log probability.
        device: where the stepper's logits are.
        on_step: called with the step and the live tokens, `(rows, max_length)`.
    """
    result = pool = _Pool.empty(sources, beam, max_length, alphabet.pad, device)
    live = pool.tokens
    # All beams start alike: one of them stands for all, or the first step would fill the beam
    # with copies.
    scores = pool.scores.index_fill(1, torch.tensor([0], device=device), 0.0)
    current = torch.full((sources * beam,), alphabet.start, device=device)
    here = torch.arange(sources, device=device)
    done = torch.zeros(sources, dtype=torch.bool, device=device)
    for position in range(max_length):
        logits = stepper.step(current).index_fill(-1, alphabet.forbidden, -torch.inf)
        extended = scores[..., None] + _log_softmax(logits).unflatten(0, (-1, beam))
        # At most one continuation of a hypothesis ends it: twice the beam leaves enough others.
        top, index = extended.flatten(1).topk(2 * beam, dim=1)
        origin, token = index // logits.size(-1), index % logits.size(-1)
        histories = live.gather(1, origin[..., None].expand(-1, -1, max_length))
        histories[..., position] = token
        ends = token == alphabet.end
        pooled = ends & (torch.arange(2 * beam, device=device) < beam) & ~done[:, None]
        norm = float(position + 1) ** length_penalty
        pool = pool.merge(top.masked_fill(~pooled, -torch.inf), histories, norm)
        scores, slot = top.masked_fill(ends, -torch.inf).topk(beam, dim=1)
        live = histories.gather(1, slot[..., None].expand(-1, -1, max_length))
        current = live[..., position].flatten()
        if on_step is not None:
            on_step(position, live.flatten(0, 1))
        # Once done, done: what a source waits for in the batch must not change its pool.
        done = done | (pool.scores[:, -1] >= scores[:, 0] / norm)
        undone = (~done).nonzero().squeeze(-1)
        if not undone.numel() or position + 1 == max_length:
            break
        first = torch.arange(len(here), device=device)[:, None] * beam
        stepper.reorder((first + origin.gather(1, slot)).flatten())
        if 2 * undone.numel() <= len(here):
            stepper.keep(undone)
            result = result.put(here, pool)
            here, done, pool = here[undone], done[undone], pool[undone]
            live, scores = live[undone], scores[undone]
            current = current.view(-1, beam)[undone].flatten()
    # Live hypotheses fill what is left of a pool, behind all that ended.
    result = result.put(here, pool.merge(scores, live, norm, rank=_UNENDED))
    return Hypotheses(result.tokens, result.logprob)


@dataclass(frozen=True, slots=True)
class _Pool:
    """The best hypotheses of every source so far, best first."""

    scores: Tensor
    logprob: Tensor
    tokens: Tensor

    @classmethod
    def empty(
        cls, sources: int, beam: int, max_length: int, pad: int, device: torch.device
    ) -> "_Pool":
        scores = torch.full((sources, beam), -torch.inf, dtype=torch.float64, device=device)
        tokens = torch.full((sources, beam, max_length), pad, device=device)
        return cls(scores, scores.clone(), tokens)

    def merge(self, logprob: Tensor, tokens: Tensor, norm: float, rank: float = 0.0) -> "_Pool":
        """Take in hypotheses `(sources, n)`; a log probability of -inf is none."""
        scores = torch.cat((self.scores, logprob / norm + rank), dim=1)
        scores, slot = scores.topk(self.scores.size(1), dim=1)
        merged = torch.cat((self.tokens, tokens), dim=1)
        return _Pool(
            scores,
            torch.cat((self.logprob, logprob), dim=1).gather(1, slot),
            merged.gather(1, slot[..., None].expand(-1, -1, merged.size(-1))),
        )

    def put(self, sources: Tensor, other: "_Pool") -> "_Pool":
        """This pool with the rows `sources` `(n,)` taken from `other`."""
        return _Pool(
            self.scores.index_copy(0, sources, other.scores),
            self.logprob.index_copy(0, sources, other.logprob),
            self.tokens.index_copy(0, sources, other.tokens),
        )

    def __getitem__(self, sources: Tensor) -> "_Pool":
        return _Pool(self.scores[sources], self.logprob[sources], self.tokens[sources])


def _log_softmax(logits: Tensor) -> Tensor:
    return functional.log_softmax(logits.float(), dim=-1)
