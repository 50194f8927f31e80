from __future__ import annotations

import pytest

from benchmark.api import Control, read_control


@pytest.mark.parametrize(
    ("line", "control"),
    [
        ("", Control()),
        ("sentiment: positive", Control({"sentiment": "positive"})),
        ("a: b | c: d", Control({"a": "b", "c": "d"})),
        ("a: b => some text", Control({"a": "b"}, "some text")),
        ("=> some text", Control({}, "some text")),
        ("a: b => ", Control({"a": "b"}, "")),
        (r"area: city \| centre", Control({"area": "city | centre"})),
        (r"name\: x: y", Control({"name: x": "y"})),
    ],
)
def test_a_line_is_read(line: str, control: Control) -> None:
    assert read_control(line) == control


@pytest.mark.parametrize("line", ["how are you ?", "a:", ": b", "a: b | a: c", "a: b | | c: d"])
def test_what_is_no_control_line(line: str) -> None:
    assert read_control(line) is None


@pytest.mark.parametrize(
    "control",
    [
        Control(),
        Control({}, "a: b | c => d"),
        Control({"eat type": "fast: food"}, "x => y => z"),
        Control({"a|b": "c\\"}, "\\| \\\\ =>"),
        Control({"a": "=>"}, None),
        Control({"a": "b"}, ""),
    ],
)
def test_what_is_written_is_read_back(control: Control) -> None:
    assert read_control(str(control)) == control
