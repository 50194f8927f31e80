from __future__ import annotations

from benchmark.verification.findings import Difference, Finding, Verification

TRIAL = {"task": "qqp", "system": "gpt2", "seed": 1}


def verification(*findings: Finding) -> Verification:
    return Verification("mini", "rerun", ("a note",), findings)


def test_neighbours_of_a_trial_share_a_line_and_differences_stand_alone():
    moved = Difference("score", "rouge_l", 0.5, 0.6)
    found = verification(
        Finding(TRIAL | {"setting": "a"}, "equal", ("a reason",)),
        Finding(TRIAL | {"setting": "b"}, "equal", ("a reason",)),
        Finding(TRIAL | {"setting": "c"}, "differs", (), (moved,)),
        Finding(TRIAL | {"setting": "d"}, "differs", (), (moved,)),
        Finding({"file": "summary.md"}, "equal"),
    )
    assert [line.split() for line in found.lines()] == [
        line.split()
        for line in (
            "mini: rerun",
            "a note",
            "",
            "qqp / gpt2 / seed 1 equal (2)",
            "qqp / gpt2 / seed 1 / c differs score, rouge_l: 0.5 in the record, 0.6 now",
            "qqp / gpt2 / seed 1 / d differs score, rouge_l: 0.5 in the record, 0.6 now",
            "summary.md equal",
            "",
            "note (2 equal): a reason",
            "3 equal, 2 differs",
        )
    ]
    assert found.exit_code == 1


def test_nothing_compared_is_no_success():
    found = verification()
    assert found.exit_code == 1
    assert list(found.lines())[-1].startswith("Nothing was compared")


def test_exit_code():
    assert verification(Finding(TRIAL, "equal"), Finding(TRIAL, "within bounds")).exit_code == 0
    assert verification(Finding(TRIAL, "cannot be checked")).exit_code == 1
