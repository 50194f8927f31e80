from __future__ import annotations

import pytest
from rated import ratings_key

from benchmark.api import UserError
from benchmark.human_evaluation.key import read_key, write_key


def test_round_trip(tmp_path):
    key = ratings_key({"a": "x", "b": "y"})
    assert write_key(tmp_path, key) == tmp_path / "key.json"
    assert read_key(tmp_path) == key
    assert key.values == {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5}
    assert key.model_copy(update={"design": "pairs"}).values == {"a": 1, "tie": 0.5, "b": 0}


def test_no_key_and_a_broken_one(tmp_path):
    with pytest.raises(UserError, match=r"key\.json cannot be read"):
        read_key(tmp_path)
    (tmp_path / "key.json").write_text('{"sheet": 3}')
    with pytest.raises(UserError, match="is no key of a sheet"):
        read_key(tmp_path)
