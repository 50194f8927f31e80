"""Published causal language models with their own tokenisers, from a folder or the model hub.

Weights are read from safetensors, or from a GGUF file, which is converted to float32; code that
comes with a model is never run.
"""

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.api import UserError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

FOLDER = "pretrained"
"""Folder of a saved system that holds the model's own configuration and tokeniser."""


class PretrainedTokenizer:
    """`benchmark.api.Tokenizer` on a tokeniser of transformers.

    Marks that the vocabulary lacks are its end of sequence: nothing writes or reads them.

    Args:
        backend: the result of `AutoTokenizer`.
        eos_id: the end of sequence; None means the tokeniser's own.

    Raises:
        UserError: if there is no end of sequence.
    """

    def __init__(self, backend: Any, eos_id: int | None = None) -> None:
        eos_id = backend.eos_token_id if backend.eos_token_id is not None else eos_id
        if eos_id is None:
            raise UserError(
                "gpt2: the pretrained tokeniser has no end of sequence: add eos_token to its"
                " tokenizer_config.json, or set gpt2.init to another model."
            )
        self.backend = backend
        self.vocab_size = len(backend)
        self.eos_id: int = eos_id
        self.pad_id, self.bos_id, self.sep_id, self.mask_id, self.unk_id = (
            eos_id if found is None else int(found)
            for found in (
                backend.pad_token_id,
                backend.bos_token_id,
                backend.sep_token_id,
                backend.mask_token_id,
                backend.unk_token_id,
            )
        )
        marks = {i for i, token in backend.added_tokens_decoder.items() if token.special}
        self.special_ids = frozenset({*marks, *backend.all_special_ids, eos_id, self.pad_id})

    @property
    def prefix(self) -> list[int]:
        """The special tokens that the tokeniser itself puts before a text."""
        return list(takewhile(self.special_ids.__contains__, self.backend("x").input_ids))

    def encode(self, text: str) -> list[int]:
        """Ids of `text`, without special tokens, even if the text spells one."""
        encoded = self.backend(text, add_special_tokens=False, split_special_tokens=True)
        return list(encoded.input_ids)

    def encode_marked(self, text: str) -> list[int]:
        """Ids of `text`; where it spells a special token, that token."""
        return list(self.backend(text, add_special_tokens=False).input_ids)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of `ids`; special tokens are omitted."""
        kept = [i for i in ids if i not in self.special_ids and i < self.vocab_size]
        return str(self.backend.decode(kept, clean_up_tokenization_spaces=False)).strip()

    def save(self, path: Path) -> None:
        """Write the tokeniser in the layout of transformers into the folder `path`."""
        self.backend.save_pretrained(str(path))


def load_pretrained(
    init: str, gguf_file: str | None = None
) -> tuple["PreTrainedModel", PretrainedTokenizer]:
    """A causal language model with its tokeniser, in float32.

    Args:
        init: a folder, or a model id of the hub.
        gguf_file: name of the GGUF file in it that holds both; None for safetensors.

    Raises:
        UserError: if one of them cannot be read, or the model has no key cache for decoding.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        if gguf_file is None:
            backend = AutoTokenizer.from_pretrained(init)
            model = AutoModelForCausalLM.from_pretrained(
                init, dtype=torch.float32, use_safetensors=True
            )
        else:
            backend = AutoTokenizer.from_pretrained(init, gguf_file=gguf_file)
            model = AutoModelForCausalLM.from_pretrained(
                init, gguf_file=gguf_file, dtype=torch.float32
            )
    except Exception as error:  # the hub client passes on any error of its transport
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".: ")
        raise UserError(
            f"gpt2.init: no causal language model can be loaded from {init!r} ({reason}): give a"
            " folder with config.json, safetensors and tokenizer.json, a model id available from"
            " the hub, or gpt2.gguf_file, which needs the package gguf."
        ) from error
    if hasattr(model.config, "quantization_config") and gguf_file is not None:
        # The weights are plain numbers now; a saved configuration would refer to the file.
        del model.config.quantization_config
    return model, _with_tokenizer(model, backend)


def load_tokenizer(name: str) -> PretrainedTokenizer:
    """The tokeniser of a published model alone.

    Args:
        name: a folder, or a model id of the hub.

    Raises:
        UserError: if it cannot be read.
    """
    from transformers import AutoTokenizer

    try:
        return PretrainedTokenizer(AutoTokenizer.from_pretrained(name))
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"No tokeniser can be read from {name!r} ({reason}): give a folder with tokenizer.json,"
            " or a model id available from the hub."
        ) from error


def save_pretrained(path: Path, model: "PreTrainedModel", tokenizer: PretrainedTokenizer) -> None:
    """Write the model's configuration and its tokeniser into the folder `path`; no weights."""
    model.config.save_pretrained(str(path))
    tokenizer.save(path)


def read_pretrained(path: Path) -> tuple["PreTrainedModel", PretrainedTokenizer]:
    """A model with placeholder weights, and the tokeniser, as `save_pretrained` wrote them.

    Raises:
        UserError: if the folder is incomplete.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    try:
        config = AutoConfig.from_pretrained(str(path))
        backend = AutoTokenizer.from_pretrained(str(path))
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"No model and tokeniser can be read from {path}: {reason}.") from error
    return model, _with_tokenizer(model, backend)


def _with_tokenizer(model: "PreTrainedModel", backend: Any) -> PretrainedTokenizer:
    eos = model.config.eos_token_id
    return PretrainedTokenizer(backend, eos[0] if isinstance(eos, list) else eos)
