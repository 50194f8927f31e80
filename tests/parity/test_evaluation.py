"""Our metrics on samples in the official output format, against the official scripts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmark.metrics import Item, make_metric
from benchmark.metrics.bleu_sent_m4_swapped import BleuSentM4Swapped
from benchmark.metrics.mbr import choose, choose_by_size

HERE = Path(__file__).parent / "evaluation"
FILES = sorted((HERE / "samples").glob("*.json"))
CLOSE = {"atol": 1e-6, "rtol": 0}
SWAPPED = BleuSentM4Swapped()


@pytest.fixture(scope="module")
def expected():
    return json.loads((HERE / "expected.json").read_text())


@pytest.fixture(scope="module")
def items():
    """One file a seed, marks taken out of the texts."""
    rows = [[json.loads(line) for line in file.read_text().splitlines()] for file in FILES]
    return [
        Item(
            str(number),
            plain(same[0]["source"]),
            (plain(same[0]["reference"]),),
            tuple(plain(row["recover"]) for row in same),
        )
        for number, same in enumerate(zip(*rows, strict=True))
    ]


def plain(text):
    for mark in ("[CLS]", "[SEP]", "[PAD]"):
        text = text.replace(mark, "")
    return text


def by_file(expected, release, name):
    return np.transpose([expected[release]["candidates"][file.name][name] for file in FILES])


@pytest.mark.parametrize(
    ("metric", "release", "name"),
    [
        ("bleu_sent_m4", "fixed", "bleu"),
        ("rouge_l", "fixed", "rouge_l"),
        ("dist_1", "fixed", "dist_1"),
        (SWAPPED, "first_release", "bleu"),
    ],
)
def test_candidates(expected, items, metric, release, name):
    metric = make_metric(metric) if isinstance(metric, str) else metric
    wanted = by_file(expected, release, name)
    assert wanted.shape == (12, 3)
    np.testing.assert_allclose(metric.score(items).values, wanted, **CLOSE)


@pytest.mark.parametrize(
    ("metric", "name"), [("self_bleu:form=published", "self_bleu"), ("div_4", "div_4")]
)
def test_sets(expected, items, metric, name):
    values = make_metric(metric).score(items).values
    np.testing.assert_allclose(values, expected["fixed"]["sets"][name], **CLOSE)


def test_self_bleu_of_the_first_release(expected, items):
    """Its pairs are the other way round, as if the samples came in the opposite order."""
    turned = [Item(i.id, i.source, i.references, i.candidates[::-1]) for i in items]
    values = make_metric("self_bleu:form=published").score(turned).values
    np.testing.assert_allclose(values, expected["first_release"]["sets"]["self_bleu"], **CLOSE)


@pytest.mark.parametrize(
    ("metric", "release"), [(make_metric("bleu_sent_m4"), "fixed"), (SWAPPED, "first_release")]
)
def test_mbr(expected, items, metric, release):
    chosen = choose(metric.pairwise(items))
    assert choose_by_size(metric.pairwise(items))[:, -1].tolist() == chosen.tolist()
    texts = [item.candidates[index] for item, index in zip(items, chosen, strict=True)]
    wanted = expected[release]["mbr"]
    assert [text.split() for text in texts] == [text.split() for text in wanted["chosen"]]
    best = [
        Item(i.id, i.source, i.references, (text,)) for i, text in zip(items, texts, strict=True)
    ]
    for ours, name in ((metric, "bleu"), (make_metric("rouge_l"), "rouge_l")):
        np.testing.assert_allclose(ours.score(best).values[:, 0], wanted[name], **CLOSE)


def test_the_first_release_differs(expected):
    """Where the lengths do: the golden files can tell the two apart."""
    fixed, first = (by_file(expected, name, "bleu") for name in ("fixed", "first_release"))
    assert np.abs(fixed - first).max() > 0.05
    assert (fixed > first).any()
    assert (fixed < first).any()


def test_the_official_length_counts_blanks(expected, items):
    """Two more than words: the text is split at single blanks, where marks have left two."""
    official = by_file(expected, "fixed", "len")
    lengths = make_metric("length").score(items).values
    assert (official[lengths > 0] - lengths[lengths > 0]).min() >= 1
