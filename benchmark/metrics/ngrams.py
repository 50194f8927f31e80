"""Clipped n-gram matches of many small groups of texts at once.

The texts of one source (references and candidates) form a group; n-grams are numbered so that no
number is shared between groups. Counting is then a sort of all n-grams together, and every
comparison inside every group is one vectorised operation, without a loop over texts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, pairwise

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.interface import FloatArray

MAX_ORDER = 4
TABLE_CELLS = 2**18
"""Of the table of shared n-grams that is held at once, 1 MiB; a source may need more."""

IntArray = NDArray[np.int64]
Tokens = Sequence[str]
Split = Callable[[str], list[str]]
"""Gives the tokens of a text."""


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


@dataclass(frozen=True, slots=True)
class NumberedTexts:
    """The tokens of all texts in a row as numbers below `num_kinds`, and how many each text has."""

    token: IntArray
    lengths: IntArray
    num_kinds: int


@dataclass(frozen=True, slots=True)
class CountedTexts:
    """The n-grams of S groups of K candidates each, and of their references.

    The T texts are all candidates, then all references, both by group. `groups` and `lengths`, in
    tokens, are `(T,)`; `orders` are the counts of orders 1 to `MAX_ORDER`.
    """

    shape: tuple[int, int]
    groups: IntArray
    lengths: IntArray
    orders: tuple[NgramCounts, ...]

    @property
    def num_candidates(self) -> int:
        """S times K."""
        return self.shape[0] * self.shape[1]

    @property
    def candidate_lengths(self) -> IntArray:
        """`(S, K)`."""
        return self.lengths[: self.num_candidates].reshape(self.shape)


def count_texts(
    candidates: Sequence[Sequence[str]], references: Sequence[Sequence[str]], split: Split
) -> CountedTexts:
    """The n-grams of the candidates of every group, and of its references.

    Args:
        candidates: S groups of K texts.
        references: S groups of texts, of any number.
        split: gives the tokens of a text.
    """
    shape = (len(candidates), len(candidates[0]))
    sizes = np.array([len(group) for group in references], dtype=np.int64)
    groups = np.append(
        np.repeat(np.arange(shape[0]), shape[1]), np.repeat(np.arange(len(references)), sizes)
    )
    texts = number_tokens(map(split, chain.from_iterable((*candidates, *references))))
    return CountedTexts(shape, groups, texts.lengths, tuple(count_numbered(texts, groups)))


def match_references(counted: CountedTexts) -> Matches:
    """Every candidate against the references of its group taken together: `(S, K)`.

    Counts are clipped to the largest count in any one reference; every group has a reference.
    """
    border = counted.num_candidates
    matches = np.empty((border, MAX_ORDER))
    for order, counts in enumerate(counted.orders):
        own = counts.text < border
        allowed = np.zeros(counts.num_grams, dtype=np.int64)
        np.maximum.at(allowed, counts.gram[~own], counts.count[~own])
        clipped = np.minimum(counts.count[own], allowed[counts.gram[own]])
        matches[:, order] = np.bincount(counts.text[own], weights=clipped, minlength=border)
    lengths = counted.candidate_lengths.astype(np.float64)
    nearest = _nearest(lengths, counted.groups[border:], counted.lengths[border:])
    return Matches(matches.reshape(*lengths.shape, MAX_ORDER), _totals(lengths), lengths, nearest)


def match_pairs(counted: CountedTexts) -> Matches:
    """Every candidate of a group (hypothesis, axis 1) against every one (reference, axis 2).

    Returns:
        `matches` `(S, K, K, MAX_ORDER)`; the other fields broadcast with it.
    """
    lengths = counted.candidate_lengths.astype(np.float64)
    num_groups, num_samples = lengths.shape
    totals = _totals(lengths)
    matches = np.empty((num_groups, num_samples, num_samples, MAX_ORDER))
    for order, counts in enumerate(counted.orders):
        matches[..., order] = _shared(counts, num_groups, num_samples)
    # A text shares all that it has with itself.
    itself = np.arange(num_samples)
    matches[:, itself, itself] = totals
    return Matches(matches, totals[:, :, None], lengths[:, :, None], lengths[:, None, :])


def _shared(counts: NgramCounts, num_groups: int, num_samples: int) -> FloatArray:
    """How many n-grams of one order every two candidates of a group share: `(S, K, K)`.

    min(a, b) is the number of c >= 1 with a >= c and b >= c, so every n-gram has a column for each
    c, with a 1 for the texts that have it c times or more: the products of their rows are counted.
    """
    own = counts.text < num_groups * num_samples
    text, gram, count = counts.text[own], counts.gram[own], counts.count[own]
    texts_with = np.bincount(gram, minlength=counts.num_grams)
    # What one text alone has is shared with none, and most are such.
    several = texts_with[gram] > 1
    text, gram, count = text[several], gram[several], count[several]
    group = text // num_samples
    starts = np.flatnonzero(_starts(gram))
    columns = np.maximum.reduceat(count, starts) if len(starts) else count
    of_group = np.bincount(group[starts], weights=columns, minlength=num_groups).astype(np.int64)
    first = np.cumsum(columns) - columns - (np.cumsum(of_group) - of_group)[group[starts]]
    first = np.repeat(first, np.diff(starts, append=len(gram)))

    cell = np.repeat(np.arange(len(count)), count)
    nth = np.arange(len(cell)) - (np.cumsum(count) - count)[cell]
    row, column = text[cell], first[cell] + nth
    width = int(of_group.max(initial=0))
    shared = np.zeros((num_groups, num_samples, num_samples))
    block = max(1, TABLE_CELLS // max(1, num_samples * width))
    # The rows come by group.
    borders = np.searchsorted(row // num_samples, np.arange(0, num_groups + block, block))
    for start, (low, high) in zip(
        range(0, num_groups, block), pairwise(borders.tolist()), strict=True
    ):
        size = min(block, num_groups - start)
        table = np.zeros((size * num_samples, width), dtype=np.float32)
        table[row[low:high] - start * num_samples, column[low:high]] = 1.0
        texts = table.reshape(size, num_samples, width)
        shared[start : start + size] = texts @ texts.swapaxes(1, 2)
    return shared


def count_ngrams(texts: Sequence[Tokens], groups: IntArray) -> Iterator[NgramCounts]:
    """Counts of the n-grams of every text, from order 1 to `MAX_ORDER`.

    Args:
        texts: T tokenised texts.
        groups: `(T,)`; texts of different groups share no number of an n-gram, and the numbers of a
            smaller group are smaller.
    """
    return count_numbered(number_tokens(texts), groups)


def number_tokens(texts: Iterable[Tokens]) -> NumberedTexts:
    """A number for every token, equal ones for equal tokens; each text is read and let go."""
    lengths: list[int] = []

    def tokens() -> Iterator[Tokens]:
        for text in texts:
            lengths.append(len(text))
            yield text

    lexicon: defaultdict[str, int] = defaultdict(count().__next__)
    numbered = map(lexicon.__getitem__, chain.from_iterable(tokens()))
    token = np.fromiter(numbered, dtype=np.int64)
    return NumberedTexts(token, np.array(lengths, dtype=np.int64), len(lexicon))


def count_numbered(texts: NumberedTexts, groups: IntArray) -> Iterator[NgramCounts]:
    """See `count_ngrams`."""
    lengths = texts.lengths
    text = np.repeat(np.arange(len(lengths)), lengths)
    position = np.arange(len(text))
    end = np.cumsum(lengths)
    gram = groups[text]
    for order in range(1, MAX_ORDER + 1):
        # An n-gram is its first n - 1 tokens, which have a number already, and one more.
        longer = position + order <= end[text]
        text, position, gram = text[longer], position[longer], gram[longer]
        key = gram * max(texts.num_kinds, 1) + texts.token[position + order - 1]
        in_order = _stable_order(key)
        text, position = text[in_order], position[in_order]
        # Equal n-grams are adjacent now, and among them those of one text.
        starts_gram = _starts(key[in_order])
        gram = np.cumsum(starts_gram) - 1
        cells = np.flatnonzero(starts_gram | _starts(text))
        yield NgramCounts(
            text=text[cells],
            gram=gram[cells],
            count=np.diff(cells, append=len(key)),
            num_grams=int(starts_gram.sum()),
        )


def _stable_order(key: IntArray) -> IntArray:
    """The indices that sort `key`, equal ones by index."""
    bits = len(key).bit_length()
    if int(key.max(initial=0)) >> (62 - bits):
        return np.argsort(key, kind="stable")
    # Several times faster than argsort: values are sorted, not indices. A stable sort, as it makes
    # use of the order that keys which begin with the number of a shorter n-gram are nearly in.
    packed: IntArray = np.sort(key << bits | np.arange(len(key)), kind="stable")
    return packed & ((1 << bits) - 1)


def _starts(values: IntArray) -> NDArray[np.bool_]:
    """Whether each value differs from the one before it."""
    starts = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=starts[1:])
    return starts


def _totals(lengths: FloatArray) -> FloatArray:
    return np.maximum(lengths[..., None] - np.arange(MAX_ORDER), 0.0)


def _nearest(hyp_len: FloatArray, groups: IntArray, ref_len: IntArray) -> FloatArray:
    """Length of the reference nearest to each hypothesis `(S, K)`, the shorter of two: `(S, K)`.

    Args:
        hyp_len: `(S, K)`.
        groups: `(R,)` of the references, in order, none missing.
        ref_len: `(R,)`.
    """
    ordered = ref_len[np.lexsort((ref_len, groups))]
    sizes = np.bincount(groups)
    place = np.arange(len(groups)) - (np.cumsum(sizes) - sizes)[groups]
    lengths = np.full((len(sizes), sizes.max()), np.inf)
    lengths[groups, place] = ordered
    gaps = np.abs(lengths[:, None, :] - hyp_len[..., None])
    return np.take_along_axis(lengths, gaps.argmin(axis=-1), axis=1)
