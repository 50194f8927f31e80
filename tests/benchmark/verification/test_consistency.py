from __future__ import annotations

from types import SimpleNamespace

import pytest

from benchmark.verification.consistency import find_inconsistency


@pytest.mark.parametrize(
    ("value", "part"),
    [(0.5, None), (1, None), (None, None), (True, "values"), ("1", "values"), ([1.0], "values")],
)
def test_values_are_numbers_or_null(value, part):
    record = SimpleNamespace(
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
        keys={},
        keeps_events=False,
        keeps_texts=False,
    )
    found = find_inconsistency(record)
    assert (found and found.part) == part
