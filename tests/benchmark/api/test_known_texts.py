"""Texts that are encoded once, in batches."""

from __future__ import annotations

import pytest

from benchmark.api.known_texts import KnownTexts
from benchmark.api.tokenizers import SubwordTokenizer, TokenizerRecipe, train_tokenizer


def test_ids_are_found_by_their_text():
    known = KnownTexts()
    known.add(["a b", "", "c"], [[5, 7], [], [2**30]])
    known.add(["d"], [[1]])
    assert [known.find(text) for text in ("c", "", "a b", "d")] == [[2**30], [], [5, 7], [1]]
    assert known.find("e") is None and len(known) == 4


@pytest.mark.parametrize("kind", ["word", "character", "bpe"])
def test_remembered_texts_have_the_ids_of_single_ones(kind, monkeypatch):
    texts = ["A cat sat.", "the [SEP] dog", "", "the cat", "A cat sat.", "\u00e9t\u00e9 [PAD]"]
    alone, together = (train_tokenizer(texts[:4], TokenizerRecipe(kind=kind)) for _ in range(2))
    monkeypatch.setattr("benchmark.api.tokenizers._BATCH_TEXTS", 2)
    together.remember(iter(texts))
    together.remember(texts)
    monkeypatch.setattr(SubwordTokenizer, "_encode", None)
    found = [together.encode(text) for text in texts]
    monkeypatch.undo()
    assert found == [alone.encode(text) for text in texts]
    found[0].append(-1)
    assert -1 not in together.encode(texts[0])
