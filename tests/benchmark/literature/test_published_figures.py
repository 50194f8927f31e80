"""The file of published figures: its columns, ranges and sources, and that nothing stands twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmark.api import UserError
from benchmark.literature.published_figures import (
    COLUMNS,
    NOT_OURS,
    TASKS,
    identity,
    parse,
    published_figures,
    published_text,
    render,
)
from benchmark.metrics import make_metric

ROOT = Path(__file__).parents[3]
HEAD = ",".join(COLUMNS)
LINE = "qqp,DiffuSeq,BLEU,mbr,10,0.2413,bleu_sent_m4:case=lower,2500,table,a paper,"


def test_the_file_of_the_package_is_that_of_the_reports():
    assert (ROOT / "reports" / "published.csv").read_text(encoding="utf-8") == published_text()


def test_reading_and_writing_are_inverse():
    assert render(published_figures()) == published_text()


def test_every_task_of_the_paper_is_there_and_no_other():
    counts = Counter(figure.task for figure in published_figures())
    assert set(counts) == set(TASKS)
    assert sum(counts.values()) == 476
    assert len(published_figures("qqp")) == counts["qqp"]
    assert published_figures("qg_squad") == ()


def test_nothing_stands_twice():
    assert max(Counter(identity(figure) for figure in published_figures()).values()) == 1


def test_scales_are_metrics_of_ours():
    for scale in {figure.scale for figure in published_figures()} - {NOT_OURS}:
        assert make_metric(scale).id == scale


def test_two_scales_of_bleu_are_never_mixed():
    for figure in published_figures():
        if figure.metric == "corpus-BLEU":
            assert figure.scale == NOT_OURS
        if figure.scale.startswith("bleu_sent_m4"):
            assert figure.metric == "BLEU"
            assert figure.value < 0.5


def test_a_choice_from_candidates_says_from_how_many():
    for figure in published_figures():
        if figure.statistic == "mbr":
            assert figure.candidates is not None
            assert figure.candidates > 1
        if figure.statistic == "single":
            assert figure.candidates == 1


# From the tables of arXiv 2210.08933 and arXiv 2212.10325, looked up by hand.
@pytest.mark.parametrize(
    ("task", "system", "metric", "statistic", "value"),
    [
        ("qqp", "DiffuSeq", "BLEU", "mbr", 0.2413),
        ("qqp", "DiffuSeq", "BLEU", "single", 0.1847),
        ("qqp", "Transformer-base", "BLEU", "single", 0.2722),
        ("qqp", "NAR-LevT", "div-4", "set", 0.3329),
        ("qg", "DiffuSeq", "ROUGE-L", "mbr", 0.3665),
        ("ccd", "DiffuSeq", "self-BLEU", "set", 0.0144),
    ],
)
def test_known_figures(task, system, metric, statistic, value):
    found = [
        f.value
        for f in published_figures(task)
        if (f.system, f.metric, f.statistic, f.reading) == (system, metric, statistic, "table")
    ]
    assert value in found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{HEAD},more\n", "must have the columns"),
        (f"{HEAD}\n{LINE.replace('0.2413', '24.13')}\n", "line 2: BLEU 24.13 is out of its range"),
        (f"{HEAD}\n{LINE.replace('0.2413', 'nan')}\n", "out of its range"),
        (
            f"{HEAD}\n{LINE.replace('0.2413', 'high')}\n",
            "line 2: value: .* valid number",
        ),
        (
            f"{HEAD}\n{LINE.replace('table', 'guess')}\n",
            "reading: .*got 'guess'",
        ),
        (
            f"{HEAD}\n{LINE.replace('qqp', 'asset')}\n",
            "task: .*'ccd' .got 'asset'",
        ),
        (f"{HEAD}\n{LINE.replace('a paper', '')}\n", "a source are needed"),
        (f"{HEAD}\n{LINE}\n{LINE}\n", "line 3: the same figure as in 2"),
        (f"{HEAD}\n{LINE.replace('bleu_sent_m4:case=lower', NOT_OURS)}\n", "why the scale is not"),
    ],
)
def test_what_does_not_fit_is_refused(text, told):
    with pytest.raises(UserError, match=told):
        parse(text)
