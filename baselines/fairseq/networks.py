"""fairseq's models, built from its own registries of architectures.

Decoders are subclassed where fairseq calls them past `nn.Module.__call__`, so that hooks see
every pass; what they compute is fairseq's.
"""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from fairseq.models import ARCH_CONFIG_REGISTRY, ARCH_MODEL_REGISTRY
from fairseq.models.nat.levenshtein_transformer import (
    LevenshteinTransformerDecoder,
    LevenshteinTransformerModel,
)
from fairseq.modules.transformer_sentence_encoder import init_bert_params
from torch import Tensor, nn

from baselines.attention import Norm
from baselines.embedding import Positions
from baselines.encoder_decoder import EncoderDecoderConfig
from benchmark.api import Lengths, Share


@dataclass(frozen=True)
class NetworkConfig(EncoderDecoderConfig):
    """Settings of all of fairseq's encoder-decoders; embeddings are shared and tied."""

    norm: Norm = "post"
    positions: Positions = "sinusoidal"
    scale_embeddings: bool = True
    """Whether token vectors are multiplied by sqrt(dim), next to which learned positions are
    small."""
    label_smoothing: Share = 0.0


def build_network(
    architecture: str,
    config: NetworkConfig,
    task: Any,
    lengths: Lengths,
    options: Mapping[str, object],
) -> nn.Module:
    """A fairseq model with fresh weights from torch's global generator.

    Args:
        architecture: a name of fairseq's registry, such as `cmlm_transformer`.
        config: the network.
        task: a fairseq task, which brings the dictionaries.
        lengths: positions of source and target, all marks counted.
        options: further options of the architecture, under fairseq's names.
    """
    pre, learned = config.norm == "pre", config.positions == "learned"
    arguments = Namespace(
        share_all_embeddings=True,
        max_source_positions=lengths.source,
        max_target_positions=lengths.target,
        dropout=config.dropout,
        no_scale_embedding=not config.scale_embeddings,
        label_smoothing=config.label_smoothing,
        encoder_layers=config.encoder_layers,
        decoder_layers=config.decoder_layers,
    )
    for side in ("encoder", "decoder"):
        setattr(arguments, f"{side}_embed_dim", config.dim)
        setattr(arguments, f"{side}_ffn_embed_dim", config.ffn)
        setattr(arguments, f"{side}_attention_heads", config.heads)
        setattr(arguments, f"{side}_normalize_before", pre)
        setattr(arguments, f"{side}_learned_pos", learned)
    for name, value in options.items():
        setattr(arguments, name, value)
    ARCH_CONFIG_REGISTRY[architecture](arguments)
    registered = ARCH_MODEL_REGISTRY[architecture]
    model_class = CountedLevenshtein if registered is LevenshteinTransformerModel else registered
    model: nn.Module = model_class.build_model(arguments, task)
    for layer in model.decoder.layers:  # type: ignore[union-attr]
        # As fairseq-generate does. With attention weights its edits fail where they skip rows.
        layer.make_generation_fast_(need_attn=False)
    return model


def as_stored(model: nn.Module) -> nn.Module:
    """What is trained and stored of a fairseq model: its weights under `model.`.

    fairseq's own `load_state_dict` adds tied weights to what it is given, which the reader of
    safetensors rejects as unexpected weights.
    """
    return nn.ModuleDict({"model": model})


class CountedLevenshteinDecoder(LevenshteinTransformerDecoder):  # type: ignore[misc]
    """fairseq's decoder, whose three heads are reached through its `__call__`.

    In decoding, insertions that would pass the target positions are refused, slot by slot from
    the left: an untrained model inserts until memory is exhausted.
    """

    def __init__(self, arguments: Namespace, dictionary: Any, embed_tokens: nn.Embedding) -> None:
        super().__init__(arguments, dictionary, embed_tokens)
        self.room = int(arguments.max_target_positions)

    def forward(self, prev_output_tokens: Tensor, head: str, **inputs: Any) -> Any:
        """One pass, `(rows, length)` tokens through the layers of `head`."""
        return getattr(super(), head)(prev_output_tokens=prev_output_tokens, **inputs)

    def forward_word_del(self, prev_output_tokens: Tensor, **inputs: Any) -> Any:
        """Scores of keeping and deleting, `(rows, length, 2)`."""
        return self(prev_output_tokens, "forward_word_del", **inputs)

    def forward_word_ins(self, prev_output_tokens: Tensor, **inputs: Any) -> Any:
        """Scores of words, `(rows, length, vocab)`."""
        return self(prev_output_tokens, "forward_word_ins", **inputs)

    def forward_mask_ins(self, prev_output_tokens: Tensor, **inputs: Any) -> Any:
        """Scores of numbers of placeholders to insert, `(rows, length - 1, 256)`."""
        scores, attention = self(prev_output_tokens, "forward_mask_ins", **inputs)
        if inputs.get("normalize"):  # set by decoding, never by the loss
            present = prev_output_tokens.ne(self.padding_idx)
            wanted = scores.argmax(-1).masked_fill(~present[:, 1:], 0)
            refused = present.sum(1, keepdim=True) + wanted.cumsum(1) > self.room
            scores[..., 1:] = scores[..., 1:].masked_fill(refused[..., None], -torch.inf)
        return scores, attention


class CountedLevenshtein(LevenshteinTransformerModel):  # type: ignore[misc]
    """fairseq's Levenshtein transformer around a `CountedLevenshteinDecoder`."""

    @classmethod
    def build_decoder(cls, args: Namespace, tgt_dict: Any, embed_tokens: nn.Embedding) -> nn.Module:
        """The decoder, initialised as fairseq does."""
        decoder = CountedLevenshteinDecoder(args, tgt_dict, embed_tokens)
        if getattr(args, "apply_bert_init", False):
            decoder.apply(init_bert_params)
        return decoder
