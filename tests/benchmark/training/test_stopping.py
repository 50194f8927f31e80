from __future__ import annotations

import pytest

from benchmark.experiment.recipes import Budget
from benchmark.training.checkpoints import Progress
from benchmark.training.stopping import find_bound, find_nearest_bound

AT = Progress(update=40, tokens=900, seconds=7.5, stale_validations=2)


@pytest.mark.parametrize(
    ("budget", "patience", "ended"),
    [
        (Budget(updates=41), None, ""),
        (Budget(updates=40), None, "updates"),
        (Budget(updates=41, tokens=900), None, "tokens"),
        (Budget(updates=41, seconds=7.5), None, "seconds"),
        (Budget(updates=39), None, "updates"),
        (Budget(tokens=899), None, "tokens"),
        (Budget(tokens=901), None, ""),
        (Budget(seconds=7.0), None, "seconds"),
        (Budget(seconds=8.0), None, ""),
        (Budget(updates=41), 1, "early stop"),
        (Budget(updates=41), 2, "early stop"),
        (Budget(updates=41), 3, ""),
        (Budget(updates=40, tokens=1, seconds=1), 1, "updates"),
    ],
)
def test_first_bound_that_is_reached_ends_it(budget, patience, ended):
    assert find_bound(AT, budget, patience) == ended


def test_nearest_bound_is_the_one_of_which_most_is_used():
    assert find_nearest_bound(AT, Budget(updates=80, tokens=1000, seconds=100)) == (900, 1000)
    assert find_nearest_bound(AT, Budget(updates=80)) == (40, 80)
    assert find_nearest_bound(AT, Budget(seconds=15.0, tokens=10_000)) == (7, 15)
