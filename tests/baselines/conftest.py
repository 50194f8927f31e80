"""A toy language for the systems: sources of three words, targets that reverse them."""

import itertools

import pytest
import torch

from benchmark.api import Example, Lengths, Resources
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer


@pytest.fixture(autouse=True)
def _one_thread():
    torch.manual_seed(0)


@pytest.fixture
def pairs() -> list[Example]:
    words = ("red", "green", "blue")
    sources = [" ".join(p) for p in itertools.product(words, repeat=2)][:8]
    sources = [s + " cat" * (i % 3) for i, s in enumerate(sources)]
    targets = [" ".join(reversed(s.split())) for s in sources]
    return [
        Example(str(i), s, t, (t,)) for i, (s, t) in enumerate(zip(sources, targets, strict=True))
    ]


@pytest.fixture
def resources(pairs: list[Example]) -> Resources:
    tokenizer = train_tokenizer([e.source for e in pairs], TokenizerRecipe())
    return Resources(tokenizer, Lengths(6, 6), pairs, {e.id: e.references for e in pairs})
