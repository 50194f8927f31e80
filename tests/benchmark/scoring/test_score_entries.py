from __future__ import annotations

from dataclasses import dataclass

from benchmark.scoring.score_entries import find_score
from benchmark.store.entries import Store


@dataclass
class Scoring:
    def key(self, digest: str) -> str:
        return f"score-{digest}"


def test_score_of_half_of_the_candidates_does_not_stand_for_all(tmp_path, capsys):
    store = Store(tmp_path)
    generated = {"candidates_digest": "d", "num_sources": 4, "num_samples": 2}
    assert find_score(store, Scoring(), generated) == ("score-d", None)
    whole = {"num_sources": 4, "num_samples": 2}
    store.finish("score", "score-d", whole)
    assert find_score(store, Scoring(), generated) == ("score-d", whole)
    store.finish("score", "score-d", whole | {"num_sources": 2})
    assert find_score(store, Scoring(), generated) == ("score-d", None)
    assert "num_sources 2 where the candidates have 4" in capsys.readouterr().err
    assert store.record("score", "score-d") is None
