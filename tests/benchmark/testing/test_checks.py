from __future__ import annotations

import benchmark.testing
from benchmark.testing import CHECKS, generation_checks, likelihood_checks, training_checks


def test_every_check_of_the_contract_is_listed_and_nothing_else():
    """One that is written and not listed would not run."""
    assert [check.__name__ for check in CHECKS] == [
        "check_declarations",
        "check_counts",
        "check_permutation",
        "check_batch_size",
        "check_number_of_candidates",
        "check_repeated",
        "check_save_load",
        "check_resume",
        "check_nfe",
        "check_trace",
        "check_plain_text",
        "check_odd_sources",
        "check_loss",
        "check_mean",
        "check_operators",
        "check_likelihood",
        "check_likelihood_mass",
        "check_likelihood_of_draws",
    ]
    written = {
        function
        for module in (generation_checks, likelihood_checks, training_checks)
        for name, function in vars(module).items()
        if name.startswith("check_")
    }
    assert {*CHECKS} == written
    public = {name for name in benchmark.testing.__all__ if name.startswith("check_")}
    assert public == {check.__name__ for check in CHECKS}
