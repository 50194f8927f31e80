"""Real pairs and random texts for the tests of the metrics."""

from __future__ import annotations

import gzip
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from benchmark.metrics import Item

DATA = Path(
    os.environ.get("DIFFUSEQ_BENCH_DATA", Path(__file__).resolve().parents[4] / "shared" / "data")
)


def read_pairs(name: str) -> list[dict[str, Any]]:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"real data not here: {name} (set DIFFUSEQ_BENCH_DATA)")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data."""
    if not DATA.is_dir():
        pytest.skip(f"real data not here: {DATA} (set DIFFUSEQ_BENCH_DATA)")
    return DATA


@pytest.fixture(scope="session")
def qqp_copies() -> list[Item]:
    """The QQP test with the source itself as the only candidate."""
    return [
        Item(str(i), pair["src"], (pair["trg"],), (pair["src"],))
        for i, pair in enumerate(read_pairs("qqp/test.jsonl.gz"))
    ]


@pytest.fixture(scope="session")
def asset_items() -> list[Item]:
    """ASSET: ten references, of which the first three stand in as candidates too."""
    return [
        Item(str(i), pair["src"], tuple(pair["refs"][3:]), (*pair["refs"][:3], pair["src"]))
        for i, pair in enumerate(read_pairs("asset/test.jsonl.gz")[:120])
    ]


@pytest.fixture(scope="session")
def random_items() -> list[Item]:
    """Random texts over a small vocabulary: many repeats, short and empty ones among them."""
    draw = random.Random(7)
    words = ["a", "b", "c", "d", "E", "e", "f.", "7", "it's", "x-y", "Ünï", "g"]

    def text() -> str:
        length = draw.choice([0, 1, 1, 2, 2, 3, 4, 5, 8, 13])
        return " ".join(draw.choice(words[: draw.choice([2, 4, 12])]) for _ in range(length))

    return [
        Item(
            id=str(i),
            source=text(),
            references=tuple(text() for _ in range(draw.choice([1, 1, 2, 4]))),
            candidates=tuple(text() for _ in range(5)),
        )
        for i in range(700)
    ]
