import pytest

from baselines.autoregressive.decoding import AutoregressiveDecoding
from benchmark.api import UserError


@pytest.mark.parametrize(
    ("changes", "kind", "rows"),
    [
        ({}, "samples", 3),
        ({"temperature": 0.0}, "single", 1),
        ({"method": "greedy"}, "single", 1),
        ({"method": "beam"}, "n-best", 4),
        ({"method": "diverse-beam", "beam": 6, "groups": 3}, "n-best", 6),
    ],
)
def test_kinds_and_rows(changes, kind, rows):
    decoding = AutoregressiveDecoding(**changes)
    assert decoding.kind == kind and decoding.rows(3) == rows
    assert decoding.nfe is None


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "guess"},
        {"temperature": -1.0},
        {"temperature": float("nan")},
        {"top_p": 0.0},
        {"beam": 0},
        {"groups": 3},
        {"groups": 0},
        {"diversity": -0.1},
        {"max_length": 0},
    ],
)
def test_impossible_settings_are_told(changes):
    with pytest.raises(UserError, match=next(iter(changes))):
        AutoregressiveDecoding(**changes)


def test_settings_beyond_the_model_are_told():
    with pytest.raises(UserError, match=r"gpt2: a beam of 2 .* beam to 3"):
        AutoregressiveDecoding(method="diverse-beam", beam=2).length("gpt2", 9, 3)
    with pytest.raises(UserError, match="canvas of 9"):
        AutoregressiveDecoding(max_length=10).length("gpt2", 9, 3)
    assert AutoregressiveDecoding(max_length=5).length("gpt2", 9, 3) == 5
    assert AutoregressiveDecoding().length("gpt2", 9, 3) == 9
