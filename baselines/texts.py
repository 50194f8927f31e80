"""Texts to token batches and back, as the from-scratch baselines read and write them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmark.api import (
    Batch,
    Candidate,
    Candidates,
    Example,
    LikelihoodKind,
    LogLikelihood,
    Resources,
    Status,
    Tokenizer,
)


@dataclass(frozen=True, slots=True)
class EncodedTexts:
    """Token ids of some texts."""

    ids: list[list[int]]
    truncated: list[bool]
    """Whether the text was truncated to fit the canvas."""

    def padded(self, pad_id: int, length: int | None = None) -> Tensor:
        """Ids `(texts, length)`, int64; `length` None is that of the longest text."""
        width = max(map(len, self.ids)) if length is None else length
        rows = [ids + [pad_id] * (width - len(ids)) for ids in self.ids]
        return torch.tensor(rows, dtype=torch.int64)


def encode_sources(tokenizer: Tokenizer, texts: Sequence[str], length: int) -> EncodedTexts:
    """Sources truncated to `length` tokens, closing eos included: an empty text is only eos."""
    ids = [tokenizer.encode(text) for text in texts]
    kept = [[*row[: length - 1], tokenizer.eos_id] for row in ids]
    return EncodedTexts(kept, [len(row) > length - 1 for row in ids])


def encode_targets(tokenizer: Tokenizer, texts: Sequence[str], length: int) -> EncodedTexts:
    """Targets with eos, truncated to `length` tokens; a truncated one has no eos."""
    ids = [[*tokenizer.encode(text), tokenizer.eos_id] for text in texts]
    return EncodedTexts([row[:length] for row in ids], [len(row) > length for row in ids])


def can_be_written(tokenizer: Tokenizer, texts: Sequence[str], length: int) -> Tensor:
    """Whether each text has known words alone, and at most `length` tokens: bool `(texts,)`.

    Eos is not counted: a text that fills the canvas has none.
    """
    rows = [tokenizer.encode(text) for text in texts]
    return torch.tensor([len(row) <= length and tokenizer.unk_id not in row for row in rows])


def list_likelihoods(
    nats: Tensor, tokens: Tensor, possible: Tensor, kind: LikelihoodKind
) -> list[LogLikelihood]:
    """The log-likelihoods of texts, minus infinity where a text is not `possible`.

    Args:
        nats: `(texts,)`.
        tokens: that each of them covers, `(texts,)`.
        possible: bool `(texts,)`; see `can_be_written`.
        kind: of all of them.
    """
    values = nats.masked_fill(~possible.to(nats.device), -torch.inf)
    return [
        LogLikelihood(value, count, kind)
        for value, count in zip(values.tolist(), tokens.tolist(), strict=True)
    ]


def collate_pairs(examples: Sequence[Example], resources: Resources) -> Batch:
    """`source` `(batch, S)` and `target` `(batch, T)`, both closed by eos and padded."""
    tokenizer, lengths = resources.tokenizer, resources.lengths
    sources = encode_sources(tokenizer, [e.source for e in examples], lengths.source)
    targets = encode_targets(tokenizer, [e.target for e in examples], lengths.target)
    return {
        "source": sources.padded(tokenizer.pad_id),
        "target": targets.padded(tokenizer.pad_id),
    }


def read_candidate(
    tokenizer: Tokenizer,
    ids: Sequence[int],
    *,
    truncated: bool,
    finished: bool | None = None,
    logprob: float | None = None,
) -> Candidate:
    """The candidate for generated `ids`: the text before the first eos.

    `finished` None means: if there is an eos; systems whose lengths need none pass True. If several
    statuses apply, the first of empty, unfinished and truncated is reported.

    Args:
        tokenizer: the one of the ids.
        ids: generated tokens, without the opening mark.
        truncated: whether the source was truncated.
        finished: whether the text ended; None means: if there is an eos.
        logprob: of the text, if the system has one.
    """
    tokens = list(ids)
    ended = tokenizer.eos_id in tokens
    text = tokenizer.decode(tokens[: tokens.index(tokenizer.eos_id)] if ended else tokens)
    status: Status = "truncated" if truncated else "ok"
    if not (ended if finished is None else finished):
        status = "unfinished"
    return Candidate(text, status if text else "empty", logprob)


def read_candidates(
    tokenizer: Tokenizer,
    rows: Sequence[Sequence[int]],
    truncated: Sequence[bool],
    num_samples: int,
    *,
    finished: bool | None = None,
    logprobs: Sequence[float] | None = None,
) -> Candidates:
    """The first `num_samples` candidates of every source; a single row of a source is repeated.

    Args:
        tokenizer: the one of the ids.
        rows: generated ids, source-major, the same number for every source.
        truncated: whether each source was truncated.
        num_samples: candidates per source.
        finished: as in `read_candidate`.
        logprobs: of the rows, if the system has them.
    """
    per_source = len(rows) // len(truncated)
    read = [
        read_candidate(
            tokenizer,
            row,
            truncated=truncated[index // per_source],
            finished=finished,
            logprob=None if logprobs is None else logprobs[index],
        )
        for index, row in enumerate(rows)
    ]
    return [
        (read[first : first + per_source] * num_samples)[:num_samples]
        for first in range(0, len(read), per_source)
    ]


def read_texts(tokenizer: Tokenizer, tokens: Tensor) -> list[str]:
    """The texts of rows of tokens `(rows, length)`, without special tokens and masks."""
    return [read_candidate(tokenizer, row, truncated=False).text for row in tokens.tolist()]


def never_generated(tokenizer: Tokenizer) -> list[int]:
    """Ids that cannot occur in a text: a decoder gives them no mass. Excludes pad and eos.

    Some vocabularies have one id for several marks; eos and pad are never on the list.
    """
    return sorted(tokenizer.special_ids - {tokenizer.eos_id, tokenizer.pad_id})
