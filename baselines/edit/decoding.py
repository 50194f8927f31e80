"""Iterative refinement: delete, insert placeholders, fill them, until nothing changes.

Source: Levenshtein Transformer, arXiv 1905.11006, section 3.3.
Deviates: max_iter rounds, while the official code makes one more; the total length is bounded
by the canvas; tokens and placeholders may be drawn at a temperature.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from baselines.categorical import categorical
from baselines.edit.decoder import Head
from baselines.edit.objective import Vocabulary
from baselines.edit.operations import (
    State,
    bounded,
    fill,
    insert,
    keep,
    unchanged,
)
from baselines.source_rows import rows_of
from benchmark.api import CandidateKind, Count, Noise, NotNegative, OnStep, Settings

Network = Callable[[Tensor, State, Head], Tensor]
"""From indices of sources `(n,)` and their state to the logits of a head."""


@dataclass(frozen=True)
class LevenshteinDecoding(Settings):
    """How to decode; a round is up to three calls of the decoder."""

    max_iter: Count = 10
    """Maximum number of rounds; a text unchanged by a round is finished."""
    temperature: NotNegative = 0.0
    """Of tokens and numbers of placeholders; 0 takes the likeliest, as published."""
    eos_penalty: NotNegative = 0.0
    """Subtracted from the log probability of inserting nothing: gives longer texts."""

    @property
    def nfe(self) -> int | None:
        """None: the number depends on the text."""
        return None

    @property
    def kind(self) -> CandidateKind:
        """Draws, or the one text of greedy decoding."""
        return "single" if self.temperature == 0 else "samples"


def refine(
    network: Network,
    start: State,
    noise: Noise,
    decoding: LevenshteinDecoding,
    vocabulary: Vocabulary,
    *,
    per_source: int,
    on_step: OnStep | None = None,
) -> State:
    """The texts after refinement.

    A finished row stays unchanged; a source is removed from the batch when all of its rows are
    finished.

    Args:
        network: the decoder with its sources.
        start: the initial texts, source-major, `per_source` rows per source.
        noise: one row per row of `start`.
        decoding: rounds, temperature, penalty.
        vocabulary: ids.
        per_source: rows of each source.
        on_step: called with the number of the round and all tokens.
    """
    result = State(start.tokens.clone(), start.lengths.clone())
    active = torch.ones_like(start.lengths, dtype=torch.bool)
    for step in range(decoding.max_iter):
        sources = active.view(-1, per_source).any(dim=1).nonzero().squeeze(-1)
        if not sources.numel():
            break
        rows = rows_of(sources, per_source)
        before = result.select(rows)
        after = _round(
            partial(network, sources),
            before,
            noise.select(rows),
            step,
            decoding,
            vocabulary,
            active[rows],
        )
        live = active[rows]
        result.tokens[rows] = torch.where(live[:, None], after.tokens, before.tokens)
        result.lengths[rows] = torch.where(live, after.lengths, before.lengths)
        active[rows] = live & ~unchanged(before, after)
        if on_step is not None:
            on_step(step, result.tokens)
    return result


def _round(
    score: Callable[[State, Head], Tensor],
    state: State,
    noise: Noise,
    step: int,
    decoding: LevenshteinDecoding,
    vocabulary: Vocabulary,
    active: Tensor,
) -> State:
    """One round; a head that no active row needs is not called."""
    width, temperature = state.tokens.size(1), decoding.temperature

    def logits(of: State, head: Head) -> Tensor:
        # Padding behind the longest text of the batch costs time and changes nothing.
        return score(of.trimmed(int(of.lengths.max())), head)

    def draw(scores: Tensor, stream: str) -> Tensor:
        if temperature == 0:
            return scores.argmax(-1)
        u = noise.uniform((scores.size(1),), step=step, stream=stream)
        return categorical(scores, u, temperature=temperature)

    if bool((active & (state.lengths > 2)).any()):
        deleted = logits(state, "deletion").argmax(-1) == 1
        kept = functional.pad(~deleted, (0, width - deleted.size(1)), value=True)
        state = keep(state, kept, vocabulary.pad)
    if bool((active & (state.lengths < width)).any()):
        scores = functional.log_softmax(logits(state, "placeholder").float(), dim=-1)
        scores[..., 0] -= decoding.eos_penalty
        counts = draw(scores, "placeholder")
        counts = bounded(functional.pad(counts, (0, width - 1 - counts.size(1))), state)
        state, placeholders = insert(state, counts, vocabulary.placeholder, vocabulary.pad)
        if bool((active & placeholders.any(dim=1)).any()):
            scores = logits(state, "token").index_fill(-1, vocabulary.forbidden, -torch.inf)
            tokens = draw(scores, "token")
            tokens = functional.pad(tokens, (0, width - tokens.size(1)))
            state = fill(state, placeholders, tokens)
    return state
