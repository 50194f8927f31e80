"""The tokens of sacreBLEU's `13a`, the tokeniser of mteval-v13a."""

from __future__ import annotations

from collections.abc import Callable

from benchmark.metrics.text import Case, fold


class Tokeniser13a:
    """Text to tokens; remembers the words that it has seen.

    Its rules look one character to each side, and white space is the same to them as the end
    of the text, so a word gives the same tokens wherever it occurs and is tokenised once. Only
    a hyphen before a line break reaches over white space.
    """

    def __init__(self, case: Case) -> None:
        from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

        self.case = case
        self.of_text: Callable[[str], str] = Tokenizer13a()
        self.known: dict[str, list[str]] = {}

    def __call__(self, text: str) -> list[str]:
        """The tokens of a text."""
        text = fold(text, self.case)
        if "-\n" in text:
            return self.of_text(text.rstrip()).split()
        tokens: list[str] = []
        for word in text.split():
            if word not in self.known:
                self.known[word] = self.of_text(word).split()
            tokens += self.known[word]
        return tokens
