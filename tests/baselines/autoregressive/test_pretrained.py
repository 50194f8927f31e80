import pytest

from baselines.autoregressive.pretrained import (
    PretrainedTokenizer,
    load_pretrained,
    read_pretrained,
    save_pretrained,
)
from benchmark.api import UserError

from .conftest import own_tokenizer

# It imports Transformers.
pytestmark = pytest.mark.slow


def test_a_text_is_text_whatever_it_spells():
    tokenizer = PretrainedTokenizer(own_tokenizer("gpt2"))
    text = "the red <|user|> cat <|end|> is"
    ids = tokenizer.encode(text)
    assert not set(ids) & tokenizer.special_ids
    assert tokenizer.decode(ids) == text
    marked = tokenizer.encode_marked(text)
    assert marked.count(2) == 1 and marked.count(1) == 1
    assert tokenizer.decode([*tokenizer.encode("red"), 2, 1, 0, 10**6]) == "red"


@pytest.mark.parametrize(("kind", "prefix"), [("gpt2", []), ("llama", [0])])
def test_marks(kind, prefix):
    tokenizer = PretrainedTokenizer(own_tokenizer(kind))
    assert tokenizer.prefix == prefix
    assert tokenizer.eos_id == tokenizer.pad_id == 1
    assert {0, 1, 2} <= tokenizer.special_ids


def test_without_an_end_there_is_no_system():
    backend = own_tokenizer("gpt2")
    backend.eos_token = None
    assert PretrainedTokenizer(backend, eos_id=2).eos_id == 2
    with pytest.raises(UserError, match="no end of sequence"):
        PretrainedTokenizer(backend)


def test_saved_and_read(published, tmp_path):
    model, tokenizer = load_pretrained(str(published))
    save_pretrained(tmp_path / "kept", model, tokenizer)
    assert not list((tmp_path / "kept").glob("*.safetensors"))
    again, own = read_pretrained(tmp_path / "kept")
    assert type(again) is type(model)
    assert own.encode("the cat") == tokenizer.encode("the cat")
    assert (own.eos_id, own.pad_id, own.prefix) == (
        tokenizer.eos_id, tokenizer.pad_id, tokenizer.prefix,
    )  # fmt: skip


def test_what_cannot_be_loaded_is_told_in_one_sentence(tmp_path, published):
    (tmp_path / "empty").mkdir()
    for init, gguf in [(tmp_path / "empty", None), ("/nowhere/at/all", None), (published, "no")]:
        with pytest.raises(UserError, match=r"gpt2\.init: no causal language model") as raised:
            load_pretrained(str(init), gguf)
        assert "\n" not in str(raised.value)
    with pytest.raises(UserError, match="can be read"):
        read_pretrained(tmp_path / "empty")


def test_a_pickle_is_not_read(published):
    weights = published / "model.safetensors"
    weights.rename(published / "pytorch_model.bin")
    with pytest.raises(UserError, match="safetensors"):
        load_pretrained(str(published))
