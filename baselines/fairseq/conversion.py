"""Weights of fairseq's Transformers as weights of ours.

Ours are `baselines.autoregressive.transformer` and the masked systems with predicted lengths
(`nat`, `cmlm`), built with the norm of the fairseq model and learned positions; the fairseq
model scales its embeddings and shares them all.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from benchmark.api import UserError

_ATTENTION = {"self_attn": "attention", "encoder_attn": "cross"}
_NORMS = {
    "self_attn_layer_norm": "around_attention.norm",
    "encoder_attn_layer_norm": "around_cross.norm",
    "final_layer_norm": "around_ffn.norm",
}
_MAPS = {"fc1": "ffn.0", "fc2": "ffn.2"}
FIRST_LENGTH = 3
"""fairseq's class of a text of one token: it counts bos and eos."""


def convert_weights(
    state: Mapping[str, Tensor],
    *,
    pad_id: int,
    source_positions: int,
    target_positions: int,
    lengths: int = 0,
    start: tuple[int, int] | None = None,
) -> dict[str, Tensor]:
    """The state of our encoder-decoder that computes the same as fairseq's.

    Args:
        state: of a fairseq model.
        pad_id: id of padding; fairseq's tables of positions begin behind it.
        source_positions: of our encoder.
        target_positions: of our decoder.
        lengths: classes of our length head; 0 means no head.
        start: (our start of a text, fairseq's), for a causal decoder: fairseq's is eos.

    Raises:
        UserError: if the model has no learned positions, or too few of them.
    """
    new: dict[str, Tensor] = {}
    for side, ours, wanted in (
        ("encoder", "encoder", source_positions),
        ("decoder", "decoder", target_positions),
    ):
        name = f"{side}.embed_positions.weight"
        rows = state[name][pad_id + 1 :] if name in state else torch.empty(0)
        if rows.size(0) < wanted:
            raise UserError(
                f"The fairseq {side} has {rows.size(0)} learned positions and ours has {wanted}:"
                " convert a model with at least as many learned positions."
            )
        new[f"{ours}.positions.table.weight"] = rows[:wanted]
        stack = "encoder" if side == "encoder" else "decoder.stack"
        for part in ("weight", "bias"):
            if f"{side}.layer_norm.{part}" in state:
                new[f"{stack}.norm.{part}"] = state[f"{side}.layer_norm.{part}"]
        depth = 1 + max(int(n.split(".")[2]) for n in state if n.startswith(f"{side}.layers."))
        for layer in range(depth):
            new |= _block(state, f"{side}.layers.{layer}.", f"{stack}.blocks.{layer}.")
    tokens = state["decoder.embed_tokens.weight"]
    if start is not None:
        tokens = tokens.clone()
        tokens[start[0]] = tokens[start[1]]
    new["decoder.tokens.weight"] = tokens
    if lengths:
        head = state["decoder.embed_length.weight"][FIRST_LENGTH : FIRST_LENGTH + lengths]
        new["decoder.length_head.weight"] = head
        new["decoder.length_head.bias"] = head.new_zeros(lengths)
    return new


def _block(state: Mapping[str, Tensor], theirs: str, ours: str) -> dict[str, Tensor]:
    """One layer; our queries, keys and values come from one matrix."""
    new: dict[str, Tensor] = {}
    for part in ("weight", "bias"):
        for their_name, our_name in {**_NORMS, **_MAPS}.items():
            if f"{theirs}{their_name}.{part}" in state:
                new[f"{ours}{our_name}.{part}"] = state[f"{theirs}{their_name}.{part}"]
        for their_name, our_name in _ATTENTION.items():
            if f"{theirs}{their_name}.q_proj.{part}" not in state:
                continue
            query, key, value, out = (
                state[f"{theirs}{their_name}.{which}_proj.{part}"]
                for which in ("q", "k", "v", "out")
            )
            new[f"{ours}{our_name}.out.{part}"] = out
            if our_name == "cross":
                new[f"{ours}cross.project.{part}"] = query
                new[f"{ours}cross.project_source.{part}"] = torch.cat((key, value))
            else:
                new[f"{ours}attention.project.{part}"] = torch.cat((query, key, value))
    return new
