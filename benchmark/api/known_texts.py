"""Token ids of many texts in one flat array: what a train split needs in every epoch."""

from __future__ import annotations

from array import array
from collections.abc import Sequence


class KnownTexts:
    """Texts and their ids; 4 bytes a token and a table of the texts, which exist anyway."""

    def __init__(self) -> None:
        self._ids = array("i")
        self._ends = array("q", [0])
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        """Number of texts."""
        return len(self._numbers)

    def find(self, text: str) -> list[int] | None:
        """The ids of `text`; None if it was not added."""
        number = self._numbers.get(text)
        if number is None:
            return None
        return self._ids[self._ends[number] : self._ends[number + 1]].tolist()

    def add(self, texts: Sequence[str], ids: Sequence[Sequence[int]]) -> None:
        """Add texts that are not known yet, each with its ids."""
        for text, of_text in zip(texts, ids, strict=True):
            self._numbers[text] = len(self._numbers)
            self._ids.extend(of_text)
            self._ends.append(len(self._ids))
