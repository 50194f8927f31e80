"""The expert against a search over all edit scripts, and worked examples."""

import itertools
from collections import deque

import pytest
import torch

from baselines.edit.alignment import common, gaps

ALPHABET = 3


def shortest_script(x: tuple[int, ...], y: tuple[int, ...]) -> int:
    """Breadth first over texts: one deletion or one insertion a step."""
    seen, queue = {x}, deque([(x, 0)])
    while queue:
        text, steps = queue.popleft()
        if text == y:
            return steps
        after = [text[:i] + text[i + 1 :] for i in range(len(text))]
        if len(text) <= len(y):
            after += [
                (*text[:i], token, *text[i:])
                for i in range(len(text) + 1)
                for token in range(ALPHABET)
            ]
        for other in after:
            if other not in seen:
                seen.add(other)
                queue.append((other, steps + 1))
    raise AssertionError("there is always a script")


def padded(texts: list[tuple[int, ...]], width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens and where they are; padding holds 0, which is a token as well."""
    tokens = torch.tensor([list(text) + [0] * (width - len(text)) for text in texts])
    return tokens, torch.arange(width) < torch.tensor([len(text) for text in texts])[:, None]


@pytest.fixture(scope="module")
def pairs() -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    texts = [text for n in range(4) for text in itertools.product(range(ALPHABET), repeat=n)]
    both = list(itertools.product(texts, repeat=2))[::5]
    both += [((0, 1, 0, 2, 1), (1, 0, 1, 2)), ((0, 0, 1, 1), (1, 1, 0, 0)), ((), (2, 1, 0, 1))]
    return [x for x, _ in both], [y for _, y in both]


def test_the_distance_is_that_of_the_shortest_script(pairs):
    xs, ys = pairs
    (x, x_inside), (y, y_inside) = padded(xs, 5), padded(ys, 4)
    kept = common(x, y, x_inside, y_inside).sum(1)
    found = x_inside.sum(1) + y_inside.sum(1) - 2 * kept
    assert found.tolist() == [shortest_script(a, b) for a, b in zip(xs, ys, strict=True)]


def test_what_both_keep_is_the_same_text(pairs):
    xs, ys = pairs
    (x, x_inside), (y, y_inside) = padded(xs, 5), padded(ys, 4)
    of_x, of_y = common(x, y, x_inside, y_inside), common(y, x, y_inside, x_inside)
    assert not (of_x & ~x_inside).any()
    for row, (a, b) in enumerate(zip(x, y, strict=True)):
        # Exchanged arguments may choose another subsequence of the same length.
        assert int(of_x[row].sum()) == int(of_y[row].sum())
        kept, rest = a[of_x[row]].tolist(), iter(b[y_inside[row]].tolist())
        assert all(token in rest for token in kept), "not a subsequence of y"


def test_known_alignment():
    x = torch.tensor([[1, 9, 2, 3, 9]])
    y = torch.tensor([[1, 2, 4, 3]])
    kept = common(x, y, torch.ones(1, 5, dtype=torch.bool), torch.ones(1, 4, dtype=torch.bool))
    assert kept.tolist() == [[True, False, True, True, False]]


def test_gaps_count_what_is_missing_behind_each_kept_token():
    kept = torch.tensor(
        [[True, False, False, True, False, True], [True, True, True, False, False, False]]
    )
    inside = torch.tensor([[True] * 6, [True] * 3 + [False] * 3])
    counts = gaps(kept, inside)
    assert counts.tolist() == [[2, 1, 0, 0, 0], [0, 0, 0, 0, 0]]
