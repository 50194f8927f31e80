from __future__ import annotations

import pytest
import yaml

from benchmark.runtime.yaml_format import read_yaml, write_yaml


@pytest.mark.parametrize("value", ["1e4", "-2E+3", 1e4, 1e-5, 1e300, -0.0, 12, "12", True, "yes"])
def test_what_is_written_is_read(value):
    text = write_yaml({"key": value})
    read = read_yaml(text)["key"]
    assert (read, type(read)) == (value, type(value))
    assert yaml.safe_load(text) == {"key": value}


def test_a_key_that_stands_twice_is_an_error():
    with pytest.raises(yaml.YAMLError, match="the key 'a' stands twice"):
        read_yaml("a: 1\nb: {c: 2}\na: 3")
    # What `<<` merges may be overridden, once and again.
    text = "x: &x {p: 1, q: 2}\ny: &y {<<: *x, p: 3}\nz: {<<: *y, q: 4}"
    assert read_yaml(text)["z"] == {"p": 3, "q": 4}


def test_a_value_that_holds_itself_is_an_error():
    for text in ("a: &x {b: *x}", "&x [1, *x]", "&x {<<: *x}"):
        with pytest.raises(yaml.YAMLError, match="names what holds it"):
            read_yaml(text)


def test_aliases_that_stand_for_too_much_are_an_error():
    rows = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(yaml.YAMLError, match="more than 1,000,000 values"):
        read_yaml("\n".join(rows))
    assert len(read_yaml("\n".join(rows[:4]))["a3"]) == 10


def test_what_is_nested_too_deep_is_an_error():
    for depth in (51, 5_000, 200_000):
        with pytest.raises(yaml.YAMLError, match="50 levels deep"):
            read_yaml("[" * depth + "]" * depth)
    assert read_yaml("[" * 50 + "]" * 50)


def test_an_impossible_date_is_an_error():
    with pytest.raises(yaml.YAMLError, match="month"):
        read_yaml("day: 2024-13-01")
