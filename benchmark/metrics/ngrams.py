"""Clipped n-gram matches of many small groups of texts at once.

The texts of one source (references and candidates) form a group; n-grams are numbered so that no
number is shared between groups. Counting is then a sort of all n-grams together, and every
comparison inside every group is one vectorised operation, without a loop over texts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.interface import FloatArray

MAX_ORDER = 4

IntArray = NDArray[np.int64]
Tokens = Sequence[str]


@dataclass(frozen=True, slots=True)
class Matches:
    """What BLEU needs to know of hypotheses `(...)` and their references.

    `matches` and `totals` are `(..., MAX_ORDER)`: clipped matches and n-grams of the
    hypothesis. `hyp_len` and `ref_len` are `(...)`: tokens of the hypothesis and of the
    reference nearest in length, the shorter of two equally near.
    """

    matches: FloatArray
    totals: FloatArray
    hyp_len: FloatArray
    ref_len: FloatArray


@dataclass(frozen=True, slots=True)
class NgramCounts:
    """How often each n-gram of one order occurs in each text: a sparse matrix, by entries."""

    text: IntArray
    gram: IntArray
    count: IntArray
    num_grams: int


def match_references(
    candidates: Sequence[Sequence[Tokens]], references: Sequence[Sequence[Tokens]]
) -> Matches:
    """Every candidate against the references of its group taken together: `(S, K)`.

    Counts are clipped to the largest count in any one reference.

    Args:
        candidates: S groups of K tokenised texts.
        references: S groups of one or more tokenised texts.
    """
    num_samples = len(candidates[0])
    texts = [text for group in candidates for text in group]
    border = len(texts)
    groups = np.repeat(np.arange(len(candidates)), num_samples)
    texts += [text for group in references for text in group]
    groups = np.append(
        groups, np.repeat(np.arange(len(references)), [len(group) for group in references])
    )
    matches = np.empty((border, MAX_ORDER))
    for order, counts in enumerate(count_ngrams(texts, groups)):
        own = counts.text < border
        allowed = np.zeros(counts.num_grams, dtype=np.int64)
        np.maximum.at(allowed, counts.gram[~own], counts.count[~own])
        clipped = np.minimum(counts.count[own], allowed[counts.gram[own]])
        matches[:, order] = np.bincount(counts.text[own], weights=clipped, minlength=border)

    shape = (len(candidates), num_samples)
    lengths = np.array([len(text) for text in texts[:border]], dtype=np.float64).reshape(shape)
    nearest = [
        _nearest(row, np.sort([len(text) for text in group]))
        for row, group in zip(lengths, references, strict=True)
    ]
    return Matches(matches.reshape(*shape, MAX_ORDER), _totals(lengths), lengths, np.array(nearest))


def match_pairs(sets: Sequence[Sequence[Tokens]]) -> Matches:
    """Every text of a set (hypothesis, axis 1) against every one (reference, axis 2).

    Args:
        sets: S sets of K tokenised texts.

    Returns:
        `matches` `(S, K, K, MAX_ORDER)`; the other fields broadcast with it.
    """
    from scipy.sparse import csr_array

    num_samples = len(sets[0])
    texts = [text for texts in sets for text in texts]
    groups = np.repeat(np.arange(len(sets)), num_samples)
    matches = np.zeros((len(texts) * num_samples, MAX_ORDER))
    for order, counts in enumerate(count_ngrams(texts, groups)):
        # min(a, b) is the number of c >= 1 with a >= c and b >= c: a sum over c of products of
        # 0/1 matrices. The product holds no pair from two groups, as they share no n-gram.
        for c in range(1, int(counts.count.max(initial=0)) + 1):
            reached = counts.count >= c
            where = (counts.text[reached], counts.gram[reached])
            shape = (len(texts), counts.num_grams)
            table = csr_array((np.ones(len(where[0])), where), shape=shape)
            shared = (table @ table.T).tocoo()
            row, column = shared.coords
            matches[row * num_samples + column % num_samples, order] += shared.data
    pairs = matches.reshape(len(sets), num_samples, num_samples, MAX_ORDER)
    lengths = np.array([len(text) for text in texts], dtype=np.float64)
    lengths = lengths.reshape(len(sets), num_samples)
    totals = _totals(lengths)
    return Matches(pairs, totals[:, :, None], lengths[:, :, None], lengths[:, None, :])


def count_ngrams(texts: Sequence[Tokens], groups: IntArray) -> Iterator[NgramCounts]:
    """Counts of the n-grams of every text, from order 1 to `MAX_ORDER`.

    Args:
        texts: T tokenised texts.
        groups: `(T,)`; texts of different groups share no number of an n-gram, and the numbers of a
            smaller group are smaller.
    """
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    lexicon: defaultdict[str, int] = defaultdict(count().__next__)
    numbered = map(lexicon.__getitem__, chain.from_iterable(texts))
    token = np.fromiter(numbered, dtype=np.int64, count=int(lengths.sum()))
    text = np.repeat(np.arange(len(texts)), lengths)
    # Tokens from each position to the end of its text, itself included.
    remaining = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(token))
    position = np.arange(len(token))
    gram = groups[text]
    for order in range(1, MAX_ORDER + 1):
        # An n-gram is its first n - 1 tokens, which have a number already, and one more.
        longer = remaining[position] >= order
        position, gram = position[longer], gram[longer]
        key = gram * max(len(lexicon), 1) + token[position + order - 1]
        in_order = _stable_order(key)
        # Equal n-grams are adjacent now, and among them those of one text.
        starts_gram = _starts(key[in_order])
        its_text = text[position[in_order]]
        starts_cell = starts_gram | _starts(its_text)
        number = np.cumsum(starts_gram) - 1
        gram[in_order] = number
        cells = np.flatnonzero(starts_cell)
        yield NgramCounts(
            text=its_text[cells],
            gram=number[cells],
            count=np.diff(cells, append=len(key)),
            num_grams=int(starts_gram.sum()),
        )


def _stable_order(key: IntArray) -> IntArray:
    """The indices that sort `key`, equal ones by index."""
    bits = len(key).bit_length()
    if int(key.max(initial=0)) >> (62 - bits):
        return np.argsort(key, kind="stable")
    # Several times faster than argsort: values are sorted, not indices.
    packed: IntArray = np.sort(key << bits | np.arange(len(key)))
    return packed & ((1 << bits) - 1)


def _starts(values: IntArray) -> NDArray[np.bool_]:
    """Whether each value differs from the one before it."""
    starts = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=starts[1:])
    return starts


def _totals(lengths: FloatArray) -> FloatArray:
    return np.maximum(lengths[..., None] - np.arange(MAX_ORDER), 0.0)


def _nearest(hyp_len: FloatArray, ordered_ref_len: NDArray[np.int64]) -> FloatArray:
    gaps = np.abs(ordered_ref_len - hyp_len[:, None])
    nearest: FloatArray = ordered_ref_len[gaps.argmin(axis=1)].astype(np.float64)
    return nearest
