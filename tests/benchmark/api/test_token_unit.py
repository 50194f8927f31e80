"""What texts are counted by, and names that are refused with a suggestion."""

from __future__ import annotations

import pytest
from sacrebleu.metrics.bleu import BLEU

from benchmark.api.token_unit import UNITS, read_unit, unit_of


def test_units_and_their_default() -> None:
    assert [read_unit(name) for name in UNITS] == ["words", "characters", "zh", "ja"]
    assert (unit_of("latin"), unit_of("accented"), unit_of("spaced")) == ("words",) * 3
    assert unit_of("unspaced") == "characters"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("word", "there are no tokens 'word': did you mean 'words'?"),
        ("Characters", "did you mean 'characters'?"),
        ("char", "did you mean 'characters'?"),
        ("ja-mecab", "did you mean 'ja'?"),
        ("ko-mecab", "did you mean 'words'?"),
        ("13a", "did you mean 'words'?"),
        ("flores200", "'flores200' is not offered, because its model is downloaded"),
        ("klingon", "there are no tokens 'klingon': use words, characters, zh or ja"),
        (3, "there are no tokens 3: use words, characters, zh or ja"),
        (["zh"], "there are no tokens ['zh']: use"),
    ],
)
def test_other_names_are_refused(name: object, sentence: str) -> None:
    with pytest.raises(ValueError, match="words, characters, zh or ja") as caught:
        read_unit(name)
    assert sentence in str(caught.value)


def test_every_tokeniser_of_sacrebleu_has_an_answer() -> None:
    for name in BLEU.TOKENIZERS:
        try:
            assert read_unit(name) in UNITS
        except ValueError as error:
            assert "did you mean" in str(error) or "not offered" in str(error)
