from __future__ import annotations

import math

import pytest

from benchmark.metrics import make_metric
from benchmark.records.schema import MetricScore
from benchmark.report.data.columns import cost_columns, metric_columns


def score_of(name: str, **facts) -> MetricScore:
    return MetricScore.model_validate(
        {
            "signature": "s",
            "title": name,
            "level": "candidate",
            "direction": "higher",
            "range": [0, 1],
            "statistics": {"expected": {"value": 0.5}},
        }
        | facts
    )


def column_of(name: str, **facts):
    return metric_columns({name: score_of(name, **facts)}, 8)[0]


@pytest.mark.parametrize(
    ("name", "facts", "value", "text"),
    [
        ("rouge_l", {}, 0.12345, "0.123"),
        ("bleu_corpus", {"range": [0, 100]}, 29.2712, "29.3"),
        ("copy_rate", {}, 0.0125, "1.2"),
        ("length", {"range": [0, None], "unit": "tokens"}, 10.04, "10.0"),
        ("rouge_l", {}, math.nan, ""),
    ],
)
def test_metrics_are_shown_in_their_unit(name, facts, value, text):
    assert column_of(name, **facts).text(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.006, "6"), (0.0003, "0.3"), (12.34, "12340"), (1e-9, "<0.001"), (0.0, "0")],
)
def test_time_has_three_digits(seconds, text):
    assert cost_columns()[1].text(seconds) == text


def test_percentages_say_so():
    assert column_of("empty_rate").detail == "%"


def test_success_stands_beside_the_sentences():
    names = ["control", "control:attribute=tense", "kept", "control_if_sentence", "sentence"]
    columns = metric_columns({name: score_of(name) for name in names}, 8)
    assert [column.id.removesuffix(".expected") for column in columns] == [
        "control", "sentence", "control_if_sentence", "kept", "control:attribute=tense",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "signature", "detail"),
    [
        ("control", "control|v:1", ""),
        ("control", "control|v:1|ceiling:sentiment=0.971", "ceiling 0.971"),
        ("control", "control|v:1|ceiling:sentiment=0.943,category=0.873", ""),
        (
            "control:attribute=sentiment",
            "control:attribute=sentiment|v:1|ceiling:sentiment=0.943",
            "attribute=sentiment, ceiling 0.943",
        ),
    ],
)
def test_the_ceiling_of_a_judge_stands_in_its_column(name, signature, detail):
    assert column_of(name, signature=signature).detail == detail


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("self_bleu", "equal = 1"),
        ("self_bleu:case=lower", "case=lower, equal = 1"),
        ("self_bleu:form=published", "form=published"),
    ],
)
def test_the_form_of_self_bleu_stands_in_its_column(name, detail):
    facts = {"level": "set", "statistics": {"set": {"value": 0.5}}}
    assert column_of(name, signature=make_metric(name).signature, **facts).detail == detail


def test_a_column_of_older_records_does_not_claim_the_form_of_today():
    signature = "self_bleu|case:mixed|tok:whitespace|smooth:method4|pairs:i!=j|version:1"
    facts = {"level": "set", "statistics": {"set": {"value": 0.5}}}
    assert column_of("self_bleu", signature=signature, **facts).detail == ""
