"""Case and tokens: what the text metrics share before they differ.

Tokens are what the task says, see `benchmark.api.token_unit`: words between spaces, or characters
where its texts are written without spaces, unless its recipe or its folder names another unit. The
signature says which. The option `tokens` of a metric insists on one. Texts are compared in the form
of `benchmark.api.folding`, in which tokenisers read them too.

`pieces=bert-base-uncased` is the published evaluation of DiffuSeq: candidates and references alike
go through that tokeniser and back, with the spaces that transformers puts, before they are
compared. It is the scale of published figures and of nothing else: nobody reads such texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Literal

from benchmark.api import folding
from benchmark.api.script import Script
from benchmark.api.token_unit import UNITS, Unit, unit_of
from benchmark.metrics.declaration import DeclaredMetric
from benchmark.metrics.interface import Option, sign
from benchmark.metrics.language_tokens import check_installed, language_tokens, sign_language

if TYPE_CHECKING:
    from benchmark.api.tokenizers import SubwordTokenizer

Case = Literal["mixed", "lower"]
Tokens = Literal["task", "words", "characters", "zh", "ja"]
"""`task`: what the task says."""

CASE_OPTION: Mapping[str, Option] = {"case": Option("mixed", ("mixed", "lower"))}
TOKENS_OPTION: Mapping[str, Option] = {"tokens": Option("task", ("task", *UNITS))}
AS_WRITTEN = "none"
PIECES_OPTION: Mapping[str, Option] = {"pieces": Option(AS_WRITTEN)}
"""Of the metrics of the published evaluation: a folder with a tokeniser, or its hub id."""
_TOKENS = re.compile(r"tok:[^|]+")

TOKEN_OPTIONS: Mapping[str, Option] = {**CASE_OPTION, **TOKENS_OPTION}


@dataclass(frozen=True, slots=True)
class TextMetric(DeclaredMetric):
    """Base of the metrics that can lower-case texts first."""

    options: ClassVar[Mapping[str, Option]] = CASE_OPTION

    case: Case = "mixed"


@dataclass(frozen=True, slots=True)
class TokenMetric(DeclaredMetric):
    """Base of the metrics that count tokens."""

    options: ClassVar[Mapping[str, Option]] = TOKENS_OPTION

    tokens: Tokens = field(default="task", kw_only=True)
    script: Script = field(default="latin", kw_only=True)
    """Of the task; no part of the id."""
    task_unit: Unit | None = field(default=None, kw_only=True)
    """Of the task; None = as its script asks for. No part of the id."""
    pieces: str = field(default=AS_WRITTEN, kw_only=True)

    @property
    def counted(self) -> Unit:
        """What its tokens are."""
        if self.tokens != "task":
            return self.tokens
        return self.task_unit or unit_of(self.script)

    def check(self) -> None:
        """Refuse tokens that cannot be had here.

        Raises:
            UserError: says what to install.
        """
        if self.counted in ("zh", "ja"):
            check_installed(self.counted)

    @property
    def signature(self) -> str:
        """See `Metric.signature`."""
        return f"{sign(self.name, **self.signed_options)}|{self.signed(self.facts)}"

    @property
    def signed_options(self) -> dict[str, str]:
        """The options that the signature names; the tokens stand among its facts."""
        unsigned = {*TOKENS_OPTION, *(PIECES_OPTION if self.pieces == AS_WRITTEN else ())}
        return {key: value for key, value in self.chosen.items() if key not in unsigned}

    def signed(self, facts: str) -> str:
        """`facts` with the tokens that are counted."""
        return facts if self.counted == "words" else _TOKENS.sub(f"tok:{self.signed_unit}", facts)

    @property
    def signed_unit(self) -> str:
        """The name of what is counted in signatures."""
        return sign_language(self.counted) if self.counted in ("zh", "ja") else self.counted


@dataclass(frozen=True, slots=True)
class CasedTokenMetric(TokenMetric):
    """Base of the metrics that count tokens and can lower-case texts first."""

    options: ClassVar[Mapping[str, Option]] = TOKEN_OPTIONS

    case: Case = "mixed"

    def split(self, text: str) -> list[str]:
        """The tokens of a text."""
        return self.reading(text)

    @property
    def reading(self) -> Reading:
        """What `split` does, for many texts: what the options say is looked up once."""
        return Reading(self.pieces, self.case, self.counted)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text to its tokens; equal ones read alike."""

    pieces: str
    case: Case
    counted: Unit

    def __call__(self, text: str) -> list[str]:
        """The tokens of a text."""
        return split(respell(text, self.pieces), self.case, self.counted)


def respell(text: str, pieces: str) -> str:
    """The text through a tokeniser and back; as it is where none is named."""
    if pieces == AS_WRITTEN:
        return text
    tokenizer = _load_pieces(pieces)
    return tokenizer.decode(tokenizer.encode(text))


@lru_cache(maxsize=2)
def _load_pieces(name: str) -> SubwordTokenizer:
    from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer

    # Without texts to learn from, spaces are those of transformers.
    return train_tokenizer((), TokenizerRecipe(kind="pretrained", name=name))


def fold(text: str, case: Case) -> str:
    """The text in the form in which texts are compared, lower-cased where asked."""
    return folding.fold(text, lowercase=case == "lower")


def split(text: str, case: Case, counted: Unit = "words") -> list[str]:
    """Tokens of a text, lower-cased first where asked.

    Words are what stands between white space, as the papers count them; characters are all code
    points but white space, as sacreBLEU's tokeniser `char` gives them.
    """
    if counted == "words" and text.isascii():
        # Composed already, and the separators that folding makes spaces of split words anyway.
        return (text.lower() if case == "lower" else text).split()
    folded = fold(text, case)
    if counted in ("zh", "ja"):
        return language_tokens(folded, counted)
    found = folded.split()
    return found if counted == "words" else list("".join(found))


def squeeze(text: str) -> str:
    """The composed text with single spaces and none at the ends."""
    return " ".join(folding.compose(text).split())
