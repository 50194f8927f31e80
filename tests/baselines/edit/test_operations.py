"""The operations on worked examples, and the expert's script applied by them."""

import torch

from baselines.edit.alignment import common, gaps
from baselines.edit.operations import (
    State,
    bounded,
    empty_state,
    fill,
    insert,
    keep,
    unchanged,
)

BOS, EOS, PAD, HOLE = 10, 11, 12, 13


def state(*texts: list[int], width: int = 8) -> State:
    rows = [[BOS, *text, EOS] for text in texts]
    tokens = torch.tensor([row + [PAD] * (width - len(row)) for row in rows])
    return State(tokens, torch.tensor([len(row) for row in rows]))


def text(of: State, row: int = 0) -> list[int]:
    ids = of.tokens[row, : of.lengths[row]].tolist()
    assert ids[0] == BOS and ids[-1] == EOS
    assert set(of.tokens[row, of.lengths[row] :].tolist()) <= {PAD}
    return ids[1:-1]


def test_the_empty_state_has_marks_alone():
    start = empty_state(2, 5, (BOS, EOS, PAD), torch.device("cpu"))
    assert text(start, 1) == [] and not start.interior.any()
    assert start.slots.tolist() == [[True, False, False, False]] * 2


def test_deletion_closes_up_and_spares_the_marks():
    before = state([1, 2, 3], [4])
    after = keep(
        before, torch.tensor([[False, True, False, True, False, True, True, True]] * 2), PAD
    )
    assert text(after, 0) == [1, 3] and text(after, 1) == [4]
    assert text(keep(before, torch.zeros(2, 8, dtype=torch.bool), PAD), 0) == []


def test_insertion_opens_the_slots():
    before = state([1, 2], [3])
    counts = torch.tensor([[1, 0, 2, 0, 0, 0, 0], [0, 3, 0, 0, 0, 0, 0]])
    after, holes = insert(before, counts, HOLE, PAD)
    assert text(after, 0) == [HOLE, 1, 2, HOLE, HOLE]
    assert text(after, 1) == [3, HOLE, HOLE, HOLE]
    assert torch.equal(holes, after.tokens == HOLE)
    filled = fill(after, holes, torch.full_like(after.tokens, 7))
    assert text(filled, 0) == [7, 1, 2, 7, 7]


def test_a_token_that_looks_like_a_placeholder_is_none():
    after, holes = insert(state([HOLE]), torch.tensor([[1, 0, 0, 0, 0, 0, 0]]), HOLE, PAD)
    assert text(after) == [HOLE, HOLE] and holes[0].tolist() == [False, True] + [False] * 6


def test_counts_never_leave_the_canvas():
    full, room = state([1, 2, 3, 4, 5, 6]), state([1, 2])
    wild = torch.full((1, 7), 255)
    assert bounded(wild, full).sum() == 0
    assert bounded(wild, room).tolist() == [[4, 0, 0, 0, 0, 0, 0]]
    assert bounded(torch.tensor([[1, 2, 9, 9, 9, 9, 9]]), room).tolist() == [[1, 2, 1, 0, 0, 0, 0]]
    after, _ = insert(room, bounded(wild, room), HOLE, PAD)
    assert int(after.lengths) == 8 and text(after)[-2:] == [1, 2]


def test_only_real_slots_are_filled():
    assert bounded(torch.ones(1, 7, dtype=torch.int64), state([1])).tolist() == [
        [1, 1, 0, 0, 0, 0, 0]
    ]


def test_unchanged_looks_at_text_and_length():
    assert unchanged(state([1], [1, 2], [3]), state([1], [1], [4])).tolist() == [True, False, False]


def test_the_experts_operations_write_the_target():
    """For every pair: expert deletions, expert placeholders, the target's tokens."""
    numbers = torch.Generator().manual_seed(0)
    texts = [
        torch.randint(0, 3, (int(n),), generator=numbers).tolist()
        for n in torch.randint(0, 7, (200,), generator=numbers)
    ]
    first, target = state(*texts[:100]), state(*texts[100:])
    right = common(first.tokens, target.tokens, first.interior, target.interior)
    shorter = keep(first, right, PAD)
    # The kept text is a subsequence of the target: where in it, greedily from the left.
    of_target = torch.stack(
        [
            greedy(target.tokens[row], text(shorter, row), int(target.lengths[row]))
            for row in range(100)
        ]
    )
    counts = gaps(of_target, target.inside)
    longer, holes = insert(shorter, counts, HOLE, PAD)
    done = fill(longer, holes, target.tokens)
    assert unchanged(target, done).all()
    steps = (first.lengths - shorter.lengths) + holes.sum(1)
    common_lengths = (first.lengths + target.lengths - 4 - steps) // 2
    assert torch.equal(common_lengths, shorter.lengths - 2)


def greedy(target: torch.Tensor, kept: list[int], length: int) -> torch.Tensor:
    mask = torch.zeros(target.shape, dtype=torch.bool)
    mask[0] = mask[length - 1] = True
    place = 1
    for token in kept:
        while target[place] != token:
            place += 1
        mask[place] = True
        place += 1
    return mask
