from __future__ import annotations

import pytest
import torch

from benchmark.api import Example, Lengths, UserError
from benchmark.api.tokenizers import TokenizerRecipe, train_tokenizer
from diffuseq.text_canvas import TextCanvas

TOKENIZER = train_tokenizer(["the cat sat here"], TokenizerRecipe())
BOS, SEP, PAD, MASK = TOKENIZER.bos_id, TOKENIZER.sep_id, TOKENIZER.pad_id, TOKENIZER.mask_id


@pytest.fixture
def canvas() -> TextCanvas:
    return TextCanvas(TOKENIZER, Lengths(9, 6))


def test_sources_are_not_laid(canvas: TextCanvas) -> None:
    the, cat = TOKENIZER.encode("the cat")
    batch = canvas.lay([Example("a", "tense: past", "the cat", ("the cat",))])
    assert batch["ids"].tolist() == [[BOS, the, cat, SEP, PAD, PAD]]
    assert batch["is_target"].all() and canvas.length == 6


def test_a_new_text_is_all_open(canvas: TextCanvas) -> None:
    opened = canvas.open(["tense: past", ""])
    assert opened.batch["is_target"].all() and not opened.batch["is_edit"].any()
    assert opened.starts == [0, 0] and opened.ends == [6, 6] and opened.is_cut == [False, False]


def test_a_text_to_be_edited_is_laid(canvas: TextCanvas) -> None:
    words = TOKENIZER.encode("the cat sat here")
    opened = canvas.open(["tense: past => the cat sat here", "=> the cat sat here the"])
    assert opened.batch["ids"].tolist() == [[BOS, *words, SEP]] * 2
    assert opened.batch["is_target"].all() and opened.batch["is_edit"].all()
    assert opened.is_cut == [False, True]


def test_only_masks_are_open(canvas: TextCanvas) -> None:
    the, sat = TOKENIZER.encode("the sat")
    batch = canvas.open(["=> the [MASK] [MASK] sat"]).batch
    assert batch["ids"].tolist() == [[BOS, the, MASK, MASK, sat, SEP]]
    assert batch["is_target"].tolist() == [[False, False, True, True, False, False]]
    assert not batch["is_edit"].any()


def test_no_sources(canvas: TextCanvas) -> None:
    assert canvas.open([]).batch["is_edit"].dtype == torch.bool


def test_no_room() -> None:
    with pytest.raises(UserError, match="too short"):
        TextCanvas(TOKENIZER, Lengths(9, 2))
