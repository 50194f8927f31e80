"""SARI against golden numbers and against the definition written out with counters.

`sari.json` holds what `evaluate` says: `SARIsent` of metrics/sari/sari.py at commit 68a4b0d of
github.com/huggingface/evaluate, times 100, its texts passed through `normalize`, sacreBLEU 2.6.0.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

from benchmark.api import UserError
from benchmark.metrics import Item, make_metric

GOLDEN = json.loads((Path(__file__).parent / "sari.json").read_text(encoding="utf-8"))


def grams(text: str, order: int) -> Counter[tuple[str, ...]]:
    tokens = Tokenizer13a()(text.lower()).split() or [""]
    return Counter(tuple(tokens[i : i + order]) for i in range(len(tokens) - order + 1))


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def written_out(source: str, candidate: str, references: tuple[str, ...]) -> float:
    """Gram by gram, with loops: nothing in common with the way of the metric."""
    total = 0.0
    for order in range(1, 5):
        s, c = grams(source, order), grams(candidate, order)
        r = [grams(text, order) for text in references]
        every = {g: sum(of_one[g] for of_one in r) for g in set().union(s, c, *r)}
        n = len(references)

        added = [g for g in c if g not in s]
        to_add = [g for g in every if every[g] and g not in s]
        right = sum(every[g] > 0 for g in added)
        total += f1(right / len(added) if added else 1, right / len(to_add) if to_add else 1)

        kept = {g: n * min(s[g], c[g]) for g in s if c[g]}
        to_keep = {g: min(n * s[g], every[g]) for g in s}
        good = {g: min(kept[g], every[g]) for g in kept}
        precision = np.mean([good[g] / kept[g] for g in kept]) if kept else 1.0
        wanted = sum(to_keep.values())
        total += f1(float(precision), sum(good.values()) / wanted if wanted else 1.0)

        gone = {g: n * (s[g] - c[g]) for g in s if s[g] > c[g]}
        rightly = [max(gone[g] - every[g], 0) / gone[g] for g in gone]
        total += float(np.mean(rightly)) if rightly else 1.0
    return 100 * total / 12


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: row["source"][:12])
def test_equals_evaluate(row: dict[str, list[str]]) -> None:
    item = Item("0", str(row["source"]), tuple(row["references"]), tuple(row["candidates"]))
    values = make_metric("sari").score([item]).values[0]
    np.testing.assert_allclose(values, row["sari"], atol=1e-9, rtol=0)


def test_sources_do_not_mix(random_items: list[Item]) -> None:
    items = random_items[:120]
    values = make_metric("sari").score(items).values
    expected = [[written_out(i.source, c, i.references) for c in i.candidates] for i in items]
    np.testing.assert_allclose(values, expected, atol=1e-9, rtol=0)


def test_real_sentences(asset_items: list[Item]) -> None:
    items = asset_items[:40]
    values = make_metric("sari").score(items).values
    expected = [[written_out(i.source, c, i.references) for c in i.candidates] for i in items]
    np.testing.assert_allclose(values, expected, atol=1e-9, rtol=0)
    # The last candidate is the source: people simplify better than those who leave it be.
    assert values[:, :3].mean() > values[:, 3].mean() + 10


def test_what_is_written_out_is_what_evaluate_computes() -> None:
    for row in GOLDEN:
        found = [written_out(row["source"], c, tuple(row["references"])) for c in row["candidates"]]
        np.testing.assert_allclose(found, row["sari"], atol=1e-9, rtol=0)


def test_the_only_reference_scores_all() -> None:
    item = Item("0", "a b c d e f", ("a b x y f",), ("a b x y f", "A B X Y F"))
    assert make_metric("sari").score([item]).values.tolist() == [[100.0, 100.0]]


def test_references_are_needed() -> None:
    with pytest.raises(UserError, match="'q7' has no reference"):
        make_metric("sari").score([Item("q7", "a", (), ("a",))])
