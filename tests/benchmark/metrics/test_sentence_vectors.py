from __future__ import annotations

import numpy as np
import pytest

from benchmark.metrics import Item, sentence_vectors
from benchmark.metrics.sentence_vectors import embed_items


class Letters:
    """An encoder whose vectors count the letters a and b."""

    calls = 0

    def embed(self, texts):
        type(self).calls += 1
        counts = {t: np.array([t.count("a"), t.count("b")], dtype=np.float32) for t in texts}
        return {t: v / max(1.0, float(np.linalg.norm(v))) for t, v in counts.items()}


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> type[Letters]:
    monkeypatch.setattr(sentence_vectors, "load_encoder", lambda name, layer, device: Letters())
    sentence_vectors._embed.cache_clear()
    Letters.calls = 0
    yield Letters
    sentence_vectors._embed.cache_clear()


def items() -> list[Item]:
    return [
        Item("0", "a", ("b", "ab"), ("a", "B", " ")),
        Item("1", "bbbb", ("a",), ("bb", "ab", "a")),
    ]


def test_texts_find_their_places(encoder: type[Letters]) -> None:
    first, second = embed_items(items(), encoder="auto", device="cpu", case="lower")
    half = np.sqrt(0.5)
    np.testing.assert_allclose(first.to_references(), [half, 1, 0], atol=1e-6)
    np.testing.assert_allclose(first.to_source(), [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(second.to_references(), [0, half, 1], atol=1e-6)
    np.testing.assert_allclose(second.to_source(), [1, half, 0], atol=1e-6)
    np.testing.assert_allclose(
        second.among_candidates(), [[1, half, 0], [half, 1, half], [0, half, 1]], atol=1e-6
    )
    assert first.among_candidates()[2, 2] == 1


def test_the_same_texts_are_read_once(encoder: type[Letters]) -> None:
    for _ in range(3):
        embed_items(items(), encoder="auto", device="cpu")
    assert encoder.calls == 1
    embed_items(items()[:1], encoder="auto", device="cpu")
    assert encoder.calls == 2


def test_an_edit_is_compared_with_the_text_inside_its_control_line(encoder: type[Letters]) -> None:
    item = Item("0", "x: aaa => b", ("a",), ("b",), text_to_edit="b")
    (found,) = embed_items([item], encoder="auto", device="cpu")
    assert found.to_source() == pytest.approx([1])
