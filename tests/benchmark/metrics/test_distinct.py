"""distinct-1 and distinct-2 over a corpus, against sets of tuples."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.metrics import Item, make_metric
from benchmark.scoring.bootstrap import AdditiveScore, IntervalRecipe, bootstrap
from benchmark.scoring.candidate_scores import score_candidates


def share(texts: list[str], order: int) -> float:
    """Of the definition: kinds over tokens of all texts together."""
    found = []
    for text in texts:
        tokens = text.split()
        found += [tuple(tokens[i : i + order]) for i in range(len(tokens) - order + 1)]
    return len(set(found)) / len(found) if found else 0.0


@pytest.mark.parametrize("order", [1, 2])
def test_equals_the_definition_for_every_corpus(random_items: list[Item], order: int) -> None:
    scores = make_metric(f"distinct_{order}").score(random_items)
    assert scores.statistics is not None
    assert scores.total is not None
    sums = scores.statistics.sum(axis=0)
    for k in range(5):
        corpus = [item.candidates[k] for item in random_items]
        assert scores.total(sums)[k] == pytest.approx(share(corpus, order), abs=1e-12)
    alone = [[share([text], order) for text in item.candidates] for item in random_items]
    np.testing.assert_allclose(scores.values, alone, atol=1e-12)


@pytest.mark.parametrize("order", [1, 2])
def test_a_choice_of_candidates_is_a_corpus_of_its_own(
    random_items: list[Item], order: int
) -> None:
    rows = [
        {
            "id": item.id,
            "source": item.source,
            "references": item.references,
            "candidates": [{"text": text} for text in item.candidates],
        }
        for item in random_items[:60]
    ]
    recipe = IntervalRecipe(resamples=50)
    metric = make_metric(f"distinct_{order}")
    record, values = score_candidates(rows, [metric], mbr_utility="bleu_sent_m4", interval=recipe)
    found = record["metrics"][metric.id]["statistics"]
    chosen = [
        item.candidates[row["mbr_index"]] for item, row in zip(random_items, values, strict=False)
    ]
    assert found["mbr"]["value"] == pytest.approx(share(chosen, order), abs=1e-9)
    assert found["expected"]["low"] < found["expected"]["value"] < found["expected"]["high"]


def test_saying_the_same_to_everybody_shows() -> None:
    items = [Item(str(i), "", (), ("i do not know", f"a{i} b{i} c{i} d{i}")) for i in range(50)]
    scores = make_metric("distinct_1").score(items)
    assert scores.statistics is not None
    assert scores.total is not None
    np.testing.assert_allclose(scores.total(scores.statistics.sum(axis=0)), [4 / 200, 1])
    np.testing.assert_allclose(scores.values, 1)


def test_no_words_at_all() -> None:
    scores = make_metric("distinct_2").score([Item("0", "", (), ("", "one"))])
    assert scores.statistics is not None
    assert scores.total is not None
    assert scores.total(scores.statistics.sum(axis=0)).tolist() == [0, 0]


@pytest.mark.parametrize("order", [1, 2])
def test_texts_differ_by_what_the_corpus_would_lose_without_them(
    random_items: list[Item], order: int
) -> None:
    texts = [item.candidates[0] for item in random_items[:40]] + ["yes", "yes", ""]
    scores = make_metric(f"distinct_{order}").score(
        [Item(str(i), "", (), (text,)) for i, text in enumerate(texts)]
    )
    assert scores.statistics is not None

    def kinds(corpus: list[str]) -> int:
        return len(
            {w for t in corpus for w in zip(*(t.split()[i:] for i in range(order)), strict=False)}
        )

    lost = [kinds(texts) - kinds(texts[:i] + texts[i + 1 :]) for i in range(len(texts))]
    credited = scores.statistics[:, 0, 0]
    assert credited.sum() == pytest.approx(kinds(texts), abs=1e-9)
    np.testing.assert_allclose(np.diff(credited), np.diff(lost), atol=1e-9)
    assert max(lost) > min(lost)


def draw_corpus(rng: np.random.Generator, num_texts: int, stock_answers: float) -> list[str]:
    """Words by Zipf's law; a share of the texts is one stock answer."""
    shares = 1 / np.arange(1, 2001)
    edges = np.cumsum(shares / shares.sum())
    texts = []
    for length in rng.integers(3, 15, size=num_texts):
        words = " ".join(map(str, np.searchsorted(edges, rng.random(length))))
        texts.append("i do not know" if rng.random() < stock_answers else words)
    return texts


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("stock_answers", [0.0, 0.3])
def test_intervals_cover_the_expected_score(order: int, stock_answers: float) -> None:
    rng = np.random.default_rng(5)
    metric, found = make_metric(f"distinct_{order}"), []
    for _ in range(200):
        texts = draw_corpus(rng, 100, stock_answers)
        scores = metric.score([Item(str(i), "", (), (text,)) for i, text in enumerate(texts)])
        assert scores.statistics is not None and scores.total is not None
        score = AdditiveScore(scores.statistics[:, 0], scores.total)
        found += bootstrap([score], IntervalRecipe(resamples=200))
    expected = float(np.mean([estimate.value for estimate in found]))
    covered = np.mean([estimate.low <= expected <= estimate.high for estimate in found])
    # Of 200 intervals that cover with .95, .904 is three standard errors below.
    assert covered >= 0.904
    # And no wider than they need to be.
    half = np.mean([(estimate.high - estimate.low) / 2 for estimate in found])
    assert half < 1.3 * 1.96 * float(np.std([estimate.value for estimate in found]))
