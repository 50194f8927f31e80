"""The one form in which tokenisers read texts and metrics compare them."""

from __future__ import annotations

import pytest
from texts_in_scripts import TEXTS

from benchmark.api.folding import compose, fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Hello", "hello"),
        ("e\N{COMBINING ACUTE ACCENT}", "é"),
        ("ΟΔΟΣ", "οδος"),
        ("Σ", "\N{GREEK SMALL LETTER SIGMA}"),
        ("\N{DEVANAGARI LETTER QA}", "\N{DEVANAGARI LETTER KA}\N{DEVANAGARI SIGN NUKTA}"),
        ("a\x1cb\x1dc\x1ed\x1fe", "a b c d e"),
        ("İ", "i\N{COMBINING DOT ABOVE}"),
        # The dot below comes before the dot above once the letter is small.
        ("İ\N{COMBINING DOT BELOW}", "ị\N{COMBINING DOT ABOVE}"),
        ("两\t个\n字", "两\t个\n字"),
    ],
)
def test_known_forms(text: str, folded: str) -> None:
    assert fold(text, lowercase=True) == folded


def test_capitals_stay_where_nobody_asks() -> None:
    assert fold("É\x1fA", lowercase=False) == compose("É\x1fA") == "É A"


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("lowercase", [True, False])
def test_folding_twice_changes_nothing(text: str, lowercase: bool) -> None:
    once = fold(text, lowercase=lowercase)
    assert fold(once, lowercase=lowercase) == once
