from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from baselines.bayes import Bayes, BayesDecoding
from baselines.yardsticks import YardstickConfig
from benchmark import api
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer

TRAIN = [
    api.Example("1", "", "a b", ("a b",), {"mood": "good"}),
    api.Example("2", "", "b c", ("b c",)),
]


def build(informed: Callable[..., Callable[[str, int], str]] | None) -> Bayes:
    words = train_tokenizer(["a b c"], TokenizerRecipe())
    known = api.Resources(words, api.Lengths(8, 8), TRAIN, informed_draw=informed)
    return Bayes.build(YardstickConfig(), known)


def count(train: Sequence[api.Example]) -> Callable[[str, int], str]:
    return lambda source, seed: f"{source} {len(train)} {seed % 2 >= 0}" if source else ""


def test_it_draws_from_what_it_may_see() -> None:
    made = build(count).generate(["x", ""], BayesDecoding(), num_samples=2, seed=1, ids=["a", "b"])
    assert [c.text for c in made[0]] == ["x 2 True"] * 2
    assert [c.status for c in made[1]] == ["empty", "empty"]


def test_it_needs_a_grammar() -> None:
    with pytest.raises(api.UserError, match="use control or control-correlated"):
        build(None).generate(["x"], BayesDecoding(), num_samples=1, seed=1, ids=["a"])
