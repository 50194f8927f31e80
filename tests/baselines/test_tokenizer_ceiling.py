from dataclasses import replace

import pytest

from baselines.tokenizer_ceiling import TokenizerCeiling
from benchmark.api import UserError
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer


def answers(resources, references, *, num_samples=1, **config):
    system = TokenizerCeiling.build(
        TokenizerCeiling.Config(**config), replace(resources, references={"x": references})
    )
    made = system.generate(["?"], system.Decoding(), num_samples=num_samples, seed=1, ids=["x"])
    return [candidate.text for candidate in made[0]]


@pytest.mark.parametrize(
    ("recipe", "reference", "text"),
    [
        # What is unknown is lost, and capitals where the tokeniser has none.
        (TokenizerRecipe(), "The cat and a ZEBRA", "the cat and a"),
        (TokenizerRecipe(lowercase=False), "The cat and a ZEBRA", "The cat and a"),
        (TokenizerRecipe(kind="character"), "The cat's  hat", "the cat hat"),
        (TokenizerRecipe(kind="bpe", vocab_size=300), "The Zebra's 日本", "the zebra's 日本"),
    ],
)
def test_references_lose_what_the_tokeniser_loses(resources, recipe, reference, text):
    tokenizer = train_tokenizer(["the cat and a hat", "The cat"], recipe)
    assert answers(replace(resources, tokenizer=tokenizer), (reference,)) == [text]


def test_several_references_come_in_a_circle(resources):
    assert answers(resources, ("red cat", "blue"), num_samples=3) == ["red cat", "blue", "red cat"]


def test_it_is_ranked_and_no_samples():
    assert TokenizerCeiling.Decoding().kind == "n-best"
    assert TokenizerCeiling.family == "yardstick" and not TokenizerCeiling.capabilities.trainable


@pytest.mark.slow
def test_the_tokeniser_of_a_published_model(resources, tmp_path):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    bytes_alone = Tokenizer(models.BPE({c: i for i, c in enumerate([*alphabet, "<e>"])}, []))
    bytes_alone.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_alone.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=bytes_alone, eos_token="<e>").save_pretrained(tmp_path)
    text = "It's a ZEBRA , isn't it ?"
    assert answers(resources, (text,)) != [text]
    assert answers(resources, (text,), tokenizer=str(tmp_path)) == [text]


@pytest.mark.slow
def test_a_tokeniser_that_is_not_there_is_told(resources, tmp_path):
    with pytest.raises(UserError, match="No tokeniser can be read"):
        answers(resources, ("a",), tokenizer=str(tmp_path / "nowhere"))
