from __future__ import annotations

import json
from pathlib import Path

import pytest
from handmade import bleu, trial, write_handmade

from benchmark.api import UserError
from benchmark.records.merging import merge_records
from benchmark.records.reader import read_records
from benchmark.report.__main__ import main
from benchmark.report.data.points import Board
from benchmark.runtime.yaml_format import read_yaml

SUITE = "name: toy\nseeds: [{}]\nbudget: {{updates: {}}}\nsystems: {{}}\n"


def write(folder: Path, *trials, **run) -> Path:
    write_handmade(folder, trials)
    path = folder / "records" / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | run))
    return folder


def change(report: Path, **of_task) -> None:
    path = report / "records" / "run.json"
    run = json.loads(path.read_text())
    run["tasks"]["toy"] |= of_task
    path.write_text(json.dumps(run))


@pytest.fixture
def ann(tmp_path):
    return write(tmp_path / "ann", trial("a", bleu(0.5)), trial("mine", bleu(0.4)))


@pytest.fixture
def ben(tmp_path):
    return write(tmp_path / "ben", trial("a", bleu(0.7), seed=2), trial("yours", bleu(0.3)))


def test_seeds_of_a_system_and_systems_of_all_are_one_board(ann, ben, tmp_path):
    assert merge_records([ann, ben], tmp_path / "ours") == []
    board = Board(read_records(tmp_path / "ours"))
    assert board.systems == ("a", "mine", "yours")
    values = {point.system: point.measure("bleu_sent_m4").value for point in board.mains("toy")}
    assert values == pytest.approx({"a": 0.6, "mine": 0.4, "yours": 0.3})
    run = json.loads((tmp_path / "ours" / "records" / "run.json").read_text())
    assert (run["run"], run["seeds"]) == ("ours", [1, 2])
    assert [part["run"] for part in run["merged"]] == ["by-hand", "by-hand"]
    assert [part["systems"] for part in run["merged"]] == [["a", "mine"], ["a", "yours"]]
    assert [part["tasks"] for part in run["merged"]] == [["toy"], ["toy"]]
    names = {path.name for path in (tmp_path / "ours" / "records" / "samples").iterdir()}
    assert len(names) == 4
    assert not [*(tmp_path / "ours").glob(".*.tmp")]


def test_a_merged_report_that_is_merged_again_names_every_run(ann, ben, tmp_path):
    eve = write(tmp_path / "eve", trial("a", bleu(0.9), seed=3), run="hers", seeds=[3])
    merge_records([ann, ben], tmp_path / "two")
    merge_records([tmp_path / "two", eve], tmp_path / "three")
    run = json.loads((tmp_path / "three" / "records" / "run.json").read_text())
    assert [part["run"] for part in run["merged"]] == ["by-hand", "by-hand", "hers"]
    assert run["seeds"] == [1, 2, 3] and run["merged"][-1]["seeds"] == [3]


def test_the_recipe_is_kept_where_all_had_it(tmp_path):
    def report(name, seed, updates):
        line = trial("a", bleu(0.5), seed=seed)
        return write(tmp_path / name, line, suite_yaml=SUITE.format(seed, updates))

    one, two, longer = report("one", 1, 10), report("two", 2, 10), report("longer", 3, 20)
    merge_records([one, two], tmp_path / "ours")
    run = read_records(tmp_path / "ours").run
    assert read_yaml(run.suite_yaml) == read_yaml(SUITE.format("1, 2", 10))
    with pytest.raises(UserError, match="system a was trained by another recipe in each"):
        merge_records([one, longer], tmp_path / "no")
    assert not (tmp_path / "no").exists()


def test_times_of_different_machines_are_left_out(ann, tmp_path):
    other = write(tmp_path / "other", trial("yours", bleu(0.3)), machine={"cpu": "Z80", "cores": 1})
    (said,) = merge_records([ann, other], tmp_path / "ours")
    assert said == "Times are left out: they are of different machines (unknown; Z80)."
    point = Board(read_records(tmp_path / "ours")).mains("toy")[0]
    assert point.cost("depth") == 10
    assert point.cost("seconds_per_candidate") != point.cost("seconds_per_candidate")  # NaN


def with_signature(line, signature):
    line["score"]["metrics"]["bleu_sent_m4"]["signature"] = signature
    return line


def with_interval(line, level):
    line["score"]["interval"]["level"] = level
    return line


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (with_signature(trial("c", bleu(0.1)), "v:2"), "another signature of bleu_sent_m4"),
        (with_interval(trial("c", bleu(0.1)), 0.9), "another interval"),
        (trial("mine", bleu(0.4), family="edit", seed=2), "system mine has another family"),
        (
            trial("mine", bleu(0.4)) | {"keys": trial("x", bleu(0.4))["keys"]},
            "both have toy / mine / seed 1 / main, by different recipes",
        ),
    ],
)
def test_what_may_not_be_compared_is_refused(ann, tmp_path, line, said):
    other = write(tmp_path / "other", line)
    with pytest.raises(UserError, match=said):
        merge_records([ann, other], tmp_path / "ours")
    assert not (tmp_path / "ours").exists()


def test_tasks_of_other_data_are_refused(ann, ben, tmp_path):
    change(ben, digest="other")
    with pytest.raises(UserError, match="task toy has another digest in each: run both on the sa"):
        merge_records([ann, ben], tmp_path / "ours")


def test_a_trial_that_both_have_counts_once_and_one_that_failed_not_at_all(ann, tmp_path):
    failed = trial("mine", None) | {"keys": trial("mine", bleu(0.4))["keys"]}
    other = write(tmp_path / "other", failed, trial("yours", bleu(0.3)))
    for number, order in enumerate(([ann, other], [other, ann])):
        folder = tmp_path / f"ours-{number}"
        merge_records(order, folder)
        records = read_records(folder).trial_records
        assert sorted((r.system, r.status) for r in records) == [
            ("a", "ok"), ("mine", "ok"), ("yours", "ok"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ann", "--merge", "ours"], "--merge needs two reports or more"),
        (["ann", "ben", "--merge", "ann"], "is there already: give --merge a new folder"),
    ],
)
def test_calls_that_are_wrong(ann, ben, tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert said in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_renders_what_it_merged(ann, ben, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["ann", "ben", "--merge", "ours"]) == 0
    assert capsys.readouterr().out.split() == ["ours/index.html"]
    text = (tmp_path / "ours" / "summary.md").read_text()
    assert "Merged from by-hand" in text and "yours" in text


def test_the_recipe_of_the_suite_is_none_of_a_system_that_trains_nothing(tmp_path):
    def report(name, *systems, seed, updates):
        lines = [trial(system, bleu(0.5), seed=seed) for system in systems]
        written = write(tmp_path / name, *lines, suite_yaml=SUITE.format(seed, updates))
        path = written / "records" / "run.json"
        run = json.loads(path.read_text())
        run["systems"]["copied"]["trainable"] = False
        path.write_text(json.dumps(run))
        return written

    one = report("one", "copied", "trained", seed=1, updates=10)
    two = report("two", "copied", "trained", seed=2, updates=20)
    with pytest.raises(UserError, match="system trained was trained by another recipe"):
        merge_records([one, two], tmp_path / "no")
    three = report("three", "copied", seed=2, updates=20)
    merge_records([one, three], tmp_path / "ours")
