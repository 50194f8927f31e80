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
