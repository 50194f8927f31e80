from __future__ import annotations

from benchmark.runtime.error_message import LONGEST, shorten


def test_what_can_be_read_is_left():
    assert shorten("No such file: name another.") == "No such file: name another."
    assert shorten("a\n  b") == "a b"


def test_a_long_value_is_cut_and_the_advice_is_left():
    found = shorten(f"--name {'x' * 100_000!r}: give a shorter one.")
    assert len(found) < 200 and found.endswith("xxx': give a shorter one.")
    found = shorten(f"There is {', '.join(map(str, range(100_000)))}: name one of them.")
    assert len(found) <= LONGEST + 3 and found.endswith("99999: name one of them.")
