from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmark.metrics import make_metric
from benchmark.records.reader import read_records
from benchmark.report.data.axes import bleu_axis, main_axis, planes, quality_axes, quality_axis
from benchmark.report.data.columns import metric_columns
from benchmark.report.data.points import Board

MINUS = "\N{MINUS SIGN}"

REAL = ("bleu_sent_m4:case=lower", "bleu_corpus", "sari", "ibleu:case=lower", "copy_rate")
VARIETY = ("self_bleu:case=lower",)


def board_with(*names: str, quality: str = "") -> SimpleNamespace:
    metric = SimpleNamespace(direction="higher", level="candidate", title="t", signature="s")
    return SimpleNamespace(
        metrics=lambda task: dict.fromkeys(names, metric), quality=lambda task: quality
    )


@pytest.mark.parametrize("self_bleu", ["self_bleu", "self_bleu:case=lower"])
def test_metrics_with_options_are_found(self_bleu: str) -> None:
    board = board_with("bleu_sent_m4:case=lower", self_bleu, "div_4:case=lower")
    ((variety, quality),) = planes(board, "qqp")
    assert (variety.metric, variety.complement) == (self_bleu, True)
    assert quality.metric == "bleu_sent_m4:case=lower"


@pytest.mark.parametrize(
    ("spec", "signature", "label"),
    [
        # Records of 0.5.0 hold BLEU of equal texts: the name of today would be wrong for them.
        (
            "self_bleu",
            "self_bleu|case:mixed|tok:whitespace|smooth:method4|pairs:i!=j|version:1",
            f"diversity (1 {MINUS} self-BLEU)",
        ),
        (
            "self_bleu:case=lower",
            make_metric("self_bleu:case=lower").signature,
            f"diversity (1 {MINUS} self-BLEU, equal = 1)",
        ),
        (
            "self_bleu:form=published",
            make_metric("self_bleu:form=published").signature,
            f"diversity (1 {MINUS} self-BLEU, published form)",
        ),
        ("div_4", make_metric("div_4").signature, "diversity (div-4)"),
    ],
)
def test_the_axis_says_which_form_of_self_bleu_the_records_hold(spec, signature, label) -> None:
    score = {"direction": "higher", "level": "candidate", "title": "t"}
    metrics = {
        "bleu_sent_m4": SimpleNamespace(**score, signature="s"),
        spec: SimpleNamespace(**score, signature=signature),
    }
    ((variety, _),) = planes(
        SimpleNamespace(metrics=lambda task: metrics, quality=lambda task: ""), "qqp"
    )
    assert variety.label == label


def test_records_of_the_first_release_are_called_what_they_are() -> None:
    old = Path(__file__).parents[2] / "records" / "report-0.5.0"
    board = Board(read_records(old))
    found = 0
    for task in board.records.run.tasks:
        for variety, _ in planes(board, task):
            found += variety.metric == "self_bleu"
            assert "equal" not in variety.label
        for column in metric_columns(board.metrics(task), 8):
            assert "equal" not in column.detail
    assert found


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
