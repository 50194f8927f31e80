"""The command on realistic records: every figure is drawn or told, twice with equal bytes."""

from __future__ import annotations

import json
import shutil

import pytest

from benchmark.records.reader import read_records
from benchmark.report.__main__ import main
from benchmark.report.data.points import Board
from benchmark.report.paper.build_paper import build_paper
from benchmark.report.paper.paper_figures import list_paper_figures

# Synthetic records take seconds to write.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(synthetic, tmp_path_factory):
    """Realistic records, with an MBR curve and a trace for two systems."""
    made = tmp_path_factory.mktemp("paper") / "toy"
    shutil.copytree(synthetic / "records", made / "records")
    path = made / "records" / "cells.jsonl"
    trials = [json.loads(line) for line in path.read_text().splitlines()]
    (made / "records" / "traces").mkdir()
    for line in trials:
        if line["system"] in ("diffuseq", "transformer") and "main" in line["setting"]["roles"]:
            ends = {"value": [0.1, 0.2, 0.3], "low": [0.0, 0.1, 0.2], "high": [0.2, 0.3, 0.4]}
            line["score"]["metrics"]["bleu_sent_m4"]["mbr_curve"] = {"bleu_sent_m4": ends}
            key = f"{line['system']}-{line['seed']}"
            line["keys"]["trace"] = key
            trace = {
                "num_sources": 14, "num_samples": 4, "total": 20, "steps": [1, 10, 20],
                "curves": {"bleu_sent_m4": {"expected": ends}, "div_4": {"set": ends}},
            }  # fmt: skip
            (made / "records" / "traces" / f"{key}.json").write_text(json.dumps(trace))
    path.write_text("".join(json.dumps(line) + "\n" for line in trials))
    return made


def files(out):
    return {path.name: path.read_bytes() for path in out.iterdir()}


def test_every_figure_is_drawn_twice_with_equal_bytes(folder, tmp_path, capsys):
    assert main([str(folder), "--figures", "paper", "--output", str(tmp_path / "one")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "one" / "paper.md")
    assert not (folder / "index.html").exists()
    one = files(tmp_path / "one")
    names = [figure.name for figure in list_paper_figures()]
    assert set(one) == {"paper.md", *(n + s for n in names for s in (".png", ".pdf"))}
    build_paper(folder, tmp_path / "two")
    assert files(tmp_path / "two") == one
    page = one["paper.md"].decode()
    assert page.count("The paper shows") == len(names)
    assert "There are no records" not in page
    assert "14 sources per task; bands, up to 12 systems, are intervals over them." in page


def test_what_is_missing_is_told_with_the_call_that_makes_it(synthetic):
    board = Board(read_records(synthetic))
    told = {figure.name: figure.missing(board) for figure in list_paper_figures()}
    call = f"python -m benchmark.run --task dialogue --suite {board.records.run.suite}"
    assert f"`{call} --trace` makes them" in told["figure-5-generation"]
    assert "evaluation.mbr.candidates=20" in told["figure-3-candidates"]
    assert told["figure-4-trade-off"] == told["figure-6-steps"] == ""


def test_out_without_figures_is_one_sentence(folder, tmp_path, capsys):
    assert main([str(folder), "--output", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("error: --output says where the papers' figures")
    assert main([str(folder), str(folder), "--figures", "paper", "--output", str(tmp_path)]) == 2


def test_a_folder_that_cannot_be_written_is_one_sentence(folder, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([str(folder), "--figures", "paper", "--output", str(tmp_path / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err
