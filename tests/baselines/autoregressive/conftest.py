"""Tiny published models: a folder as the hub has them, with a tokeniser of their own.

Transformers takes seconds to import, so only these tests do, and they are slow.
"""

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

PUBLISHED = [pytest.param(kind, marks=pytest.mark.slow) for kind in ("gpt2", "llama")]
TEXTS = ["red green blue cat dog", "the cat is red, the dog is blue."] * 4


def tiny_model(kind, vocab_size, positions=64):
    from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

    torch.manual_seed(3)
    # Wide weights: an untrained model is so flat that wrong positions would hardly show.
    if kind == "llama":
        return LlamaForCausalLM(
            LlamaConfig(
                vocab_size=vocab_size, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
                num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=positions,
                initializer_range=0.5, bos_token_id=0, eos_token_id=1, pad_token_id=None,
            )
        ).eval()  # fmt: skip
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=vocab_size, n_positions=positions, n_embd=32, n_layer=2, n_head=4,
            initializer_range=0.5, bos_token_id=1, eos_token_id=1,
        )
    ).eval()  # fmt: skip


def own_tokenizer(kind):
    """Byte pairs as in GPT-2 (one mark, no padding), or with a start as in Llama."""
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<s>", "<|end|>", "<|user|>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator(TEXTS, trainer)
    if kind == "llama":
        backend.post_processor = processors.TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", 0)]
        )
    marks = {"bos_token": "<s>"} if kind == "llama" else {}
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<|end|>", **marks)


def publish(folder, kind):
    """config.json, model.safetensors and tokenizer.json in `folder`."""
    tokenizer = own_tokenizer(kind)
    tokenizer.save_pretrained(str(folder))
    # A vocabulary that is rounded up, as many are.
    tiny_model(kind, len(tokenizer) + 5).save_pretrained(str(folder))
    return folder


@pytest.fixture(params=PUBLISHED)
def published(request, tmp_path):
    return publish(tmp_path / "published", request.param)
