"""Halves of sources by hand, and the means on them."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
from handmade import BLEU, bleu, self_bleu, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.analysis.strata import Stratum, compute_strata, split_sources
from benchmark.report.data.points import Board

LENGTHS = (3, 5, 5, 5, 9, 12, 4, 20)
"""Half of eight cannot be had: three or four of them are up to 5."""
OVERLAPS = (0.0,) * 8
LIKENESS = (0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6)


def write_facts(folder, rows) -> None:
    path = folder / "records" / "sources" / "facts.jsonl.gz"
    path.parent.mkdir()
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    run = folder / "records" / "run.json"
    said = json.loads(run.read_text())
    said["tasks"]["toy"]["sources"] = "facts"
    run.write_text(json.dumps(said))


def board_of(tmp_path, *, with_facts: bool = True, answered: int = 8) -> Board:
    rows = [{BLEU: [i / 10, i / 10], "self_bleu": i / 20} for i in range(answered)]
    lines = [
        trial("a", bleu(0.35) | self_bleu(0.175)),
        trial("reference", bleu(1.0), family="yardstick"),
    ]
    values = {"score-a-main-1": rows, "score-reference-main-1": [{BLEU: [1.0, 1.0]}] * answered}
    folder = write_handmade(tmp_path / "x", lines, values=values)
    if with_facts:
        facts = zip(LENGTHS, OVERLAPS, LIKENESS, strict=True)
        write_facts(
            folder,
            [
                {"id": f"s{i}", "length": n, "overlap": o, "likeness": k}
                for i, (n, o, k) in enumerate(facts)
            ],
        )
    return Board(read_records(folder))


def test_halves_are_as_even_as_ties_allow(tmp_path) -> None:
    halves = split_sources(board_of(tmp_path).records, "toy")
    assert {(s.fact, s.upper, s.cut): sorted(ids) for s, ids in halves.items()} == {
        ("length", False, 5.0): ["s0", "s1", "s2", "s3", "s6"],
        ("length", True, 5.0): ["s4", "s5", "s7"],
        ("likeness", False, 0.4): ["s0", "s2", "s4", "s6"],
        ("likeness", True, 0.4): ["s1", "s3", "s5", "s7"],
    }


def test_figures_are_those_of_the_sources_of_a_half(tmp_path) -> None:
    board = board_of(tmp_path)
    found = compute_strata(board, "toy")
    assert found is not None
    quality, diversity = found.axes
    (point,) = (p for p in board.mains("toy") if p.system == "a")
    for stratum, members in {
        Stratum("length", False, 5.0): [0, 1, 2, 3, 6],
        Stratum("likeness", True, 0.4): [1, 3, 5, 7],
    }.items():
        assert found.sources[stratum] == len(members)
        value = found.read(point, quality, stratum)
        assert value.value == pytest.approx(np.mean(members) / 10)
        assert value.low < value.value < value.high
        other = found.read(point, diversity, stratum)
        assert other.value == pytest.approx(1 - np.mean(members) / 20)
        assert other.low < other.value < other.high
    lower, upper = (
        found.read(point, quality, Stratum("length", upper, 5.0)) for upper in (False, True)
    )
    # The halves together are the whole.
    assert (5 * lower.value + 3 * upper.value) / 8 == pytest.approx(0.35)


def test_answers_to_some_of_the_sources_count_where_they_are(tmp_path) -> None:
    found = compute_strata(board_of(tmp_path, answered=5), "toy")
    assert found is not None
    assert found.sources[Stratum("length", False, 5.0)] == 4
    assert found.sources[Stratum("length", True, 5.0)] == 1


def test_older_records_have_none(tmp_path) -> None:
    board = board_of(tmp_path, with_facts=False)
    assert split_sources(board.records, "toy") == {}
    assert compute_strata(board, "toy") is None
