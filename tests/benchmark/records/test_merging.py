from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from handmade import bleu, self_bleu, trial, write_handmade

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
    assert [part["trials"] for part in run["merged"]] == [
        {"toy": {"a": [[1, ""]], "mine": [[1, ""]]}},
        {"toy": {"a": [[2, ""]], "yours": [[1, ""]]}},
    ]
    names = {path.name for path in (tmp_path / "ours" / "records" / "samples").iterdir()}
    assert len(names) == 4
    assert not [*(tmp_path / "ours").glob(".*.tmp")]


def test_a_merged_report_that_is_merged_again_names_every_run(ann, ben, tmp_path):
    eve = write(tmp_path / "eve", trial("a", bleu(0.9), seed=3), run="hers")
    merge_records([ann, ben], tmp_path / "two")
    merge_records([tmp_path / "two", eve], tmp_path / "three")
    run = json.loads((tmp_path / "three" / "records" / "run.json").read_text())
    assert [part["run"] for part in run["merged"]] == ["by-hand", "by-hand", "hers"]
    assert run["seeds"] == [1, 2, 3]
    assert run["merged"][-1]["trials"] == {"toy": {"a": [[3, ""]]}}


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
    assert said == (
        "Times are left out: they are, or may be, of different machines (unknown; Z80 (1 cores))."
    )
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


def of_setting(line, **changes):
    line["setting"] |= changes
    return line


def scored(line, **changes):
    line["score"] |= changes
    return line


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            trial("a", bleu(0.7), seed=2, decoding={"nfe": 20}),
            "toy / a / main has another decoding",
        ),
        (trial("a", bleu(0.7), seed=2, kind="single"), "toy / a / main has another kind"),
        (trial("a", bleu(0.7), seed=2) | {"labels": 50}, "has another number of labels"),
        (of_setting(trial("a", bleu(0.7), seed=2), label="x"), "toy / a has another main setting"),
        (scored(trial("a", bleu(0.7), seed=2), num_samples=9), "another number of candidates"),
        (trial("c", bleu(0.7) | self_bleu(0.2)), "they have another set of metrics"),
    ],
)
def test_seeds_that_were_decoded_otherwise_are_none_of_a_row(ann, tmp_path, line, said):
    other = write(tmp_path / "other", line)
    with pytest.raises(UserError, match=said):
        merge_records([ann, other], tmp_path / "ours")
    assert not (tmp_path / "ours").exists()


def with_suite(folder, seed, system="a", **of_task):
    suite = {"tasks": {"toy": of_task}, "budget": {"updates": 10}, "systems": {system: {}}}
    line = trial(system, bleu(0.5), seed=seed)
    return write(folder, line, suite_yaml=json.dumps(suite), suite=folder.name)


@pytest.mark.parametrize(
    "of_task",
    [{"budget": {"updates": 99}}, {"lengths": {"source": 7}}, {"labels": 5}, {"tokenizer": {}}],
)
def test_what_a_task_changes_of_a_recipe_is_compared(tmp_path, of_task):
    one, two = with_suite(tmp_path / "one", 1), with_suite(tmp_path / "two", 2, **of_task)
    with pytest.raises(UserError, match="system a on toy was trained by another recipe in each"):
        merge_records([one, two], tmp_path / "no")


def test_recipes_are_compared_after_a_merge_of_two_suites(tmp_path):
    one, two = with_suite(tmp_path / "one", 1), with_suite(tmp_path / "two", 2, "b", labels=5)
    merge_records([one, two], tmp_path / "both")
    run = json.loads((tmp_path / "both" / "records" / "run.json").read_text())
    assert run["suite_yaml"] == "" and all(part["suite_yaml"] for part in run["merged"])
    merge_records([tmp_path / "both", with_suite(tmp_path / "same", 2)], tmp_path / "more")
    other = with_suite(tmp_path / "other", 2, lengths={"source": 7})
    with pytest.raises(UserError, match="system a on toy was trained by another recipe"):
        merge_records([tmp_path / "both", other], tmp_path / "no")
    # One of version 0.6.0 does not say of which trials it is.
    for part in run["merged"]:
        del part["trials"]
    (tmp_path / "both" / "records" / "run.json").write_text(json.dumps(run))
    with pytest.raises(UserError, match="the recipe of system a is not known in"):
        merge_records([tmp_path / "both", with_suite(tmp_path / "last", 2)], tmp_path / "no")


