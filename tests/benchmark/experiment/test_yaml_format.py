from __future__ import annotations

import pytest
import yaml

from benchmark.experiment.yaml_format import read_yaml, write_yaml


@pytest.mark.parametrize("value", ["1e4", "-2E+3", 1e4, 1e-5, 1e300, -0.0, 12, "12", True, "yes"])
def test_what_is_written_is_read(value):
    text = write_yaml({"key": value})
    read = read_yaml(text)["key"]
    assert (read, type(read)) == (value, type(value))
    assert yaml.safe_load(text) == {"key": value}
