from __future__ import annotations

from types import SimpleNamespace

import pytest

from benchmark.verification.consistency import find_inconsistencies


@pytest.mark.parametrize(
    ("value", "parts"),
    [(0.5, []), (1, []), (None, []), (True, ["values"]), ("1", ["values"]), ([1.0], ["values"])],
)
def test_values_are_numbers_or_null(value, parts):
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
    assert [difference.part for difference in find_inconsistencies(record)] == parts
