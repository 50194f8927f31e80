from __future__ import annotations

from collections import Counter

from benchmark.api import Lengths, Resources
from benchmark.experiment.suite import load_suite
from benchmark.timing.muon_speed import SHAPES, measure_shapes
from benchmark.timing.random_texts import SIZES, vocabulary
from benchmark.timing.systems import build_system
from benchmark.training.optimiser import layer_matrices


def test_shapes_are_those_of_suite_mini():
    config = load_suite("mini").systems["transformer"].config
    known = Resources(vocabulary(SIZES["128"]), Lengths(13, 12))
    module = build_system("transformer", config, known).module
    assert Counter(SHAPES) == Counter(tuple(matrix.shape) for matrix in layer_matrices(module))


def test_both_sides_move_the_same_matrices_alike():
    result = measure_shapes("muon", [(4, 6), (6, 4), (4, 6)], updates=2, repeats=1)
    assert "3 matrices of 4 by 6, 6 by 4" in result.conditions
    assert result.ratio > 0 and result.unit == "updates"
    for ours, theirs in zip(result.ours.output, result.theirs.output, strict=True):
        assert (ours - theirs).abs().max() < 1e-4
