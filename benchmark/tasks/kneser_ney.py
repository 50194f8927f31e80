"""An n-gram language model: interpolated Kneser-Ney, counted from texts in seconds.

p_k(w | h) = (max(c(hw) - D_k, 0) + D_k N(h) p_{k-1}(w | h')) / c(h), where h are the k - 1 tokens
before w, h' is h without its first, c(h) sums c(hw) over w and N(h) counts the w with c(hw) > 0.
Below the highest order c(hw) is the number of different tokens before hw. An h that train does not
have is passed over; below order 1 stands the uniform distribution.

Source: Kneser and Ney, ICASSP 1995; Chen and Goodman, "An empirical study of smoothing techniques
for language modeling" (1999), section 3.5, equations 24 and 27, with D = n1 / (n1 + 2 n2) for each
order (Ney, Essen and Kneser, 1994). NLTK's `KneserNeyInterpolated` is the same with one discount
and nothing below order 1, but walks all n-grams for each probability.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

_BEGIN, _END, _UNKNOWN, _FIRST = 0, 1, 2, 3
"""Code points of the marks, and of the first token; n-grams are strings of such."""


class KneserNey:
    """A model of order `order`, fitted to texts that are split into tokens.

    A token that stands in train once counts as unknown, and so does one that train lacks.
    """

    def __init__(self, texts: Iterable[Sequence[str]], order: int) -> None:
        self.order = order
        texts = list(texts)
        found = Counter(token for text in texts for token in text)
        known = sorted(token for token, count in found.items() if count > 1)
        self._codes = {token: chr(_FIRST + i) for i, token in enumerate(known)}
        self._levels = [_Level(grams) for grams in self._count(texts)]

    def log_probabilities(self, text: Sequence[str]) -> list[float]:
        """Ln p of every token of a text given those before it, and of its end, in nats."""
        line = self._line(text)
        ends = range(self.order, len(line) + 1)
        return [math.log(self._probability(line[end - self.order : end])) for end in ends]

    @property
    def discounts(self) -> Sequence[float]:
        """D by order, of order 1 first."""
        return [level.discount for level in self._levels]

    @property
    def vocabulary(self) -> Sequence[str]:
        """The tokens that are known."""
        return list(self._codes)

    def _probability(self, gram: str) -> float:
        # Known tokens, the unknown one and the end; the beginning is never predicted.
        probability = 1 / (len(self._codes) + 2)
        for level, start in zip(self._levels, range(self.order - 1, -1, -1), strict=True):
            probability = level.interpolate(gram[start:], probability)
        return probability

    def _count(self, texts: Iterable[Sequence[str]]) -> list[Counter[str]]:
        """Counts of n-grams, of order 1 first."""
        grams: Counter[str] = Counter()
        for text in texts:
            line = self._line(text)
            grams.update(line[end - self.order : end] for end in range(self.order, len(line) + 1))
        counts = [grams]
        for _ in range(self.order - 1):
            counts.append(Counter(gram[1:] for gram in counts[-1]))
        return counts[::-1]

    def _line(self, text: Sequence[str]) -> str:
        codes = (self._codes.get(token, chr(_UNKNOWN)) for token in text)
        return chr(_BEGIN) * (self.order - 1) + "".join(codes) + chr(_END)


class _Level:
    """The n-grams of one order."""

    def __init__(self, counts: Counter[str]) -> None:
        self.counts = counts
        self.totals: Counter[str] = Counter()
        self.types: Counter[str] = Counter()
        for gram, count in counts.items():
            self.totals[gram[:-1]] += count
            self.types[gram[:-1]] += 1
        of_counts = Counter(counts.values())
        once, twice = of_counts[1], of_counts[2]
        # Without n-grams of both kinds there is nothing to estimate it from.
        self.discount = once / (once + 2 * twice) if once and twice else 0.5

    def interpolate(self, gram: str, lower: float) -> float:
        """The probability of the last token; `lower` is that of the order below."""
        context = gram[:-1]
        total = self.totals.get(context, 0)
        if not total:
            return lower
        kept = max(self.counts.get(gram, 0) - self.discount, 0.0)
        return (kept + self.discount * self.types[context] * lower) / total
