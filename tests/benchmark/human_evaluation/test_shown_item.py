from __future__ import annotations

import pytest

from benchmark.human_evaluation.shown_item import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, <b> & \"quoted\" é 中", "plain, <b> & \"quoted\" é 中"),
        ("a\nb\tc\x00", "a␊b␉c␀"),
        ("\x7f\x85", "␡<U+0085>"),
        ("abc\u202edef\u200b", "abc<U+202E>def<U+200B>"),
        ("\U0001f469\u200d\U0001f4bb", "\U0001f469\u200d\U0001f4bb"),
        ("", "(empty)"),
        (" \n", "(empty)"),
    ],
)  # fmt: skip
def test_control_characters_are_shown(text, shown):
    assert visible(text) == shown
