from __future__ import annotations

from types import SimpleNamespace

import pytest

from benchmark.verification.consistency import find_inconsistencies


@pytest.mark.parametrize(
    ("value", "parts"),
    [(0.5, []), (1, []), (None, []), (True, ["values"]), ("1", ["values"]), ([1.0], ["values"])],
)
def test_values_are_numbers_or_null(value, parts):
    cell = SimpleNamespace(
        line={
            "training": None,
            "statuses": {},
            "score": {
                "num_sources": 2,
                "num_samples": 1,
                "metrics": {"validity": {"level": "candidate"}},
            },
        },
        values=[
            {"id": "a", "metrics": {"validity": [1.0]}},
            {"id": "b", "metrics": {"validity": [value]}},
        ],
        trace_key=None,
    )
    assert [difference.part for difference in find_inconsistencies(cell)] == parts
