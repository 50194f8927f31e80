"""A few malformed inputs of every kind; `python -m tests.robustness` tries thousands."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from malformed_inputs import KINDS, Write
from trial_run import try_input

EXAMPLES = 12

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", KINDS)
def test_every_input_is_refused_in_a_sentence_or_accounted_for(kind):
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(KINDS[kind])
    def attempt(write: Write) -> None:
        outcome = try_input(write)
        assert outcome.trouble == "", f"{outcome.call}: {outcome.trouble}, {outcome.details}"

    attempt()
