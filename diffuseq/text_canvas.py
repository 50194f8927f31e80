"""The canvas of a text alone: `[CLS] y [SEP]`, then padding to the end; there is no source.

A text to be edited is laid on it as it is. `[MASK]` in that text stands for one token to be filled
in, and all other positions are then fixed, as a source is in DiffuSeq.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from benchmark.api import Lengths, Tokenizer, read_control
from diffuseq.canvas import Canvas, Opened

_MASK = "[MASK]"


class TextCanvas(Canvas):
    """The layout of targets; sources are control lines, of which the text to be edited is read.

    Raises:
        UserError: if there is no space for a word.
    """

    def __init__(self, tokenizer: Tokenizer, lengths: Lengths) -> None:
        # The source that is never laid has the smallest size.
        super().__init__(tokenizer, Lengths(4, lengths.target))
        self.length = lengths.target

    def open(self, sources: Sequence[str]) -> Opened:
        """Canvases with the texts to be edited.

        `is_target` is True everywhere, but where a text has masks only there; `is_edit` bool
        `(batch,)` says which rows hold a text without masks.
        """
        controls = [read_control(source) for source in sources]
        texts = [control.text if control else None for control in controls]
        words = [self._with_masks(text or "") for text in texts]
        marks = (self.tokenizer.bos_id, self.tokenizer.sep_id)
        rows = [[marks[0], *row[: self._target_room], marks[1]] for row in words]
        batch = self._padded(rows, [0] * len(rows))
        is_mask = batch["ids"] == self.tokenizer.mask_id
        has_mask = is_mask.any(1)
        batch["is_target"] = is_mask | ~has_mask[:, None]
        batch["is_edit"] = torch.tensor([bool(text) for text in texts], dtype=torch.bool)
        batch["is_edit"] &= ~has_mask
        is_cut = [len(row) > self._target_room for row in words]
        return Opened(batch, [0] * len(rows), [self.length] * len(rows), is_cut)

    def _with_masks(self, text: str) -> list[int]:
        """Ids of `text`; a tokeniser that folds case would not know a mask."""
        first, *parts = text.split(_MASK)
        ids = list(self._encode(first))
        for part in parts:
            ids += [self.tokenizer.mask_id, *self._encode(part)]
        return ids

    def _marked(self, words: list[int]) -> list[int]:
        """Nothing of a source."""
        return []
