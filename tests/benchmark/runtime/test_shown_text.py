from __future__ import annotations

from benchmark.runtime.shown_text import show_controls


def test_control_characters_are_shown_and_lines_stay():
    assert show_controls("a\x1b[31mb\x07c\x00\x7f\x9b\r\n\td") == (
        "a\u241b[31mb\u2407c\u2400\u2421\ufffd\u240d\n\td"
    )
    for text in ("", "plain", "退货原因", "e\u0301", "a\u200fb", "a b\n"):
        assert show_controls(text) == text
