from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sacrebleu

from benchmark.api import UserError
from benchmark.metrics import Metric, make_metric
from benchmark.scoring import candidate_scores
from benchmark.scoring.bootstrap import IntervalRecipe
from benchmark.scoring.candidate_scores import plain, score_candidates

TEXT = ("bleu_sent_m4", "bleu_corpus", "rouge_l", "dist_1", "self_bleu", "div_4", "length")
INTERVAL = IntervalRecipe(resamples=200, seed=3)
TARGETS = {"how do i cook rice": 0.6, "how can i cook rice": 0.4}


def conditional(source: str, temperature: float) -> Mapping[str, float]:
    return TARGETS


def candidates(num_sources: int, num_samples: int) -> list[dict[str, Any]]:
    draw = random.Random(4)
    words = ["how", "do", "can", "i", "you", "cook", "rice", "well", "fast", "?"]

    def text() -> str:
        if draw.random() < 0.3:
            return draw.choice(list(TARGETS))
        return " ".join(draw.choices(words, k=draw.randrange(8)))

    return [
        {
            "id": f"test-{row}",
            "source": text(),
            "references": [text() or "yes", text()],
            "candidates": [
                {"text": text(), "status": "ok", "logprob": None} for _ in range(num_samples)
            ],
        }
        for row in range(num_sources)
    ]


def metrics(*specs: str) -> list[Metric]:
    return [make_metric(spec, conditional=conditional) for spec in specs]


def scored(
    rows: list[dict[str, Any]], *specs: str, utility: str = "bleu_sent_m4"
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    return score_candidates(rows, metrics(*specs), mbr_utility=utility, interval=INTERVAL)


def test_record_has_the_promised_form() -> None:
    record, values = scored(candidates(20, 4), *TEXT, "validity", "coverage", "divergence")
    assert list(record) == [
        "metrics", "num_sources", "num_samples", "capitals", "mbr_utility", "mbr_utilities",
        "interval",
    ]  # fmt: skip
    assert (record["num_sources"], record["num_samples"]) == (20, 4)
    assert record["mbr_utility"] == "bleu_sent_m4"
    assert record["interval"] == {
        "method": "percentile bootstrap over sources",
        "level": 0.95,
        "resamples": 200,
        "seed": 3,
    }
    assert list(record["metrics"]) == [*TEXT, "validity", "coverage", "divergence"]
    for name, entry in record["metrics"].items():
        keys = ["signature", "title", "level", "direction", "unit", "range", "statistics"]
        curved = entry["level"] != "set" and entry["direction"] != "none"
        assert list(entry) == keys + (["mbr_curve", "oracle_curve"] if curved else [])
        wanted = ["set"] if entry["level"] == "set" else ["expected", "mbr", "oracle"]
        assert list(entry["statistics"]) == wanted
        for statistic, estimate in entry["statistics"].items():
            if (name, statistic) == ("length", "oracle"):
                assert estimate == {"value": None, "low": None, "high": None}
            else:
                assert estimate["low"] <= estimate["value"] <= estimate["high"]
    assert record["metrics"]["length"]["range"] == [0.0, None]
    assert [row["id"] for row in values] == [f"test-{i}" for i in range(20)]
    row = values[0]
    assert list(row) == ["id", "mbr_index", "mbr_counts", "metrics"]
    assert len(row["metrics"]["bleu_sent_m4"]) == 4
    assert isinstance(row["metrics"]["self_bleu"], float)
    assert np.shape(row["metrics"]["bleu_corpus"]) == (4, 10)
    json.dumps([record, values], allow_nan=False)


def test_statistics_follow_from_the_values() -> None:
    record, values = scored(candidates(30, 5), "bleu_sent_m4", "self_bleu", "empty_rate")
    chosen = [row["mbr_index"] for row in values]
    assert len(set(chosen)) > 1

    def found(name: str) -> dict[str, float]:
        statistics = record["metrics"][name]["statistics"]
        return {key: estimate["value"] for key, estimate in statistics.items()}

    bleu = np.array([row["metrics"]["bleu_sent_m4"] for row in values])
    empty = np.array([row["metrics"]["empty_rate"] for row in values])
    assert found("bleu_sent_m4") == pytest.approx(
        {
            "expected": bleu.mean(),
            "mbr": bleu[np.arange(30), chosen].mean(),
            "oracle": bleu.max(axis=1).mean(),
        },
        abs=1e-9,
    )
    # Lower is better: the oracle is the least empty candidate.
    assert found("empty_rate")["oracle"] == empty.min(axis=1).mean()
    assert found("self_bleu")["set"] == pytest.approx(
        np.mean([row["metrics"]["self_bleu"] for row in values]), abs=1e-9
    )


def test_corpus_level_against_sacrebleu() -> None:
    rows = candidates(30, 3)
    record, values = scored(rows, "bleu_corpus")
    statistics = record["metrics"]["bleu_corpus"]["statistics"]
    references = [[row["references"][i] for row in rows] for i in range(2)]

    def bleu(picks: list[int]) -> float:
        texts = [row["candidates"][k]["text"] for row, k in zip(rows, picks, strict=True)]
        return float(sacrebleu.corpus_bleu(texts, references).score)

    expected = np.mean([bleu([k] * 30) for k in range(3)])
    assert statistics["expected"]["value"] == pytest.approx(expected, abs=1e-9)
    chosen = [row["mbr_index"] for row in values]
    assert statistics["mbr"]["value"] == pytest.approx(bleu(chosen), abs=1e-9)
    best = [
        int(
            np.argmax(
                [
                    sacrebleu.sentence_bleu(c["text"], row["references"]).score
                    for c in row["candidates"]
                ]
            )
        )
        for row in rows
    ]
    assert statistics["oracle"]["value"] == pytest.approx(bleu(best), abs=1e-9)


def test_one_candidate_has_no_set_and_one_quality() -> None:
    record, values = scored(candidates(12, 1), *TEXT, "coverage", "divergence")
    undefined = {"value": None, "low": None, "high": None}
    for name, entry in record["metrics"].items():
        statistics = entry["statistics"]
        if entry["level"] == "set":
            assert statistics == {"set": undefined}
            assert all(row["metrics"][name] is None for row in values)
        elif name != "length":
            assert statistics["expected"] == statistics["mbr"] == statistics["oracle"]
    assert all(row["mbr_index"] == 0 for row in values)


def test_one_candidate_needs_no_pairs() -> None:
    def pairs(utility: Any, items: Any) -> Any:
        raise AssertionError

    interval, metric = IntervalRecipe(resamples=20), make_metric("length")
    score_candidates(
        candidates(3, 1), [metric], mbr_utility="rouge_l", interval=interval, pairs=pairs
    )
    with pytest.raises(AssertionError):
        score_candidates(
            candidates(3, 2), [metric], mbr_utility="rouge_l", interval=interval, pairs=pairs
        )


def test_utility_is_a_spec() -> None:
    rows = candidates(40, 4)
    chosen = {}
    for utility in ("bleu_sent_m4", "rouge_l"):
        record, values = scored(rows, "length", utility=utility)
        assert record["mbr_utility"] == utility
        chosen[utility] = [row["mbr_index"] for row in values]
    assert chosen["bleu_sent_m4"] != chosen["rouge_l"]


def test_choice_does_not_look_at_references() -> None:
    rows = candidates(20, 4)
    _, before = scored(rows, "length")
    _, after = scored([row | {"references": ["x"]} for row in rows], "length")
    assert before == after


@pytest.mark.slow
def test_bytes_do_not_depend_on_process_or_hash_seed(tmp_path: Path) -> None:
    rows = tmp_path / "rows.json"
    rows.write_text(json.dumps(candidates(25, 4)))
    code = (
        "import json, sys\n"
        "from benchmark.metrics import make_metric\n"
        "from benchmark.scoring.candidate_scores import score_candidates\n"
        "from benchmark.scoring.bootstrap import IntervalRecipe\n"
        "truth = lambda source, temperature: {'how do i cook rice': 0.6, 'how can i cook rice': "
        "0.4}\n"
        f"specs = {[*TEXT, 'validity', 'coverage', 'divergence']!r}\n"
        "metrics = [make_metric(spec, conditional=truth) for spec in specs]\n"
        "found = score_candidates(json.load(open(sys.argv[1])), metrics, "
        "mbr_utility='bleu_sent_m4', interval=IntervalRecipe(resamples=200, seed=3))\n"
        "print(json.dumps(found))\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code, str(rows)],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    here = scored(candidates(25, 4), *TEXT, "validity", "coverage", "divergence")
    assert outputs == {json.dumps(here) + "\n"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows.clear(), "no candidates to score"),
        (lambda rows: rows[1].pop("source"), "Line 2 of the candidates lacks 'source'"),
        (
            lambda rows: rows[2]["candidates"].pop(),
            "'test-2' \\(line 3\\) has 1 candidates where 2",
        ),
        (lambda rows: rows[0]["candidates"].clear(), "'test-0' \\(line 1\\) has 0 candidates"),
        (lambda rows: rows[2].update(id="test-0"), "'test-0' occurs twice \\(line 3\\)"),
        (lambda rows: rows[0]["candidates"][1].pop("text"), "Line 1 .* lacks 'text'"),
    ],
)
def test_malformed_rows_are_named(change: Any, message: str) -> None:
    rows = candidates(3, 2)
    change(rows)
    with pytest.raises(UserError, match=message):
        scored(rows, "length")


