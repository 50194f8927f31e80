"""Words and case: what the text metrics share before they differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from benchmark.metrics.interface import Option

Case = Literal["mixed", "lower"]

CASE_OPTION: Mapping[str, Option] = {"case": Option("mixed", ("mixed", "lower"))}


def case_of(options: Mapping[str, str]) -> Case:
    """The checked option `case`."""
    return cast("Case", options["case"])


def fold(text: str, case: Case) -> str:
    """The text, lower-cased where asked."""
    return text.lower() if case == "lower" else text


def words(text: str, case: Case) -> list[str]:
    """Whitespace tokens, as the papers count them; lower-cased first where asked."""
    return fold(text, case).split()


def squeeze(text: str) -> str:
    """The text with single spaces and none at the ends."""
    return " ".join(text.split())
