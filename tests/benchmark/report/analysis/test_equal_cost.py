from __future__ import annotations

import gzip
import json

import pytest
from handmade import BLEU, curved, trial, write_handmade

from benchmark.records.reader import read_records
from benchmark.report.analysis.equal_cost import choose_at_equal_cost, chosen_values
from benchmark.report.analysis.mbr_scaling import curved_points
from benchmark.report.data.points import Board
from benchmark.report.tables.mbr_tables import (
    BUDGET,
    build_choosing_tables,
    describe_equal_cost,
)
from benchmark.report.text.summary import write_sentences

SOURCES = 40
MEAN = 0.002 * sum(i % 3 for i in range(SOURCES)) / SOURCES
"""Of what is added to the values, source by source."""


def write(folder, systems, *, seeds=(1,), sources=None):
    """`systems`: name to (rows of a candidate, the two values of every source).

    `sources` says of some how many they answer, where they are not all.
    """
    trials = []
    for name, (rows, pair) in systems.items():
        for seed in seeds:
            mean = sum(pair) / 2 + MEAN
            line = trial(name, curved({BLEU: [mean, pair[1] + MEAN]}), seed=seed)
            line["cost"]["rows"] = rows
            trials.append(line)
    path = write_handmade(folder / "x", trials)
    for line in trials:
        _, pair = systems[line["system"]]
        # Both windows of one choose themselves; of two the second is always chosen.
        rows = [
            {
                "id": f"s{i}",
                "mbr_counts": {BLEU: [[1, 1], [0, 2]]},
                "metrics": {BLEU: [value + 0.002 * (i % 3) for value in pair]},
            }
            for i in range((sources or {}).get(line["system"], SOURCES))
        ]
        text = "".join(json.dumps(row) + "\n" for row in rows).encode()
        key = line["keys"]["score"]
        (path / "records" / "values" / f"{key}.jsonl.gz").write_bytes(gzip.compress(text))
    return path


def sentence(path):
    return describe_equal_cost(Board(read_records(path)), "toy", BLEU)


def test_the_best_within_the_budget_is_told_apart_source_by_source(tmp_path):
    path = write(
        tmp_path,
        {"dear": (4.0, (0.5, 0.9)), "cheap": (2.0, (0.4, 0.7)), "same": (2.0, (0.6, 0.7))},
    )
    # The budget is one draw of `dear`, worth 0.7; the others choose among two, worth 0.7 too.
    said = sentence(path)
    assert said.startswith(
        "Of systems that draw, at equal cost (4 network rows per source, 40 sources), cheap has the"
        f" highest mean on BLEU (sent): 0.702, choosing among 2 (choices by {BLEU}). "
    )
    assert "Significantly worse: none. Not significantly different: dear, same." in said
    better = {"dear": (4.0, (0.5, 0.9)), "cheap": (2.0, (0.4, 0.8))}
    said = sentence(write(tmp_path / "2", better))
    assert "cheap is best on" in said
    assert said.endswith(f"0.802, choosing among 2 (choices by {BLEU}). Significantly worse: dear.")
    dear = {"dear": (4.0, (0.5, 0.9)), "cheap": (3.0, (0.4, 0.5))}
    said = sentence(write(tmp_path / "3", dear))
    assert "dear is best on BLEU (sent): 0.702, one draw (choices" in said


def test_only_where_more_is_better(tmp_path):
    path = write(tmp_path, {"a": (4.0, (0.5, 0.9)), "b": (4.0, (0.2, 0.3))})
    found = choose_at_equal_cost(Board(read_records(path)), "toy", BLEU, BLEU)
    assert (found.budget, found.sources, found.sizes) == (4.0, SOURCES, {"a": 1, "b": 1})
    assert found.value("b").value == pytest.approx(0.25 + MEAN, abs=1e-6)
    trials = path / "records" / "cells.jsonl"
    trials.write_text(trials.read_text().replace('"direction": "higher"', '"direction": "lower"'))
    assert choose_at_equal_cost(Board(read_records(path)), "toy", BLEU, BLEU) is None


def test_systems_are_compared_over_the_sources_of_all(tmp_path):
    systems = {"dear": (4.0, (0.5, 0.9)), "part": (2.0, (0.4, 0.8))}
    said = sentence(write(tmp_path, systems, sources={"part": 30}))
    assert "per source, 30 sources), part is best" in said
    none = write(tmp_path / "2", systems, sources={"part": 0})
    assert sentence(none) == ""


def test_seeds_that_disagree_are_no_proof(tmp_path):
    # Every source of both seeds says that `b` is better, and by how much the seeds disagree.
    path = write(tmp_path, {"a": (1.0, (0.4, 0.5)), "b": (1.0, (0.5, 0.6))}, seeds=(1, 2))
    for seed, added in ((1, 0.0), (2, 0.6)):
        path_of = path / "records" / "values" / f"score-b-main-{seed}.jsonl.gz"
        rows = [json.loads(line) for line in gzip.decompress(path_of.read_bytes()).splitlines()]
        for row in rows:
            row["metrics"][BLEU] = [value - 0.2 + added for value in row["metrics"][BLEU]]
        path_of.write_bytes(gzip.compress("".join(json.dumps(r) + "\n" for r in rows).encode()))
    said = sentence(path)
    assert "b has the highest mean" in said and "Not significantly different: a." in said


def test_values_of_the_choices(tmp_path):
    board = Board(read_records(write(tmp_path, {"a": (1.0, (0.2, 0.6))}, seeds=(1, 2))))
    (point,) = curved_points(board, "toy")
    by_seed = [chosen_values(board.records, point, BLEU, BLEU, size) for size in (1, 2)]
    assert all(list(found) == [1, 2] for found in by_seed)
    one, two = (found[2] for found in by_seed)
    assert len(one) == SOURCES
    assert one["s0"] == pytest.approx(0.4) and two["s0"] == pytest.approx(0.6)
    assert two["s2"] == pytest.approx(0.604)
    assert chosen_values(board.records, point, BLEU, BLEU, 3) == {}
    assert chosen_values(board.records, point, BLEU, "rouge_l", 1) == {}
    assert chosen_values(board.records, point, "self_bleu", BLEU, 1) == {}


def test_nothing_is_said_of_one_model_or_without_values(tmp_path):
    assert sentence(write(tmp_path, {"a": (1.0, (0.2, 0.6))})) == ""
    path = write_handmade(
        tmp_path / "bare", [trial("a", curved({BLEU: [0.1]})), trial("b", curved({BLEU: [0.2]}))]
    )
    assert sentence(path) == ""


def test_the_summary_says_it(tmp_path, board):
    path = write(tmp_path, {"dear": (4.0, (0.5, 0.9)), "cheap": (2.0, (0.4, 0.8))})
    assert sentence(path) in write_sentences(Board(read_records(path)), "toy")
    assert not any("At equal cost" in said for said in write_sentences(board, "toy"))


def test_the_table_has_the_best_at_equal_cost_in_bold(tmp_path):
    systems = {"dear": (4.0, (0.5, 0.9)), "cheap": (2.0, (0.4, 0.8)), "same": (2.0, (0.5, 0.8))}
    board = Board(read_records(write(tmp_path, systems)))
    table = next(build_choosing_tables(board, "toy"))
    bold = {(row.system, name) for row in table.rows for name, e in row.entries.items() if e.bold}
    assert bold == {("cheap", f"{BLEU}.{BUDGET}"), ("same", f"{BLEU}.{BUDGET}")}
