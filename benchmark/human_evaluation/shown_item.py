"""What a rater sees of an item: a source and one or two texts, and nothing of whose they are."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.human_evaluation.kept_texts import KeptTexts
from benchmark.human_evaluation.key import Item

EMPTY = "(empty)"

_PICTURES = {**{chr(code): chr(0x2400 + code) for code in range(32)}, "\x7f": "\u2421"}

_JOINERS = "\u200c\u200d"
"""Part of the spelling of some scripts and emoji."""


@dataclass(frozen=True)
class ShownItem:
    """An item as raters see it, control characters made visible."""

    id: str
    source: str
    texts: tuple[str, ...]


def show_items(items: Sequence[Item], kept: KeptTexts) -> list[ShownItem]:
    """The items with their texts, in the order given."""
    sources = {source.id: source for source in kept.sources}
    return [
        ShownItem(
            id=item.id,
            source=visible(sources[item.example].text),
            texts=tuple(
                visible(sources[item.example].answers[system]) for system in item.owners[0]
            ),
        )
        for item in items
    ]


def visible(text: str) -> str:
    """The text with control characters shown, also those that turn the direction of writing."""
    return "".join(map(_picture, text)) if text.strip() else EMPTY


def _picture(character: str) -> str:
    if character in _PICTURES:
        return _PICTURES[character]
    if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character
    return character if character in _JOINERS else f"<U+{ord(character):04X}>"
