from __future__ import annotations

from benchmark.report.page.tooltips import make_tooltips


def test_a_tip_tells_setting_values_and_key(board):
    best, fixed = make_tooltips(board, [("toy", "best", "main"), ("toy", "fixed", "main")])
    assert (best["system"], best["setting"], best["task"]) == ("best", "main", "Toy")
    assert [tuple(fact) for fact in best["facts"]] == [
        ("diversity (1 \N{MINUS SIGN} self-BLEU)", "0.600", "[0.590, 0.610]"),
        ("sentence BLEU (bleu_sent_m4)", "0.500", "[0.490, 0.510]"),
        ("NFE", "10", ""),
        ("time per candidate", "12.5 ms", ""),
    ]
    assert best["keys"] == "score-best-main-1"
    assert best["seeds"] == "1"
    assert fixed["facts"][0][1] == "0.100"


def test_what_was_not_measured_is_left_out(board):
    (broken,) = make_tooltips(board, [("toy", "broken", "main")])
    assert broken["facts"] == []
