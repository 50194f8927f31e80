from types import SimpleNamespace

import pytest

from baselines import setting_checks as checks
from benchmark.api import UserError

NAN = float("nan")


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (checks.check_at_least_one, [1, 7, None], [0, -1]),
        (checks.check_not_negative, [0, 0.5, 3.0], [-0.1, NAN]),
        (checks.check_share, [0, 0.5, 1], [-0.1, 1.1, NAN]),
        (checks.check_positive_share, [0.1, 1], [0, -0.1, 1.1, NAN]),
    ],
)
def test_every_named_field_is_held_to_its_range(check, good, bad):
    for value in good:
        check("decoding", SimpleNamespace(first=value, last=value), "first", "last")
    for value in bad:
        with pytest.raises(UserError, match=rf"^decoding: last {value}.* use "):
            check("decoding", SimpleNamespace(first=good[1], last=value), "first", "last")


def test_a_choice_names_what_there_is():
    checks.check_choice("config", SimpleNamespace(norm="pre"), "norm", ("pre", "post"))
    with pytest.raises(UserError, match=r"^config: norm 'mid' is unknown: use pre, post"):
        checks.check_choice("config", SimpleNamespace(norm="mid"), "norm", ("pre", "post"))


def test_heads_divide_the_width():
    checks.check_heads("gpt2", 12, 4)
    for heads in (5, 0, -4):
        with pytest.raises(UserError, match=rf"^gpt2: dim 12 .* heads {heads}"):
            checks.check_heads("gpt2", 12, heads)


def test_a_beam_yields_as_many_candidates_as_it_is_wide():
    checks.check_beam("nat", 4, 4)
    with pytest.raises(UserError, match=r"^nat: a length beam of 4 .* set length_beam to 5"):
        checks.check_beam("nat", 5, 4, "length_beam")
