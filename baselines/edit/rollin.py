"""Which states the insertion policy is trained on: targets with random deletions.

Source: Levenshtein Transformer, arXiv 1905.11006, section 3.2 (roll-in policies). Deviates: all
tokens may remain, while the official code always deletes at least one and so never shows the
placeholder head a finished text.
"""

import torch
from torch import Tensor

from baselines.edit.operations import State


def random_kept(target: State, u_share: Tensor, u_order: Tensor) -> Tensor:
    """Which tokens of the target remain, `(rows, width)`, marks always.

    Their number is uniform on 0 .. n for a text of n tokens, and so is the choice of them.

    Args:
        target: texts.
        u_share: uniforms `(rows,)`.
        u_order: uniforms `(rows, width)`.
    """
    interior = target.interior
    number = torch.floor(u_share * (interior.sum(1) + 1)).long()
    rank = u_order.masked_fill(~interior, 2.0).argsort(dim=1).argsort(dim=1)
    return torch.where(interior, rank < number[:, None], target.inside)
