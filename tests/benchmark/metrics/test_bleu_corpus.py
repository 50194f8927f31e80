from __future__ import annotations

import numpy as np
import pytest
from sacrebleu.metrics import BLEU
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

from benchmark.metrics import Item, Scores, make_metric
from benchmark.metrics.tokeniser_13a import Tokeniser13a


def corpus(scores: Scores, k: int) -> float:
    assert scores.statistics is not None
    assert scores.total is not None
    return float(scores.total(scores.statistics[:, k].sum(axis=0)))


def streams(items: list[Item]) -> list[list[str | None]]:
    """References as sacreBLEU wants them: one stream for each, None where there is none."""
    most = max(len(item.references) for item in items)
    return [
        [item.references[i] if i < len(item.references) else None for item in items]
        for i in range(most)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("case", ["mixed", "lower"])
@pytest.mark.parametrize(
    "texts", ["random_items", pytest.param("asset_items", marks=pytest.mark.data)]
)
def test_equals_sacrebleu(texts: str, case: str, request: pytest.FixtureRequest) -> None:
    items: list[Item] = request.getfixturevalue(texts)
    scores = make_metric(f"bleu_corpus:case={case}").score(items)
    for k in range(len(items[0].candidates)):
        bleu = BLEU(lowercase=case == "lower", force=True)
        expected = bleu.corpus_score([item.candidates[k] for item in items], streams(items))
        assert corpus(scores, k) == pytest.approx(expected.score, abs=1e-9)
        sums = scores.statistics[:, k].sum(axis=0)  # type: ignore[index]
        assert list(sums) == [
            expected.sys_len,
            expected.ref_len,
            *expected.counts,
            *expected.totals,
        ]
        assert scores.signature == f"bleu_corpus|{bleu.get_signature()}"


def test_sentence_counterpart_is_sacrebleus(random_items: list[Item]) -> None:
    items = random_items[:200]
    bleu = BLEU(effective_order=True)
    expected = [
        [bleu.sentence_score(c, item.references).score for c in item.candidates] for item in items
    ]
    values = make_metric("bleu_corpus").score(items).values
    np.testing.assert_allclose(values, expected, atol=1e-9, rtol=0)


def test_degenerate_corpora_score_zero_as_in_sacrebleu() -> None:
    for texts in ([""], ["x y z w"], ["a b"], ["a b c", ""]):
        items = [Item(str(i), "", ("a b c d e",), (text,)) for i, text in enumerate(texts)]
        expected = BLEU(force=True).corpus_score(texts, [["a b c d e"] * len(texts)])
        assert corpus(make_metric("bleu_corpus").score(items), 0) == pytest.approx(expected.score)


@pytest.mark.parametrize(
    "text",
    [
        "It costs 3,000.50 dollars -- or 1.5-2.0 (really?) ...",
        "end. Start.next ..a.. 5.5.5 .5 5. a,b 1,b a,1 -5 5-5 a-5 5-a",
        "tab\there\u00a0nbsp\u2028line e.g. U.S.A.'s",
        "&quot;x&quot; &amp;lt; <skipped>word a<skipped>b & c",
        "broken-\nword and\nline -\n x",
        "{a}[b]~c|d^e_f`g@h#i$j%k*l+m=n/o\\p<q>r",
        "  leading and trailing  \n",
        "",
    ],
)
def test_words_are_tokenised_as_the_whole_text_is(text: str) -> None:
    assert Tokeniser13a("mixed")(text) == Tokenizer13a()(text.rstrip()).split()


@pytest.mark.data
def test_words_of_real_texts_too(asset_items: list[Item]) -> None:
    ours, theirs = Tokeniser13a("mixed"), Tokenizer13a()
    for item in asset_items:
        for text in (item.source, *item.references):
            assert ours(text) == theirs(text.rstrip()).split()
