from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from benchmark.api import UserError
from benchmark.metrics import Item, make_metric, mauve
from benchmark.metrics.mauve import buckets_of, mauve_from_counts

FRUIT, METAL = ("apple", "pear", "plum"), ("iron", "lead", "tin")


class Words:
    """Embeds a text by the words that it holds, with a little of its own."""

    def embed(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        known = [*FRUIT, *METAL]
        return {
            text: np.array([float(word in text.split()) for word in known]
                           + [0.01 * (len(text) % 7)])
            for text in texts
        }  # fmt: skip


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mauve, "load_encoder", lambda *_: Words())
    monkeypatch.setattr(mauve, "check_encoder", lambda name: None)
    monkeypatch.setattr(mauve, "describe", lambda name: "words")


def of_corpora(spec: str, references: Sequence[str], *corpora: Sequence[str]) -> list[float]:
    rows = zip(references, *corpora, strict=True)
    items = [Item(str(i), "", (text,), tuple(made)) for i, (text, *made) in enumerate(rows)]
    scores = make_metric(spec).score(items)
    assert scores.statistics is not None
    assert scores.total is not None
    return [float(value) for value in scores.total(scores.statistics.sum(axis=0))]


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        ((5, 3, 2, 0), (1, 1, 4, 4), 0.20945272387075387),
        ((10, 20, 30, 40), (11, 19, 33, 37), 0.9999539098653485),
        ((1, 1, 1, 1), (4, 0, 0, 0), 0.07089412651632214),
        ((5, 5, 0, 0), (0, 0, 5, 5), 0.0040720962619612555),
        ((1, 2, 3), (1, 2, 3), 1.0),
    ],
)
def test_equals_mauve_text(p: Sequence[int], q: Sequence[int], expected: float) -> None:
    """What mauve-text 0.4.0 computes from these two histograms, its usual settings."""
    counts = np.array([*p, *q], dtype=np.float64)
    assert mauve_from_counts(counts) == pytest.approx(expected, abs=1e-12)
    many = np.stack([counts, counts[::-1]])
    assert mauve_from_counts(many)[0] == mauve_from_counts(counts)


def test_the_same_distribution_and_two_others() -> None:
    rng = np.random.default_rng(0)
    people = [str(word) for word in rng.choice([*FRUIT, *METAL], size=200)]
    shuffled = [people[i] for i in rng.permutation(200)]
    fruit = [str(word) for word in rng.choice(FRUIT, size=200)]
    same, half, bland = of_corpora("mauve:buckets=6", people, shuffled, fruit, ["tin"] * 200)
    assert same == pytest.approx(1)
    assert same > half > bland > 0
    # Every word is a bucket of its own: the histograms are known.
    counts = [[texts.count(word) for word in (*FRUIT, *METAL)] for texts in (people, fruit)]
    assert half == pytest.approx(float(mauve_from_counts(np.ravel(counts).astype(float))))


def test_several_references_share_one_vote() -> None:
    items = [Item(str(i), "", ("apple", "iron"), ("apple",)) for i in range(8)]
    scores = make_metric("mauve:buckets=2").score(items)
    assert scores.statistics is not None
    sums = scores.statistics.sum(axis=0)[0]
    assert sorted(sums[:2]) == [4, 4]
    assert sorted(sums[2:]) == [0, 8]
    assert scores.values.tolist() == [[0.5]] * 8
    assert scores.signature.startswith("mauve|nrefs:2|case:mixed|encoder:words|")


def test_buckets_find_what_lies_together() -> None:
    rng = np.random.default_rng(1)
    centres = np.array([[0, 0, 9.0], [9, 0, 0], [0, 9, 0]])
    truth = rng.integers(3, size=90)
    points = centres[truth] + 0.1 * rng.normal(size=(90, 3))
    labels = buckets_of(points, 3)
    np.testing.assert_array_equal(labels, buckets_of(points, 3))
    assert len({(int(a), int(b)) for a, b in zip(truth, labels, strict=True)}) == 3
    assert set(buckets_of(np.ones((5, 3)), 4)) == {0}


def test_the_number_of_buckets_is_checked() -> None:
    for text in ("1", "x", "-3"):
        with pytest.raises(UserError, match=f"option 'buckets' is '{text}'"):
            make_metric(f"mauve:buckets={text}")


@pytest.mark.parametrize(
    ("spec", "sources", "buckets"),
    [("mauve", 40, 4), ("mauve", 8, 2), ("mauve:buckets=3", 40, 3)],
)
def test_the_signature_has_the_number_of_buckets(spec: str, sources: int, buckets: int) -> None:
    items = [Item(str(i), "", (FRUIT[i % 3],), (METAL[i % 3],)) for i in range(sources)]
    scores = make_metric(spec).score(items)
    assert scores.statistics is not None
    assert scores.statistics.shape[-1] == 2 * buckets
    assert f"|buckets:{buckets}|" in scores.signature
