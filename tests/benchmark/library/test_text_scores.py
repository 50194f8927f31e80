"""Scores of texts in the hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from benchmark.api import UserError
from benchmark.library import score
from benchmark.tasks import load_task

REFERENCES = ["the cat sat on the mat", "a dog ran"]


def value(scores, metric, statistic):
    (row,) = scores[(scores.metric == metric) & (scores.statistic == statistic)].itertuples()
    return row.value


def test_known_answers():
    outputs = [[REFERENCES[0], "quite another thing"], [REFERENCES[1], REFERENCES[1]]]
    scores = score(outputs, REFERENCES, metrics=["rouge_l", "length", "self_bleu"], resamples=50)
    assert list(scores.columns) == ["metric", "statistic", "value", "low", "high", "signature"]
    # ROUGE-L of an equal text is 1, of one without a common word 0.
    assert value(scores, "rouge_l", "expected") == pytest.approx(0.75)
    assert value(scores, "rouge_l", "oracle") == pytest.approx(1.0)
    assert value(scores, "length", "expected") == pytest.approx((6 + 3 + 3 + 3) / 4)
    assert set(scores[scores.metric == "self_bleu"].statistic) == {"set"}
    assert all(scores.signature.str.contains("version:"))
    row = scores[(scores.metric == "rouge_l") & (scores.statistic == "expected")].iloc[0]
    assert row.low <= row.value <= row.high


def test_one_text_for_each_source_and_a_frame_are_the_same():
    frame = pd.DataFrame(
        {"source": ["x", "x"], "candidate": [0, 0], "text": ["the cat sat", "a dog"]}
    )
    words = {"metrics": ["rouge_l", "copy_rate"], "resamples": 20}
    texts = score(["the cat sat", "a dog"], REFERENCES, sources=["x", "x"], **words)
    pd.testing.assert_frame_equal(score(frame, REFERENCES, **words), texts)


def test_a_task_brings_references_and_answers():
    example = load_task("dialogue").test[0]
    right, wrong = example.target, "yes , i hate love ."
    scores = score([[right, wrong]], task="dialogue", sources=[example.source], resamples=20)
    assert value(scores, "validity", "expected") == 0.5
    assert value(scores, "bleu_sent_m4", "oracle") == pytest.approx(1.0)
    assert {"coverage", "divergence"} < set(scores.metric)
    alone = score([right], [right], metrics=["validity"], task="dialogue", sources=[example.source])
    assert value(alone, "validity", "expected") == 1.0


def test_undefined_values_are_nan():
    scores = score(["a"], ["a"], metrics=["self_bleu"], resamples=20)
    assert math.isnan(scores.value[0])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"outputs": "text", "references": ["a"]}, "outputs is one text"),
        ({"outputs": [], "references": []}, "outputs is empty"),
        ({"outputs": ["a"]}, "references are missing"),
        ({"outputs": ["a"], "references": ["a", "b"]}, "references has 2 entries where outputs"),
        ({"outputs": ["a"], "references": ["a"], "sources": []}, "sources has 0 entries"),
        ({"outputs": [["a"], [3]], "references": ["a", "b"]}, r"outputs\[1\] holds 3"),
        ({"outputs": ["a"], "task": "dialogue"}, "needs the sources"),
        ({"outputs": ["a"], "task": "dialogue", "sources": ["x y"]}, "'x y' .* is no source"),
        ({"outputs": ["a"], "references": ["a"], "metrics": ["rouge"]}, "did you mean 'rouge_l'"),
        ({"outputs": ["a"], "references": ["a"], "metrics": "rouge_l"}, "metrics is one text"),
        ({"outputs": [["a"], []], "references": ["a", "b"]}, r"outputs\[1\] is empty"),
        ({"outputs": pd.DataFrame({"text": ["a"]})}, "has no column 'source'"),
    ],
)
def test_wrong_calls_are_one_sentence(words, sentence):
    with pytest.raises(UserError, match=sentence):
        score(**words)


@pytest.mark.parametrize("kept", [[1, 3], [0, 3], [0, 2, 1, 3], [1, 0, 2, 3]])
def test_a_frame_that_lost_its_order_is_refused(kept):
    frame = pd.DataFrame(
        {"source": [*"aabb"], "candidate": [0, 1, 0, 1], "text": [*"wxyz"]},
    ).iloc[kept]
    with pytest.raises(UserError, match="give all rows of generate"):
        score(frame, REFERENCES[: int((frame.candidate == 0).sum()) or 1], metrics=["rouge_l"])
