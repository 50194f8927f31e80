from __future__ import annotations

import pytest

from benchmark.verification.record_comparison import first_difference, without_clocks


@pytest.mark.parametrize(
    ("stored", "fresh", "found"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, ("a 1 b", 2, 3)),
        ({"a": [1, 2]}, {"a": [1]}, ("a count", 2, 1)),
        ({"a": 1}, {"a": 1.0}, ("a", 1, 1.0)),  # other bytes
        ({"a": 1}, {"a": True}, ("a", 1, True)),
        ({"a": None}, {}, ("a", None, "nothing")),
        ({}, {"a": 1}, ("a", "nothing", 1)),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, None),
    ],
)
def test_first_difference(stored, fresh, found):
    difference = first_difference(stored, fresh)
    place = difference and (difference.where, difference.stored, difference.fresh)
    assert place == found


def test_keys_that_an_older_record_lacks_can_be_ignored():
    assert first_difference({"a": 1}, {"a": 1, "b": 2}, same_keys=False) is None
    assert first_difference({"a": 1, "b": 2}, {"a": 1}, same_keys=False) is not None


def test_clocks_are_left_out_at_every_depth():
    record = {"cost": {"rows": 2, "wall_s": 1.5}, "events": [{"loss": 1, "seconds": 3}]}
    assert without_clocks(record) == {"cost": {"rows": 2}, "events": [{"loss": 1}]}
