"""Pair scores on disk: the utilities of the candidates of a source against each other.

They cost more than all other scores, and depend only on the candidates and the utility: so they
outlive the score entry, and another metric, utility or interval recomputes none of them. A file
holds the distinct scores in float64 and a small integer per pair, so it is as compact as half
precision and lossless: no number depends on whether the file exists. A file that is missing,
damaged or of other texts is made again; all of them may be deleted.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.metrics import Item
from benchmark.metrics.interface import FloatArray
from benchmark.metrics.utility import Utility
from benchmark.store.entries import content_key
from benchmark.store.files import write_bytes

PairSource = Callable[[Utility, Sequence[Item]], FloatArray]
"""Source of `(S, K, K)` pair scores; see `PairwiseMetric.pairwise`."""


def computed(utility: Utility, items: Sequence[Item]) -> FloatArray:
    """Compute pair scores without a cache."""
    return utility.pairwise(items)


@dataclass(frozen=True, slots=True)
class PairCache:
    """The pair scores of one file of candidates: a `PairSource`."""

    folder: Path
    candidates_digest: str

    def __call__(self, utility: Utility, items: Sequence[Item]) -> FloatArray:
        """Read the scores, or compute and keep them."""
        path = self.path(utility)
        num_samples = len(items[0].candidates)
        texts = _digest(items)
        pairs = _read(path, (len(items), num_samples, num_samples), texts)
        if pairs is None:
            pairs = utility.pairwise(items)
            _write(path, pairs, texts)
        return pairs

    def path(self, utility: Utility) -> Path:
        """The file of a utility; its name contains everything that determines the scores."""
        content = {"candidates": self.candidates_digest, "utility": utility.signature}
        return self.folder / f"{content_key(content)}.npz"


def _digest(items: Sequence[Item]) -> str:
    """Of the texts that are compared: an earlier version may have read a damaged file."""
    texts = [[item.source, item.references, item.candidates] for item in items]
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


def _read(path: Path, shape: tuple[int, int, int], texts: str) -> FloatArray | None:
    """The scores of a file; None where it cannot be used, for whatever reason."""
    try:
        data = io.BytesIO(path.read_bytes())
        if zipfile.ZipFile(data).testzip() is not None:
            return None
        data.seek(0)
        with np.load(data, allow_pickle=False) as file:
            scores, codes, of = file["scores"], file["codes"], file["texts"]
    except Exception:  # a damaged archive raises whatever its bytes say
        return None
    if codes.shape != shape or scores.dtype != np.float64 or codes.max() >= len(scores):
        return None
    if of.shape != () or str(of) != texts:
        return None
    pairs: FloatArray = scores[codes]
    return pairs


def _write(path: Path, pairs: FloatArray, texts: str) -> None:
    scores, codes = np.unique(pairs, return_inverse=True)
    codes = codes.reshape(pairs.shape).astype(np.min_scalar_type(len(scores)))
    file = io.BytesIO()
    np.savez_compressed(file, scores=scores, codes=codes, texts=np.array(texts))
    write_bytes(path, file.getvalue())
