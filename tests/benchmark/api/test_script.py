from __future__ import annotations

import unicodedata

import pytest

from benchmark.api import detect_script


@pytest.mark.parametrize(
    ("texts", "script"),
    [
        (["the waiter was rude .", "naïve café"], "latin"),
        ([], "latin"),
        (["?!", "12 34"], "latin"),
        (["这个很好", "屏幕 很 亮"], "unspaced"),
        (["買った iPhone は良い"], "unspaced"),
        (["ไม่ดีเลย"], "unspaced"),
        (["Сколько стоит iPhone?"], "spaced"),
        (["لا أعرف من كتب هذا"], "spaced"),
        (["이 식당은 좋다"], "spaced"),
        (["my new phone 很好", "the screen is bright"], "latin"),
    ],
)
def test_the_script_of_most_letters(texts: list[str], script: str) -> None:
    assert detect_script(texts) == script


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("the waiter was not rude at all and the food was good", "latin"),
        ("der Kellner war nicht unhöflich und das Essen schmeckte sehr gut", "accented"),
        ("nhà hàng này rất ngon và phục vụ rất nhanh chóng", "accented"),
        (unicodedata.normalize("NFD", "nhà hàng này rất ngon và phục vụ"), "accented"),
    ],
)
def test_latin_with_other_letters_than_a_to_z(text: str, script: str) -> None:
    assert detect_script([text] * 10) == script


def test_a_word_from_elsewhere_makes_no_other_language() -> None:
    assert detect_script(["the food was good"] * 200 + ["a café"]) == "latin"


def test_texts_of_several_languages_are_not_taken_for_english() -> None:
    texts = ["the food was good and the waiter was kind"] * 2000 + ["еда была вкусной"] * 800
    assert detect_script(texts) == "accented"
    assert detect_script([*texts[:2000], *["饭菜很好吃服务很热情"] * 1500]) == "accented"


def test_texts_of_signs_alone_have_no_words() -> None:
    assert detect_script(["👍👎😀"] * 40) == "unspaced"
    assert detect_script(["12 34", "5"] * 40) == "latin"
