"""The tokens of sacreBLEU for languages without spaces between words: `zh`, `ja-mecab`.

Source: sacreBLEU 2.6.0, `sacrebleu.tokenizers`.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Literal, Protocol

from benchmark.api import UserError

Language = Literal["zh", "ja"]

_NEEDED = {"zh": (), "ja": ("MeCab", "ipadic")}
"""Modules that sacreBLEU needs for a language and does not bring along."""


class LanguageTokeniser(Protocol):
    """A tokeniser of sacreBLEU."""

    def __call__(self, line: str) -> str:
        """The tokens of a text, with spaces between them."""

    def signature(self) -> str:
        """What stands behind `tok:` in signatures."""


def check_installed(language: Language) -> None:
    """Refuse a language whose tokeniser cannot run here.

    Raises:
        UserError: says what to install.
    """
    if not all(map(find_spec, _NEEDED[language])):
        raise UserError(
            f"tokens {language!r} needs a word list that is not installed: pip install"
            f" 'sacrebleu[{language}]', or use characters."
        )


def language_tokens(text: str, language: Language) -> list[str]:
    """The tokens of a text.

    Raises:
        UserError: if its tokeniser is not installed.
    """
    return _load(language)(text).split()


def sign_language(language: Language) -> str:
    """The name of its tokeniser in signatures, with its version where that decides the tokens.

    Raises:
        UserError: if its tokeniser is not installed.
    """
    return _load(language).signature()


@cache
def _load(language: Language) -> LanguageTokeniser:
    check_installed(language)
    if language == "zh":
        from sacrebleu.tokenizers.tokenizer_zh import TokenizerZh

        return TokenizerZh()
    from sacrebleu.tokenizers.tokenizer_ja_mecab import TokenizerJaMecab

    return TokenizerJaMecab()