def test_a_trial_that_both_have_is_of_one_of_them_with_all_its_files(ann, tmp_path):
    lines = [json.loads(line) for line in (ann / "records" / "cells.jsonl").read_text().split("\n")
             if line]  # fmt: skip
    for line in lines:
        line["score"]["candidates_digest"] = "other"
    lines[0]["keys"]["score"] = "score-of-ben"
    other = write(tmp_path / "other", *lines)
    samples = other / "records" / "samples" / f"{lines[0]['keys']['generate']}.jsonl"
    samples.write_text(samples.read_text().replace('"text": "', '"text": "of ben '))
    said = merge_records([ann, other], tmp_path / "ours")
    assert len(said) == 2 and said[0].startswith("toy / a / seed 1 is not the same in")
    records = read_records(tmp_path / "ours")
    (line, _) = records.trial_records
    texts = [c.text for s in records.samples(line.keys.generate).values() for c in s.candidates]
    assert texts and not any(text.startswith("of ben") for text in texts)
    assert "values/score-of-ben.jsonl" not in records.files.names("values")


def test_one_training_under_two_seeds_is_refused(ann, tmp_path):
    one, two = trial("c", bleu(0.5)), trial("c", bleu(0.5), seed=2)
    for line in (one, two):
        line["keys"]["train"] = "the-same"
    reports = [write(tmp_path / str(line["seed"]), line) for line in (one, two)]
    with pytest.raises(UserError, match="seeds 1 and 2 of toy / c are one training"):
        merge_records(reports, tmp_path / "no")


def test_sources_of_plug_ins_are_compared_and_trials_of_searches_kept(tmp_path):
    def report(name, seed, digest, tuned):
        written = write(tmp_path / name, trial("a", bleu(0.5), seed=seed))
        path = written / "records" / "run.json"
        run = json.loads(path.read_text())
        source = {"kind": "file", "name": "a.py", "files": 1, "digest": digest, "made": [name]}
        run["systems"]["a"] |= {"source": source, "tuned_trials": tuned}
        path.write_text(json.dumps(run))
        return written

    one, two = report("one", 1, "d", None), report("two", 2, "d", 8)
    merge_records([one, two], tmp_path / "ours")
    info = read_records(tmp_path / "ours").run.systems["a"]
    assert info.tuned_trials == 8 and info.source.made == ("one", "two")
    with pytest.raises(UserError, match="system a has another source in each"):
        merge_records([one, report("three", 3, "e", 8)], tmp_path / "no")


def test_times_of_a_gpu_and_of_its_processor_are_of_two_machines(tmp_path):
    def report(name, seed, device):
        made = {"of": {"device": device, "cpu": "Z80", "gpu": "H200"}}
        line = trial("a", bleu(0.5), seed=seed) | {"made": {"generate": "of"}}
        line["keys"]["train"] = name
        machine = {"cpu": "Z80", "gpu": "H200", "cores": 2}
        written = write(tmp_path / name, line, conditions=made, machine=machine)
        events = written / "records" / "events" / f"{name}.jsonl"
        events.parent.mkdir(exist_ok=True)
        events.write_text('{"update": 1, "kind": "train", "loss": 2.5, "seconds": 3.0}\n')
        return written

    first = report("one", 1, "cuda:0")
    assert merge_records([first, report("two", 2, "cuda:0")], tmp_path / "same") == []
    (said,) = merge_records([first, report("three", 3, "cpu")], tmp_path / "ours")
    assert "different machines (H200 (2 cores); Z80 of unknown model (2 cores))" in said
    (event,) = read_records(tmp_path / "ours").events("one")
    assert event.loss == 2.5 and event.seconds != event.seconds  # NaN


