from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from handmade import bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.analysis.likelihoods import has_likelihoods, measure_likelihoods
from benchmark.report.data.points import Board
from benchmark.report.tables.latex_table import to_latex
from benchmark.report.tables.likelihood_table import build_likelihood_table
from benchmark.report.tables.renderers import to_csv, to_markdown
from benchmark.report.tables.supplementary_tables import supplementary_names

WORDS = (2, 4)
TRUTH = (-2.0, -3.0)
NATS = {
    ("exact", 1): (-3.0, -4.5),
    ("exact", 2): (-3.0, -6.5),
    ("bound", 1): (-9.0, None),
    ("pseudo", 1): (-1.0, -1.0),
    ("oracle", 1): TRUTH,
}
KINDS = {"bound": "lower bound", "pseudo": "pseudo"}


def line(system: str, seed: int) -> dict[str, Any]:
    kind = KINDS.get(system, "exact")
    family = "yardstick" if system == "oracle" else "autoregressive"
    made = trial(system, bleu(0.5), seed=seed, family=family)
    made["keys"]["likelihood"] = f"{system}-{seed}"
    made["likelihood"] = {
        "kind": kind,
        "num_sources": 2,
        "unreachable": sum(nats is None for nats in NATS[system, seed]),
        "statistics": {},
        **({"samples": 16, "weighting": "mean"} if kind == "lower bound" else {}),
    }
    return made


def write(folder: Path, *, truth: bool = True) -> Board:
    write_handmade(folder, [*(line(*name) for name in NATS), trial("silent", bleu(0.4))])
    for (system, seed), nats in NATS.items():
        rows = [
            {"id": f"s{i}", "nats": n, "tokens": words + 1, "words": words}
            | ({"true_nats": TRUTH[i]} if truth else {})
            for i, (n, words) in enumerate(zip(nats, WORDS, strict=True))
        ]
        path = folder / "records" / "likelihoods" / f"{system}-{seed}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Board(read_records(folder))


@pytest.fixture(scope="module")
def scored(tmp_path_factory) -> Board:
    return write(tmp_path_factory.mktemp("likelihoods") / "x")


def test_only_where_there_are_some(board, scored):
    assert has_likelihoods(scored.records, "toy") and "likelihood" in supplementary_names(
        scored.records, "toy"
    )
    assert not has_likelihoods(board.records, "toy")
    assert "likelihood" not in supplementary_names(board.records, "toy")


def test_figures_are_means_over_seeds(scored):
    table = build_likelihood_table(scored, "toy")
    rows = {row.system: row for row in table.rows}
    assert list(rows) == ["exact", "bound", "pseudo", "oracle"]
    exact = rows["exact"].entries
    # 3 + 5 words and ends; seeds cost 7.5 and 9.5 nats, and the truth costs 5.
    assert exact["nats_per_word"].interval.value == pytest.approx((7.5 + 9.5) / 2 / 8)
    assert exact["gap"].interval.value == pytest.approx((1.25 + 2.25) / 2)
    assert exact["gap"].interval.bounded
    assert exact["gap"].keys == ("exact-1", "exact-2")
    assert rows["oracle"].entries["gap"].interval.value == 0
    # What cannot be written is left out.
    assert rows["bound"].entries["nats_per_word"].interval.value == pytest.approx(9 / 3)
    assert rows["bound"].entries["gap"].interval.value == pytest.approx(7)
    assert rows["bound"].entries["draws"].interval.value == 16
    assert math.isnan(exact["draws"].interval.value)


def test_every_row_says_what_it_is_and_none_is_bold(scored):
    table = build_likelihood_table(scored, "toy")
    assert [row.name for row in table.rows] == [
        "exact, exact", "bound, upper bound", "pseudo, pseudo", "oracle, exact",
    ]  # fmt: skip
    assert not any(entry.bold for row in table.rows for entry in row.entries.values())
    markdown = to_markdown(table)
    assert "**" not in markdown
    assert table.caption.count(". ") == 1 and table.caption.endswith(".")
    assert "bound 1." in markdown, "the targets that are left out are counted"
    assert "seeds 1, 2" in markdown
    for text in (to_csv(table), to_latex(table)):
        assert "upper bound" in text and "bound-1" in text


def test_without_the_truth_there_is_no_gap(tmp_path):
    table = build_likelihood_table(write(tmp_path / "x", truth=False), "toy")
    assert [column.id for column in table.columns] == ["nats_per_word", "draws"]
    assert "gap" not in table.caption.lower()


def test_targets_of_another_split_are_left_out(tmp_path):
    write(tmp_path / "x")
    path = tmp_path / "x" / "records" / "likelihoods" / "pseudo-1.jsonl"
    path.write_text(path.read_text().replace('"s1"', '"other"'))
    found = measure_likelihoods(Board(read_records(tmp_path / "x")), "toy")
    assert {point.system for point in found} == {"exact", "bound", "oracle"}
