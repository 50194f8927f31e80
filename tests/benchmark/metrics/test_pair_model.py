"""Probabilities of a tiny random classifier of pairs, with its logits as the oracle."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmark.api import UserError
from benchmark.metrics import Item, make_metric
from benchmark.metrics.pair_model import digest, find_label

# They import Transformers.
pytestmark = pytest.mark.slow

ITEMS = [
    Item("0", "a b", ("b c", "c"), ("a b c", "c", "")),
    Item("1", "c", ("a",), ("b", "b b b", "a")),
]


def save_model(path: Path, labels: tuple[str, ...]) -> str:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    vocabulary = {"[PAD]": 0, "[CLS]": 1, "[SEP]": 2, "[UNK]": 3, "a": 4, "b": 5, "c": 6}
    words = Tokenizer(models.WordLevel(vocabulary, "[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", [("[CLS]", 1), ("[SEP]", 2)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
        unk_token="[UNK]", model_max_length=12,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    ).save_pretrained(path)  # fmt: skip
    torch.manual_seed(5)
    config = BertConfig(
        vocab_size=7, hidden_size=8, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=12, initializer_range=0.9,
        id2label=dict(enumerate(labels)), label2id={name: i for i, name in enumerate(labels)},
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(path)
    return str(path)


@pytest.fixture(scope="module")
def nli(tmp_path_factory: pytest.TempPathFactory) -> str:
    labels = ("CONTRADICTION", "ENTAILMENT", "NEUTRAL")
    return save_model(tmp_path_factory.mktemp("tiny-nli"), labels)


@pytest.fixture(scope="module")
def reward(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_model(tmp_path_factory.mktemp("tiny-reward"), ("LABEL_0",))


def logits(folder: str, first: str, second: str) -> list[float]:
    """One pair by its ids, without the tokeniser."""
    import torch
    from transformers import BertForSequenceClassification

    model = BertForSequenceClassification.from_pretrained(folder).eval()
    one, two = ([" abc".index(word) + 3 for word in text.split()] for text in (first, second))
    ids = [1, *one, 2, *two, 2]
    kinds = [0] * (len(one) + 2) + [1] * (len(two) + 1)
    with torch.no_grad():
        found = model(input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([kinds])).logits
    return [float(x) for x in found[0]]


def entailment(folder: str, first: str, second: str, label: int = 1) -> float:
    powers = [math.exp(x) for x in logits(folder, first, second)]
    return powers[label] / math.fsum(powers)


def expect(value) -> list[list[float]]:
    return [
        [max(value(r, text) for r in item.references) if text else 0.0 for text in item.candidates]
        for item in ITEMS
    ]


def test_equals_the_softmax_of_the_logits(nli: str) -> None:
    values = make_metric(f"pair_model:model={nli}").score(ITEMS).values
    np.testing.assert_allclose(values, expect(lambda r, t: entailment(nli, r, t)), atol=1e-5)
    assert values.std() > 0.01


def test_the_pair_can_be_turned_round(nli: str) -> None:
    turned = make_metric(f"pair_model:model={nli},order=candidate-first").score(ITEMS).values
    np.testing.assert_allclose(turned, expect(lambda r, t: entailment(nli, t, r)), atol=1e-5)
    both = make_metric(f"pair_model:model={nli},order=both").score(ITEMS).values
    np.testing.assert_allclose(
        both, expect(lambda r, t: min(entailment(nli, r, t), entailment(nli, t, r))), atol=1e-5
    )


def test_against_the_source_and_another_label(nli: str) -> None:
    spec = f"pair_model:model={nli},against=source,label=neutral"
    values = make_metric(spec).score(ITEMS).values
    expected = [
        [entailment(nli, item.source, text, 2) if text else 0 for text in item.candidates]
        for item in ITEMS
    ]
    np.testing.assert_allclose(values, expected, atol=1e-5)


def test_one_output_is_a_reward(reward: str) -> None:
    values = make_metric(f"pair_model:model={reward}").score(ITEMS).values
    expected = expect(lambda r, t: 1 / (1 + math.exp(-logits(reward, r, t)[0])))
    np.testing.assert_allclose(values, expected, atol=1e-5)


def test_signature_changes_with_the_folder(nli: str, tmp_path: Path) -> None:
    copy = tmp_path / Path(nli).name
    shutil.copytree(nli, copy)
    first = make_metric(f"pair_model:model={copy}").signature
    assert f"|model:{copy.name}@sha256-" in first
    assert str(tmp_path) not in first
    assert first == make_metric(f"pair_model:model={nli}").signature
    (copy / "config.json").write_text((copy / "config.json").read_text() + "\n")
    digest.cache_clear()
    assert make_metric(f"pair_model:model={copy}").signature != first


def test_pickles_are_not_opened(nli: str, tmp_path: Path) -> None:
    folder = tmp_path / "pickled"
    shutil.copytree(nli, folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UserError, match="holds no model"):
        make_metric(f"pair_model:model={folder}")
    # Safetensors of something else do not open the door for the pickle.
    (folder / "other.safetensors").write_bytes(b"")
    with pytest.raises(UserError, match="cannot load"):
        make_metric(f"pair_model:model={folder}").score(ITEMS)


def test_labels_are_found_by_name_and_number() -> None:
    names = {0: "not_duplicate", 1: "duplicate"}
    assert find_label("", names, "m") == 1
    assert find_label("0", names, "m") == find_label("Not_Duplicate", names, "m") == 0
    assert find_label("", {0: "label_0"}, "m") == 0
    with pytest.raises(UserError, match=r"say label=NUMBER, one of 0 \(label_0\), 1 \(label_1\)"):
        find_label("", {0: "label_0", 1: "label_1"}, "m")
    with pytest.raises(UserError, match="has no label 'neutral'"):
        find_label("neutral", names, "m")


def test_mistakes_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'no folder' holds no model"):
        make_metric("pair_model")
    with pytest.raises(UserError, match="holds no model"):
        make_metric(f"pair_model:model={tmp_path}")
