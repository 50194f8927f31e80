from __future__ import annotations

import json

import numpy as np
import pytest

from benchmark.timing.curve_pictures import draw_curves
from benchmark.timing.measured_curves import BESIDE, Curves, estimate_means

RESULT = Curves(
    "fake-curve", "alike", "network calls",
    {
        "a": [
            {"network calls": 5, "score": 0.5, "score ±": 0.1, BESIDE: {"score": -0.25}},
            {"network calls": 10, "score": 0.75},
        ],
        "b": [{"network calls": 40, "score": 0.75, "other": 2.0}],
    },
    {"verdict": {"a": True}, "inner": {"a": {"x": 0.5, "x ±": 0.25}}, "band": 0.02},
)  # fmt: skip


def test_record_and_lines():
    record = json.loads(json.dumps(RESULT.as_dict()))
    first = record["curves"][0]["points"][0]
    assert first["network calls"] == 5 and first["beside_reference"] == {"score": -0.25}
    assert "beside_reference" not in record["curves"][0]["points"][1]
    told = "\n".join(RESULT.lines())
    assert "5 network calls: score 0.5 ± 0.1; beside the reference: score -0.25" in told
    assert "a: x 0.5 ± 0.25" in told and "band: 0.02" in told


@pytest.mark.slow
def test_pictures_of_equal_records_are_equal(tmp_path):
    record = {"results": [RESULT.as_dict(), {"name": "no curves"}]}
    (picture,) = draw_curves(record, tmp_path / "speed.json")
    assert picture.name == "fake-curve.png"
    first = picture.read_bytes()
    assert first.startswith(b"\x89PNG") and draw_curves(record, tmp_path / "speed.json") == [
        picture
    ]
    assert picture.read_bytes() == first


def test_half_width_of_known_values():
    found = estimate_means({"a": np.array([0.0, 1.0, 0.0, 1.0]), "b": np.array([3.0])})
    assert found == {"a": 0.5, "a ±": pytest.approx(1.96 * (1 / 3) ** 0.5 / 2), "b": 3.0}
