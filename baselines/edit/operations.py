"""The three operations on a batch of texts: delete tokens, insert placeholders, fill them.

Source: Levenshtein Transformer, arXiv 1905.11006, section 2.2.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class State:
    """Texts between their two marks, which no operation touches, on one canvas."""

    tokens: Tensor
    """Ids `(rows, width)`: mark, text, mark, padding."""
    lengths: Tensor
    """Tokens of each row with the two marks, `(rows,)`, 2 or more."""

    @property
    def inside(self) -> Tensor:
        """True up to the closing mark, `(rows, width)`."""
        return self._positions() < self.lengths[:, None]

    @property
    def interior(self) -> Tensor:
        """True on the text, False on marks and padding, `(rows, width)`."""
        positions = self._positions()
        return (positions > 0) & (positions < self.lengths[:, None] - 1)

    @property
    def slots(self) -> Tensor:
        """True where position and its successor are both inside, `(rows, width - 1)`."""
        return self._positions()[:-1] < self.lengths[:, None] - 1

    def select(self, rows: Tensor) -> "State":
        """The rows with indices `(n,)`."""
        return State(self.tokens[rows], self.lengths[rows])

    def trimmed(self, width: int) -> "State":
        """The same texts on a canvas of `width`, which must hold them."""
        return State(self.tokens[:, :width], self.lengths)

    def _positions(self) -> Tensor:
        return torch.arange(self.tokens.size(1), device=self.tokens.device)


def empty_state(rows: int, width: int, marks: tuple[int, int, int], device: torch.device) -> State:
    """Empty texts; `marks` are the ids for opening, closing and padding."""
    opening, closing, pad = marks
    tokens = torch.full((rows, width), pad, device=device)
    tokens[:, 0], tokens[:, 1] = opening, closing
    return State(tokens, torch.full((rows,), 2, device=device))


def keep(state: State, kept: Tensor, pad_id: int) -> State:
    """The state without the tokens of the text that are not `kept` `(rows, width)`.

    Args:
        state: texts before.
        kept: True where a token stays; marks stay in any case.
        pad_id: what stands behind the closing mark.
    """
    kept = (kept | ~state.interior) & state.inside
    order = (~kept).long().argsort(dim=1, stable=True)
    lengths = kept.sum(1)
    shorter = State(state.tokens.gather(1, order), lengths)
    return State(shorter.tokens.masked_fill(~shorter.inside, pad_id), lengths)


def bounded(counts: Tensor, state: State) -> Tensor:
    """Counts of placeholders `(rows, width - 1)` cut to the canvas, slots from left to right."""
    counts = counts.masked_fill(~state.slots, 0)
    room = (state.tokens.size(1) - state.lengths)[:, None]
    return (room - (counts.cumsum(1) - counts)).clamp(min=0).minimum(counts)


def insert(state: State, counts: Tensor, placeholder_id: int, pad_id: int) -> tuple[State, Tensor]:
    """Put placeholders into the slots; slot i is between positions i and i + 1.

    Args:
        state: texts before.
        counts: placeholders by slot, `(rows, width - 1)`, within the canvas (`bounded`).
        placeholder_id: what is inserted.
        pad_id: what stands behind the closing mark.

    Returns:
        The longer texts, and True where they have a placeholder, `(rows, width)`.
    """
    rows, width = state.tokens.shape
    shift = torch.cat((counts.new_zeros((rows, 1)), counts.cumsum(1)), dim=1)
    place = torch.arange(width, device=counts.device) + shift
    # Tokens outside go to a column that is cut off.
    place = place.masked_fill(~state.inside, width).clamp(max=width)
    tokens = state.tokens.new_full((rows, width + 1), placeholder_id)
    tokens.scatter_(1, place, state.tokens)
    old = torch.zeros_like(tokens, dtype=torch.bool).scatter_(1, place, True)
    longer = State(tokens[:, :width], state.lengths + counts.sum(1))
    inside = longer.inside
    return (
        State(longer.tokens.masked_fill(~inside, pad_id), longer.lengths),
        inside & ~old[:, :width],
    )


def fill(state: State, placeholders: Tensor, tokens: Tensor) -> State:
    """`tokens` `(rows, width)` at the placeholders, what was there elsewhere."""
    return State(torch.where(placeholders, tokens, state.tokens), state.lengths)


def unchanged(before: State, after: State) -> Tensor:
    """Whether a row is the same in both, `(rows,)`."""
    same = (before.tokens == after.tokens) | ~after.inside
    return same.all(dim=1) & (before.lengths == after.lengths)