def test_processors_of_one_name_and_two_models_are_two_machines(tmp_path):
    def report(name, seed, **details):
        made = {"of": {"device": "cpu", "cpu": "EPYC", **details}}
        line = trial("a", bleu(0.5), seed=seed) | {"made": {"generate": "of"}}
        return write(tmp_path / name, line, conditions=made, machine={"cores": 2})

    first = report("one", 1, cpu_model="model 1")
    assert merge_records([first, report("two", 2, cpu_model="model 1")], tmp_path / "same") == []
    (said,) = merge_records([first, report("three", 3)], tmp_path / "ours")
    assert "different machines (EPYC, model 1 (2 cores); EPYC of unknown model (2 cores))" in said


def test_a_killed_merge_is_made_again_and_one_that_fails_leaves_nothing(ann, ben, tmp_path):
    left = tmp_path / "ours" / ".records-1f.tmp"
    left.mkdir(parents=True)
    merge_records([ann, ben], tmp_path / "ours")
    assert not left.exists()
    next((ben / "records" / "values").iterdir()).unlink()
    with pytest.raises(UserError, match="is missing: render from a complete records folder"):
        merge_records([ann, ben], tmp_path / "no")
    assert not (tmp_path / "no").exists()


def test_texts_are_those_of_all_or_of_none(ann, ben, tmp_path):
    shutil.rmtree(ben / "records" / "samples")
    (said,) = merge_records([ann, ben], tmp_path / "ours")
    assert said == f"Texts are left out: there are none in {ben}."
    assert not read_records(tmp_path / "ours").keeps_texts


def test_a_report_twice_is_one_run(ann, tmp_path):
    merge_records([ann, ann], tmp_path / "ours")
    run = json.loads((tmp_path / "ours" / "records" / "run.json").read_text())
    assert len(run["merged"]) == 1


@pytest.mark.parametrize("suite", ["{a: [", "hello", "- 1"])
def test_a_suite_that_cannot_be_read_is_a_sentence(ann, ben, tmp_path, suite):
    write_suite = ben / "records" / "run.json"
    write_suite.write_text(json.dumps(json.loads(write_suite.read_text()) | {"suite_yaml": suite}))
    with pytest.raises(UserError, match=r"The suite in .*run.json (is not valid|holds no keys)"):
        merge_records([ann, ben], tmp_path / "no")


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


def test_two_trials_of_one_name_within_a_report_are_refused(ann, tmp_path):
    again = trial("b", bleu(0.7))
    again["keys"]["generate"] += "-other"
    twice = write(tmp_path / "twice", trial("b", bleu(0.5)))
    cells = twice / "records" / "cells.jsonl"
    cells.write_text(cells.read_text() + json.dumps(again) + "\n")
    with pytest.raises(UserError):
        merge_records([twice, ann], tmp_path / "ours")


def settings(*of: tuple[str, str, float | None], seed: int = 1) -> list[dict]:
    """Settings of system a, each with the weights that decoded it."""
    lines = []
    for label, weights, value in of:
        line = trial("a", bleu(0.5), label=label, seed=seed)
        if value is None:
            line |= {"score": None, "status": "failed", "error": "of memory"}
        else:
            line["score"]["candidates_digest"] = weights
        line["keys"]["train"] = f"train-{seed}"
        line["training"] = {"updates": 1, "tokens": 1, "seconds": 1.0, "system_digest": weights}
        lines.append(line)
    return lines


@pytest.mark.parametrize(
    ("weights", "expected"),
    [("one", {"main": "one", "fast": "one"}), ("other", {"main": "one", "fast": None})],
)
def test_the_settings_of_a_trial_are_of_one_training(tmp_path, weights, expected):
    first = write(tmp_path / "x", *settings(("main", "one", 0.5), ("fast", "one", None)))
    second = write(tmp_path / "y", *settings(("fast", weights, 0.5)))
    said = merge_records([first, second], tmp_path / "ours")
    found = {
        record.setting.label: record.score and record.score.candidates_digest
        for record in read_records(tmp_path / "ours").trial_records
    }
    assert found == expected
    is_left_out = weights == "other"
    assert any("decoded other weights" in sentence for sentence in said) == is_left_out


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
