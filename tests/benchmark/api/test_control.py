from __future__ import annotations

import pytest

from benchmark.api import Control, UserError, index_labels, read_control, read_controls
from benchmark.api.control import require_control


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


def test_a_source_without_a_control_is_named_with_its_task() -> None:
    assert require_control("a: b", "mine") == Control({"a": "b"})
    with pytest.raises(UserError, match=r"^mine: 'how are you \?' is no control line: write"):
        require_control("how are you ?", "mine")


KNOWN = {"mood": ("good", "bad"), "kind": ("a",)}


def test_controls_of_a_guided_system_are_those_that_it_can_follow() -> None:
    found = read_controls("mine", ["mood: bad", "no line", ""], KNOWN, steered=True)
    assert found == [Control({"mood": "bad"}), Control(), Control()]
    with pytest.raises(UserError, match=r"mine has no operator for 'mood: fair'.*mood: good, bad"):
        read_controls("mine", ["mood: fair"], KNOWN, steered=False)
    # Without operators only what is not steered can be asked for.
    assert read_controls("mine", ["mood: bad"], None, steered=False) == [Control({"mood": "bad"})]
    assert read_controls("mine", [""], None, steered=True) == [Control()]
    with pytest.raises(UserError, match="mine has no operators: fit them"):
        read_controls("mine", ["mood: bad"], None, steered=True)


def test_labels_are_indices_of_values() -> None:
    found = index_labels(KNOWN, [{"mood": "bad"}, {}, {"kind": "a", "mood": "fair"}], "cpu")
    assert {name: index.tolist() for name, index in found.items()} == {
        "mood": [1, -1, -1],
        "kind": [-1, -1, 0],
    }
