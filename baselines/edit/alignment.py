"""The expert of the edit systems: the fewest deletions and insertions from one text to another.

Without substitution, the fewest edits keep a longest common subsequence: tokens of the first text
outside it are deleted, tokens of the second outside it are inserted.

Source: Levenshtein Transformer, arXiv 1905.11006, section 3.2 (expert policy). Deviates: where
several shortest scripts exist, ties may be resolved differently from the official code.
"""

import torch
from torch import Tensor


def common(x: Tensor, y: Tensor, x_inside: Tensor, y_inside: Tensor) -> Tensor:
    """Which tokens of `x` are in one longest common subsequence with `y`, `(rows, n)` bool.

    The expert keeps these tokens of `x`, and with exchanged arguments those of `y`. Time grows with
    n steps over all rows and tokens of `y` at once.

    Args:
        x: tokens `(rows, n)`.
        y: tokens `(rows, m)`.
        x_inside: True where `x` holds a token that takes part, `(rows, n)`.
        y_inside: the same of `y`, `(rows, m)`.
    """
    equal = (x[:, :, None] == y[:, None, :]) & x_inside[:, :, None] & y_inside[:, None, :]
    lengths = _common_lengths(equal)
    rows, n, m = equal.shape
    kept = torch.zeros((rows, n), dtype=torch.bool, device=x.device)
    j = torch.full((rows, 1), m, device=x.device)
    for i in range(n, 0, -1):
        best = lengths[i].gather(1, j)
        taken = best > lengths[i - 1].gather(1, j)
        kept[:, i - 1 : i] = taken
        # The shortest prefix of y that allows as many matches ends with the match.
        j = torch.where(taken, (lengths[i] < best).sum(1, keepdim=True) - 1, j)
    return kept


def gaps(kept: Tensor, inside: Tensor) -> Tensor:
    """How many tokens the expert inserts behind each kept token, `(rows, n - 1)`.

    Entry i belongs to slot i of the state, which is the kept tokens in order; 0 behind its
    last slot.

    Args:
        kept: the tokens of the target that the state has, the first and the last among them,
            `(rows, n)` bool.
        inside: where the target has tokens, `(rows, n)` bool.
    """
    missing = inside & ~kept
    slot = (kept.cumsum(1) - 1).clamp(min=0)
    counts = torch.zeros_like(slot).scatter_add_(1, slot, missing.long())
    return counts[:, :-1]


def _common_lengths(equal: Tensor) -> list[Tensor]:
    """Lengths of common subsequences of prefixes: n + 1 tensors `(rows, m + 1)`.

    A row of the table is a running maximum: skipping a token of y keeps the length so far.
    """
    rows, n, m = equal.shape
    lengths = [torch.zeros((rows, m + 1), dtype=torch.int64, device=equal.device)]
    for i in range(n):
        above = lengths[-1]
        matched = torch.maximum(above[:, 1:], above[:, :-1] + equal[:, i])
        lengths.append(torch.cat((above[:, :1], matched.cummax(dim=1).values), dim=1))
    return lengths
