from __future__ import annotations

from benchmark.testing import CHECKS


def test_every_check_of_the_contract_is_listed_and_nothing_else():
    """They are collected by their names: one that is misspelt would no longer run."""
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
    assert {check.__module__ for check in CHECKS} == {"benchmark.testing"}
