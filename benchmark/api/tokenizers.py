"""Tokenisers of the from-scratch systems: one vocabulary per task, shared by all of them.

Four kinds: `word` (white space; the controlled tasks), `character` (for scripts without spaces
between words), `bpe` (byte-level, trained on the train split, lossless except for case) and
`pretrained` (a published vocabulary such as bert-base-uncased, which the DiffuSeq paper uses, of
GPT-2, T5 or another model: see `benchmark.api.published_vocabularies`). All
use the library `tokenizers`, and read texts as `benchmark.api.folding` gives them, which is how
metrics compare them. In a script without spaces between words `word` takes every character for a
word (see `benchmark.api.unspaced_words`). Word pieces forget the spaces beside marks: they are put
back as the train split has them, see `benchmark.api.spacing`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Literal

from pydantic import PositiveInt
from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers import Tokenizer as Backend

from benchmark.api.folding import fold
from benchmark.api.known_texts import KnownTexts
from benchmark.api.published_vocabularies import load_vocabulary, name_special_tokens
from benchmark.api.spacing import CONTINUATION, Spacing, Word, learn_spacing
from benchmark.api.types import UserError
from benchmark.api.unspaced_words import all_forms, join_words, split_words

SPECIAL_TOKENS = ("[PAD]", "[BOS]", "[EOS]", "[SEP]", "[MASK]", "[UNK]")

SPACING = "spacing.json"
"""File of a saved tokeniser that says where spaces stand; word pieces alone have one."""

_MOST_TEXTS = 50_000
"""Texts that spacing is learnt from: more change nothing but the time."""

_BATCH_TEXTS = 10_000

_KEPT_TEXTS = 2**16
"""Texts beside the train split whose ids are kept."""


@dataclass(frozen=True, slots=True)
class TokenizerRecipe:
    """How the vocabulary of a task is made."""

    kind: Literal["word", "character", "bpe", "pretrained"] = "word"
    vocab_size: PositiveInt = 8192
    """Upper bound for `bpe` and `character`, which keeps the commonest; `word` keeps every word of
    the train split."""
    lowercase: bool = True
    name: str = "bert-base-uncased"
    """For `pretrained`: a folder or file, or a model id of the hub; see
    `benchmark.api.published_vocabularies`."""


class SubwordTokenizer:
    """`benchmark.api.Tokenizer` on a `tokenizers` backend."""

    def __init__(
        self, backend: Backend, special_tokens: Sequence[str], spacing: Spacing | None = None
    ) -> None:
        self.backend = backend
        self.spacing = spacing
        self.special_tokens = tuple(special_tokens)
        found = {token: backend.token_to_id(token) for token in special_tokens}
        missing = [token for token, index in found.items() if index is None]
        if missing:
            raise UserError(f"The tokeniser has no {', '.join(missing)}: use one that has them.")
        ids = [found[token] or 0 for token in special_tokens]
        self.pad_id, self.bos_id, self.eos_id, self.sep_id, self.mask_id, self.unk_id = ids
        self.special_ids = frozenset(ids) - {self.unk_id}
        self.vocab_size = backend.get_vocab_size()
        self._lowercases = _lowercases(backend)
        self._has_words = isinstance(backend.model, models.WordLevel) and isinstance(
            backend.pre_tokenizer, pre_tokenizers.WhitespaceSplit
        )
        # The backend is slow on single texts.
        self._encoded = lru_cache(maxsize=_KEPT_TEXTS)(self._encode)
        self._known = KnownTexts()

    def encode(self, text: str) -> list[int]:
        """Ids of `text`, without special tokens, even if the text spells one."""
        known = self._known.find(text)
        return list(self._encoded(text)) if known is None else known

    def remember(self, texts: Iterable[str]) -> None:
        """Encode `texts` once, in batches, so that `encode` finds them for as long as this lives.

        For what is read again and again, as a train split is in every epoch.
        """
        new = iter(dict.fromkeys(text for text in texts if self._known.find(text) is None))
        while chunk := list(islice(new, _BATCH_TEXTS)):
            prepared = [self._prepare(text) for text in chunk]
            found = self.backend.encode_batch(prepared, add_special_tokens=False)
            self._known.add(chunk, [self._plain(of_text.ids) for of_text in found])

    def _encode(self, text: str) -> tuple[int, ...]:
        ids = self.backend.encode(self._prepare(text), add_special_tokens=False).ids
        return tuple(self._plain(ids))

    def _plain(self, ids: Sequence[int]) -> list[int]:
        """A text that spells a special token does not contain it."""
        return [self.unk_id if i in self.special_ids else i for i in ids]

    def count(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text, without special tokens: faster than `encode`."""
        prepared = map(self._prepare, texts)
        chunks = iter(lambda: list(islice(prepared, _BATCH_TEXTS)), [])
        return [
            len(found.ids)
            for chunk in chunks
            for found in self.backend.encode_batch(chunk, add_special_tokens=False)
        ]

    def fold(self, text: str) -> str:
        """The text as a metric compares it with what `decode` gives."""
        return fold(text, lowercase=self._lowercases)

    def _prepare(self, text: str) -> str:
        folded = self.fold(text)
        return " ".join(split_words(folded)) if self._has_words else folded

    def decode(self, ids: Sequence[int]) -> str:
        """Text of `ids`; special tokens are omitted."""
        kept = [i for i in ids if i not in self.special_ids and i != self.unk_id]
        if self.spacing is not None:
            return self.spacing.join([self.backend.id_to_token(i) or "" for i in kept]).strip()
        text = str(self.backend.decode(kept, skip_special_tokens=False)).strip()
        return join_words(text) if self._has_words else text

    def save(self, path: Path) -> None:
        """Write `tokenizer.json` and `special_tokens.json` into the folder `path`."""
        path.mkdir(parents=True, exist_ok=True)
        (path / "tokenizer.json").write_text(self.backend.to_str(pretty=False), encoding="utf-8")
        (path / "special_tokens.json").write_text(json.dumps(self.special_tokens))
        if self.spacing is not None:
            tables = json.dumps([dict(sorted(t.items())) for t in self.spacing.tables])
            (path / SPACING).write_text(tables, encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> SubwordTokenizer:
        """Read what `save` wrote.

        Raises:
            UserError: if the folder holds no tokeniser.
        """
        try:
            special_tokens = json.loads((path / "special_tokens.json").read_text())
            backend = Backend.from_file(str(path / "tokenizer.json"))
            # Systems of earlier versions were saved without.
            tables = json.loads((path / SPACING).read_text()) if (path / SPACING).exists() else []
            special_tokens = [str(token) for token in special_tokens]
            if len(special_tokens) != len(SPECIAL_TOKENS):
                raise ValueError(f"special_tokens.json does not name {len(SPECIAL_TOKENS)} tokens")
        except Exception as error:  # the library raises bare exceptions
            raise UserError(f"No tokeniser can be read from {path}: {error}.") from error
        return cls(
            backend, special_tokens, Spacing(tuple(tables)) if _has_pieces(backend) else None
        )


def train_tokenizer(texts: Iterable[str], recipe: TokenizerRecipe) -> SubwordTokenizer:
    """The tokeniser of `recipe`, with its vocabulary learnt from `texts` if the kind learns one.

    The result depends only on the multiset of texts: equal input, equal ids.
    """
    if recipe.kind == "word":
        return SubwordTokenizer(_words(texts, recipe), SPECIAL_TOKENS)
    if recipe.kind == "character":
        return SubwordTokenizer(_characters(texts, recipe), SPECIAL_TOKENS)
    if recipe.kind == "bpe":
        return SubwordTokenizer(_byte_pairs(texts, recipe), SPECIAL_TOKENS)
    backend = load_vocabulary(recipe.name)
    special_tokens = name_special_tokens(backend)
    spacing = learn_spacing(_read_words(backend, texts)) if _has_pieces(backend) else None
    return SubwordTokenizer(backend, special_tokens, spacing)


def _words(texts: Iterable[str], recipe: TokenizerRecipe) -> Backend:
    words = {word for text in texts for word in split_words(_fold(text, recipe))}
    vocabulary = (*SPECIAL_TOKENS, *sorted(all_forms(words) - set(SPECIAL_TOKENS)))
    model = models.WordLevel({w: i for i, w in enumerate(vocabulary)}, unk_token="[UNK]")
    backend = Backend(model)
    backend.normalizer = normalizers.Lowercase() if recipe.lowercase else None
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return backend


def _characters(texts: Iterable[str], recipe: TokenizerRecipe) -> Backend:
    steps = [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " ")]
    normalizer = normalizers.Sequence(steps + [normalizers.Lowercase()] * recipe.lowercase)
    folded = (_fold(text, recipe) for text in texts)
    counts = Counter(chain.from_iterable(map(normalizer.normalize_str, folded)))
    commonest = sorted(counts, key=lambda character: (-counts[character], character))
    vocabulary = (*SPECIAL_TOKENS, *commonest[: recipe.vocab_size - len(SPECIAL_TOKENS)])
    model = models.WordLevel({c: i for i, c in enumerate(vocabulary)}, unk_token="[UNK]")
    backend = Backend(model)
    backend.normalizer = normalizer
    backend.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    backend.decoder = decoders.Fuse()
    return backend


