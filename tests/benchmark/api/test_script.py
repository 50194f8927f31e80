from __future__ import annotations

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
