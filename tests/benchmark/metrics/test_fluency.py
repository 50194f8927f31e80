"""Perplexity under a tiny random GPT-2, with its logits as the oracle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.api import UserError
from benchmark.metrics import Item, make_metric
from benchmark.metrics.fluency import perplexity

# They import Transformers.
pytestmark = pytest.mark.slow

TEXTS = ("a b c", "c", "", "b b b b a c", "a b")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    path = tmp_path_factory.mktemp("tiny-gpt2")
    words = Tokenizer(models.WordLevel({"<s>": 0, "<unk>": 1, "a": 2, "b": 3, "c": 4}, "<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    # Some tokenisers add the mark of the beginning themselves: it must not stand there twice.
    words.post_processor = processors.TemplateProcessing("<s> $A", special_tokens=[("<s>", 0)])
    PreTrainedTokenizerFast(
        tokenizer_object=words, bos_token="<s>", unk_token="<unk>"
    ).save_pretrained(path)
    torch.manual_seed(3)
    config = GPT2Config(
        vocab_size=5, n_positions=6, n_embd=8, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0,
        initializer_range=0.8,
    )  # fmt: skip
    GPT2LMHeadModel(config).save_pretrained(path)
    return str(path)


def nats(folder: str, text: str) -> float:
    """Token by token from the logits after each beginning, by no function of torch's losses."""
    import torch
    from transformers import GPT2LMHeadModel

    model = GPT2LMHeadModel.from_pretrained(folder).eval()
    ids = [0, *(" abc".index(word) + 1 for word in text.split())][:6]
    total = 0.0
    for end in range(1, len(ids)):
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([ids[:end]])).logits[0, -1].double().numpy()
        total -= logits[ids[end]] - np.log(np.exp(logits).sum())
    return float(total)


def test_equals_the_logits(folder: str) -> None:
    scores = make_metric(f"fluency:model={folder}").score([Item("0", "", (), TEXTS)])
    assert scores.statistics is not None
    expected = [[nats(folder, text), min(len(text.split()), 5)] for text in TEXTS]
    np.testing.assert_allclose(scores.statistics[0], expected, atol=1e-5)
    np.testing.assert_allclose(
        scores.values[0, [0, 1, 3]],
        [np.exp(nats(folder, TEXTS[i]) / min(len(TEXTS[i].split()), 5)) for i in (0, 1, 3)],
        rtol=1e-5,
    )
    assert scores.values[0, 2] == np.inf


def test_a_corpus_is_weighed_by_tokens(folder: str) -> None:
    items = [Item("0", "", (), ("a b c",)), Item("1", "", (), ("c",)), Item("2", "", (), ("",))]
    scores = make_metric(f"fluency:model={folder}").score(items)
    assert scores.statistics is not None
    assert scores.total is not None
    expected = np.exp((nats(folder, "a b c") + nats(folder, "c")) / 4)
    assert scores.total(scores.statistics.sum(axis=0))[0] == pytest.approx(expected, rel=1e-5)


def test_texts_do_not_depend_on_their_company(folder: str) -> None:
    metric = make_metric(f"fluency:model={folder}")
    together = metric.score([Item("0", "", (), TEXTS)]).statistics
    alone = [metric.score([Item("0", "", (), (text,))]).statistics for text in TEXTS]
    np.testing.assert_allclose(together[0], [a[0, 0] for a in alone], atol=1e-6)  # type: ignore[index]


def test_a_uniform_model_is_as_unsure_as_its_vocabulary_is_large() -> None:
    sums = np.array([[np.log(5.0) * 7, 7.0], [0.0, 0.0]])
    assert perplexity(sums).tolist() == [pytest.approx(5), np.inf]


def test_signature_holds_a_digest_of_the_model(folder: str) -> None:
    metric = make_metric(f"fluency:model={folder},device=cuda,case=lower")
    assert metric.signature.startswith("fluency|case:lower|model:tiny-gpt2")
    assert "@sha256-" in metric.signature
    assert folder not in metric.signature
    assert "device" not in metric.id
    assert make_metric("fluency").signature.startswith("fluency|case:mixed|model:gpt2|")


def test_mistakes_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"the folder './none' does not exist"):
        make_metric("fluency:model=./none")
    with pytest.raises(UserError, match="cannot load the language model"):
        make_metric(f"fluency:model={tmp_path}").score([Item("0", "", (), ("a",))])
