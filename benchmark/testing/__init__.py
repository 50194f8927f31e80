"""Contract checks: one list, applied to every system, ours and third-party.

In your own test:

    from benchmark.testing import CHECKS, Subject

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_contract(check):
        check(Subject.of(MySystem, config={"dim": 16}))
"""

from collections.abc import Callable

from benchmark.testing.generation_checks import (
    check_batch_size,
    check_counts,
    check_declarations,
    check_nfe,
    check_number_of_candidates,
    check_odd_sources,
    check_permutation,
    check_plain_text,
    check_repeated,
    check_trace,
)
from benchmark.testing.likelihood_checks import (
    check_likelihood,
    check_likelihood_mass,
    check_likelihood_of_draws,
)
from benchmark.testing.subject import Subject
from benchmark.testing.training_checks import (
    check_loss,
    check_mean,
    check_operators,
    check_resume,
    check_save_load,
)

CHECKS: tuple[Callable[[Subject], None], ...] = (
    check_declarations,
    check_counts,
    check_permutation,
    check_batch_size,
    check_number_of_candidates,
    check_repeated,
    check_save_load,
    check_resume,
    check_nfe,
    check_trace,
    check_plain_text,
    check_odd_sources,
    check_loss,
    check_mean,
    check_operators,
    check_likelihood,
    check_likelihood_mass,
    check_likelihood_of_draws,
)

__all__ = [
    "CHECKS",
    "Subject",
    "check_batch_size",
    "check_counts",
    "check_declarations",
    "check_likelihood",
    "check_likelihood_mass",
    "check_likelihood_of_draws",
    "check_loss",
    "check_mean",
    "check_nfe",
    "check_number_of_candidates",
    "check_odd_sources",
    "check_operators",
    "check_permutation",
    "check_plain_text",
    "check_repeated",
    "check_resume",
    "check_save_load",
    "check_trace",
]
