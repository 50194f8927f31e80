from __future__ import annotations

from benchmark.timing.muon_speed import measure_shapes


def test_both_sides_move_the_same_matrices_alike():
    result = measure_shapes("muon", [(4, 6), (6, 4), (4, 6)], updates=2, repeats=1)
    assert "3 matrices of 4 by 6, 6 by 4" in result.conditions
    assert result.ratio > 0 and result.unit == "updates"
    for ours, theirs in zip(result.ours.output, result.theirs.output, strict=True):
        assert (ours - theirs).abs().max() < 1e-4
