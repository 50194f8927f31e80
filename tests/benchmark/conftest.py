from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmark.api import Example, Lengths, Resources
from benchmark.tokenization import TokenizerRecipe, train_tokenizer

sys.path.append(str(Path(__file__).parent))


@pytest.fixture
def examples() -> list[Example]:
    words = ["a b c", "b c a", "c a", "a", "b b a c", "c c"]
    turned = str.maketrans("abc", "bca")
    return [
        Example(f"e{i}", text, text.translate(turned), (text.translate(turned),))
        for i, text in enumerate(words * 4)
    ]


@pytest.fixture
def resources(examples) -> Resources:
    texts = [text for e in examples for text in (e.source, e.target)]
    return Resources(train_tokenizer(texts, TokenizerRecipe()), Lengths(8, 8), examples)


@pytest.fixture(scope="session")
def real_data() -> Path:
    root = Path(__file__).parents[2]
    path = Path(os.environ.get("DIFFUSEQ_BENCH_DATA", root / ".." / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}; set DIFFUSEQ_BENCH_DATA")
    return path
