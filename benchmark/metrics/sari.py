"""SARI: are the right n-grams added, kept and deleted? For simplification, 0 to 100.

For each order from 1 to 4 the candidate is compared with source and references: F1 of the n-grams
that it adds, F1 of those that it keeps (weighed by how many references keep them), precision of
those that it deletes. SARI is the mean of the three, each averaged over the orders. Texts are
lower-cased and split into the tokens of sacreBLEU's `13a`.

Several versions of SARI are in use, and give the same texts very different figures:

- `undefined=0` (default) is the script of the paper's authors, sentence by sentence, but for one
  mistake in it: the recall of what is kept divided a sum over n-grams by the number of their
  kinds, here by the sum of what there was to keep. Where there was nothing to do, 0/0 is 0, so a
  right answer with no four words in a row from its source does not reach 100.
- `undefined=1` is the package `evaluate` (and tensor2tensor, from which that descends): 0/0 is 1.
  A copy of the source deletes nothing, so it gets all for deletion: 54 on ASSET, where the other
  gives 20 and people reach 43 by both.
- EASSE's `corpus_sari` sums counts over the corpus and takes F1 for deletion too; it is not here,
  and must not share a column with either.

Quirk, kept: an empty text is one empty token.

Source: Xu et al., "Optimizing statistical machine translation for text simplification" (TACL 2016);
`evaluate`, metrics/sari/sari.py at commit 68a4b0d.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.interface import FloatArray, Item, Option, Scores, count_references
from benchmark.metrics.ngrams import MAX_ORDER, NgramCounts, count_ngrams
from benchmark.metrics.text import TOKENS_OPTION, TokenMetric, split
from benchmark.metrics.tokeniser_13a import Tokeniser13a


@dataclass(frozen=True, slots=True)
class Sari(TokenMetric):
    """SARI of a candidate, source and all references considered."""

    name = "sari"
    title = "SARI"
    summary = "n-grams rightly added, kept and deleted in a simplification, 0 to 100"
    high = 100.0
    options: ClassVar[Mapping[str, Option]] = {
        "undefined": Option("0", ("0", "1")),
        **TOKENS_OPTION,
    }
    facts = f"case:lower|tok:13a|order:{MAX_ORDER}|delete:precision|recall:mended|version:1"

    undefined: Literal["0", "1"] = "0"
    """What 0/0 is: a share of nothing."""

    def score(self, items: Sequence[Item]) -> Scores:
        """Values `(S, K)` in [0, 100]."""
        signature = count_references(self.signature, items)
        thirteen_a = Tokeniser13a("lower")

        def tokenise(text: str) -> list[str]:
            by_words = self.counted == "words"
            return thirteen_a(text) if by_words else split(text, "lower", self.counted)

        def tokens(texts: Iterable[str]) -> list[list[str]]:
            return [tokenise(text) or [""] for text in texts]

        num_samples = len(items[0].candidates)
        of_references = [len(item.references) for item in items]
        sources = np.arange(len(items))
        texts = [
            *tokens(text for item in items for text in item.candidates),
            *tokens(item.content for item in items),
            *tokens(text for item in items for text in item.references),
        ]
        groups = np.concatenate(
            [np.repeat(sources, num_samples), sources, np.repeat(sources, of_references)]
        )
        each = np.array(of_references, dtype=np.float64)
        values = sum(
            _operations(counts, groups, each, num_samples, float(self.undefined))
            for counts in count_ngrams(texts, groups)
        )
        return Scores(100.0 * np.asarray(values) / (3 * MAX_ORDER), signature)


def _operations(
    counts: NgramCounts,
    groups: NDArray[np.int64],
    num_references: FloatArray,
    num_samples: int,
    undefined: float,
) -> FloatArray:
    """Add + keep + delete of one order: `(S, K)`.

    The texts are all candidates, then all sources, then all references; `groups` is the source of
    each. Counts of source and candidate are multiplied by the number of references, whose own
    counts are summed.
    """
    first_source = len(num_references) * num_samples
    first_reference = first_source + len(num_references)
    of_candidate = counts.text < first_source
    of_reference = counts.text >= first_reference
    of_source = ~of_candidate & ~of_reference

    group = np.empty(counts.num_grams, dtype=np.int64)
    group[counts.gram] = groups[counts.text]
    present, starts = np.unique(group, return_index=True)
    times = num_references[group]

    def total(which: NDArray[np.bool_]) -> FloatArray:
        weights = counts.count[which]
        found = np.bincount(counts.gram[which], weights=weights, minlength=counts.num_grams)
        return found.astype(np.float64)

    reference = total(of_reference)[:, None]
    source = (total(of_source) * times)[:, None]
    candidate = np.zeros((counts.num_grams, num_samples))  # (n-grams, K)
    candidate[counts.gram[of_candidate], counts.text[of_candidate] % num_samples] = counts.count[
        of_candidate
    ]
    candidate *= times[:, None]

    def share(part: FloatArray, whole: FloatArray) -> FloatArray:
        return np.where(whole > 0, part / np.maximum(whole, 1.0), undefined)

    def by_source(values: NDArray[np.float64] | NDArray[np.bool_]) -> FloatArray:
        """Sums over the n-grams of a source `(S, K)`."""
        sums = np.zeros((len(num_references), num_samples))
        if len(present):
            sums[present] = np.add.reduceat(values, starts, axis=0, dtype=np.float64)
        return sums

    new, wanted = source == 0, reference > 0
    added = (candidate > 0) & new
    good = by_source(added & wanted)
    to_add = np.broadcast_to(new & wanted, candidate.shape)
    add = _f1(share(good, by_source(added)), share(good, by_source(to_add)))

    kept = np.minimum(source, candidate)
    good_kept = np.minimum(kept, reference)
    to_keep = np.broadcast_to(np.minimum(source, reference), candidate.shape)
    keep = _f1(
        share(by_source(good_kept / np.maximum(kept, 1.0)), by_source(kept > 0)),
        share(by_source(good_kept), by_source(to_keep)),
    )

    deleted = np.maximum(source - candidate, 0.0)
    good_deleted = np.maximum(deleted - reference, 0.0)
    delete = share(by_source(good_deleted / np.maximum(deleted, 1.0)), by_source(deleted > 0))
    return add + keep + delete


def _f1(precision: FloatArray, recall: FloatArray) -> FloatArray:
    both = precision + recall
    return np.where(both > 0, 2 * precision * recall / np.where(both > 0, both, 1.0), 0.0)
