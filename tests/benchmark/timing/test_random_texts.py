from __future__ import annotations

from benchmark.timing.random_texts import SIZES, Size, examples, resources, vocabulary

TINY = Size(dim=8, heads=2, ffn=8, layers=1, vocab=40, source=6, target=5, batch=3)


def test_vocabulary_and_texts_have_the_stated_sizes():
    tokenizer = vocabulary(TINY)
    assert tokenizer.vocab_size == 40
    found = examples(TINY, 4)
    assert len(found) == 4
    for example in found:
        source, target = tokenizer.encode(example.source), tokenizer.encode(example.target)
        assert (len(source) + 1, len(target) + 1) == (6, 5)
        assert tokenizer.unk_id not in (*source, *target)
    assert examples(TINY, 2) == found[:2]


def test_canvas_holds_the_texts_and_two_marks():
    lengths = resources(TINY).lengths
    assert (lengths.source, lengths.target) == (8, 7)


def test_sizes_that_are_measured():
    assert [(size.dim, size.vocab) for size in SIZES.values()] == [(128, 1000), (256, 8000)]
    assert {size.batch for size in SIZES.values()} == {64}
