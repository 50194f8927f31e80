"""Copying the source of QQP: figures measured before this code was written.

They come from NLTK 3.10.4, sacreBLEU 2.6.0 and rouge-score 0.1.2 called directly on the 2,500
test pairs, the source as hypothesis.
"""

from __future__ import annotations

import pytest

from benchmark.metrics import Item, make_metric


@pytest.mark.data
@pytest.mark.parametrize(
    ("spec", "value"),
    [
        ("bleu_sent_m4", 0.2144),
        ("bleu_sent_m4:case=lower", 0.2288),
        ("rouge_l", 0.580),
        ("copy_rate", 1.0),
        ("empty_rate", 0.0),
    ],
)
def test_candidate_level(qqp_copies: list[Item], spec: str, value: float) -> None:
    scores = make_metric(spec).score(qqp_copies)
    digits = 3 if spec == "rouge_l" else 4
    assert scores.values.shape == (2500, 1)
    assert round(float(scores.values.mean()), digits) == value


@pytest.mark.data
@pytest.mark.parametrize(
    ("spec", "value"), [("bleu_corpus", 29.27), ("bleu_corpus:case=lower", 31.14)]
)
def test_corpus_level(qqp_copies: list[Item], spec: str, value: float) -> None:
    scores = make_metric(spec).score(qqp_copies)
    assert scores.statistics is not None
    assert scores.total is not None
    assert round(float(scores.total(scores.statistics[:, 0].sum(axis=0))), 2) == value
