"""`benchmark.score` on files in the official output format, against the official scripts."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.score import main

HERE = Path(__file__).parent / "evaluation"
FILES = sorted((HERE / "samples").glob("*.json"))
CLOSE = {"atol": 1e-6, "rtol": 0}
METRICS = (
    "bleu_sent_m4", "bleu_sent_m4_swapped", "rouge_l", "dist_1", "self_bleu:form=published",
    "div_4",
)  # fmt: skip

Scored = tuple[dict[str, Any], list[dict[str, Any]], list[list[str]]]
"""The line of the report, the values of every source, the candidates of every source."""


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return json.loads((HERE / "expected.json").read_text())


@pytest.fixture
def scored(tmp_path, monkeypatch) -> Callable[..., Scored]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("benchmark.report.build_report", lambda folder: folder / "index.html")

    def call(files: Sequence[Path], *words: str) -> Scored:
        code = main(
            [*map(str, files), "--task", "official-qqp", "--references", "from-file",
             "--system", "official", *words, "--metrics", *METRICS]
        )  # fmt: skip
        assert code == 0
        records = Path("reports/official-official-qqp/records")
        (cells,) = [*records.glob("cells.jsonl"), *records.glob("cells/*.jsonl")]
        lines = [json.loads(x) for x in cells.read_text().splitlines()]
        line = next(x for x in lines if x["system"] == "official")
        assert {x["system"] for x in lines} == {"official", "copy-source", "reference"}
        stored = gzip.decompress(
            (records / "values" / f"{line['keys']['score']}.jsonl.gz").read_bytes()
        )
        kept = (records / "samples" / f"{line['keys']['generate']}.jsonl").read_text()
        candidates = [[c["text"] for c in json.loads(x)["candidates"]] for x in kept.splitlines()]
        return line, [json.loads(x) for x in stored.splitlines()], candidates

    return call


def values(rows: list[dict[str, Any]], metric: str) -> np.ndarray:
    return np.array([row["metrics"][metric] for row in rows])


def expect(line: dict[str, Any], metric: str, statistic: str, wanted: np.ndarray) -> None:
    """The figure of the table is the mean of the golden numbers."""
    found = line["score"]["metrics"][metric]["statistics"][statistic]["value"]
    np.testing.assert_allclose(found, wanted.mean(), **CLOSE)


@pytest.mark.slow
def test_equals_the_official_script(scored, expected):
    line, rows, candidates = scored(FILES)
    golden = expected["fixed"]
    for metric, name in (("bleu_sent_m4", "bleu"), ("rouge_l", "rouge_l"), ("dist_1", "dist_1")):
        wanted = np.transpose([golden["candidates"][file.name][name] for file in FILES])
        assert wanted.shape == (12, 3)
        np.testing.assert_allclose(values(rows, metric), wanted, **CLOSE)
        expect(line, metric, "expected", wanted)
    for metric, name in (("self_bleu:form=published", "self_bleu"), ("div_4", "div_4")):
        np.testing.assert_allclose(values(rows, metric), golden["sets"][name], **CLOSE)
        expect(line, metric, "set", np.array(golden["sets"][name]))
    chosen = [texts[row["mbr_index"]].split() for texts, row in zip(candidates, rows, strict=True)]
    assert chosen == [text.split() for text in golden["mbr"]["chosen"]]
    for metric, name in (("bleu_sent_m4", "bleu"), ("rouge_l", "rouge_l"), ("dist_1", "dist_1")):
        expect(line, metric, "mbr", np.array(golden["mbr"][name]))


@pytest.mark.slow
def test_equals_the_script_of_the_first_release(scored, expected):
    """Its BLEU has the arguments swapped, in the choice by MBR and in self-BLEU as well."""
    golden = expected["first_release"]
    swapped = ["--set", "evaluation.mbr_utility=bleu_sent_m4_swapped"]
    line, rows, candidates = scored(FILES, *swapped)
    wanted = np.transpose([golden["candidates"][file.name]["bleu"] for file in FILES])
    np.testing.assert_allclose(values(rows, "bleu_sent_m4_swapped"), wanted, **CLOSE)
    chosen = [texts[row["mbr_index"]].split() for texts, row in zip(candidates, rows, strict=True)]
    assert chosen == [text.split() for text in golden["mbr"]["chosen"]]
    expect(line, "bleu_sent_m4_swapped", "mbr", np.array(golden["mbr"]["bleu"]))
    expect(line, "rouge_l", "mbr", np.array(golden["mbr"]["rouge_l"]))
    # Its pairs of self-BLEU are the other way round, as if the files came in the opposite order.
    line, rows, _ = scored(FILES[::-1], *swapped)
    np.testing.assert_allclose(
        values(rows, "self_bleu:form=published"), golden["sets"]["self_bleu"], **CLOSE
    )
