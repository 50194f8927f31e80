"""From the `refs` of a data file to the scores: every reference counts, however many there are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU

from benchmark.metrics import Item, make_metric
from benchmark.scoring.candidate_scores import parse_items
from benchmark.tasks import load_task

LINES = (
    {"src": "the cat perched on the mat", "trg": "the cat sat",
     "refs": ["the cat sat", "a cat sat ."]},
    {"src": "dogs bark loudly at night", "trg": "dogs bark at night"},
    {"src": "she purchased a car", "trg": "she bought a car",
     "refs": ["she bought a car", "a car was bought", "she got a new car"]},
)  # fmt: skip
CANDIDATES = (
    ("a cat sat on the mat", "the cat sat on it", "the cat"),
    ("dogs bark loudly at night", "dogs bark at night", "cats purr"),
    ("she got a new car", "a car was got", "she bought a car today"),
)


@pytest.fixture
def items(tmp_path: Path) -> list[Item]:
    """Read as a task, passed on as the lines of a candidates file."""
    (tmp_path / "mine").mkdir()
    lines = "".join(json.dumps(line) + "\n" for line in LINES)
    for split in ("train", "test"):
        (tmp_path / "mine" / f"{split}.jsonl").write_text(lines, encoding="utf-8")
    examples = load_task("mine", data_dir=tmp_path).test
    return parse_items(
        [
            {
                "id": example.id,
                "source": example.source,
                "references": list(example.references),
                "candidates": [{"text": text} for text in texts],
            }
            for example, texts in zip(examples, CANDIDATES, strict=True)
        ]
    )


def test_all_references_arrive(items: list[Item]) -> None:
    assert [item.references for item in items] == [
        tuple(line.get("refs", [line["trg"]])) for line in LINES
    ]


def test_sentence_bleu_is_nltks(items: list[Item]) -> None:
    scores = make_metric("bleu_sent_m4").score(items)
    smoothing = SmoothingFunction().method4
    expected = [
        [
            sentence_bleu(
                [r.split() for r in i.references], c.split(), smoothing_function=smoothing
            )
            for c in i.candidates
        ]
        for i in items
    ]
    np.testing.assert_allclose(scores.values, expected, atol=1e-12)
    assert "|nrefs:var|" in scores.signature


def test_corpus_bleu_is_sacrebleus(items: list[Item]) -> None:
    scores = make_metric("bleu_corpus").score(items)
    assert scores.statistics is not None
    assert scores.total is not None
    streams = [
        [i.references[n] if n < len(i.references) else None for i in items] for n in range(3)
    ]
    for k in range(3):
        expected = BLEU(force=True).corpus_score([i.candidates[k] for i in items], streams)
        assert scores.total(scores.statistics[:, k].sum(axis=0)) == pytest.approx(expected.score)


def test_rouge_is_that_of_the_best_reference(items: list[Item]) -> None:
    scorer = RougeScorer(["rougeL"], use_stemmer=False)
    expected = [
        [max(scorer.score(r, c)["rougeL"].fmeasure for r in i.references) for c in i.candidates]
        for i in items
    ]
    np.testing.assert_array_equal(make_metric("rouge_l").score(items).values, expected)


@pytest.mark.parametrize("name", ["bleu_sent_m4", "bleu_corpus", "rouge_l", "ibleu", "sari"])
def test_the_same_reference_twice_is_one(random_items: list[Item], name: str) -> None:
    def with_references(times: int) -> np.ndarray:
        made = [
            Item(i.id, i.source, i.references[:1] * times, i.candidates) for i in random_items[:200]
        ]
        return make_metric(name).score(made).values

    np.testing.assert_allclose(with_references(3), with_references(1), atol=1e-9)
    assert not np.allclose(with_references(1), make_metric(name).score(random_items[:200]).values)


@pytest.mark.data
def test_real_data_has_them(data_dir: Path) -> None:
    test = load_task("asset", data_dir=data_dir).test
    assert {len(example.references) for example in test} == {10}
