"""The tokens of a language are sacreBLEU's own."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import pytest
import sacrebleu

from benchmark.api import UserError
from benchmark.metrics import Item, make_metric
from benchmark.metrics.text import TokenMetric
from benchmark.metrics.utility import make_utilities

TEXTS = ("双11买的iPhone 13很好,推荐!", "双11买的手机不好。")
CHINESE = [
    Item("1", "手机怎么样", (TEXTS[0],), TEXTS),
    Item("2", "ok 吗", ("很 ok 的", "可以"), ("很好的 ok", "可以")),
]


def test_chinese_is_taken_character_by_character_and_other_words_whole() -> None:
    length = make_metric("length:tokens=zh")
    # 双 11 买 的 iPhone 13 很 好 , 推 荐 !
    assert length.score(CHINESE).values[0].tolist() == [12, 9]
    assert length.signature == "length|tok:zh|version:1"


@pytest.mark.parametrize("case", ["mixed", "lower"])
def test_corpus_bleu_is_that_of_sacrebleu(case: str) -> None:
    metric = make_metric(f"bleu_corpus:case={case}", script="unspaced", unit="zh")
    scores = metric.score(CHINESE)
    assert scores.statistics is not None and scores.total is not None
    references = [[TEXTS[0], "很 ok 的"], [None, "可以"]]
    for k in (0, 1):
        expected = sacrebleu.corpus_bleu(
            [item.candidates[k] for item in CHINESE],
            references,  # type: ignore[arg-type]
            tokenize="zh",
            lowercase=case == "lower",
        )
        found = scores.total(scores.statistics[:, k].sum(axis=0))
        assert float(found) == pytest.approx(expected.score)
    assert "|tok:zh|" in metric.signature


def test_the_unit_of_a_task_reaches_every_metric_and_a_metric_may_insist() -> None:
    by_task = make_metric("rouge_l", script="unspaced", unit="zh")
    assert isinstance(by_task, TokenMetric) and by_task.counted == "zh"
    insisted = make_metric("rouge_l:tokens=words", script="unspaced", unit="zh")
    assert isinstance(insisted, TokenMetric) and insisted.counted == "words"
    (utility,) = make_utilities(["bleu_sent_m4"], "unspaced", "zh")
    assert "tok:zh" in utility.signature


@pytest.fixture
def without_japanese(monkeypatch: pytest.MonkeyPatch) -> None:
    found: Callable[[str], object] = importlib.util.find_spec
    monkeypatch.setattr(
        "benchmark.metrics.language_tokens.find_spec",
        lambda name: None if name in ("MeCab", "ipadic") else found(name),
    )


@pytest.mark.usefixtures("without_japanese")
def test_japanese_says_what_to_install() -> None:
    with pytest.raises(UserError, match=r"pip install 'sacrebleu\[ja\]', or use characters"):
        make_metric("bleu_corpus", script="unspaced", unit="ja")
    # A metric that insists on another unit does not need it.
    make_metric("bleu_corpus:tokens=characters", script="unspaced", unit="ja")


def test_japanese_words_where_they_are_installed() -> None:
    pytest.importorskip("MeCab")
    pytest.importorskip("ipadic")
    length = make_metric("length:tokens=ja")
    assert length.score([Item("1", "", ("x",), ("東京タワーへ行きました。",))]).values.max() < 12
    assert "tok:ja-mecab" in length.signature
