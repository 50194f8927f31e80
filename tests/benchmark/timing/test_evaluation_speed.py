"""Both sides say the same; how fast they are is not tested."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.metrics import Item
from benchmark.tasks import load_task
from benchmark.timing import evaluation_speed
from benchmark.timing.speed_result import Skipped


def items(count: int) -> list[Item]:
    return evaluation_speed.perturb(load_task("paraphrase"), count)


@pytest.mark.slow
def test_texts_are_perturbed_and_the_same_in_every_run():
    made = items(30)
    assert made == items(30)
    assert all(len(item.candidates) == 10 and all(item.candidates) for item in made)
    texts = [text for item in made for text in item.candidates]
    copies = [t in (i.source, *i.references) for i in made for t in i.candidates]
    assert 0 < np.mean(copies) < 0.5
    assert len(set(texts)) > 150


@pytest.mark.slow
def test_both_sides_agree():
    made = items(25)
    ours, theirs = evaluation_speed.ours_of(made), evaluation_speed.published_of(made)
    assert set(ours) == set(theirs)
    assert {"bleu", "self_bleu", "div_4", "mbr_bleu"} <= set(ours)
    assert evaluation_speed.largest_difference(ours, theirs) < 1e-12


@pytest.mark.slow
def test_rounding_decides_on_neither_side():
    texts = (
        "it can my jewellery",
        "storing should i quickly carry my before ?",
        "how should i quickly carry my ? ?",
        "how can i move shoes wash quickly ?",
        "how me how my jewellery quickly ?",
        "how i quickly my jewellery ?",
        "how should i quickly carry my carry ?",
        "how can my jewellery quickly ?",
        "wash can move using jewellery quickly ?",
        "can i move to ?",
    )
    # The third and the seventh agree equally with the others, but for the last digit of a sum.
    tied = [Item("97", "", ("how can i move my jewellery quickly ?",), texts)]
    ours, theirs = evaluation_speed.ours_of(tied), evaluation_speed.published_of(tied)
    assert evaluation_speed.largest_difference(ours, theirs) < 1e-12


@pytest.mark.slow
def test_a_later_turn_knows_nothing_of_an_earlier_one(monkeypatch):
    asked = []
    monkeypatch.setattr(evaluation_speed, "forget", lambda: asked.append(1))
    evaluation_speed.ours_of(items(2))
    assert asked == [1]


@pytest.mark.slow
def test_a_measurement_says_what_it_found():
    result = evaluation_speed.measure_items("metrics-x", items(5), repeats=1)
    assert result.ours.sentences == 50
    assert result.ours.found["bleu"] == pytest.approx(result.theirs.found["bleu"])
    assert result.ours.found["largest_difference"] < 1e-12
    first, ours, *_ = result.lines()
    assert "5 sources with 10 candidates" in first
    assert "candidates/s" in ours and "parameters" not in ours


@pytest.mark.slow
def test_sides_that_differ_are_no_measurement(monkeypatch):
    other = evaluation_speed.ours_of(items(5))
    monkeypatch.setattr(
        evaluation_speed, "published_of", lambda made: other | {"bleu": other["bleu"] + 0.1}
    )
    with pytest.raises(RuntimeError, match=r"the two sides differ by 0\.1"):
        evaluation_speed.measure_items("metrics-x", items(5), repeats=1)
    with pytest.raises(ValueError, match="Different values"):
        evaluation_speed.largest_difference({"a": np.zeros(1)}, {"b": np.zeros(1)})


def test_without_the_data_it_is_skipped(monkeypatch):
    monkeypatch.delenv(evaluation_speed.DATA, raising=False)
    assert evaluation_speed.measure("metrics-qqp", repeats=1) == Skipped(
        "metrics-qqp", "Needs qqp in the folder that DIFFUSEQ_BENCH_DATA names."
    )