def test_what_metrics_share_is_forgotten_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten: list[int] = []
    monkeypatch.setattr(candidate_scores, "forget", lambda: forgotten.append(1))
    scored(candidates(3, 2), "bleu_sent_m4")
    assert forgotten == [1]
    with pytest.raises(UserError, match="has no reference"):
        scored([row | {"references": []} for row in candidates(3, 2)], "bleu_sent_m4")
    assert forgotten == [1, 1]


def test_requests_that_make_no_sense() -> None:
    with pytest.raises(UserError, match="'length' cannot compare candidates"):
        scored(candidates(3, 2), "length", utility="length")
    with pytest.raises(UserError, match="'length' is requested twice"):
        scored(candidates(3, 2), "length", "length")


def test_plain_numbers() -> None:
    assert plain(float("nan")) is None
    assert plain(float("inf")) is None
    assert str(plain(-0.0)) == "0.0"
    assert plain(np.array([1 / 3, np.nan])) == [0.3333333333, None]
    assert plain(np.ones((1, 1, 2))) == [[[1, 1]]]
    assert plain(np.full((1, 1, 2), 2.25)) == [[[2.25, 2.25]]]


@pytest.mark.parametrize(
    ("reference", "texts", "capitals"),
    [
        ("Is it?", ("is it?", "it is"), False),
        ("Is it?", ("is it?", "It is"), True),
        ("is it?", ("is it?", "It is"), None),
        ("这个 好", ("好", "好"), None),
    ],
)
def test_the_record_says_whether_capitals_were_written(reference, texts, capitals) -> None:
    row = {
        "id": "0", "source": "?", "references": [reference],
        "candidates": [{"text": text} for text in texts],
    }  # fmt: skip
    record, _ = score_candidates(
        [row], [make_metric("length")], mbr_utility="bleu_sent_m4",
        interval=IntervalRecipe(resamples=2),
    )  # fmt: skip
    assert record["capitals"] is capitals
