"""Vocabularies in the forms in which they are published, read as their own libraries read them."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tokenizers import ByteLevelBPETokenizer

from benchmark.api import UserError, published_vocabularies
from benchmark.api.published_vocabularies import find_files, load_vocabulary, vocabulary_digest
from benchmark.api.tokenizers import SubwordTokenizer, TokenizerRecipe, train_tokenizer

TEXTS = ["the cat sat on the mat .", "The dog sat!", "a cat ? no , 3 dogs", "über  alles, naïve"]
ODD = ["Zebra 日本 \uff46ull", "  lead", "trail  ", "don't"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PIECES = ["the", "cat", "sat", "do", "##g", "##s", "a", ".", "!", "uber", "alles", ",", "naive"]


def load(name: Path) -> SubwordTokenizer:
    return train_tokenizer(TEXTS, TokenizerRecipe(kind="pretrained", name=str(name)))


def encode(tokenizer: SubwordTokenizer, text: str) -> list[int]:
    return list(tokenizer.backend.encode(text, add_special_tokens=False).ids)


def saves(tokenizer: SubwordTokenizer, folder: Path) -> bool:
    tokenizer.save(folder)
    again = SubwordTokenizer.load(folder)
    return all(again.encode(text) == tokenizer.encode(text) for text in [*TEXTS, *ODD])


def write_pieces(folder: Path, pieces: list[str] = PIECES) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "vocab.txt").write_text("".join(f"{piece}\n" for piece in [*SPECIAL, *pieces]))
    return folder


@pytest.mark.slow
def test_word_pieces_as_transformers_reads_them(tmp_path: Path) -> None:
    from transformers import BertTokenizer

    folder = write_pieces(tmp_path / "v")
    ours, theirs = load(folder), BertTokenizer.from_pretrained(str(folder))
    for text in [*TEXTS, *ODD]:
        assert encode(ours, text) == theirs(text, add_special_tokens=False)["input_ids"]
    assert (ours.pad_id, ours.bos_id, ours.eos_id, ours.sep_id) == (0, 2, 3, 3)
    assert ours.decode(ours.encode("The dogs sat!")) == "the dogs sat!"
    assert saves(ours, tmp_path / "saved")


def test_case_is_that_of_the_configuration_or_of_the_words(tmp_path: Path) -> None:
    cat = load(write_pieces(tmp_path / "v")).encode("CAT")
    assert load(tmp_path / "v" / "vocab.txt").encode("CAT") == cat
    cased = load(write_pieces(tmp_path / "cased", [*PIECES, "Cat"]))
    assert cased.encode("CAT") == [cased.unk_id] and cased.fold("CAT") == "CAT"
    config = tmp_path / "v" / "tokenizer_config.json"
    config.write_text(json.dumps({"do_lower_case": False}))
    assert load(tmp_path / "v").encode("CAT") != cat


def write_byte_pairs(folder: Path) -> ByteLevelBPETokenizer:
    folder.mkdir()
    made = ByteLevelBPETokenizer()
    made.train_from_iterator(TEXTS, vocab_size=300, special_tokens=["<|endoftext|>"])
    made.save_model(str(folder))
    return made


def test_pairs_of_bytes(tmp_path: Path) -> None:
    theirs = write_byte_pairs(tmp_path / "v")
    for ours in (load(tmp_path / "v"), load(tmp_path / "v" / "merges.txt")):
        for text in [*TEXTS, *ODD]:
            assert encode(ours, text) == theirs.encode(text).ids
            assert ours.decode(ours.encode(text)) == text.strip()
        end = theirs.token_to_id("<|endoftext|>")
        assert ours.eos_id == ours.sep_id == end
        # What GPT-2 has not is added behind its own.
        own = theirs.get_vocab_size()
        assert {ours.pad_id, ours.bos_id, ours.mask_id, ours.unk_id} == {*range(own, own + 4)}
        assert ours.vocab_size == own + 4
    assert saves(ours, tmp_path / "saved")


def write_sentence_pieces(folder: Path, **options: Any) -> Any:
    trainer = pytest.importorskip("sentencepiece", reason="needs the extra sentencepiece")
    pytest.importorskip("google.protobuf", reason="needs the extra sentencepiece")
    folder.mkdir()
    written = io.BytesIO()
    trainer.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS * 3),
        model_writer=written,
        hard_vocab_limit=False,
        minloglevel=2,
        **options,
    )
    (folder / "spiece.model").write_bytes(written.getvalue())
    return trainer.SentencePieceProcessor(model_proto=written.getvalue())


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
@pytest.mark.parametrize("in_bytes", [False, True])
@pytest.mark.parametrize("rule", ["nmt_nfkc", "nmt_nfkc_cf", "identity"])
def test_sentence_pieces_as_their_library_reads_them(
    tmp_path: Path, kind: str, in_bytes: bool, rule: str
) -> None:
    theirs = write_sentence_pieces(
        tmp_path / "v",
        model_type=kind,
        byte_fallback=in_bytes,
        normalization_rule_name=rule,
        vocab_size=320 if in_bytes else 50,
    )
    ours = load(tmp_path / "v")
    for text in [*TEXTS, *ODD]:
        ids = theirs.encode(text)
        assert encode(ours, text) == ids
        if theirs.unk_id() not in ids:
            assert ours.decode(ids) == theirs.decode(ids)
    assert (ours.unk_id, ours.bos_id, ours.eos_id, ours.sep_id) == (0, 1, 2, 2)
    assert {ours.pad_id, ours.mask_id} == {theirs.vocab_size(), theirs.vocab_size() + 1}
    assert saves(ours, tmp_path / "saved")


def test_special_tokens_of_t5(tmp_path: Path) -> None:
    write_sentence_pieces(tmp_path / "v", vocab_size=50, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    ours = load(tmp_path / "v")
    assert (ours.pad_id, ours.eos_id, ours.sep_id, ours.unk_id) == (0, 1, 1, 2)
    assert ours.bos_id != ours.eos_id and ours.bos_id in ours.special_ids
    assert not ours.special_ids & {*ours.encode("the </s> cat [MASK] <pad>")}


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"readme.md": ""}, "v has no vocabulary: it needs tokenizer.json"),
        ({"vocab.json": "{}"}, "v has no vocabulary"),
        ({"vocab.txt": "a\nb\n"}, r"vocab\.txt has no \[UNK\]"),
        ({"vocab.json": '{"a": 0}', "merges.txt": "#version: 0.2\n"}, "does not hold all bytes"),
        (
            {"vocab.json": "[]", "merges.txt": ""},
            r"No vocabulary can be read from .*vocab\.json .*: fetch",
        ),
        ({"tokenizer.json": "{"}, r"No vocabulary can be read from .*tokenizer\.json"),
        ({"a.model": "x", "b.model": "y"}, r"v has a\.model, b\.model: name the one"),
    ],
)
def test_what_is_no_vocabulary_is_one_sentence(
    tmp_path: Path, files: dict[str, str], sentence: str
) -> None:
    (tmp_path / "v").mkdir()
    for name, text in files.items():
        (tmp_path / "v" / name).write_text(text)
    with pytest.raises(UserError, match=sentence) as caught:
        load(tmp_path / "v")
    assert "\n" not in str(caught.value)


def test_a_damaged_model_and_one_that_nothing_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.model"
    path.write_bytes(b"\xff\xff")
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "sentencepiece", None)
        patched.setitem(sys.modules, "sentencepiece.sentencepiece_model_pb2", None)
        with pytest.raises(UserError, match=r"diffuseq-bench\[sentencepiece\]"):
            load(path)
    pytest.importorskip("sentencepiece", reason="needs the extra sentencepiece")
    with pytest.raises(UserError, match=r"No vocabulary can be read from .*a\.model"):
        load(path)
    with pytest.raises(UserError, match=r"a\.bin is no vocabulary"):
        load(path.rename(tmp_path / "a.bin"))


def test_the_digest_is_that_of_the_files(tmp_path: Path) -> None:
    assert vocabulary_digest("no/such") is None and find_files("no/such") == ()
    one, other = (vocabulary_digest(str(write_pieces(tmp_path / name))) for name in "ab")
    assert one == other is not None
    assert vocabulary_digest(str(write_pieces(tmp_path / "a", ["x"]))) != one


def test_the_digest_has_what_decides_the_case(tmp_path: Path) -> None:
    digests = [vocabulary_digest(str(write_pieces(tmp_path / "v")))]
    for lower in (False, True):
        config = json.dumps({"do_lower_case": lower})
        (tmp_path / "v" / "tokenizer_config.json").write_text(config)
        digests.append(vocabulary_digest(str(tmp_path / "v")))
        assert vocabulary_digest(str(tmp_path / "v" / "vocab.txt")) == digests[-1]
    assert len({*digests}) == 3
    # A whole tokeniser says it itself.
    (tmp_path / "v" / "tokenizer.json").write_text("{}")
    whole = vocabulary_digest(str(tmp_path / "v"))
    (tmp_path / "v" / "tokenizer_config.json").unlink()
    assert vocabulary_digest(str(tmp_path / "v")) == whole


def test_a_name_that_is_nowhere_says_what_would_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(_name: str) -> None:
        raise OSError("no network")

    monkeypatch.setattr(published_vocabularies, "Backend", SimpleNamespace(from_pretrained=fetch))
    with pytest.raises(UserError, match=r"nor one of the model hub with a tokenizer\.json.*: give"):
        load_vocabulary("no/such")
