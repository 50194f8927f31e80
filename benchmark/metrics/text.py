"""Words and case: what the text metrics share before they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from benchmark.metrics.declaration import DeclaredMetric
from benchmark.metrics.interface import Option

Case = Literal["mixed", "lower"]

CASE_OPTION: Mapping[str, Option] = {"case": Option("mixed", ("mixed", "lower"))}


@dataclass(frozen=True, slots=True)
class TextMetric(DeclaredMetric):
    """Base of the metrics that can lower-case texts first."""

    options: ClassVar[Mapping[str, Option]] = CASE_OPTION

    case: Case = "mixed"


def fold(text: str, case: Case) -> str:
    """The text, lower-cased where asked."""
    return text.lower() if case == "lower" else text


def words(text: str, case: Case) -> list[str]:
    """Whitespace tokens, as the papers count them; lower-cased first where asked."""
    return fold(text, case).split()


def squeeze(text: str) -> str:
    """The text with single spaces and none at the ends."""
    return " ".join(text.split())
