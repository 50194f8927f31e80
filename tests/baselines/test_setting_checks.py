import pytest

from baselines import setting_checks as checks
from benchmark.api import UserError


def test_heads_divide_the_width():
    checks.check_heads(12, 4)
    with pytest.raises(UserError, match=r"^dim 12 .* heads 5"):
        checks.check_heads(12, 5)


def test_a_beam_yields_as_many_candidates_as_it_is_wide():
    checks.check_beam("nat", 4, 4)
    with pytest.raises(UserError, match=r"^nat: a length beam of 4 .* set length_beam to 5"):
        checks.check_beam("nat", 5, 4, "length_beam")
