from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmark.metrics import Item, make_metric
from benchmark.metrics.bleu_sent_m4 import BleuSentM4
from benchmark.metrics.interface import FloatArray
from benchmark.scoring.pairwise_cache import PairCache, computed

TEXTS = ("how do i cook rice", "how can i cook rice", "i cook", "what is rice")
ITEMS = [
    Item(f"e{i}", "a source", ("a reference",), tuple(TEXTS[(i * k + k) % 4] for k in range(5)))
    for i in range(6)
]


class Counted(BleuSentM4):
    calls = 0

    def pairwise(self, items: Sequence[Item]) -> FloatArray:
        Counted.calls += 1
        return super().pairwise(items)


@pytest.fixture
def cache(tmp_path: Path) -> PairCache:
    Counted.calls = 0
    return PairCache(tmp_path / "runs" / "pairs", "digest")


def test_gives_back_every_bit_without_computing_again(cache: PairCache) -> None:
    first = cache(Counted(), ITEMS)
    again = cache(Counted(), ITEMS)
    assert Counted.calls == 1
    assert again.dtype == np.float64
    np.testing.assert_array_equal(first, computed(BleuSentM4(), ITEMS))
    np.testing.assert_array_equal(again, first)


def test_bits_of_scores_that_all_differ(cache: PairCache) -> None:
    class Noise(BleuSentM4):
        def pairwise(self, items: Sequence[Item]) -> FloatArray:
            return np.random.default_rng(len(items)).standard_normal((300, 16, 16))

    items = ITEMS * 50
    items = [Item(i.id, i.source, i.references, (*i.candidates, *["x"] * 11)) for i in items]
    np.testing.assert_array_equal(cache(Noise(), items), cache(Noise(), items))


def test_another_utility_has_a_file_of_its_own(cache: PairCache) -> None:
    rouge = make_metric("rouge_l")
    bleu, lower = make_metric("bleu_sent_m4"), make_metric("bleu_sent_m4:case=lower")
    assert len({cache.path(u) for u in (rouge, bleu, lower)}) == 3  # type: ignore[arg-type]
    cache(Counted(), ITEMS)
    cache(rouge, ITEMS)  # type: ignore[arg-type]
    cache(Counted(), ITEMS)
    assert Counted.calls == 1
    assert PairCache(cache.folder, "other").path(Counted()) != cache.path(Counted())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-30]),
        lambda path: path.write_bytes(b"PK\x03\x04 not a file of arrays"),
        lambda path: np.savez(path, scores=np.array([1.0])),
        lambda path: np.savez(path, scores=np.array([1.0]), codes=np.full((6, 5, 5), 7)),
        lambda path: np.savez(path, scores=np.array([1.0]), codes=np.zeros((6, 4, 4), int)),
        lambda path: np.savez(path, scores=np.array([{}], object), codes=np.zeros((6, 5, 5), int)),
    ],
)
def test_what_cannot_be_used_is_made_again(cache: PairCache, spoil) -> None:
    first = cache(Counted(), ITEMS)
    spoil(cache.path(Counted()))
    np.testing.assert_array_equal(cache(Counted(), ITEMS), first)
    assert Counted.calls == 2
    np.testing.assert_array_equal(cache(Counted(), ITEMS), first)
    assert Counted.calls == 2


def test_files_are_small_and_alone(cache: PairCache) -> None:
    cache(Counted(), ITEMS * 40)
    (file,) = cache.folder.iterdir()
    assert file.stat().st_size < 240 * 25 * 2


def test_damaged_bits_change_no_number(cache: PairCache) -> None:
    first = cache(Counted(), ITEMS)
    path = cache.path(Counted())
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        np.testing.assert_array_equal(cache(Counted(), ITEMS), first)


def test_scores_of_other_texts_are_not_taken(cache: PairCache) -> None:
    """A version that compared nothing may have read other texts under the same digest."""
    cache(Counted(), [Item(i.id, i.source, i.references, i.candidates[::-1]) for i in ITEMS])
    np.testing.assert_array_equal(cache(Counted(), ITEMS), computed(BleuSentM4(), ITEMS))
