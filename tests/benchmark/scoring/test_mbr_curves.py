from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import sacrebleu

from benchmark.metrics import make_metric
from benchmark.metrics.mbr import choose
from benchmark.scoring.bootstrap import IntervalRecipe
from benchmark.scoring.candidate_scores import parse_items, score_candidates

SIZE = 5
METRICS = ("length", "bleu_sent_m4", "self_bleu", "bleu_corpus", "rouge_l", "empty_rate")


def rows(num_samples: int = SIZE) -> list[dict[str, Any]]:
    draw = random.Random(8)
    words = ["how", "do", "can", "i", "you", "cook", "rice", "well", "?"]

    def text() -> str:
        return " ".join(draw.choices(words, k=draw.randrange(3, 9)))

    made = []
    for row in range(25):
        # The first is empty; the second is often right, so that every order has matches.
        reference = text()
        texts = ["", reference if row % 2 else text(), *(text() for _ in range(3))]
        made.append(
            {
                "id": f"e{row}",
                "source": text(),
                "references": [reference],
                "candidates": [{"text": candidate} for candidate in texts[:num_samples]],
            }
        )
    return made


@pytest.fixture(scope="module")
def scored() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    return score_candidates(
        rows(),
        [make_metric(spec) for spec in METRICS],
        mbr_utility="bleu_sent_m4",
        mbr_utilities=["rouge_l", "bleu_sent_m4"],
        interval=IntervalRecipe(resamples=150, seed=2),
    )


def values(entry: dict[str, Any], utility: str | None = "bleu_sent_m4") -> list[float]:
    curve = entry["oracle_curve"] if utility is None else entry["mbr_curve"][utility]
    return list(curve["value"])


def test_which_metrics_have_curves(scored: Any) -> None:
    record, _ = scored
    assert record["mbr_utilities"] == ["bleu_sent_m4", "rouge_l"]
    curved = [name for name, entry in record["metrics"].items() if "mbr_curve" in entry]
    # Neither good nor bad: length; of the set: self-BLEU.
    assert curved == ["bleu_sent_m4", "bleu_corpus", "rouge_l", "empty_rate"]
    for name in curved:
        entry = record["metrics"][name]
        assert list(entry["mbr_curve"]) == ["bleu_sent_m4", "rouge_l"]
        for curve in (*entry["mbr_curve"].values(), entry["oracle_curve"]):
            assert [len(curve[part]) for part in ("value", "low", "high")] == [SIZE] * 3
            value, low, high = (np.array(curve[part]) for part in ("value", "low", "high"))
            assert (low <= value).all() and (value <= high).all()


def test_ends_are_the_statistics_of_the_table(scored: Any) -> None:
    record, _ = scored
    for name in ("bleu_sent_m4", "bleu_corpus", "rouge_l", "empty_rate"):
        entry = record["metrics"][name]
        table = {key: found["value"] for key, found in entry["statistics"].items()}
        assert values(entry)[-1] == pytest.approx(table["mbr"], abs=1e-6)
        assert values(entry, None)[-1] == pytest.approx(table["oracle"], abs=1e-6)
        close = 1e-6 if name != "bleu_corpus" else 3.0
        for curve in (values(entry), values(entry, None)):
            assert curve[0] == pytest.approx(table["expected"], abs=close)


def test_intervals_at_the_end_are_those_of_the_table(scored: Any) -> None:
    """The same resamples of the sources serve table and curves."""
    entry = scored[0]["metrics"]["rouge_l"]
    for end in ("low", "high"):
        assert entry["mbr_curve"]["bleu_sent_m4"][end][-1] == pytest.approx(
            entry["statistics"]["mbr"][end], abs=2e-6
        )


def test_between_the_ends_by_hand(scored: Any) -> None:
    record, _ = scored
    items = parse_items(rows())
    rouge, metric = make_metric("rouge_l"), make_metric("bleu_sent_m4")
    pairs, scores = rouge.pairwise(items), metric.score(items).values  # type: ignore[attr-defined]
    size, expected = 3, []
    for start in range(SIZE):
        members = sorted((start + step) % SIZE for step in range(size))
        inner = choose(pairs[:, members][:, :, members])
        expected.append(np.mean([row[members[i]] for row, i in zip(scores, inner, strict=True)]))
    found = values(record["metrics"]["bleu_sent_m4"], "rouge_l")[size - 1]
    assert found == pytest.approx(np.mean(expected), abs=1e-6)


def test_a_corpus_score_is_that_of_all_windows_together(scored: Any) -> None:
    record, kept = scored
    texts, references = [], []
    for row, value in zip(rows(), kept, strict=True):
        for k, count in enumerate(value["mbr_counts"]["rouge_l"][1]):
            texts += [row["candidates"][k]["text"]] * count
            references += row["references"] * count
    expected = sacrebleu.corpus_bleu(texts, [references]).score
    assert values(record["metrics"]["bleu_corpus"], "rouge_l")[1] == pytest.approx(
        expected, abs=1e-5
    )


def test_values_tell_who_was_chosen(scored: Any) -> None:
    record, kept = scored
    for name in ("rouge_l", "bleu_sent_m4"):
        counts = np.array([row["mbr_counts"][name] for row in kept])
        assert counts.shape == (25, SIZE, SIZE)
        assert (counts.sum(axis=-1) == SIZE).all()
        each = np.array([row["metrics"]["rouge_l"] for row in kept])
        mean = (counts * each[:, None]).sum(axis=-1).mean(axis=0) / SIZE
        assert values(record["metrics"]["rouge_l"], name) == pytest.approx(mean, abs=1e-6)
    last = [row["mbr_counts"]["bleu_sent_m4"][-1] for row in kept]
    assert [int(np.argmax(counts)) for counts in last] == [row["mbr_index"] for row in kept]


def test_one_candidate_is_a_curve_of_one_size() -> None:
    record, kept = score_candidates(
        rows(1), [make_metric("rouge_l")], mbr_utility="rouge_l", interval=IntervalRecipe()
    )
    entry = record["metrics"]["rouge_l"]
    assert values(entry, "rouge_l") == values(entry, None)
    assert values(entry, None) == [pytest.approx(entry["statistics"]["mbr"]["value"], abs=1e-6)]
    assert all(row["mbr_counts"] == {"rouge_l": [[1]]} for row in kept)
