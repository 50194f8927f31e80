"""The canvas: the row of token positions that holds a source and, behind it, its target.

How the two texts are laid on it, and how an answer is read off it:
`[CLS] x [SEP] [SEP] [CLS] y [SEP]`, then padding to the end. Padding belongs to the target:
the model generates it and so learns the length.

Source: arXiv 2210.08933, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from benchmark.api import Batch, Candidate, Example, Lengths, Status, Tokenizer, UserError

Truncation = Literal["own-part", "official"]
Fit = Literal["whole", "row"]
Reading = Literal["first-mark", "official"]

_SOURCE_MARKS = 3
"""`[CLS] x [SEP] [SEP]`"""
_TARGET_MARKS = 2
"""`[CLS] y [SEP]`"""


@dataclass(frozen=True)
class Opened:
    """Sources placed on their canvas, with an open target."""

    batch: Batch
    """As returned by `Canvas.lay`, without a target."""
    starts: list[int]
    """Where each target begins."""
    ends: list[int]
    """Where each canvas ends."""
    is_cut: list[bool]
    """Whether each source was too long."""


class Canvas:
    """The layout for one pair of lengths.

    Args:
        truncation: what is truncated in training if a pair does not fit: `own-part` cuts source and
            target to their own parts, `official` the longer of the two in turn. In sampling there
            is no target to look at: the source keeps its own part.
        fit: `whole` pads every pair to source and target lengths together, as the papers do; `row`
            ends each canvas `lengths.target` behind its source, so that a short source does not
            make a longer target, and cuts a batch to its longest canvas. Positions behind the end
            of a canvas are not `present`.

    Raises:
        UserError: if there is no space for a word, or `fit` and `truncation` contradict.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        lengths: Lengths,
        *,
        truncation: Truncation = "own-part",
        fit: Fit = "whole",
    ) -> None:
        if lengths.source <= _SOURCE_MARKS or lengths.target <= _TARGET_MARKS:
            raise UserError(
                f"A canvas of {lengths.source} + {lengths.target} tokens is too short for diffuseq:"
                f" raise lengths.source above {_SOURCE_MARKS}"
                f" and lengths.target above {_TARGET_MARKS}."
            )
        if fit == "row" and truncation == "official":
            raise UserError(
                "fit 'row' gives each target its own space and truncation 'official' does not: set"
                " truncation to own-part, or fit to whole."
            )
        self.tokenizer = tokenizer
        self._encode = tokenizer.encode
        self.truncation, self.fit = truncation, fit
        self._target_length = lengths.target
        self.length = lengths.source + lengths.target
        self._source_room = lengths.source - _SOURCE_MARKS
        self._target_room = lengths.target - _TARGET_MARKS

    def lay(self, examples: Sequence[Example]) -> Batch:
        """`ids` int64, `is_target` bool, both `(batch, canvas)`; with `fit="row"` `present` too."""
        rows, starts = [], []
        for example in examples:
            source, target = self._encode(example.source), self._encode(example.target)
            source_room, target_room = self._source_room, self._target_room
            if self.truncation == "official":
                room = source_room + target_room
                source_room, target_room = longest_first(len(source), len(target), room)
            begun = self._marked(source[:source_room])
            starts.append(len(begun))
            words = target[:target_room]
            rows.append([*begun, self.tokenizer.bos_id, *words, self.tokenizer.sep_id])
        return self._padded(rows, starts)

    def holds(self, example: Example) -> bool:
        """Whether the target is laid whole, and has no word that the tokeniser does not know."""
        source, target = self._encode(example.source), self._encode(example.target)
        room = self._target_room
        if self.truncation == "official":
            room = longest_first(len(source), len(target), self._source_room + room)[1]
        return len(target) <= room and self.tokenizer.unk_id not in target

    def count(self, target: str) -> int:
        """Tokens of a target, its end mark included."""
        return len(self._encode(target)) + 1

    def open(self, sources: Sequence[str]) -> Opened:
        """The sources on the canvas, with everything behind them to be generated."""
        words = [self._encode(source) for source in sources]
        rows = [self._marked(row[: self._source_room]) for row in words]
        starts = [len(row) for row in rows]
        is_cut = [len(row) > self._source_room for row in words]
        whole, room = self.length, self._target_length
        ends = [start + room if self.fit == "row" else whole for start in starts]
        return Opened(self._padded(rows, starts), starts, ends, is_cut)

    def read(
        self, ids: list[int], *, is_cut: bool = False, reading: Reading = "first-mark"
    ) -> Candidate:
        """The text of the generated `ids` of one target.

        Args:
            is_cut: whether its source was too long.
            reading: `first-mark` reads to the first end mark, which padding is as well; `official`
                reads all and drops the marks.
        """
        ends = {self.tokenizer.sep_id, self.tokenizer.pad_id}
        end = next((i for i, token in enumerate(ids) if token in ends), None)
        text = self.tokenizer.decode(ids[:end] if reading == "first-mark" else ids)
        status: Status = "truncated" if is_cut else "ok"
        # If several apply, the same one is reported as by all other systems.
        if end is None:
            status = "unfinished"
        return Candidate(text, status if text else "empty")

    def _marked(self, words: list[int]) -> list[int]:
        """`[CLS] x [SEP] [SEP]`."""
        return [self.tokenizer.bos_id, *words, self.tokenizer.sep_id, self.tokenizer.sep_id]

    def _padded(self, rows: Sequence[list[int]], starts: Sequence[int]) -> Batch:
        """`rows` padded to the canvas; the target begins at `starts`."""
        pad, length = self.tokenizer.pad_id, self.length
        if self.fit == "row":
            length = max(starts, default=0) + self._target_length
        padded = [row + [pad] * (length - len(row)) for row in rows]
        ids = torch.tensor(padded, dtype=torch.long).reshape(len(rows), length)
        first = torch.tensor(starts, dtype=torch.long)[:, None]
        position = torch.arange(length)
        batch = {"ids": ids, "is_target": position >= first}
        if self.fit == "row":
            batch["present"] = position < first + self._target_length
        return batch


def longest_first(source: int, target: int, room: int) -> tuple[int, int]:
    """Numbers of tokens left after truncating the longer side until both fit into `room`.

    At equal length both lose one.

    Args:
        source: tokens of the source.
        target: tokens of the target.
        room: maximum number of tokens of both together.
    """
    if source + target <= room:
        return source, target
    shorter = min(source, target, room // 2)
    longer = room - shorter if min(source, target) <= room // 2 else shorter
    return (longer, shorter) if source > target else (shorter, longer)
