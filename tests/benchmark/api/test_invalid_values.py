from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from benchmark.api.invalid_values import first_problem


class Inner(BaseModel):
    layers: int


class Outer(BaseModel):
    inner: Inner


@pytest.mark.parametrize(
    ("value", "where", "told"),
    [
        ({"inner": {"layers": "x"}}, ("a", "b"), "a.b.inner.layers: Input should be"),
        ({"inner": {"layers": "x"}}, ("",), "inner.layers: Input should be"),
        (3, (), "Input should be"),
    ],
)
def test_path_reason_and_value(value, where, told):
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(value)
    sentence = first_problem(caught.value, *where)
    assert sentence.startswith(told)
    assert sentence.endswith("(got 3)" if value == 3 else "(got 'x')")
