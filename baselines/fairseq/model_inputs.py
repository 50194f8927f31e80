"""Texts as the batches that fairseq's models, criteria and generators read.

Deviates: fairseq pads sources on the left; here padding is on the right, where its position
numbers, which skip padding, give the same vectors.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from baselines.texts import EncodedTexts, encode_sources
from benchmark.api import Tokenizer

Sample = dict[str, Any]
"""What fairseq calls a sample: a batch with `net_input`, `target` and some numbers."""


def frame_texts(tokenizer: Tokenizer, texts: Sequence[str], length: int) -> EncodedTexts:
    """bos, at most `length - 1` tokens, eos: what the non-autoregressive models read.

    A truncated text keeps its eos, which frames a canvas and is not a prediction.
    """
    encoded = encode_sources(tokenizer, texts, length)
    return EncodedTexts([[tokenizer.bos_id, *row] for row in encoded.ids], encoded.truncated)


def make_sample(source: Tensor, target: Tensor | None, pad_id: int) -> Sample:
    """A fairseq sample of padded ids: source `(rows, S)` and target `(rows, T)`, or none."""
    rows = source.size(0)
    tokens = 0 if target is None else int((target != pad_id).sum())
    return {
        "id": torch.arange(rows, device=source.device),
        "nsentences": rows,
        "ntokens": tokens,
        "net_input": {"src_tokens": source, "src_lengths": (source != pad_id).sum(1)},
        "target": target,
    }
