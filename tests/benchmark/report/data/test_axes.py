from __future__ import annotations

from types import SimpleNamespace

import pytest

from benchmark.report.data.axes import bleu_axis, main_axis, planes, quality_axes, quality_axis

REAL = ("bleu_sent_m4:case=lower", "bleu_corpus", "sari", "ibleu:case=lower", "copy_rate")
VARIETY = ("self_bleu:case=lower",)


def board_with(*names: str, quality: str = "") -> SimpleNamespace:
    metric = SimpleNamespace(direction="higher", level="candidate", title="t")
    return SimpleNamespace(
        metrics=lambda task: dict.fromkeys(names, metric), quality=lambda task: quality
    )


@pytest.mark.parametrize("self_bleu", ["self_bleu", "self_bleu:case=lower"])
def test_metrics_with_options_are_found(self_bleu: str) -> None:
    board = board_with("bleu_sent_m4:case=lower", self_bleu, "div_4:case=lower")
    ((variety, quality),) = planes(board, "qqp")
    assert (variety.metric, variety.complement) == (self_bleu, True)
    assert quality.metric == "bleu_sent_m4:case=lower"


def test_the_quality_that_a_task_names_comes_first_and_bleu_stands_beside_it() -> None:
    board = board_with(*REAL, *VARIETY, quality="sari")
    assert [axis.metric for axis in quality_axes(board, "asset")] == ["sari", REAL[0]]
    assert [quality.metric for _, quality in planes(board, "asset")] == ["sari", REAL[0]]
    assert main_axis(board, "asset") == quality_axis(board, "asset")
    assert main_axis(board, "asset").label == "t (sari)"
    # The papers plot BLEU.
    assert bleu_axis(board, "asset").metric == REAL[0]


@pytest.mark.parametrize("quality", ["", "meteor"])
def test_without_a_name_in_the_records_it_is_sentence_bleu(quality: str) -> None:
    board = board_with(*REAL, *VARIETY, quality=quality)
    assert [axis.metric for axis in quality_axes(board, "asset")] == [REAL[0]]
    assert len(planes(board, "asset")) == 1


def test_what_is_known_comes_before_what_is_named() -> None:
    board = board_with(*REAL, *VARIETY, "validity", "coverage", quality="sari")
    assert [axis.metric for axis in quality_axes(board, "t")] == ["validity", "sari"]
    assert [q.metric for _, q in planes(board, "t")] == ["validity", "coverage", "sari"]


def test_where_attributes_are_asked_for_nothing_stands_beside_success() -> None:
    board = board_with("bleu_sent_m4", *VARIETY, "control", quality="bleu_sent_m4")
    assert [axis.metric for axis in quality_axes(board, "yelp")] == ["control"]
    assert quality_axis(board, "yelp") is None