def _fold(text: str, recipe: TokenizerRecipe) -> str:
    return fold(text, lowercase=recipe.lowercase)


def _lowercases(backend: Backend) -> bool:
    return backend.normalizer is not None and backend.normalizer.normalize_str("A") == "a"


def _byte_pairs(texts: Iterable[str], recipe: TokenizerRecipe) -> Backend:
    backend = Backend(models.BPE(unk_token="[UNK]"))
    steps = [normalizers.NFC()] + ([normalizers.Lowercase()] if recipe.lowercase else [])
    backend.normalizer = normalizers.Sequence(steps)
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=recipe.vocab_size,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator((_fold(text, recipe) for text in sorted(texts)), trainer)
    return backend


def _has_pieces(backend: Backend) -> bool:
    """Whether its tokens are word pieces, which forget the spaces beside marks."""
    return isinstance(backend.model, models.WordPiece)


def _read_words(backend: Backend, texts: Iterable[str]) -> Iterator[list[Word]]:
    """The words and marks of texts and where they stand; an unknown one ends a stretch."""
    chosen = sorted(texts)
    chosen = chosen[:: max(1, len(chosen) // _MOST_TEXTS)]
    unknown = backend.token_to_id("[UNK]")
    for start in range(0, len(chosen), _BATCH_TEXTS):
        batch = [fold(text, lowercase=False) for text in chosen[start : start + _BATCH_TEXTS]]
        for found in backend.encode_batch(batch, add_special_tokens=False):
            stretch: list[Word] = []
            for index, piece, (begin, end) in zip(
                found.ids, found.tokens, found.offsets, strict=True
            ):
                if index == unknown:
                    yield stretch
                    stretch = []
                elif stretch and piece.startswith(CONTINUATION):
                    word, first, _ = stretch[-1]
                    stretch[-1] = word + piece.removeprefix(CONTINUATION), first, end
                else:
                    stretch.append((piece, begin, end))
            yield stretch
