from __future__ import annotations

import pytest

from benchmark.api import UserError
from benchmark.timing.comparisons import COMPARISONS, choose


def names(chosen):
    return [name for _, name in chosen]


def test_nothing_named_is_everything():
    every = [m for entry in COMPARISONS.values() for m in entry.measurements]
    assert names(choose([], [])) == every
    assert len(set(every)) == len(every)


def test_names_and_only():
    assert names(choose(["transformer"], [])) == ["transformer-128", "transformer-256"]
    assert names(choose(["masked", "masked"], ["cmlm-128"])) == ["cmlm-128"]


@pytest.mark.parametrize(
    ("chosen", "only", "sentence"),
    [
        (["transfromer"], [], "did you mean 'transformer'"),
        ([], ["cmlm-182"], "did you mean 'cmlm-128'"),
        (["transformer"], ["cmlm-128"], "there is transformer-128"),
    ],
)
def test_mistakes(chosen, only, sentence):
    with pytest.raises(UserError, match=sentence):
        choose(chosen, only)


@pytest.mark.parametrize("entry", COMPARISONS.values(), ids=COMPARISONS)
def test_every_comparison_can_be_loaded(entry):
    assert callable(entry.load())
