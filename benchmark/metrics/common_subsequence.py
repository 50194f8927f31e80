"""Longest common subsequences of many pairs of texts at once.

Bit-parallel: a text is one integer with a bit for each place, and a step is one addition and a few
logical operations on it. A step is taken for the n-th token of many pairs together.

Source: Hyyrö, "Bit-parallel LCS-length computation revisited" (2004).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, repeat

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.ngrams import Tokens

MACHINE_WORD = 63
"""Bits of an integer of numpy but for its sign, which would be counted apart."""
BLOCK = 2**18
"""Tokens of the other texts that are held at once, or a few more; each takes some 16 bytes."""

Lengths = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
Places = NDArray[np.int64] | NDArray[np.object_]


def common_lengths(
    compared: Iterable[tuple[Tokens, Sequence[Tokens]]],
) -> Lengths:
    """Of each text and each one that it is compared with: common length and both lengths.

    Args:
        compared: texts, each with those that it is compared with.

    Returns:
        Length of the longest common subsequence, of the first text and of the other, each `(P,)`
        for the P pairs in their order.
    """
    blocks: list[Lengths] = []
    firsts: list[int] = []
    others: list[int] = []
    hits: list[int] = []
    for text, partners in compared:
        places: dict[str, int] = {}
        for place, token in enumerate(text):
            places[token] = places.get(token, 0) | 1 << place
        firsts += [len(text)] * len(partners)
        others += map(len, partners)
        hits.extend(map(places.get, chain.from_iterable(partners), repeat(0)))
        if len(hits) >= BLOCK:
            blocks.append(_of_block(firsts, others, hits))
            firsts, others, hits = [], [], []
    blocks.append(_of_block(firsts, others, hits))
    common, first, other = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    return common, first, other


def _of_block(firsts: Sequence[int], others: Sequence[int], hits: Sequence[int]) -> Lengths:
    """See `common_lengths` and `_common`."""
    first, other = np.array(firsts, dtype=np.int64), np.array(others, dtype=np.int64)
    # Integers of Python have any length, machine words are faster.
    kind = "int64" if max(firsts, default=0) <= MACHINE_WORD else "object"
    hit: Places = np.fromiter(hits, dtype=kind, count=len(hits))
    return _common(hit, first, other), first, other


def _common(
    hit: Places,
    first: NDArray[np.int64],
    other: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Common lengths `(P,)`.

    Args:
        hit: for every token of the other texts its places in the first, as bits.
        first: lengths of the first texts `(P,)`.
        other: lengths of the others `(P,)`.
    """
    by_length = np.argsort(-other, kind="stable")
    starts = (np.cumsum(other) - other)[by_length]
    # How many others have more than n tokens.
    longer = len(other) - np.cumsum(np.bincount(other))
    sizes, which = np.unique(first[by_length], return_inverse=True)
    ones = np.array([(1 << size) - 1 for size in sizes.tolist()], hit.dtype)[which]
    state = ones.copy()
    for token, count in enumerate(longer[:-1]):
        now = state[:count]
        found = now & hit[starts[:count] + token]
        state[:count] = (now + found | now - found) & ones[:count]
    common = np.empty(len(other), dtype=np.int64)
    common[by_length] = first[by_length] - np.bitwise_count(state).astype(np.int64)
    return common
