"""SARI against golden numbers and against the definition written out with counters.

`sari.json` holds what `evaluate` says: `SARIsent` of metrics/sari/sari.py at commit 68a4b0d of
github.com/huggingface/evaluate, times 100, its texts passed through `normalize`, sacreBLEU 2.6.0;
under "0" with the five shares that begin as 1 there beginning as 0.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

from benchmark.api import UserError
from benchmark.metrics import Item, make_metric

GOLDEN = json.loads((Path(__file__).parent / "sari.json").read_text(encoding="utf-8"))


def grams(text: str, order: int) -> Counter[tuple[str, ...]]:
    tokens = Tokenizer13a()(text.lower()).split() or [""]
    return Counter(tuple(tokens[i : i + order]) for i in range(len(tokens) - order + 1))


BOTH = pytest.mark.parametrize("undefined", ["0", "1"])


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def written_out(item: Item, candidate: str, undefined: str) -> float:
    """Gram by gram, with loops: nothing in common with the way of the metric."""
    total, nothing = 0.0, float(undefined)
    for order in range(1, 5):
        s, c = grams(item.source, order), grams(candidate, order)
        r = [grams(text, order) for text in item.references]
        every = {g: sum(of_one[g] for of_one in r) for g in set().union(s, c, *r)}
        n = len(item.references)

        added = [g for g in c if g not in s]
        to_add = [g for g in every if every[g] and g not in s]
        right = sum(every[g] > 0 for g in added)
        shares = [right / len(some) if some else nothing for some in (added, to_add)]
        total += f1(*shares)

        kept = {g: n * min(s[g], c[g]) for g in s if c[g]}
        to_keep = {g: min(n * s[g], every[g]) for g in s}
        good = {g: min(kept[g], every[g]) for g in kept}
        precision = np.mean([good[g] / kept[g] for g in kept]) if kept else nothing
        wanted = sum(to_keep.values())
        total += f1(float(precision), sum(good.values()) / wanted if wanted else nothing)

        gone = {g: n * (s[g] - c[g]) for g in s if s[g] > c[g]}
        rightly = [max(gone[g] - every[g], 0) / gone[g] for g in gone]
        total += float(np.mean(rightly)) if rightly else nothing
    return 100 * total / 12


@BOTH
@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: row["source"][:12])
def test_equals_evaluate(row: dict[str, Any], undefined: str) -> None:
    item = Item("0", row["source"], tuple(row["references"]), tuple(row["candidates"]))
    values = make_metric(f"sari:undefined={undefined}").score([item]).values[0]
    np.testing.assert_allclose(values, row[undefined], atol=1e-9, rtol=0)
    found = [written_out(item, candidate, undefined) for candidate in item.candidates]
    np.testing.assert_allclose(found, row[undefined], atol=1e-9, rtol=0)


@pytest.mark.slow
@BOTH
def test_sources_do_not_mix(random_items: list[Item], undefined: str) -> None:
    items = random_items[:100]
    values = make_metric(f"sari:undefined={undefined}").score(items).values
    expected = [[written_out(i, c, undefined) for c in i.candidates] for i in items]
    np.testing.assert_allclose(values, expected, atol=1e-9, rtol=0)


@pytest.mark.data
def test_people_simplify_better_than_a_copy(asset_items: list[Item]) -> None:
    """The last candidate is the source; only where 0/0 is 0 does it lose clearly."""
    values = make_metric("sari").score(asset_items).values.mean(axis=0)
    assert values[:3].min() > 2 * values[3]
    assert values[3] == pytest.approx(21, abs=2)
    lenient = make_metric("sari:undefined=1").score(asset_items).values.mean(axis=0)
    assert lenient[3] == pytest.approx(55, abs=2)


def test_the_only_reference_scores_all() -> None:
    item = Item("0", "a b c d e f", ("a b x y f",), ("a b x y f", "A B X Y F"))
    assert make_metric("sari:undefined=1").score([item]).values.tolist() == [[100.0, 100.0]]


def test_references_are_needed() -> None:
    with pytest.raises(UserError, match="'q7' has no reference"):
        make_metric("sari").score([Item("q7", "a", (), ("a",))])
