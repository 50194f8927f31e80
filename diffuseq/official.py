"""Reads checkpoints of the official DiffuSeq: `ema_*.pt` beside its `training_args.json`.

    python -m diffuseq.official CHECKPOINT OUTPUT

The network is the same function (tests/parity), so only names change: query, key and value of
a layer become one matrix, and positions beyond `seq_len`, which are never used, are omitted.

A checkpoint with an absorbing state becomes `diffuseq-v2`, every other `diffuseq`.

Source: github.com/Shark-NLP/DiffuSeq, commit f78945d; branch diffuseq-v2, commit 3b71ccc. Deviates:
the official sampler truncates source and reference together until both fit, so that the result
depends on the reference; here a source has `source_length` tokens, however long its reference is.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast, get_args

import torch
from tokenizers import Tokenizer as Backend
from tokenizers import decoders, models, normalizers, pre_tokenizers
from torch import Tensor, nn

from benchmark.api import (
    Lengths,
    Resources,
    Tokenizer,
    UserError,
    check_regular,
    load_tokenizer,
)
from diffuseq.settings import DiffuSeqConfig, DiffuSeqV2Config
from diffuseq.system import DiffuSeq
from diffuseq.system_v2 import DiffuSeqV2

Embeddings = Literal["sampled", "averaged"]
"""A checkpoint holds the embedding table twice. `lm_head.weight` is the table as training left it,
`word_embedding.weight` its moving average. The two are one matrix in the official network, which
loads `lm_head.weight` last: it samples with the average of all weights but this one."""

_HEAD_WIDTH = 64
"""Width per head in all published sizes of BERT; a checkpoint does not give the number of heads."""
_SPECIAL_TOKENS = ("[PAD]", "[CLS]", "[SEP]", "[SEP]", "[MASK]", "[UNK]")
_LAYER = re.compile(r"input_transformers\.layer\.(\d+)\.")
_SCHEDULES = ("sqrt", "cosine", "linear")
_SAMPLERS = {"uniform": "uniform", "lossaware": "loss-second-moment"}
_RANGES = (
    ("diffusion_steps", 1, 10**6),
    ("seq_len", 2, 10**5),
    ("dropout", 0, 1),
    ("denoise_rate", 0, 1),
)
"""Numbers of the training, and what they can be."""
_NEEDED = {"predict_xstart": True, "learn_sigma": False, "timestep_respacing": ""}
"""Settings with the same value in all published code, the only one supported here."""


def read_official(
    checkpoint: Path,
    *,
    tokenizer: Path | None = None,
    heads: int | None = None,
    source_length: int | None = None,
    embeddings: Embeddings = "sampled",
) -> DiffuSeq:
    """`diffuseq` or `diffuseq-v2` with the weights of an official checkpoint, on CPU.

    Args:
        checkpoint: an `ema_*.pt`; its `training_args.json` lies beside it.
        tokenizer: a `tokenizer.json` or `vocab.txt`, or a folder that holds one of them; by default
            the folder of the checkpoint.
        heads: attention heads; by default one per 64 of the width.
        source_length: part of the canvas for the source, special tokens included, in tokens; by
            default half of `seq_len`.
        embeddings: which of the two embedding tables of the checkpoint.

    Raises:
        UserError: if a file is missing or broken, or describes a model that `diffuseq` does not
            support.
    """
    state = _read_state(checkpoint)
    arguments = _read_arguments(checkpoint.parent / "training_args.json")
    config = _config(checkpoint, state, arguments, heads)
    canvas = int(arguments["seq_len"])
    source = canvas // 2 if source_length is None else source_length
    if not 0 < source < canvas:
        raise UserError(
            f"A source of {source} tokens leaves no room for a target in the canvas of {canvas} in"
            f" {checkpoint.parent / 'training_args.json'}: give another source length."
        )
    vocabulary = read_tokenizer(tokenizer or checkpoint.parent, arguments)
    rows = len(state["lm_head.weight"])
    if vocabulary.vocab_size != rows:
        raise UserError(
            f"The tokeniser has {vocabulary.vocab_size} tokens and {checkpoint} has {rows}:"
            " pass its own tokeniser as tokenizer."
        )
    kind = DiffuSeqV2 if isinstance(config, DiffuSeqV2Config) else DiffuSeq
    try:
        system = kind(config, Resources(vocabulary, Lengths(source, canvas - source)))
    except (
        ArithmeticError,
        LookupError,
        MemoryError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        raise UserError(
            f"{checkpoint} and its training_args.json describe a network that cannot be made"
            f" ({_first_line(error)}): give the files of one training."
        ) from error
    names = weight_names(config.layers, absorbing=kind is DiffuSeqV2)
    if embeddings == "averaged":
        names["readout.weight"] = ("word_embedding.weight",)
    _fill(checkpoint, system.module, names, state)
    return system


def weight_names(layers: int, *, absorbing: bool) -> dict[str, tuple[str, ...]]:
    """Our names to the official ones; the rows of several are concatenated."""
    names: dict[str, tuple[str, ...]] = {
        "readout.weight": ("lm_head.weight",),
        "readout.bias": ("lm_head.bias",),
        "denoiser.positions": ("position_embeddings.weight",),
        **({"absorbing": ("mean_embed",)} if absorbing else {}),
    }
    pairs = {
        "norm": "LayerNorm",
        **{f"time.{i}": f"time_embed.{i}" for i in (0, 2)},
        **{f"project_in.{i}": f"input_up_proj.{i}" for i in (0, 2)},
        **{f"project_out.{i}": f"output_down_proj.{i}" for i in (0, 2)},
    }
    for i in range(layers):
        layer = f"input_transformers.layer.{i}"
        pairs |= {
            f"blocks.{i}.attention_out": f"{layer}.attention.output.dense",
            f"blocks.{i}.attention_norm": f"{layer}.attention.output.LayerNorm",
            f"blocks.{i}.ffn_in": f"{layer}.intermediate.dense",
            f"blocks.{i}.ffn_out": f"{layer}.output.dense",
            f"blocks.{i}.ffn_norm": f"{layer}.output.LayerNorm",
        }
        for kind in ("weight", "bias"):
            names[f"denoiser.blocks.{i}.query_key_value.{kind}"] = tuple(
                f"{layer}.attention.self.{part}.{kind}" for part in ("query", "key", "value")
            )
    for ours, theirs in pairs.items():
        for kind in ("weight", "bias"):
            names[f"denoiser.{ours}.{kind}"] = (f"{theirs}.{kind}",)
    return names


def _read_state(checkpoint: Path) -> dict[str, Tensor]:
    check_regular(checkpoint)
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged pickle raises whatever its bytes happen to say
        raise UserError(
            f"No weights can be read from {checkpoint}: give an ema_*.pt ({_first_line(error)})."
        ) from error
    is_state = isinstance(state, dict) and all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in state.items()
    )
    if not is_state or not state:
        raise UserError(f"{checkpoint} is not a state dict (names to tensors): give an ema_*.pt.")
    numbers = {int(m[1]) for m in map(_LAYER.match, state) if m and len(m[1]) < 5}
    # A number beyond the count of the layers would ask for layers that are not there.
    layers = 1 + max(numbers, default=-1) if numbers == {*range(len(numbers))} else 0
    names = weight_names(layers, absorbing="mean_embed" in state)
    needed = {name for group in names.values() for name in group}
    # The moving average of the table is used only on request, but always exists.
    needed.add("word_embedding.weight")
    missing = sorted(needed - set(state))
    unknown = sorted(set(state) - needed - {"position_ids"})
    if not layers or missing or unknown:
        what = "no layers" if not layers else f"no {missing[0]}" if missing else unknown[0]
        raise UserError(
            f"{checkpoint} is not an official DiffuSeq with projections around its encoder"
            f" (it has {what}): give an ema_*.pt of Shark-NLP/DiffuSeq."
        )
    for name in sorted(needed):
        _check_tensor(checkpoint, name, state[name])
    return cast("dict[str, Tensor]", state)


def _check_tensor(checkpoint: Path, name: str, value: Tensor) -> None:
    dims = 1 if name.endswith(".bias") or "LayerNorm" in name or name == "mean_embed" else 2
    what = f"{checkpoint}: {name}"
    fix = "give an ema_*.pt of Shark-NLP/DiffuSeq."
    if value.layout != torch.strided or not value.is_floating_point():
        raise UserError(f"{what} is {value.dtype} ({value.layout}) and no plain numbers: {fix}")
    if value.dim() != dims or not value.numel():
        raise UserError(f"{what} has the shape {tuple(value.shape)}, not {dims} dimensions: {fix}")
    if not torch.isfinite(value).all():
        raise UserError(f"{what} has values that are no numbers (the training diverged): {fix}")


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _read_arguments(path: Path) -> dict[str, Any]:
    check_regular(path)
    try:
        arguments = json.loads(path.read_text(encoding="utf-8"))
        for name in ("diffusion_steps", "noise_schedule", "schedule_sampler", "seq_len", "dropout"):
            arguments[name]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(
            f"No training arguments can be read from {path} ({type(error).__name__}: {error}):"
            " copy the official training_args.json beside the checkpoint."
        ) from error
    for name, value in _NEEDED.items():
        if arguments.get(name, value) != value:
            raise UserError(
                f"{path} has {name} {_shown(arguments[name])}: diffuseq supports only {value!r}."
            )
    for name, known in (
        ("noise_schedule", _SCHEDULES),
        ("schedule_sampler", tuple(_SAMPLERS)),
    ):
        if arguments[name] not in known:
            raise UserError(
                f"{path} has {name} {_shown(arguments[name])}: diffuseq supports only"
                f" {', '.join(known)}."
            )
    for name, low, high in _RANGES:
        value = arguments.get(name, low)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        is_whole = name in ("dropout", "denoise_rate") or isinstance(value, int)
        if not is_number or not is_whole or not low <= value <= high:
            kind = "a number" if name in ("dropout", "denoise_rate") else "a whole number"
            raise UserError(
                f"{path} has {name} {_shown(value)}: it is {kind} from {low} to {high}; copy the"
                " official training_args.json beside the checkpoint."
            )
    return cast("dict[str, Any]", arguments)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) < 80 else f"{text[:60]}…"


def _config(
    checkpoint: Path, state: Mapping[str, Tensor], arguments: Mapping[str, Any], heads: int | None
) -> DiffuSeqConfig:
    """The sizes given by the shapes, and the process given by the arguments."""
    dim = state["word_embedding.weight"].shape[-1]
    width = state["LayerNorm.weight"].shape[-1]
    if heads is None and width % _HEAD_WIDTH:
        raise UserError(
            f"{checkpoint} has width {width}, which does not determine its number of attention"
            " heads: give heads."
        )
    if heads is not None and (heads < 1 or width % heads):
        raise UserError(
            f"{checkpoint} has width {width}, which is not a multiple of {heads} heads:"
            " give another number of heads."
        )
    layers = [int(found[1]) for found in map(_LAYER.match, state) if found]
    config = DiffuSeqConfig(
        embedding_dim=dim,
        width=width,
        layers=1 + max(layers),
        heads=heads or width // _HEAD_WIDTH,
        ffn=len(state["input_transformers.layer.0.intermediate.dense.weight"]),
        time_dim=state["time_embed.0.weight"].shape[-1],
        dropout=float(arguments["dropout"]),
        diffusion_steps=int(arguments["diffusion_steps"]),
        schedule=arguments["noise_schedule"],
        timesteps=cast("Any", _SAMPLERS[arguments["schedule_sampler"]]),
        mse_over="all",
        start_noise="all",
        rescale_time=bool(arguments.get("rescale_timesteps", True)),
        truncation="official",
    )
    if "mean_embed" not in state:
        return config
    rate = float(arguments.get("denoise_rate", 0.2)) if arguments.get("denoise") else 0.0
    return DiffuSeqV2Config(**vars(config), discrete_rate=rate)


def _fill(
    checkpoint: Path,
    module: nn.Module,
    names: Mapping[str, tuple[str, ...]],
    state: Mapping[str, Tensor],
) -> None:
    for name, parameter in module.named_parameters():
        sources = names[name]
        wanted = (parameter.shape[0] // len(sources), *parameter.shape[1:])
        for source in sources:
            shape = tuple(state[source].shape)
            is_long_enough = name == "denoiser.positions" and shape[0] >= wanted[0]
            if shape[1:] != wanted[1:] or not (shape[0] == wanted[0] or is_long_enough):
                raise UserError(
                    f"{checkpoint}: {source} is {shape} and should be {wanted}; it does not fit"
                    " training_args.json or the other weights."
                )
        rows = torch.cat([state[source].detach() for source in sources])
        with torch.no_grad():
            # Positions are longer than the canvas.
            parameter.copy_(rows[: len(parameter)])


def read_tokenizer(path: Path, arguments: Mapping[str, Any]) -> Tokenizer:
    """BERT's tokeniser from a `vocab.txt` or `tokenizer.json`, or from a folder with one.

    Args:
        path: file or folder; what `Tokenizer.save` wrote is read as it is.
        arguments: of the training; a `config_name` with `-cased` keeps capitals.

    Raises:
        UserError: if there is none, or it cannot be read.
    """
    if (path / "special_tokens.json").is_file():
        return load_tokenizer(path)
    files = [path / "tokenizer.json", path / "vocab.txt"] if path.is_dir() else [path]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        raise UserError(
            f"{path} holds neither tokenizer.json nor vocab.txt: pass the tokeniser that the"
            " model was trained with as tokenizer, such as the folder of bert-base-uncased."
        )
    check_regular(file)
    try:
        backend = (
            Backend.from_file(str(file))
            if file.suffix == ".json"
            else _word_pieces(file, is_cased="-cased" in str(arguments.get("config_name", "")))
        )
    except Exception as error:  # the library raises bare exceptions
        raise UserError(f"No tokeniser can be read from {file}: {error}.") from error
    backend.no_truncation()
    backend.no_padding()
    with tempfile.TemporaryDirectory() as folder:
        backend.save(str(Path(folder) / "tokenizer.json"))
        (Path(folder) / "special_tokens.json").write_text(json.dumps(_SPECIAL_TOKENS))
        return load_tokenizer(Path(folder))


def _word_pieces(vocab: Path, *, is_cased: bool) -> Backend:
    lines = vocab.read_text(encoding="utf-8").splitlines()
    pieces = {piece: number for number, piece in enumerate(lines)}
    backend = Backend(models.WordPiece(pieces, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=not is_cased)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    backend.add_special_tokens(sorted(set(_SPECIAL_TOKENS) & set(pieces)))
    return backend


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert one checkpoint; exit code 2 for a user error."""
    parser = argparse.ArgumentParser(
        prog="python -m diffuseq.official",
        description="Convert a checkpoint of the official DiffuSeq into a folder of diffuseq.",
    )
    parser.add_argument("checkpoint", type=Path, help="ema_*.pt beside its training_args.json")
    parser.add_argument("output", type=Path, help="new folder")
    parser.add_argument("--tokenizer", type=Path, help="vocab.txt, tokenizer.json or their folder")
    parser.add_argument("--heads", type=int, help="attention heads (default: width / 64)")
    parser.add_argument("--source-length", type=int, help="tokens of the source (default: half)")
    parser.add_argument(
        "--embeddings",
        choices=get_args(Embeddings),
        default="sampled",
        help="the table that the official sampler uses, or its moving average",
    )
    options = parser.parse_args(arguments)
    try:
        if options.output.exists():
            raise UserError(f"{options.output} already exists: name a new folder.")
        system = read_official(
            options.checkpoint,
            tokenizer=options.tokenizer,
            heads=options.heads,
            source_length=options.source_length,
            embeddings=options.embeddings,
        )
        system.save(options.output)
    except OSError as error:
        sys.stderr.write(f"error: {options.output} cannot be written ({error.strerror}).\n")
        return 2
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    sys.stdout.write(f"{options.output}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
