from __future__ import annotations

import pytest

from benchmark.tasks.slot_judge import is_said


@pytest.mark.parametrize(
    ("value", "text", "said"),
    [
        ("The Mill", "Come to the  mill .", True),
        ("£ 20 - 25", "It costs £ 20 - 25 .", True),
        ("£ 20 - 25", "It costs £20-25 .", False),
        ("yes", "It is family - friendly .", False),
        # The known fault of the rule: see the card of e2e.
        ("no", "It is not family - friendly .", True),
    ],
)
def test_a_value_is_said_where_it_stands_in_the_text(value: str, text: str, said: bool) -> None:
    assert is_said(value, text) is said
