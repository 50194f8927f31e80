"""distinct-1 and distinct-2 over a corpus, against sets of tuples."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.metrics import Item, make_metric
from benchmark.scoring.bootstrap import IntervalRecipe
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
