"""Nearest texts of a collection by shared words."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

_WORD = re.compile(r"\w+|[^\w\s]")


class NeighbourIndex:
    """Cosine similarity of TF-IDF vectors over words and word pairs, lower-cased.

    Weights are (1 + log tf) * (log((1 + n) / (1 + df)) + 1), the smooth variant of
    scikit-learn, with vectors of unit length.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        import numpy as np

        counts = [Counter(_terms(text)) for text in texts]
        frequency = Counter(term for count in counts for term in count)
        self.columns = {term: column for column, term in enumerate(frequency)}
        document_frequency = np.fromiter(frequency.values(), dtype=np.float64)
        self.idf: NDArray[np.float64] = np.log((1 + len(texts)) / (1 + document_frequency)) + 1
        self.vectors = self._vectors(counts)

    def nearest(self, texts: Sequence[str], count: int) -> list[list[int]]:
        """The `count` nearest texts of the index, nearest first; ties in their original order."""
        import numpy as np

        similarities = self._vectors([Counter(_terms(text)) for text in texts]) @ self.vectors.T
        count = min(count, self.vectors.shape[0])
        ranked = []
        # Row by row: all similarities of a large split at once would not fit in memory.
        for row in range(len(texts)):
            dense = similarities[[row]].toarray()[0]
            threshold = np.partition(dense, -count)[-count]
            near = np.flatnonzero(dense >= threshold)
            ranked.append(near[np.argsort(-dense[near], kind="stable")][:count].tolist())
        return ranked

    def _vectors(self, counts: Iterable[Mapping[str, int]]) -> csr_array:
        import numpy as np
        from scipy.sparse import csr_array

        values: list[float] = []
        columns: list[int] = []
        starts = [0]
        for count in counts:
            known = {self.columns[t]: n for t, n in count.items() if t in self.columns}
            weights = [(1 + math.log(n)) * self.idf[c] for c, n in known.items()]
            length = math.sqrt(math.fsum(w * w for w in weights)) or 1.0
            values += [w / length for w in weights]
            columns += known
            starts.append(len(columns))
        return csr_array(
            (np.array(values), np.array(columns, dtype=np.int64), np.array(starts)),
            shape=(len(starts) - 1, len(self.columns)),
        )


def _terms(text: str) -> list[str]:
    words = _WORD.findall(text.lower())
    return words + [f"{a} {b}" for a, b in itertools.pairwise(words)]
