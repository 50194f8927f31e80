"""Decoding from left to right over any decoder that takes one position at a time.

Sampling draws by `baselines.categorical`; beam search keeps a pool of ended hypotheses. Sources
whose candidates have all ended are removed from the batch once they are half of it, and decoding
stops when none is left.

Source: beam search with length normalisation, Wu et al., arXiv 1609.08144, section 7, with
the score of fairseq and transformers, log p / length ** length_penalty; diverse beam search with
Hamming diversity, Vijayakumar et al., arXiv 1610.02424, algorithm 1 and section 5.
Deviates: the n-best list is ranked by the model's own score over all groups, without the penalty.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from baselines.categorical import categorical

_UNENDED = -1e9
"""Added to the score of an unfinished hypothesis, so that it ranks behind all others."""


class Stepper(Protocol):
    """A decoder with its cache. Rows are source-major, the same number for every source."""

    def step(self, tokens: Tensor) -> Tensor:
        """Feed one token per row, `(rows,)`; returns the logits of the next, `(rows, vocab)`."""

    def reorder(self, rows: Tensor) -> None:
        """Row r continues as a copy of `rows[r]`, which belongs to the same source."""

    def keep(self, sources: Tensor) -> None:
        """Drop all sources but those with indices `(n,)`, with all of their rows."""


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The ids that control decoding."""

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
    """One draw per row.

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
    groups: int = 1,
    diversity: float = 0.0,
    on_step: OnTokens | None = None,
) -> Hypotheses:
    """The `beam` best hypotheses of every source, best first; unended ones come last.

    A hypothesis enters the pool when its end is among the best continuations, up to the beam width.
    A source is done when its pool is full and no live hypothesis, if it ended now, would enter:
    exact for `length_penalty` 0, the heuristic of transformers for others.

    With several groups each searches with its share of the beam, one after the other at every
    position; a group pays `diversity` for each live hypothesis of the groups before it that took
    the same token at the same position. The penalty stays with a hypothesis and affects which are
    kept; an ended hypothesis is not live, so that ending costs nothing.

    Args:
        stepper: fresh, with `sources * beam` rows.
        alphabet: start, end and what is forbidden.
        sources: number of sources.
        beam: live hypotheses, and size of the pool, of all groups together.
        max_length: maximum number of tokens of a hypothesis, end included.
        length_penalty: exponent of the length that divides the log probability.
        device: where the stepper's logits are.
        groups: number of groups; divides `beam`.
        diversity: nats that a group pays for a token taken by another group.
        on_step: called with the step and the live tokens, `(rows, max_length)`.
    """
    width = beam // groups
    beams = [_Beam.start(sources, width, max_length, alphabet.pad, device) for _ in range(groups)]
    results = [group.pool for group in beams]
    current = torch.full((sources * beam,), alphabet.start, device=device)
    here = torch.arange(sources, device=device)
    for position in range(max_length):
        logits = stepper.step(current).index_fill(-1, alphabet.forbidden, -torch.inf)
        log_p = _log_softmax(logits).unflatten(0, (-1, groups, width))
        taken = log_p.new_zeros((len(here), log_p.size(-1)), dtype=torch.float64)
        norm = float(position + 1) ** length_penalty
        origins = []
        for index, group in enumerate(beams):
            price = diversity * taken if diversity and index else None
            group, origin = group.extend(log_p[:, index], price, alphabet.end, position, norm)
            beams[index] = group
            origins.append(index * width + origin)
            searching = (group.scores.isfinite() & ~group.done[:, None]).double()
            taken.scatter_add_(1, group.live[..., position], searching)
        live = torch.cat([group.live for group in beams], dim=1)
        current = live[..., position].flatten()
        if on_step is not None:
            on_step(position, live.flatten(0, 1))
        done = torch.stack([group.done for group in beams]).all(dim=0)
        undone = (~done).nonzero().squeeze(-1)
        if not undone.numel() or position + 1 == max_length:
            break
        first = torch.arange(len(here), device=device)[:, None] * beam
        stepper.reorder((first + torch.cat(origins, dim=1)).flatten())
        if 2 * undone.numel() <= len(here):
            stepper.keep(undone)
            results = [r.put(here, group.pool) for r, group in zip(results, beams, strict=True)]
            here, beams = here[undone], [group[undone] for group in beams]
            current = current.view(-1, beam)[undone].flatten()
    # Live hypotheses fill the rest of a pool, behind all ended ones.
    results = [
        r.put(here, group.pool.merge(group.scores, group.logprob, group.live, norm, _UNENDED))
        for r, group in zip(results, beams, strict=True)
    ]
    _, order = torch.cat([r.quality for r in results], dim=1).sort(
        dim=1, descending=True, stable=True
    )
    tokens = torch.cat([r.tokens for r in results], dim=1)
    return Hypotheses(
        tokens.gather(1, order[..., None].expand_as(tokens)),
        torch.cat([r.logprob for r in results], dim=1).gather(1, order),
    )


@dataclass(frozen=True, slots=True)
class _Beam:
    """The search of one group over all sources."""

    pool: "_Pool"
    live: Tensor
    scores: Tensor
    """Log probability of the live hypotheses less what they paid, `(sources, width)`."""
    logprob: Tensor
    done: Tensor

    @classmethod
    def start(
        cls, sources: int, width: int, max_length: int, pad: int, device: torch.device
    ) -> "_Beam":
        pool = _Pool.empty(sources, width, max_length, pad, device)
        # All start alike: one of them stands for all, or the first step would fill the beam
        # with copies.
        scores = pool.scores.index_fill(1, torch.tensor([0], device=device), 0.0)
        done = torch.zeros(sources, dtype=torch.bool, device=device)
        return cls(pool, pool.tokens, scores, scores, done)

    def extend(
        self, log_p: Tensor, price: Tensor | None, end: int, position: int, norm: float
    ) -> tuple["_Beam", Tensor]:
        """One more token: the beam, and where its rows come from, `(sources, width)`.

        Args:
            log_p: of the next token, `(sources, width, vocab)`.
            price: penalty of a token, `(sources, vocab)`; None means no penalty.
            end: the id that ends a hypothesis.
            position: tokens so far.
            norm: divisor of the score of a hypothesis that ends now.
        """
        width, vocab = log_p.shape[1:]
        reached = self.logprob[..., None] + log_p
        extended = self.scores[..., None] + log_p
        if price is not None:
            extended = extended - price[:, None]
        # At most one continuation of a hypothesis ends it: twice the beam leaves enough others.
        top, index = extended.flatten(1).topk(2 * width, dim=1)
        logprob = reached.flatten(1).gather(1, index)
        origin, token = index // vocab, index % vocab
        histories = self.live.gather(1, origin[..., None].expand(-1, -1, self.live.size(-1)))
        histories[..., position] = token
        ends = token == end
        in_beam = torch.arange(2 * width, device=token.device) < width
        # A finished pool stays unchanged while its source waits for others in the batch.
        outside = ~(ends & in_beam & ~self.done[:, None])
        pool = self.pool.merge(
            top.masked_fill(outside, -torch.inf),
            logprob.masked_fill(outside, -torch.inf),
            histories,
            norm,
        )
        scores, slot = top.masked_fill(ends, -torch.inf).topk(width, dim=1)
        live = histories.gather(1, slot[..., None].expand(-1, -1, histories.size(-1)))
        done = self.done | (pool.scores[:, -1] >= scores[:, 0] / norm)
        return _Beam(pool, live, scores, logprob.gather(1, slot), done), origin.gather(1, slot)

    def __getitem__(self, sources: Tensor) -> "_Beam":
        return _Beam(
            self.pool.select(sources),
            self.live[sources],
            self.scores[sources],
            self.logprob[sources],
            self.done[sources],
        )


class _Pool(NamedTuple):
    """The best hypotheses of every source so far, best first."""

    scores: Tensor
    """What ranks them in the search: less what they paid, by length, `(sources, size)`."""
    quality: Tensor
    """The same without the penalties."""
    logprob: Tensor
    tokens: Tensor

    @classmethod
    def empty(
        cls, sources: int, size: int, max_length: int, pad: int, device: torch.device
    ) -> "_Pool":
        scores = torch.full((sources, size), -torch.inf, dtype=torch.float64, device=device)
        tokens = torch.full((sources, size, max_length), pad, device=device)
        return cls(scores, scores, scores, tokens)

    def merge(
        self, scores: Tensor, logprob: Tensor, tokens: Tensor, norm: float, rank: float = 0.0
    ) -> "_Pool":
        """Add hypotheses `(sources, n)`; a score of -inf means none."""
        ranked = torch.cat((self.scores, scores / norm + rank), dim=1)
        ranked, slot = ranked.topk(self.scores.size(1), dim=1)
        merged = torch.cat((self.tokens, tokens), dim=1)
        return _Pool(
            ranked,
            torch.cat((self.quality, logprob / norm + rank), dim=1).gather(1, slot),
            torch.cat((self.logprob, logprob), dim=1).gather(1, slot),
            merged.gather(1, slot[..., None].expand(-1, -1, merged.size(-1))),
        )

    def put(self, sources: Tensor, other: "_Pool") -> "_Pool":
        """This pool with the rows `sources` `(n,)` taken from `other`."""
        return _Pool(
            *(own.index_copy(0, sources, new) for own, new in zip(self, other, strict=True))
        )

    def select(self, sources: Tensor) -> "_Pool":
        """The rows with indices `(n,)`."""
        return _Pool(*(part[sources] for part in self))


def _log_softmax(logits: Tensor) -> Tensor:
    return functional.log_softmax(logits.float(), dim=-1)
